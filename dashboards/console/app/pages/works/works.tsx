import { Alert, Badge, Button, Group, Select, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useAct, useApi, useIsAdmin } from "../../api/hooks.ts";
import type { Conclusion } from "../../api/types.ts";
import { Bar } from "../../parts/charts/bars.tsx";
import { Confirm } from "../../parts/confirm.tsx";
import { useFormat } from "../../parts/format.ts";
import { Card, Loading, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { humanise } from "../../words/fields.ts";
import { plural, useWords, words } from "../../words/index.ts";
import { allPeriodNames, dimensionNames, useTitle } from "../../words/kpis.ts";
import { verdicts } from "../review/words.ts";

const text = words({
  en: {
    title: "What works",
    about:
      "What comes before a meeting and a win, and whether one group is really better than another. Nothing here claims a cause: it says what went together.",
    compare: "Compare two groups",
    metric: "Share",
    dimension: "By",
    period: "Over",
    first: "Is",
    second: "better than",
    clear: "clear",
    unclear: "not enough data",
    more: (a: string, b: string) => `It would take about ${a} and ${b} more records.`,
    record: "Record as a conclusion",
    recorded: "Recorded. It is tested each week on the records that come after.",
    of: (part: string, whole: string) => `${part} of ${whole}`,
    choose: "Choose two groups to compare.",
    same: "Choose two groups that differ.",
    conclusions: "Recorded conclusions",
    none: "Nothing is recorded yet. Compare two groups, and record what is clear.",
    notTested: "not tested yet",
    test: "Test it now",
    testOf: (sentence: string) => `Test it now: ${sentence}`,
    forget: "Forget it",
    forgetOf: (sentence: string) => `Forget it: ${sentence}`,
    forgetAbout: "The conclusion and its tests are deleted.",
    by: (who: string) => `by ${who}`,
    days: (from: string, to: string) => `drawn from ${from} to ${to}`,
    records: (count: string, n: number) => `${count} ${plural("en", n, "record", "records")}`,
    noValue: "There are no records for this.",
  },
  fr: {
    title: "Ce qui marche",
    about:
      "Ce qui précède un rendez-vous et un gain, et si un groupe est vraiment meilleur qu’un autre. Rien ici ne prétend à une cause : cela dit ce qui allait ensemble.",
    compare: "Comparer deux groupes",
    metric: "Part",
    dimension: "Par",
    period: "Sur",
    first: "Est-ce que",
    second: "est mieux que",
    clear: "net",
    unclear: "pas assez de données",
    more: (a: string, b: string) => `Il faudrait environ ${a} et ${b} enregistrements de plus.`,
    record: "Noter comme conclusion",
    recorded: "Noté. Elle est mise à l’épreuve chaque semaine sur les enregistrements suivants.",
    of: (part: string, whole: string) => `${part} sur ${whole}`,
    choose: "Choisissez deux groupes à comparer.",
    same: "Choisissez deux groupes différents.",
    conclusions: "Conclusions notées",
    none: "Rien n’est noté. Comparez deux groupes, et notez ce qui est net.",
    notTested: "pas encore éprouvée",
    test: "L’éprouver maintenant",
    testOf: (sentence: string) => `L’éprouver maintenant : ${sentence}`,
    forget: "L’oublier",
    forgetOf: (sentence: string) => `L’oublier : ${sentence}`,
    forgetAbout: "La conclusion et ses épreuves sont supprimées.",
    by: (who: string) => `par ${who}`,
    days: (from: string, to: string) => `tirée du ${from} au ${to}`,
    records: (count: string, n: number) => `${count} ${plural("fr", n, "enregistrement", "enregistrements")}`,
    noValue: "Il n’y a pas d’enregistrements pour cela.",
  },
});

/** What is looked at first, each by what it is told apart by. */
const TABLES = [
  "conversion_by_activity",
  "touches_to_meeting_distribution",
  "meeting_probability_by_touches",
  "follow_ups_to_close_distribution",
  "win_probability_by_age",
] as const;

/** `/what-works` */
export function WhatWorks(): ReactNode {
  const t = useWords(text);
  return (
    <Page title={t.title} about={t.about}>
      <Compare />
      <Conclusions />
      <SimpleGrid cols={{ base: 1, xl: 2 }}>
        {TABLES.map((metric) => (
          <Distribution key={metric} metric={metric} />
        ))}
      </SimpleGrid>
    </Page>
  );
}

function Compare(): ReactNode {
  const t = useWords(text);
  const periods = useWords(allPeriodNames);
  const dimensions = useWords(dimensionNames);
  const format = useFormat();
  const titleOf = useTitle();
  const isAdmin = useIsAdmin();
  const kpis = (useApi("GET /kpis", {}).data?.data ?? []).filter(
    ({ shown_as, unit, dimensions: all }) => shown_as.includes("steps") && unit === "ratio" && all.length > 0,
  );
  const [metric, setMetric] = useState("win_rate");
  const [dimension, setDimension] = useState("rep");
  const [period, setPeriod] = useState<keyof typeof periods>("this_year");
  const [a, setA] = useState<string | null>(null);
  const [b, setB] = useState<string | null>(null);
  const kpi = kpis.find(({ id }) => id === metric);
  const groups = useApi("GET /kpis/{metric}", { params: { metric }, query: { by: dimension, period } });
  const values = [...new Set((groups.data?.rows ?? []).flatMap(({ dimensions: of }) => of[dimension] ?? []))].toSorted(
    (one, other) => one.localeCompare(other, format.locale),
  );
  const isAsked = a !== null && b !== null && a !== b;
  const asked = useApi(
    "GET /kpis/{metric}/comparison",
    { params: { metric }, query: { dimension, a: a ?? "", b: b ?? "", period } },
    { enabled: isAsked },
  );
  const record = useAct("POST /conclusions");
  const answer = isAsked ? asked.data : undefined;
  const forget = (): void => {
    setA(null);
    setB(null);
    record.reset();
  };
  return (
    <Card title={t.compare}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 5 }}>
          <Select
            label={t.metric}
            searchable
            allowDeselect={false}
            data={kpis.map((one) => ({ value: one.id, label: titleOf(one) }))}
            value={metric}
            onChange={(next) => {
              setMetric(next ?? metric);
              const fits = kpis.find(({ id }) => id === next)?.dimensions ?? [];
              if (!fits.includes(dimension)) setDimension(fits[0] ?? "rep");
              forget();
            }}
          />
          <Select
            label={t.dimension}
            searchable
            allowDeselect={false}
            data={(kpi?.dimensions ?? []).map((one) => ({ value: one, label: dimensions[one] ?? humanise(one) }))}
            value={dimension}
            onChange={(next) => {
              setDimension(next ?? dimension);
              forget();
            }}
          />
          <Select
            label={t.period}
            allowDeselect={false}
            data={Object.entries(periods).map(([value, label]) => ({ value, label }))}
            value={period}
            onChange={(next) => setPeriod((next ?? period) as keyof typeof periods)}
          />
          <Select label={t.first} searchable data={values} value={a} onChange={setA} />
          <Select label={t.second} searchable data={values} value={b} onChange={setB} />
        </SimpleGrid>
        <Problem error={groups.error ?? asked.error ?? record.error} />
        {isAsked ? null : (
          <Text size="sm" c="dimmed">
            {a !== null && a === b ? t.same : t.choose}
          </Text>
        )}
        {isAsked && answer === undefined && asked.error === null ? <Loading /> : null}
        {answer === undefined ? null : (
          <Stack gap="xs">
            <Group gap="xs">
              <Text fw={600} lang="en">
                {answer.sentence}
              </Text>
              <Badge color={answer.is_clear ? "green" : "gray"}>{answer.is_clear ? t.clear : t.unclear}</Badge>
            </Group>
            {answer.groups.map((group) => (
              <Group key={group.group} gap="sm" wrap="nowrap">
                <Text size="sm" w={160} style={{ overflowWrap: "anywhere" }}>
                  {group.group}
                </Text>
                <div style={{ flex: 1, minWidth: 80 }}>
                  <Bar share={group.value ?? 0} />
                </div>
                <Text size="sm" className="one-line">
                  {format.value(group.value, "ratio")} (
                  {t.of(format.count(group.numerator), format.count(group.denominator))})
                </Text>
              </Group>
            ))}
            {answer.more_needed === null ? null : (
              <Text size="sm" c="dimmed">
                {t.more(format.count(answer.more_needed[0] ?? 0), format.count(answer.more_needed[1] ?? 0))}
              </Text>
            )}
            {record.isSuccess ? (
              <Alert color="green" role="status">
                {t.recorded}
              </Alert>
            ) : null}
            {isAdmin && answer.from !== null && answer.to !== null ? (
              <Group>
                <Button
                  variant="default"
                  loading={record.isPending}
                  disabled={record.isSuccess}
                  onClick={() =>
                    record.mutate({
                      body: {
                        claim: { metric, a: { [dimension]: a ?? "" }, b: { [dimension]: b ?? "" } },
                        from: answer.from ?? "",
                        to: answer.to ?? "",
                      },
                    })
                  }
                >
                  {t.record}
                </Button>
              </Group>
            ) : null}
          </Stack>
        )}
      </Stack>
    </Card>
  );
}

