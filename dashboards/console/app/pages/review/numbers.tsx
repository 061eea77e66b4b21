import { Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Movement, ReviewAgenda } from "../../api/types.ts";
import { Fan, Waterfall } from "../../parts/charts/bars.tsx";
import { movementReasons, stepsOf } from "../../parts/charts/movement.ts";
import { useFormat } from "../../parts/format.ts";
import { Card } from "../../parts/page.tsx";
import { useWords } from "../../words/index.ts";
import { forecastMethods, horizonNames } from "../../words/forecast.ts";
import { Closed } from "./deals.tsx";
import { reviewWords } from "./words.ts";

/** What was won, what is forecast beside what the last review said, and what moved the pipeline. */
export function Numbers({ agenda }: { readonly agenda: ReviewAgenda }): ReactNode {
  const t = useWords(reviewWords);
  const reasons = useWords(movementReasons);
  const format = useFormat();
  const { won, forecast } = agenda;
  // A row of /movement, by its own schema.
  const moved = forecast.moved as Movement["rows"][number] | null;
  return (
    <Stack>
      <Closed title={t.wonCount(won.count)} closed={won} summary={t.value} none={t.noWon} hasReasons={false} />
      <Forecast forecast={forecast} />
      {moved === null ? null : (
        <Card title={t.moved}>
          <Waterfall
            name={t.moved}
            steps={stepsOf(moved, "value", { ...reasons, start: t.start, end: t.end }, (value) =>
              format.short(value, "money"),
            )}
          />
        </Card>
      )}
    </Stack>
  );
}

function Forecast({ forecast }: { readonly forecast: ReviewAgenda["forecast"] }): ReactNode {
  const t = useWords(reviewWords);
  const methods = useWords(forecastMethods);
  const horizons = useWords(horizonNames);
  const format = useFormat();
  const { rows, before } = forecast;
  const top = Math.max(0, ...rows.map(({ p90 }) => p90 ?? 0));
  if (rows.length === 0) return null;
  return (
    <Card title={t.forecast}>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={t.forecast}>
        <Table miw={620}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.until}</Table.Th>
              <Table.Th className="numbers">{t.wins}</Table.Th>
              <Table.Th className="numbers">{t.value}</Table.Th>
              <Table.Th miw={200}>{t.between("P10", "P90")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => {
              const last = before.find(({ horizon, until }) => horizon === row.horizon && until === row.until);
              return (
                <Table.Tr key={`${row.horizon} ${row.until}`}>
                  <Table.Td>
                    <Text size="sm" fw={500}>
                      {format.day(row.until)}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {[horizons[row.horizon], methods[row.method] ?? row.method]
                        .filter((one) => one !== "")
                        .join(" · ")}
                    </Text>
                  </Table.Td>
                  <Table.Td className="numbers">{format.value(row.count, "count")}</Table.Td>
                  <Table.Td className="numbers">
                    <Text fw={600} size="sm">
                      {format.short(row.value, "money")}
                    </Text>
                    {last === undefined ? null : (
                      <Text size="xs" c="dimmed">
                        {t.before(format.short(last.value, "money"))}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    {row.p10 === null || row.p90 === null || row.value === null ? null : (
                      <>
                        <Fan low={row.p10} middle={row.value} high={row.p90} top={top} />
                        <Text size="xs" c="dimmed">
                          {t.between(format.short(row.p10, "money"), format.short(row.p90, "money"))}
                        </Text>
                      </>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
    </Card>
  );
}
