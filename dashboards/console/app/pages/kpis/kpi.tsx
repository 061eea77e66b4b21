import { Alert, Anchor, Group, Stack, Table, Text } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useApi } from "../../api/hooks.ts";
import type { Kpi, KpiAnswer } from "../../api/types.ts";
import { Bar } from "../../parts/charts/bars.tsx";
import { TimeChart } from "../../parts/charts/line.tsx";
import { type Format, useFormat } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { Card, Empty, Loading, Page, Problem } from "../../parts/page.tsx";
import { When } from "../../parts/when.tsx";
import { common } from "../../words/common.ts";
import { humanise } from "../../words/fields.ts";
import { useWords } from "../../words/index.ts";
import { dimensionNames, useTitle } from "../../words/kpis.ts";
import { Controls } from "./controls.tsx";
import { comparedDays, type Question, queryOf, questionOf, searchOf } from "./question.ts";
import { Records } from "./records.tsx";
import { text } from "./words.ts";

/** `/kpis/{metric}`: a number, how it came about, and down to its records. */
export function KpiPage(): ReactNode {
  const { metric = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as { readonly [name: string]: string | undefined };
  const navigate = useNavigate();
  const t = useWords(text);
  const c = useWords(common);
  const titleOf = useTitle();
  const kpis = useApi("GET /kpis", {});
  const kpi = kpis.data?.data.find(({ id }) => id === metric);
  const question = questionOf(search);
  const format = useFormat();
  const query = queryOf(question, (day) => endOfDay(day, format.timeZone));
  const asked = useApi(
    "GET /kpis/{metric}",
    { params: { metric }, query },
    { everyMs: 30_000, enabled: kpi !== undefined },
  );
  if (kpis.data === undefined) return <Loading />;
  if (kpi === undefined) return <Empty icon="chart" text={c.notFound} />;
  const ask = (next: Question): void =>
    void navigate({ to: "/kpis/$metric", params: { metric }, search: searchOf(next), replace: true });
  const answer = asked.data;
  return (
    <Page title={titleOf(kpi)} about={<span lang="en">{kpi.question}</span>}>
      <Card>
        <Controls kpi={kpi} question={question} onChange={ask} />
      </Card>
      <Problem error={asked.error} />
      {answer === undefined && asked.error === null ? <Loading /> : null}
      {answer === undefined || answer.metric !== metric ? null : (
        <>
          <Card>
            <Answered
              kpi={kpi}
              question={question}
              answer={answer}
              onFilter={(filter) => ask({ ...question, filter })}
            />
          </Card>
          <Card title={t.definition}>
            <Text size="sm" lang="en">
              {kpi.formula}
            </Text>
          </Card>
          <Records
            metric={metric}
            query={query}
            filter={question.filter}
            onAll={() => ask({ ...question, filter: "" })}
          />
        </>
      )}
    </Page>
  );
}

type Row = KpiAnswer["rows"][number];

function Answered(props: {
  readonly kpi: Kpi;
  readonly question: Question;
  readonly answer: KpiAnswer;
  readonly onFilter: (filter: string) => void;
}): ReactNode {
  const { kpi, question, answer, onFilter } = props;
  const t = useWords(text);
  const format = useFormat();
  const titleOf = useTitle();
  const { unit } = answer;
  const today = format.today();
  // Of days that are still to come there is nothing to show yet.
  const rows = answer.rows.filter(({ period }) => period === null || period <= today);
  const isOne = question.by === "" && question.grain === "";
  const first = rows[0];
  return (
    <Stack>
      {isOne && first !== undefined ? <OneNumber kpi={kpi} row={first} question={question} answer={answer} /> : null}
      {rows.every(({ value }) => value === null) ? <Text c="dimmed">{t.empty}</Text> : null}
      {question.grain !== "" && question.by === "" ? (
        <TimeChart
          name={titleOf(kpi)}
          points={rows.map((row) => ({
            label: periodLabel(row, question, format),
            value: row.value,
            shown: format.value(row.value, unit),
          }))}
          write={(value) => format.short(value, unit)}
        />
      ) : null}
      {isOne ? null : <Rows question={question} rows={rows} unit={unit} onFilter={onFilter} />}
      <Notes answer={answer} />
    </Stack>
  );
}

function OneNumber(props: {
  readonly kpi: Kpi;
  readonly row: Row;
  readonly question: Question;
  readonly answer: KpiAnswer;
}): ReactNode {
  const { kpi, row, question, answer } = props;
  const t = useWords(text);
  const format = useFormat();
  const span = comparedDays(question, answer, format.today());
  const before = useApi(
    "GET /kpis/{metric}",
    {
      params: { metric: kpi.id },
      query: {
        ...span,
        ...(question.filter === "" ? {} : { filter: question.filter }),
        ...(question.asOf === "" ? {} : { as_of: endOfDay(question.asOf, format.timeZone) }),
      },
    },
    { enabled: span !== null },
  ).data?.rows[0]?.value;
  const days = span === null ? "" : `${format.day(span.from)} – ${format.day(span.to)}`;
  const change =
    row.value === null || before === null || before === undefined || before === 0 ? null : row.value / before - 1;
  const isGood = change === null || kpi.better === null ? null : kpi.better === "higher" ? change >= 0 : change <= 0;
  return (
    <Stack gap={4}>
      <Text fz={52} fw={700} lh={1.1}>
        {format.value(row.value, answer.unit)}
      </Text>
      {span === null || before === undefined ? null : (
        <Text c={isGood === null ? "dimmed" : isGood ? "var(--app-good)" : "var(--app-bad)"} size="sm" fw={500}>
          {change === null
            ? t.same(format.value(before, answer.unit), days)
            : t.against(
                answer.unit === "ratio" && row.value !== null && before !== null
                  ? `${format.value(row.value - before, "number").startsWith("-") ? "" : "+"}${format.value((row.value - before) * 100, "number")} pp`
                  : format.change(change),
                format.value(before, answer.unit),
                days,
              )}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {t.sample(format.count(row.sample_size))}
        {row.interval === null
          ? ""
          : ` · ${t.interval(format.value(row.interval[0], answer.unit), format.value(row.interval[1], answer.unit))}`}
      </Text>
    </Stack>
  );
}

function Rows(props: {
  readonly question: Question;
  readonly rows: readonly Row[];
  readonly unit: string;
  readonly onFilter: (filter: string) => void;
}): ReactNode {
  const { question, rows, unit, onFilter } = props;
  const t = useWords(text);
  const c = useWords(common);
  const format = useFormat();
  const dimensions = useWords(dimensionNames);
  const { by } = question;
  const largest = Math.max(...rows.map(({ value }) => Math.abs(value ?? 0)), 0);
  const sorted =
    question.grain === "" ? rows.toSorted((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity)) : rows;
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={t.group}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {question.grain === "" ? null : <Table.Th>{t.period}</Table.Th>}
            {by === "" ? null : <Table.Th>{dimensions[by] ?? humanise(by)}</Table.Th>}
            <Table.Th className="numbers">{t.group}</Table.Th>
            <Table.Th className="numbers">{t.count}</Table.Th>
            <Table.Th w="34%">
              <span className="visually-hidden">{t.group}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sorted.slice(0, 200).map((row) => {
            const name = row.dimensions[by] ?? null;
            return (
              <Table.Tr key={`${row.period} ${JSON.stringify(row.dimensions)}`}>
                {question.grain === "" ? null : <Table.Td>{periodLabel(row, question, format)}</Table.Td>}
                {by === "" ? null : (
                  <Table.Td>
                    {name === null ? (
                      <Text span c="dimmed">
                        {c.none}
                      </Text>
                    ) : (
                      <Anchor component="button" type="button" ta="left" onClick={() => onFilter(`${by}=${name}`)}>
                        {name}
                      </Anchor>
                    )}
                  </Table.Td>
                )}
                <Table.Td className="numbers">{format.value(row.value, unit)}</Table.Td>
                <Table.Td className="numbers">{format.count(row.sample_size)}</Table.Td>
                <Table.Td>
                  <Bar share={largest === 0 ? 0 : Math.abs(row.value ?? 0) / largest} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** How fresh it is, what it lacks, and which sources have trouble. */
function Notes({ answer }: { readonly answer: KpiAnswer }): ReactNode {
  const t = useWords(text);
  const troubled = answer.sources.filter(({ state }) => state !== "current" && state !== "ended");
  const left = answer.exceptions.map(({ reason, count }) => `${reason}: ${count}`);
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">
        {t.fresh} <When at={answer.fresh_as_of} />
      </Text>
      {troubled.length + left.length + answer.notes.length === 0 ? null : (
        <Alert color="yellow" icon={<Icon name="warn" />} title={left.length > 0 ? t.leftOut : t.trouble}>
          <Stack gap={2} lang="en">
            {[...left, ...answer.notes, ...troubled.map((one) => `${one.title}: ${one.detail ?? one.state}`)].map(
              (line) => (
                <Group key={line}>
                  <Text size="sm">{line}</Text>
                </Group>
              ),
            )}
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}

function periodLabel(row: Row, question: Question, format: Format): string {
  if (row.period === null) return "";
  if (question.grain === "year") return row.period.slice(0, 4);
  return question.grain === "month" || question.grain === "quarter" ? format.month(row.period) : format.day(row.period);
}

/** The last instant of a day in a time zone, which is found by trying what it can be. */
function endOfDay(day: string, timeZone: string): string {
  const guess = Date.parse(`${day}T23:59:59.999Z`);
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(guess);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "00";
  const there = Date.parse(
    `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}:${of("second")}.999Z`,
  );
  return new Date(Math.min(Date.now(), guess - (there - guess))).toISOString();
}