function Conclusions(): ReactNode {
  const t = useWords(text);
  const said = useWords(verdicts);
  const format = useFormat();
  const isAdmin = useIsAdmin();
  const asked = useApi("GET /conclusions", {});
  const test = useAct("POST /conclusions/{id}/test");
  const remove = useAct("DELETE /conclusions/{id}");
  const [asks, setAsks] = useState<Conclusion | null>(null);
  const all = asked.data?.data ?? [];
  return (
    <Card title={t.conclusions}>
      <Problem error={asked.error ?? test.error ?? remove.error} />
      {asked.data !== undefined && all.length === 0 ? <Text c="dimmed">{t.none}</Text> : null}
      <Stack gap="md">
        {all.map((one) => (
          <Group key={one.id} justify="space-between" align="flex-start">
            <div style={{ flex: "1 1 300px" }}>
              <Text size="sm" fw={500} lang="en">
                {one.sentence}
              </Text>
              <Group gap="xs">
                <Badge
                  color={
                    one.verdict === "holds"
                      ? "green"
                      : one.verdict === "no_longer_holds"
                        ? "red"
                        : one.verdict === "weaker"
                          ? "orange"
                          : "gray"
                  }
                >
                  {one.verdict === null ? t.notTested : (said[one.verdict] ?? one.verdict)}
                </Badge>
                <Text size="xs" c="dimmed">
                  {t.days(format.day(one.result.from), format.day(one.result.to))},{" "}
                  {t.by(one.recorded_by.replace(/^user:/, ""))}, <When at={one.recorded_at} />
                </Text>
              </Group>
            </div>
            {isAdmin ? (
              <Group gap={4}>
                <Button
                  size="compact-sm"
                  variant="default"
                  loading={test.isPending && test.variables?.params.id === one.id}
                  aria-label={t.testOf(one.sentence)}
                  onClick={() => test.mutate({ params: { id: one.id } })}
                >
                  {t.test}
                </Button>
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={t.forgetOf(one.sentence)}
                  onClick={() => setAsks(one)}
                >
                  {t.forget}
                </Button>
              </Group>
            ) : null}
          </Group>
        ))}
      </Stack>
      {asks === null ? null : (
        <Confirm
          title={t.forget}
          about={`${asks.sentence} ${t.forgetAbout}`}
          isDangerous
          onConfirm={() => remove.mutate({ params: { id: asks.id } })}
          onClose={() => setAsks(null)}
        />
      )}
    </Card>
  );
}

