import { Button, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct, useApi } from "../../api/hooks.ts";
import { Copyable } from "../../parts/copy.tsx";
import { Card, Problem } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { yamlOf } from "../../parts/yaml.ts";
import { type Draft, settingsOf } from "./draft.ts";
import { text } from "./words.ts";

/** Makes the connection, or shows what to write into the config file instead. */
export function ConnectSheet({ draft, from }: { readonly draft: Draft; readonly from: string }): ReactNode {
  const t = useWords(text);
  const navigate = useNavigate();
  const taken = useApi("GET /connections", { query: { limit: 200 } }).data?.data.map(({ id }) => id) ?? [];
  const connect = useAct("POST /connections");
  const file = from
    .replace(/^upload:/, "")
    .replace(/^https?:\/\/[^/]*\//, "")
    .replace(/\.\w+$/, "");
  const [title, setTitle] = useState(file.slice(0, 100) || "Spreadsheet");
  const base = slug(title);
  const [own, setOwn] = useState<string | null>(null);
  const free = [base, ...Array.from({ length: 50 }, (_, index) => `${base}-${index + 2}`)].find(
    (one) => !taken.includes(one),
  );
  const id = own ?? free ?? base;
  const settings = settingsOf(draft);
  return (
    <Card title={t.finish}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t.name} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
          <TextInput label={t.id} value={id} onChange={(event) => setOwn(slug(event.currentTarget.value))} />
        </SimpleGrid>
        <Problem error={connect.error} />
        <Group>
          <Button
            loading={connect.isPending}
            onClick={() =>
              connect.mutate(
                { body: { id, connector: "csv", title, settings: settings } },
                { onSuccess: () => void navigate({ to: "/connections/$id", params: { id } }) },
              )
            }
          >
            {t.connect}
          </Button>
        </Group>
        <Text size="sm" fw={500}>
          {t.yaml}
        </Text>
        <Copyable
          isBlock
          text={`connections:\n  - id: ${id}\n    connector: csv\n    settings:\n${yamlOf(settings, "      ")}`}
        />
      </Stack>
    </Card>
  );
}

function slug(text: string): string {
  const tidy = text
    .toLowerCase()
    .normalize("NFD")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return tidy.slice(0, 60) || "sheet";
}
