import { Button, Select, Table, Text } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../../api/hooks.ts";
import { useFormat } from "../../parts/format.ts";
import { Card, Empty, Loading, Page, Problem } from "../../parts/page.tsx";
import { common } from "../../words/common.ts";
import { useWords, words } from "../../words/index.ts";
import { allPeriodNames, dimensionNames, useTitle } from "../../words/kpis.ts";
import { humanise } from "../../words/fields.ts";

const text = words({
  en: {
    about: "Every KPI that is of sales reps, beside the period before and the others.",
    period: "Period",
    kpi: "KPI",
    value: "Value",
    previous: "Before",
    change: "Change",
    rank: "Rank",
    of: (rank: string, all: string) => `${rank} of ${all}`,
    records: "From",
    all: "All sales reps",
    none: "Nothing is counted for this sales rep in this period.",
    better: "better",
    worse: "worse",
  },
  fr: {
    about: "Tous les indicateurs des commerciaux, face à la période précédente et aux autres.",
    period: "Période",
    kpi: "Indicateur",
    value: "Valeur",
    previous: "Avant",
    change: "Évolution",
    rank: "Rang",
    of: (rank: string, all: string) => `${rank} sur ${all}`,
    records: "Sur",
    all: "Tous les commerciaux",
    none: "Rien n’est compté pour ce commercial sur cette période.",
    better: "mieux",
    worse: "moins bien",
  },
});

/** `/reps/{id}`: everything there is to say of a sales rep. */
export function ScorecardPage(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const periods = useWords(allPeriodNames);
  const dimensions = useWords(dimensionNames);
  const format = useFormat();
  const titleOf = useTitle();
  const navigate = useNavigate();
  const { id = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as { readonly period?: string };
  const period =
    (Object.keys(periods) as (keyof typeof periods)[]).find((one) => one === search.period) ?? "this_month";
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const asked = useApi("GET /reps/{rep}/scorecard", { params: { rep: id }, query: { period } });
  const rows = asked.data?.rows ?? [];
  return (
    <Page
      title={asked.data?.rep.name ?? c.loading}
      about={t.about}
      actions={
        <>
          <Select
            aria-label={t.period}
            allowDeselect={false}
            w={200}
            data={Object.entries(periods).map(([value, label]) => ({ value, label }))}
            value={period}
            onChange={(next) =>
              void navigate({
                to: "/reps/$id",
                params: { id },
                search: next === null ? {} : { period: next },
                replace: true,
              })
            }
          />
          <Button component={Link} to="/reps" variant="default">
            {t.all}
          </Button>
        </>
      }
    >
      <Problem error={asked.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {asked.data !== undefined && rows.length === 0 ? <Empty icon="people" text={t.none} /> : null}
      {rows.length === 0 ? null : (
        <Card>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={asked.data?.rep.name ?? ""}>
            <Table miw={680}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.kpi}</Table.Th>
                  <Table.Th className="numbers">{t.value}</Table.Th>
                  <Table.Th className="numbers">{t.previous}</Table.Th>
                  <Table.Th className="numbers">{t.change}</Table.Th>
                  <Table.Th className="numbers">{t.rank}</Table.Th>
                  <Table.Th className="numbers">{t.records}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row, index) => {
                  const kpi = kpis.find((one) => one.id === row.metric);
                  const parts = Object.entries(row.dimensions).filter(([name]) => name !== "rep");
                  return (
                    <Table.Tr key={`${row.metric} ${index}`}>
                      <Table.Td>
                        <Link
                          to="/kpis/$metric"
                          params={{ metric: row.metric }}
                          search={{ period, filter: `rep=${asked.data?.rep.name ?? ""}` }}
                        >
                          {kpi === undefined ? row.title : titleOf(kpi)}
                        </Link>
                        {parts.length === 0 ? null : (
                          <Text size="xs" c="dimmed">
                            {parts
                              .map(([name, value]) => `${dimensions[name] ?? humanise(name)}: ${value ?? c.none}`)
                              .join(", ")}
                          </Text>
                        )}
                      </Table.Td>
                      <Table.Td className="numbers">{format.value(row.value, row.unit)}</Table.Td>
                      <Table.Td className="numbers">{format.value(row.previous, row.unit)}</Table.Td>
                      <Table.Td className="numbers">
                        <Change now={row.value} before={row.previous} unit={row.unit} better={kpi?.better ?? null} />
                      </Table.Td>
                      <Table.Td className="numbers">
                        {row.rank === null ? "–" : t.of(format.count(row.rank), format.count(row.ranked))}
                      </Table.Td>
                      <Table.Td className="numbers">{format.count(row.sample_size)}</Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      )}
    </Page>
  );
}

/** Shares by their difference, everything else by its ratio; the words say what the colour says. */
function Change(props: {
  readonly now: number | null;
  readonly before: number | null;
  readonly unit: string;
  readonly better: "higher" | "lower" | null;
}): ReactNode {
  const { now, before, unit, better } = props;
  const t = useWords(text);
  const format = useFormat();
  if (now === null || before === null || (unit !== "ratio" && before === 0)) return "–";
  const by = unit === "ratio" ? now - before : (now - before) / Math.abs(before);
  const isGood = better === null || by === 0 ? null : by > 0 === (better === "higher");
  return (
    <Text
      span
      size="sm"
      c={isGood === null ? "dimmed" : isGood ? "var(--app-good)" : "var(--app-bad)"}
      {...(isGood === null ? {} : { title: isGood ? t.better : t.worse })}
    >
      {format.change(by)}
    </Text>
  );
}