function Distribution({ metric }: { readonly metric: string }): ReactNode {
  const t = useWords(text);
  const format = useFormat();
  const titleOf = useTitle();
  const names = useWords(dimensionNames);
  const kpi = useApi("GET /kpis", {}).data?.data.find(({ id }) => id === metric);
  const asked = useApi("GET /kpis/{metric}", { params: { metric }, query: { period: "this_year" } });
  const rows = asked.data?.rows ?? [];
  const by = Object.keys(rows[0]?.dimensions ?? {});
  const top = asked.data?.unit === "ratio" ? 1 : Math.max(0, ...rows.map(({ value }) => value ?? 0));
  if (kpi === undefined && asked.error === null) return null;
  return (
    <Card
      title={
        <Link to="/kpis/$metric" params={{ metric }} search={{ period: "this_year" }}>
          {kpi === undefined ? metric : titleOf(kpi)}
        </Link>
      }
    >
      <Problem error={asked.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {asked.data !== undefined && rows.every(({ value }) => value === null) ? (
        <Text c="dimmed">{t.noValue}</Text>
      ) : (
        <div
          className="scroll-x tall"
          tabIndex={0}
          role="region"
          aria-label={kpi === undefined ? metric : titleOf(kpi)}
        >
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{by.map((name) => names[name] ?? humanise(name)).join(", ")}</Table.Th>
                <Table.Th miw={120}>
                  <span className="visually-hidden">{kpi === undefined ? metric : titleOf(kpi)}</span>
                </Table.Th>
                <Table.Th className="numbers">{kpi === undefined ? metric : titleOf(kpi)}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.slice(0, 40).map((row, index) => (
                <Table.Tr key={index}>
                  <Table.Td>{by.map((name) => row.dimensions[name] ?? "–").join(", ")}</Table.Td>
                  <Table.Td>
                    <Bar share={top === 0 || row.value === null ? 0 : row.value / top} />
                  </Table.Td>
                  <Table.Td className="numbers">
                    {format.value(row.value, asked.data?.unit ?? "count")}
                    {row.denominator === null ? null : (
                      <Text size="xs" c="dimmed">
                        {t.records(format.count(row.denominator), row.denominator)}
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </Card>
  );
}
