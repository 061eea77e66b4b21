import { Group, Paper, SimpleGrid, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../api/hooks.ts";
import { useWords, words } from "../words/index.ts";
import { periodNames, useTitle } from "../words/kpis.ts";
import { Sparkline } from "./charts/line.tsx";
import { useFormat } from "./format.ts";

const text = words({ en: { notWhole: "not whole" }, fr: { notWhole: "incomplet" } });

const KEY_NUMBERS = [
  "won_value",
  "deals_won",
  "win_rate",
  "open_pipeline_value",
  "average_deal_size",
  "time_to_close_median",
  "new_leads",
  "activities",
];

/** The numbers that a sales team begins its day with: this month's, and how the months before went. */
export function KeyNumbers(): ReactNode {
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const wanted = KEY_NUMBERS.flatMap((id) => kpis.filter((kpi) => kpi.id === id));
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="sm">
      {wanted.map((kpi) => (
        <KeyNumber key={kpi.id} kpi={kpi} />
      ))}
    </SimpleGrid>
  );
}

function KeyNumber({
  kpi,
}: {
  readonly kpi: { readonly id: string; readonly title: string; readonly unit: string; readonly is_own: boolean };
}): ReactNode {
  const format = useFormat();
  const titleOf = useTitle();
  const periods = useWords(periodNames);
  const t = useWords(text);
  const params = { metric: kpi.id };
  const now = useApi("GET /kpis/{metric}", { params, query: { period: "this_month" } }, { everyMs: 30_000 }).data;
  const year = useApi("GET /kpis/{metric}", { params, query: { period: "this_year", grain: "month" } }).data;
  return (
    <Paper withBorder p="md" className="clickable" component={Link} to={`/kpis/${kpi.id}?period=this_month`}>
      <Text size="sm" c="dimmed">
        {titleOf(kpi)}
      </Text>
      <Group justify="space-between" align="flex-end" wrap="nowrap">
        <Text fz={26} fw={700} lh={1.2} className="one-line">
          {now === undefined ? "…" : format.short(now.rows[0]?.value ?? null, kpi.unit)}
        </Text>
        <Sparkline
          values={year?.rows.filter(({ period }) => (period ?? "") <= format.today()).map(({ value }) => value) ?? []}
        />
      </Group>
      <Text size="xs" c="dimmed">
        {periods.this_month}
        {(now?.notes.length ?? 0) === 0 ? null : (
          <Text span inherit c="var(--app-warn)" title={now?.notes.join("\n")}>
            {` · ${t.notWhole}`}
          </Text>
        )}
      </Text>
    </Paper>
  );
}
