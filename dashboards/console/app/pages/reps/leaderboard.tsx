import { Badge, Group, Select, Table, Text } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi, usePages } from "../../api/hooks.ts";
import { Bar } from "../../parts/charts/bars.tsx";
import { useFormat } from "../../parts/format.ts";
import { Card, Empty, Loading, Page, Problem } from "../../parts/page.tsx";
import { useWords, words } from "../../words/index.ts";
import { allPeriodNames, useTitle } from "../../words/kpis.ts";

const text = words({
  en: {
    title: "Sales reps",
    about:
      "Who is where by which KPI, and who has gained or lost places since the period before. A name opens the scorecard.",
    by: "Ranked by",
    period: "Period",
    rank: "Rank",
    rep: "Sales rep",
    moved: "Places",
    isNew: "new",
    up: (places: number) => `up by ${places}`,
    down: (places: number) => `down by ${places}`,
    same: "as before",
    value: "Value",
    share: "Beside the first",
    none: "Nobody has a value in this period.",
    points: "Points are given by the config file’s section targeted_actions.",
  },
  fr: {
    title: "Commerciaux",
    about:
      "Qui est où selon quel indicateur, et qui a gagné ou perdu des places depuis la période précédente. Un nom ouvre le bilan.",
    by: "Classés par",
    period: "Période",
    rank: "Rang",
    rep: "Commercial",
    moved: "Places",
    isNew: "nouveau",
    up: (places: number) => `en hausse de ${places}`,
    down: (places: number) => `en baisse de ${places}`,
    same: "comme avant",
    value: "Valeur",
    share: "Face au premier",
    none: "Personne n’a de valeur pour cette période.",
    points: "Les points sont donnés par la section targeted_actions du fichier de configuration.",
  },
});

/** What reps are most often ranked by; the rest follows. */
const FIRST = ["won_value", "deals_won", "points", "activities", "win_rate"];

/** `/reps`: the leaderboard, and from there each scorecard. */
export function Leaderboard(): ReactNode {
  const t = useWords(text);
  const periods = useWords(allPeriodNames);
  const format = useFormat();
  const titleOf = useTitle();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { readonly of?: string; readonly period?: string };
  const kpis = useApi("GET /kpis", {}).data?.data ?? [];
  const reps = usePages("GET /reps", { query: { limit: 200 } }).rows;
  const of = search.of ?? "won_value";
  const period =
    (Object.keys(periods) as (keyof typeof periods)[]).find((one) => one === search.period) ?? "this_month";
  const asked = useApi(
    "GET /kpis/{metric}",
    { params: { metric: "rep_leaderboard" }, query: { of, period } },
    { everyMs: 30_000 },
  );
  const ranked = kpis
    .filter(({ takes_of, shown_as, dimensions }) => !takes_of && shown_as.includes("one") && dimensions.includes("rep"))
    .toSorted((a, b) => order(a.id) - order(b.id));
  const rows = asked.data?.rows ?? [];
  const top = Math.max(0, ...rows.map(({ value }) => value ?? 0));
  const set = (change: { readonly of?: string; readonly period?: string }): void =>
    void navigate({ to: "/reps", search: { of, period, ...change }, replace: true });
  return (
    <Page title={t.title} about={t.about}>
      <Group align="flex-end">
        <Select
          label={t.by}
          searchable
          allowDeselect={false}
          w={280}
          data={ranked.map((one) => ({ value: one.id, label: titleOf(one) }))}
          value={of}
          onChange={(next) => set(next === null ? {} : { of: next })}
        />
        <Select
          label={t.period}
          allowDeselect={false}
          w={200}
          data={Object.entries(periods).map(([value, label]) => ({ value, label }))}
          value={period}
          onChange={(next) => set(next === null ? {} : { period: next })}
        />
      </Group>
      <Problem error={asked.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {asked.data?.notes.map((note) => (
        <Text key={note} size="sm" c="var(--app-warn)" lang="en">
          {note}
        </Text>
      ))}
      {asked.data !== undefined && rows.length === 0 ? (
        <Empty icon="rank" text={of === "points" ? `${t.none} ${t.points}` : t.none} />
      ) : null}
      {rows.length === 0 ? null : (
        <Card>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.title}>
            <Table miw={560}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th className="numbers">{t.rank}</Table.Th>
                  <Table.Th>{t.rep}</Table.Th>
                  <Table.Th>{t.moved}</Table.Th>
                  <Table.Th className="numbers">{t.value}</Table.Th>
                  <Table.Th miw={160}>{t.share}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row, index) => {
                  const name = row.dimensions["rep"] ?? null;
                  const rep = reps.find((one) => one.name === name);
                  return (
                    <Table.Tr key={`${name ?? ""} ${index}`}>
                      <Table.Td className="numbers">{row.rank ?? "–"}</Table.Td>
                      <Table.Td>
                        {name === null ? (
                          "–"
                        ) : (
                          <Link to="/reps/$id" params={{ id: rep?.id ?? name }}>
                            {name}
                          </Link>
                        )}
                      </Table.Td>
                      <Table.Td>{row.value === 0 ? null : <Moved places={row.movement ?? null} />}</Table.Td>
                      <Table.Td className="numbers">{format.value(row.value, asked.data?.unit ?? "count")}</Table.Td>
                      <Table.Td>
                        <Bar share={top === 0 || row.value === null ? 0 : row.value / top} />
                      </Table.Td>
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

function Moved({ places }: { readonly places: number | null }): ReactNode {
  const t = useWords(text);
  if (places === null) return <Badge color="gray">{t.isNew}</Badge>;
  if (places === 0)
    return (
      <Text span size="sm" c="dimmed">
        {t.same}
      </Text>
    );
  return (
    <Text span size="sm" c={places > 0 ? "var(--app-good)" : "var(--app-bad)"}>
      {places > 0 ? `▲ ${t.up(places)}` : `▼ ${t.down(-places)}`}
    </Text>
  );
}

function order(id: string): number {
  const at = FIRST.indexOf(id);
  return at < 0 ? FIRST.length : at;
}
