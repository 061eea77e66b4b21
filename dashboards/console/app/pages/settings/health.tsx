import { Anchor, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../../api/client.ts";
import { useApi } from "../../api/hooks.ts";
import { useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { Card, Loading, Problem } from "../../parts/page.tsx";
import { humanise } from "../../words/fields.ts";
import { useWords, words } from "../../words/index.ts";
import { Facts } from "../connections/list.tsx";

const text = words({
  en: {
    good: "The hub works.",
    queues: "Work in the queues",
    more: "All jobs, one by one (Bull Board)",
    waiting: "waiting",
    active: "being done",
    delayed: "later",
    failed: "failed",
  },
  fr: {
    good: "Le hub fonctionne.",
    queues: "Travail dans les files",
    more: "Toutes les tâches, une par une (Bull Board)",
    waiting: "en attente",
    active: "en cours",
    delayed: "plus tard",
    failed: "échouées",
  },
});

const STATES = ["active", "waiting", "delayed", "failed"] as const;

/** How the hub itself is; connections tell of theirs on their own pages. */
export function Health(): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const asked = useApi("GET /health", {}, { everyMs: 5_000 });
  if (asked.data === undefined) return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return (
    <Stack>
      {asked.data.problems.length === 0 ? (
        <Group gap="xs" c="var(--app-good)">
          <Icon name="check" />
          <Text>{t.good}</Text>
        </Group>
      ) : null}
      {asked.data.problems.map(({ code, message, mend }) => (
        <Problem key={code} error={new ApiError(500, code, message, mend)} />
      ))}
      <Card title={t.queues} actions={<Anchor href="/queues">{t.more}</Anchor>}>
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
          {Object.entries(asked.data.queues).map(([name, states]) => (
            <div key={name}>
              <Text fw={600} size="sm" mb={4}>
                {humanise(name)}
              </Text>
              <Facts rows={STATES.map((state) => [t[state], format.count(states[state] ?? 0)])} />
            </div>
          ))}
        </SimpleGrid>
      </Card>
    </Stack>
  );
}
