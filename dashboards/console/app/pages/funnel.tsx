import { Badge, Group, Select, SimpleGrid, Table, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../api/hooks.ts";
import { Bar } from "../parts/charts/bars.tsx";
import { useFormat } from "../parts/format.ts";
import { Card, Empty, Loading, Page, Problem } from "../parts/page.tsx";
import { common } from "../words/common.ts";
import { useWords, words } from "../words/index.ts";
import { periodNames, PERIODS } from "../words/kpis.ts";
import { stageNames } from "../words/stages.ts";

const text = words({
  en: {
    title: "Funnel",
    about: "What became of the deals that entered each stage in the period.",
    period: "Period",
    stage: "Stage",
    entered: "Entered",
    wentOn: "Went on",
    lost: "Lost there",
    back: "Went back",
    there: "Still there",
    conversion: "Conversion",
    time: "Median days",
    leak: "most is lost here",
    winRate: "Win rate",
    velocity: "Sales velocity per day",
    median: "Median time to close",
    none: "No deal entered a stage in this period. If there should be some, map the stages to the common ones in the config file’s section pipelines.",
  },
  fr: {
    title: "Entonnoir",
    about: "Ce que sont devenues les affaires entrées dans chaque étape pendant la période.",
    period: "Période",
    stage: "Étape",
    entered: "Entrées",
    wentOn: "Ont avancé",
    lost: "Perdues là",
    back: "Ont reculé",
    there: "Y sont encore",
    conversion: "Conversion",
    time: "Jours (médiane)",
    leak: "la plus grande perte",
    winRate: "Taux de réussite",
    velocity: "Vélocité par jour",
    median: "Durée médiane jusqu’à la clôture",
    none: "Aucune affaire n’est entrée dans une étape pendant cette période. S’il devait y en avoir, associez les étapes aux étapes communes dans la section pipelines du fichier de configuration.",
  },
});

/** `/funnel` */
export function FunnelPage(): ReactNode {
  const t = useWords(text);
  const c = useWords(common);
  const periods = useWords(periodNames);
  const stages = useWords(stageNames);
  const format = useFormat();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { readonly period?: string };
  const period = PERIODS.find((one) => one === search.period) ?? "last_90_days";
  const asked = useApi("GET /funnel", { query: { period } });
  const rows = asked.data?.stages ?? [];
  const total = asked.data?.totals[0];
  const most = Math.max(1, ...rows.map(({ entered }) => entered));
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <Select
          aria-label={t.period}
          data={PERIODS.map((value) => ({ value, label: periods[value] }))}
          value={period}
          allowDeselect={false}
          onChange={(next) => void navigate({ to: "/funnel", search: { period: next ?? period }, replace: true })}
        />
      }
    >
      <Problem error={asked.error} />
      {asked.data === undefined && asked.error === null ? <Loading /> : null}
      {total === undefined ? null : (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          {(
            [
              [t.winRate, format.value(total.win_rate, "ratio")],
              [t.velocity, format.short(total.sales_velocity, "money")],
              [t.median, format.value(total.time_to_close_median, "days")],
            ] as const
          ).map(([name, value]) => (
            <Card key={name} p="md">
              <Text size="sm" c="dimmed">
                {name}
              </Text>
              <Text fz={28} fw={700}>
                {value}
              </Text>
            </Card>
          ))}
        </SimpleGrid>
      )}
      {asked.data !== undefined && rows.length === 0 ? <Empty icon="funnel" text={t.none} /> : null}
      {rows.length === 0 ? null : (
        <Card>
          <div className="scroll-x" tabIndex={0} role="region" aria-label={t.title}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.stage}</Table.Th>
                  <Table.Th w="28%">
                    <span className="visually-hidden">{t.entered}</span>
                  </Table.Th>
                  <Table.Th className="numbers">{t.entered}</Table.Th>
                  <Table.Th className="numbers">{t.wentOn}</Table.Th>
                  <Table.Th className="numbers">{t.lost}</Table.Th>
                  <Table.Th className="numbers">{t.back}</Table.Th>
                  <Table.Th className="numbers">{t.there}</Table.Th>
                  <Table.Th className="numbers">{t.conversion}</Table.Th>
                  <Table.Th className="numbers">{t.time}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((row) => (
                  <Table.Tr key={row.stage ?? ""}>
                    <Table.Td>
                      <Group gap={6}>
                        {row.stage === null ? c.unknown : (stages[row.stage] ?? row.stage)}
                        {row.is_leakiest ? <Badge color="red">{t.leak}</Badge> : null}
                      </Group>
                    </Table.Td>
                    <Table.Td>
                      <Bar share={row.entered / most} tone={row.is_leakiest ? "2" : "1"} />
                    </Table.Td>
                    <Table.Td className="numbers">{format.count(row.entered)}</Table.Td>
                    <Table.Td className="numbers">{format.count(row.went_on)}</Table.Td>
                    <Table.Td className="numbers">{format.count(row.lost)}</Table.Td>
                    <Table.Td className="numbers">{format.count(row.went_back)}</Table.Td>
                    <Table.Td className="numbers">{format.count(row.still_there)}</Table.Td>
                    <Table.Td className="numbers">{format.value(row.conversion, "ratio")}</Table.Td>
                    <Table.Td className="numbers">{format.value(row.time_in_stage, "number")}</Table.Td>
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
