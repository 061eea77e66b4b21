import { Alert, Anchor, Badge, Code, Group, List, SimpleGrid, Stack, Text } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../api/hooks.ts";
import { useFormat } from "../parts/format.ts";
import { Icon } from "../parts/icons.tsx";
import { Card, Loading, Page, Problem } from "../parts/page.tsx";
import { common } from "../words/common.ts";
import { useWords, words } from "../words/index.ts";
import { Facts } from "./connections/list.tsx";
import { RunBadge, RunProgress } from "./connections/parts.tsx";

const text = words({
  en: {
    title: (id: string) => `Run ${id}`,
    log: "Log",
    nothing: "Nothing was noted.",
    counts: "What came",
    pages: "Pages",
    fetched: "Fetched",
    added: "New",
    changed: "Changed",
    unchanged: "As before",
    deleted: "Deleted",
    facts: "Facts made",
    skipped: "Left out",
    started: "Started",
    ended: "Ended",
    of: "Connection",
    stream: "Stream",
  },
  fr: {
    title: (id: string) => `Exécution ${id}`,
    log: "Journal",
    nothing: "Rien n’a été noté.",
    counts: "Ce qui est arrivé",
    pages: "Pages",
    fetched: "Lus",
    added: "Nouveaux",
    changed: "Modifiés",
    unchanged: "Inchangés",
    deleted: "Supprimés",
    facts: "Faits créés",
    skipped: "Laissés de côté",
    started: "Début",
    ended: "Fin",
    of: "Connexion",
    stream: "Flux",
  },
});

const LEVELS = { info: "gray", warn: "yellow", error: "red" } as const;

/** `/runs/{id}`: one pull, with what was noted while it ran. */
export function RunPage(): ReactNode {
  const { id = "" } = useParams({ strict: false });
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const asked = useApi("GET /runs/{id}", { params: { id: Number(id) } }, { everyMs: 3_000 });
  const run = asked.data;
  if (run === undefined) return asked.error === null ? <Loading /> : <Problem error={asked.error} />;
  return (
    <Page title={t.title(id)} about={<RunBadge state={run.state} />}>
      {run.state === "running" ? <RunProgress run={run} name={run.stream} /> : null}
      {run.error === null ? null : (
        <Alert color="red" icon={<Icon name="warn" />} role="alert">
          <Stack gap={4}>
            <Text size="sm" fw={500} lang="en">
              {run.error.message}
            </Text>
            <Text size="sm" lang="en">
              {run.error.mend}
            </Text>
            <Text size="xs">
              {c.errorCode}{" "}
              <Anchor size="xs" href={`/docs/errors#${run.error.code}`}>
                <Code>{run.error.code}</Code>
              </Anchor>
            </Text>
          </Stack>
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card>
          <Facts
            rows={[
              [
                t.of,
                <Link key="of" to="/connections/$id" params={{ id: run.connection }}>
                  {run.connection}
                </Link>,
              ],
              [t.stream, run.stream],
              [t.started, format.dateTime(run.started_at)],
              [t.ended, run.finished_at === null ? "–" : format.dateTime(run.finished_at)],
            ]}
          />
        </Card>
        <Card>
          <Facts
            rows={(["pages", "fetched", "added", "changed", "unchanged", "deleted", "facts", "skipped"] as const).map(
              (name) => [t[name], format.count(run.counts[name])],
            )}
          />
        </Card>
      </SimpleGrid>
      <Card title={t.log}>
        {run.log.length === 0 ? <Text c="dimmed">{t.nothing}</Text> : null}
        <List listStyleType="none" spacing="xs">
          {run.log.map((line, index) => (
            // Lines have no name of their own, and none is ever put between others.
            <List.Item key={index}>
              <Group gap="xs" align="baseline">
                <Text size="xs" c="dimmed">
                  {format.dateTime(line.at)}
                </Text>
                <Badge color={LEVELS[line.level]} size="sm">
                  {line.level}
                </Badge>
                <Text size="sm" lang="en">
                  {line.message}
                </Text>
                {line.data === null || line.data === undefined ? null : <Code>{JSON.stringify(line.data)}</Code>}
              </Group>
            </List.Item>
          ))}
        </List>
      </Card>
    </Page>
  );
}
