import { Badge, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi, useIsAdmin, usePages } from "../../api/hooks.ts";
import type { Connection, Run } from "../../api/types.ts";
import { Icon } from "../../parts/icons.tsx";
import { Empty, Loading, More, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { useWords } from "../../words/index.ts";
import { RunProgress, StateBadge, Troubles } from "./parts.tsx";
import { text } from "./words.ts";

/** `/connections` */
export function Connections(): ReactNode {
  const t = useWords(text);
  const isAdmin = useIsAdmin();
  const listed = usePages("GET /connections", {}, { everyMs: 5_000 });
  const running = useApi("GET /runs", { query: { state: "running", limit: 100 } }, { everyMs: 3_000 }).data?.data ?? [];
  const connect = isAdmin ? (
    <Button component={Link} to="/connections/new" leftSection={<Icon name="plus" />}>
      {t.connect}
    </Button>
  ) : null;
  return (
    <Page title={t.title} about={t.about} actions={connect}>
      <Problem error={listed.error} />
      {listed.isLoading ? <Loading /> : null}
      {!listed.isLoading && listed.error === null && listed.rows.length === 0 ? (
        <Empty icon="plug" text={t.none}>
          {connect}
        </Empty>
      ) : null}
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
        {listed.rows.map((one) => (
          <One key={one.id} connection={one} runs={running.filter((run) => run.connection === one.id)} />
        ))}
      </SimpleGrid>
      <More more={listed.more} isLoading={listed.isLoadingMore} />
    </Page>
  );
}

function One({ connection, runs }: { readonly connection: Connection; readonly runs: readonly Run[] }): ReactNode {
  const t = useWords(text);
  const times = connection.stream_states.map((one) => one.fresh_as_of ?? "").toSorted();
  const isPartial = connection.stream_states.some((one) => one.is_partial);
  return (
    <Paper withBorder p="lg" component="article">
      <Stack gap="sm" h="100%">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <Title order={2} size="h4">
              <Link to="/connections/$id" params={{ id: connection.id }}>
                {connection.title}
              </Link>
            </Title>
            <Text size="xs" c="dimmed">
              {connection.id}
            </Text>
          </div>
          <Group gap={6}>
            {isPartial && connection.state === "active" ? <Badge color="yellow">{t.partial}</Badge> : null}
            <StateBadge state={connection.state} />
          </Group>
        </Group>
        <Facts
          rows={[
            [t.account, connection.account.name ?? t.notReached],
            // The oldest of its streams: so old may any of its numbers be. While one was never read, some are not there at all.
            [t.asOf, <When key="as-of" at={times[0] === "" ? null : (times[0] ?? null)} />],
            ...(connection.next_pull_at === null || connection.state !== "active"
              ? []
              : [[t.nextPull, <When key="next" at={connection.next_pull_at} />] as const]),
          ]}
        />
        <div style={{ color: "var(--app-bad)" }}>
          <Troubles connection={connection} />
        </div>
        {runs.slice(0, 2).map((run) => (
          <RunProgress key={run.id} run={run} name={run.stream} />
        ))}
      </Stack>
    </Paper>
  );
}

export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl style={{ margin: 0, display: "grid", gap: 4 }}>
      {rows.map(([name, value]) => (
        <Group key={name} justify="space-between" gap="sm" wrap="nowrap" align="flex-start">
          <Text component="dt" size="sm" c="dimmed" style={{ flexShrink: 0 }}>
            {name}
          </Text>
          <Text component="dd" size="sm" m={0} ta="right" lineClamp={3}>
            {value}
          </Text>
        </Group>
      ))}
    </dl>
  );
}
