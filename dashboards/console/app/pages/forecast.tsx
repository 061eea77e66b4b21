import { Badge, SegmentedControl, Stack, Table, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useApi } from "../api/hooks.ts";
import type { Forecast } from "../api/types.ts";
import { Fan } from "../parts/charts/bars.tsx";
import { useFormat } from "../parts/format.ts";
import { Card, Loading, Page, Problem } from "../parts/page.tsx";
import { forecastMethods } from "../words/forecast.ts";
import { useWords, words } from "../words/index.ts";

const text = words({
  en: {
    title: "Forecast",
    about: "What will be won, by the method that has been best so far, with how sure that is.",
    value: "Value",
    count: "Deals",
    until: "Until",
    expected: "Expected",
    range: "In eight of ten cases",
    between: (low: string, high: string) => `${low} to ${high}`,
    method: "Method",
    record: "Track record",
    error: (share: string, times: number) => `${share} off on average, tried ${times} times`,
    held: (share: string) => `the range held in ${share}`,
    notTried: "could not be tried yet",
    days: (count: number) => `${count} days`,
    month_end: "end of the month",
    quarter_end: "end of the quarter",
    open: "Open deals",
    leftOut: (count: string) => `${count} without a known probability`,
    all: "Every method, and how good it has been",
    shown: "shown",
  },
  fr: {
    title: "Prévision",
    about: "Ce qui sera gagné, selon la méthode la plus juste jusqu’ici, avec son degré de certitude.",
    value: "Valeur",
    count: "Affaires",
    until: "Jusqu’au",
    expected: "Attendu",
    range: "Dans huit cas sur dix",
    between: (low: string, high: string) => `de ${low} à ${high}`,
    method: "Méthode",
    record: "Bilan",
    error: (share: string, times: number) => `écart moyen de ${share}, essayée ${times} fois`,
    held: (share: string) => `la fourchette a tenu dans ${share} des cas`,
    notTried: "pas encore éprouvée",
    days: (count: number) => `${count} jours`,
    month_end: "fin du mois",
    quarter_end: "fin du trimestre",
    open: "Affaires ouvertes",
    leftOut: (count: string) => `${count} sans probabilité connue`,
    all: "Toutes les méthodes, et leur justesse",
    shown: "retenue",
  },
});

type Row = Forecast["rows"][number];
type Estimate = Row["count"];

/** `/forecast` */
export function ForecastPage(): ReactNode {
  const t = useWords(text);
  const names = useWords(forecastMethods);
  const format = useFormat();
  const [of, setOf] = useState<"value" | "count">("value");
  const asked = useApi("GET /forecast", {});
  const backtest = useApi("GET /backtest", {});
  const rows = asked.data?.rows ?? [];
  const estimateOf = (row: Row): Estimate => (of === "value" && row.value !== null ? row.value : row.count);
  const isMoney = (row: Row): boolean => of === "value" && row.value !== null;
  const write = (row: Row, value: number): string =>
    isMoney(row) ? format.short(value, "money") : format.value(value, "count");
  const top = Math.max(0, ...rows.map((row) => estimateOf(row).p90));
  const record = (one: Estimate["record"]): string =>
    one === null
      ? t.notTried
      : `${one.error === null ? t.notTried : t.error(format.value(one.error, "ratio"), one.origins)}, ${t.held(format.value(one.coverage, "ratio"))}`;
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <SegmentedControl
          aria-label={t.value}
          data={[
            { value: "value", label: t.value },
            { value: "count", label: t.count },
          ]}
          value={of}
          onChange={(next) => setOf(next === "count" ? "count" : "value")}
        />
      }
    >
      <Problem error={asked.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {rows.length === 0 ? null : (
        <Card>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.title}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.until}</Table.Th>
                  <Table.Th className="numbers">{t.expected}</Table.Th>
                  <Table.Th miw={220}>{t.range}</Table.Th>
                  <Table.Th>{t.record}</Table.Th>
                  <Table.Th className="numbers">{t.open}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => {
                  const one = estimateOf(row);
                  return (
                    <Table.Tr key={`${row.horizon} ${row.days}`}>
                      <Table.Td>
                        <Text size="sm" fw={500}>
                          {format.day(row.until)}
                        </Text>
                        <Text size="xs" c="dimmed">
                          {row.horizon === "days" ? t.days(row.days) : t[row.horizon]}
                        </Text>
                      </Table.Td>
                      <Table.Td className="numbers">
                        <Text fw={700}>{write(row, one.expected)}</Text>
                      </Table.Td>
                      <Table.Td>
                        <Fan low={one.p10} middle={one.expected} high={one.p90} top={top} />
                        <Text size="xs" c="dimmed">
                          {t.between(write(row, one.p10), write(row, one.p90))}
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        <Text size="sm">{names[one.method]}</Text>
                        <Text size="xs" c="dimmed">
                          {record(one.record)}
                        </Text>
                      </Table.Td>
                      <Table.Td className="numbers">
                        {format.count(row.open_deals)}
                        {row.left_out === 0 ? null : (
                          <Text size="xs" c="dimmed">
                            {t.leftOut(format.count(row.left_out))}
                          </Text>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      )}
      {backtest.data === undefined ? null : (
        <Card title={t.all}>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.all}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.until}</Table.Th>
                  <Table.Th>{t.method}</Table.Th>
                  <Table.Th>{t.record}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {backtest.data.rows
                  .filter((row) => row.of === of)
                  .map((row) => (
                    <Table.Tr key={`${row.days} ${row.method}`}>
                      <Table.Td>{t.days(row.days)}</Table.Td>
                      <Table.Td>
                        <Stack gap={2} align="flex-start">
                          {names[row.method]}
                          {row.is_shown ? <Badge color="green">{t.shown}</Badge> : null}
                        </Stack>
                      </Table.Td>
                      <Table.Td>{record({ ...row, brier: row.brier })}</Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </div>
        </Card>
      )}
    </Page>
  );
}
