import { Select, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { usePages } from "../../api/hooks.ts";
import type { Connector, Run } from "../../api/types.ts";
import { useFormat } from "../../parts/format.ts";
import { Card, More, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";
import { RunBadge } from "./parts.tsx";

const text = words({
  en: {
    stream: "Stream",
    started: "Started",
    took: "Took",
    records: "Records",
    outcome: "Outcome",
    run: "Run",
    caption: "Runs, newest first",
  },
  fr: {
    stream: "Flux",
    started: "Début",
    took: "Durée",
    records: "Enregistrements",
    outcome: "Issue",
    run: "Exécution",
    caption: "Exécutions, la plus récente d’abord",
  },
});

/** What was pulled when, and what came of it. */
export function Runs({
  connection,
  streams,
}: {
  readonly connection: string;
  readonly streams: Connector["streams"];
}): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const [stream, setStream] = useState<string | null>(null);
  const listed = usePages(
    "GET /runs",
    { query: { connection, ...(stream === null ? {} : { stream }) } },
    { everyMs: 5_000 },
  );
  return (
    <Card>
      <Select
        label={t.stream}
        placeholder={c.all}
        data={streams.map((one) => ({ value: one.stream, label: one.title }))}
        value={stream}
        onChange={setStream}
        clearable
        maw={280}
        mb="md"
      />
      <Problem error={listed.error} />
      <div className="scroll-x" tabIndex={0} role="region" aria-label={t.caption}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.run}</Table.Th>
              <Table.Th>{t.stream}</Table.Th>
              <Table.Th>{t.started}</Table.Th>
              <Table.Th className="numbers">{t.took}</Table.Th>
              <Table.Th className="numbers">{t.records}</Table.Th>
              <Table.Th>{t.outcome}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {listed.rows.map((run) => (
              <One
                key={run.id}
                run={run}
                title={streams.find((one) => one.stream === run.stream)?.title ?? run.stream}
              />
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <More more={listed.more} isLoading={listed.isLoadingMore} />
    </Card>
  );
}

function One({ run, title }: { readonly run: Run; readonly title: string }): ReactNode {
  const format = useFormat();
  const took =
    run.finished_at === null ? null : (new Date(run.finished_at).getTime() - new Date(run.started_at).getTime()) / 1000;
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/runs/$id" params={{ id: String(run.id) }}>
          {run.id}
        </Link>
      </Table.Td>
      <Table.Td lang="en">{title}</Table.Td>
      <Table.Td>
        <When at={run.started_at} />
      </Table.Td>
      <Table.Td className="numbers">{took === null ? "–" : format.duration(took)}</Table.Td>
      <Table.Td className="numbers">{format.count(run.counts.fetched)}</Table.Td>
      <Table.Td>
        <RunBadge state={run.state} />
        {run.error === null ? null : (
          <Text size="xs" c="var(--app-bad)" lang="en">
            {run.error.message}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
