import { Alert, Badge, Button, Group, SimpleGrid, Stack, Table, Tabs, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Connection, Connector, Run } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { useWords } from "../../words/index.ts";
import { Actions } from "./actions.tsx";
import { text as own } from "./connection-words.ts";
import { EditConnection } from "./edit.tsx";
import { InboundWebhook } from "./inbound.tsx";
import { Facts } from "./list.tsx";
import { RunProgress, StateBadge, Troubles } from "./parts.tsx";
import { Runs } from "./run-list.tsx";
import { text } from "./words.ts";

/** `/connections/{id}` */
export function ConnectionPage(): ReactNode {
  const { id = "" } = useParams({ strict: false });
  const t = useWords(own);
  const isAdmin = useIsAdmin();
  const asked = useApi("GET /connections/{id}", { params: { id } }, { everyMs: 4_000 });
  const connectors = useApi("GET /connectors", {});
  const running =
    useApi("GET /runs", { query: { connection: id, state: "running" } }, { everyMs: 2_000 }).data?.data ?? [];
  const connection = asked.data;
  const connector = connectors.data?.data.find(({ key }) => key === connection?.connector);
  if (connection === undefined || connector === undefined)
    return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return (
    <Page
      title={connection.title}
      about={
        <Group gap="xs">
          <StateBadge state={connection.state} />
          <span>
            {connector.title} · {connection.id}
          </span>
        </Group>
      }
    >
      {isAdmin ? <Actions connection={connection} connector={connector} /> : null}
      <Trouble connection={connection} connector={connector} />
      <Tabs defaultValue="health" keepMounted={false}>
        <Tabs.List mb="lg">
          <Tabs.Tab value="health">{t.health}</Tabs.Tab>
          <Tabs.Tab value="runs">{t.runs}</Tabs.Tab>
          {isAdmin ? <Tabs.Tab value="settings">{t.settings}</Tabs.Tab> : null}
          {isAdmin && connector.has_webhook ? <Tabs.Tab value="webhook">{t.webhook}</Tabs.Tab> : null}
        </Tabs.List>
        <Tabs.Panel value="health">
          <Health connection={connection} connector={connector} running={running} />
        </Tabs.Panel>
        <Tabs.Panel value="runs">
          <Runs connection={id} streams={connector.streams} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <EditConnection key={connection.updated_at} connection={connection} connector={connector} />
        </Tabs.Panel>
        <Tabs.Panel value="webhook">
          <InboundWebhook id={id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Trouble({
  connection,
  connector,
}: {
  readonly connection: Connection;
  readonly connector: Connector;
}): ReactNode {
  const t = useWords(own);
  const isAdmin = useIsAdmin();
  if (connection.state_reason === null && connection.troubles.length === 0) return null;
  const signsInThere = connector.auth.some(({ grant }) => grant === "authorization_code");
  return (
    <Alert color={connection.state === "needs_auth" ? "red" : "yellow"} icon={<Icon name="warn" />} role="alert">
      <Stack gap="xs" align="flex-start">
        <Troubles connection={connection} />
        {connection.state === "needs_auth" ? <Text size="sm">{t.needsAuth}</Text> : null}
        {connection.state === "needs_auth" && signsInThere && isAdmin ? (
          <Button size="xs" component="a" href={`/oauth/start/${encodeURIComponent(connection.id)}`}>
            {t.signInThere}
          </Button>
        ) : null}
      </Stack>
    </Alert>
  );
}

function Health(props: {
  readonly connection: Connection;
  readonly connector: Connector;
  readonly running: readonly Run[];
}): ReactNode {
  const { connection, connector, running } = props;
  const t = useWords(own);
  const shared = useWords(text);
  const format = useFormat();
  const titles = new Map(connector.streams.map(({ stream, title }) => [stream, title]));
  const everyS = connection.schedule !== null && "every_s" in connection.schedule ? connection.schedule.every_s : null;
  const schedule =
    connection.schedule !== null && "cron" in connection.schedule
      ? connection.schedule.cron
      : shared.every(format.duration(everyS ?? connector.every_s));
  const states = connection.stream_states;
  return (
    <Stack>
      {running.length === 0 ? null : (
        <Card title={t.now}>
          <Stack>
            {running.map((run) => (
              <RunProgress key={run.id} run={run} name={titles.get(run.stream) ?? run.stream} />
            ))}
          </Stack>
        </Card>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card title={t.account}>
          <Facts
            rows={[
              [shared.account, connection.account.name ?? shared.notReached],
              [t.schedule, schedule],
              [
                shared.nextPull,
                <When key="next" at={connection.state === "active" ? connection.next_pull_at : null} />,
              ],
              [t.since, connection.backfill_from === null ? t.everything : format.day(connection.backfill_from)],
            ]}
          />
        </Card>
        <Card title={t.amount}>
          <Facts
            rows={[
              [t.landed, format.count(states.reduce((sum, one) => sum + one.records, 0))],
              [t.waiting, format.count(states.reduce((sum, one) => sum + one.waiting, 0))],
              [t.refused, format.count(states.reduce((sum, one) => sum + one.refused, 0))],
              [t.held, format.count(states.reduce((sum, one) => sum + one.held_deletions, 0))],
            ]}
          />
        </Card>
      </SimpleGrid>
      <Card title={t.streams}>
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t.streams}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.stream}</Table.Th>
                <Table.Th className="numbers">{t.landed}</Table.Th>
                <Table.Th>{shared.asOf}</Table.Th>
                <Table.Th>{t.lastSuccess}</Table.Th>
                <Table.Th>{t.state}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {states.map((one) => (
                <Table.Tr key={one.stream}>
                  <Table.Td lang="en">{titles.get(one.stream) ?? one.stream}</Table.Td>
                  <Table.Td className="numbers">{format.count(one.records)}</Table.Td>
                  <Table.Td>
                    <When at={one.fresh_as_of} />
                  </Table.Td>
                  <Table.Td>
                    <When at={one.last_success_at} />
                  </Table.Td>
                  <Table.Td>
                    <StreamState state={one} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </Card>
    </Stack>
  );
}

function StreamState({ state }: { readonly state: Connection["stream_states"][number] }): ReactNode {
  const t = useWords(own);
  const shared = useWords(text);
  const format = useFormat();
  return (
    <Stack gap={2} align="flex-start">
      <Group gap={4}>
        {state.is_running ? <Badge color="blue">{shared.running}</Badge> : null}
        {state.is_partial ? <Badge color="yellow">{shared.partial}</Badge> : null}
        {state.failures_in_a_row > 0 ? <Badge color="red">{t.failures(state.failures_in_a_row)}</Badge> : null}
        {!state.is_first_load_done ? <Badge color="gray">{t.firstLoad}</Badge> : null}
        {!state.is_partial && state.failures_in_a_row === 0 && state.is_first_load_done ? (
          <Badge color="green">{t.good}</Badge>
        ) : null}
      </Group>
      {state.partial_reason === null ? null : (
        <Text size="xs" c="dimmed" lang="en">
          {state.partial_reason}
        </Text>
      )}
      {state.waiting > 0 ? (
        <Text size="xs" c="dimmed">
          {shared.waiting(format.count(state.waiting))}
        </Text>
      ) : null}
    </Stack>
  );
}
