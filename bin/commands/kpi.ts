import { type Command, InvalidArgumentError, Option } from "commander";
import {
  describeMetric,
  metricRecords,
  readCatalogue,
  type MetricAnswer,
  type MetricFilter,
  type MetricQuery,
  type MetricRecords,
} from "../../core/metrics/index.ts";
import { GRAINS, PERIOD_NAMES, type Grain, type PeriodName } from "../../core/metrics/ask/period.ts";
import { evaluateCompared } from "../../core/metrics/ask/compared.ts";
import { COMPARED_WITH, type ComparedWith } from "../../core/metrics/ask/comparison.ts";
import { compareGroups } from "../../core/metrics/reports/comparison.ts";
import { askedNow, question, type Question } from "../../core/metrics/ask/question.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import type { CliContext, Database } from "../context.ts";
import { tableText, type Row } from "../output.ts";
import {
  collectCompared,
  collectDimensions,
  collectFilter,
  instantOf,
  parseAsOf,
  parseDay,
  percent,
  rounded,
} from "../asking.ts";
import { registerMovement } from "./kpi-movement.ts";

/** `tributary kpi list`, `kpi get METRIC`, `kpi records METRIC`, `kpi movement`. */
export function registerKpi(kpi: Command, context: CliContext): void {
  kpi
    .command("list")
    .description("the KPIs there are")
    .option("--locale <tag>", "in this language: en, fr", "en")
    .action(async ({ locale }: { locale: string }) => {
      const { metrics } = await context.withDatabase((database) => readCatalogue(database.store.db));
      const list = metrics.map((metric) => describeMetric(metric, locale));
      context.out.result(list, () => tableText(list.map(({ id, unit, question }) => ({ id, unit, question }))));
    });

  asking(kpi.command("get").description("the value of a KPI"))
    .option("--compare <with,…>", `beside other periods: ${COMPARED_WITH.join(", ")}`, collectCompared, [])
    .action(async (metric: string, options: Asked & { compare: readonly ComparedWith[] }) => {
      const answer = await context.withDatabase(async (database) =>
        evaluateCompared(
          database.store.db,
          await toQuery(database, metric, options),
          periodOf(options),
          options.compare,
        ),
      );
      context.out.result(answer, () => answerText(answer));
    });

  asking(kpi.command("compare").description("is A really better than B: two groups of a KPI that is a share"))
    .requiredOption("--groups <dim=a,b>", "the dimension, and two of its values: touch_mix=calls only,e-mails only")
    .action(async (metric: string, options: Asked & { groups: string }) => {
      const [dimension, ...values] = options.groups.split(/[=,]/).map((part) => part.trim());
      const [a, b, ...more] = values;
      if (!dimension || !a || !b || more.length > 0) throw new InvalidArgumentError("Write --groups DIM=A,B.");
      const compared = await context.withDatabase(async (database) =>
        compareGroups(database.store.db, await toQuery(database, metric, options), dimension, [a, b]),
      );
      context.out.result(compared, () => compared.sentence);
    });

  asking(kpi.command("records").description("the records behind a KPI's value, newest first"))
    .option("--limit <n>", "how many at once", parseLimit, 100)
    .option("--cursor <cursor>", "go on where the last answer ended (its next_cursor)")
    .action(async (metric: string, options: Asked & { limit: number; cursor?: string }) => {
      const page = { limit: options.limit, cursor: options.cursor ?? null };
      const records = await context.withDatabase(async (database) =>
        metricRecords(database.store.db, await toQuery(database, metric, options), page),
      );
      context.out.result(records, () => recordsText(records));
    });

  registerMovement(kpi, context);
}

/** What a question is asked by. */
export type Asked = {
  readonly from?: string;
  readonly to?: string;
  readonly period?: PeriodName;
  readonly by: readonly string[];
  readonly grain?: Grain;
  readonly filter: readonly MetricFilter[];
  readonly asOf?: string;
  readonly of?: string;
};

function asking(command: Command): Command {
  return askedBy(command.argument("<metric>", "which KPI (see: tributary kpi list)"));
}

/** Gives a command the options of a question. */
export function askedBy(command: Command): Command {
  return command
    .option("--from <day>", "the first day, YYYY-MM-DD in the workspace's time zone", parseDay)
    .option("--to <day>", "the last day, inclusive", parseDay)
    .addOption(new Option("--period <name>", "a period by name").choices(PERIOD_NAMES).conflicts(["from", "to"]))
    .option("--by <dim,…>", "broken down by dimensions", collectDimensions, [])
    .addOption(new Option("--grain <grain>", "a row for each period of this length").choices(GRAINS))
    .option("--filter <dim=value>", "only what has this value; may be repeated", collectFilter, [])
    .option("--as-of <time>", "as it stood, by what was known: an instant, or a day for its end", parseAsOf)
    .option("--of <metric>", "for rep_leaderboard: the KPI to rank by");
}

function periodOf({ period, from, to }: Asked): Question["period"] {
  return period ?? { from: from ?? null, to: to ?? null };
}

export async function toQuery(database: Database, metric: string, options: Asked): Promise<MetricQuery> {
  const workspace = await readWorkspace(database.store.db);
  const now = database.clock.now();
  const { asOf } = options;
  const asOfInstant = instantOf(asOf, workspace.timeZone);
  const asked = question({
    metric,
    of: options.of,
    by: options.by,
    period: periodOf(options),
    grain: options.grain,
    filters: options.filter,
  });
  return askedNow(asked, now, workspace, asOfInstant).query;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new InvalidArgumentError("A number from 1 to 1000.");
  return limit;
}

/** How an answer reads on a terminal. */
function answerText(answer: MetricAnswer): string {
  const rows = answer.rows.map((row): Row => {
    const interval = row.interval === null ? null : row.interval.map((bound) => percent(bound)).join(" to ");
    return {
      ...(row.rank === undefined ? {} : { rank: row.rank, moved: row.movement ?? null }),
      ...(row.period === null ? {} : { period: row.period }),
      ...Object.fromEntries(Object.entries(row.dimensions).map(([name, value]) => [name, value ?? "(none)"])),
      value: valueText(answer, row.value),
      ...(row.denominator === null ? {} : { of: `${rounded(row.numerator)} ÷ ${rounded(row.denominator)}` }),
      n: row.sample_size,
      ...(interval === null ? {} : { "95 %": interval }),
    };
  });
  const besides = answer.rows.map((row, at) => besideOf(answer, row, at));
  const wide = rows.map((row, at): Row => ({ ...row, ...besides[at] }));
  const columns = [...new Set(wide.flatMap((row) => Object.keys(row)))];
  const aligned = wide.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null])));
  const span =
    answer.from === null && answer.to === null ? "all time" : `${answer.from ?? "…"} to ${answer.to ?? "today"}`;
  const lines = [
    `${answer.metric}, ${span} (${answer.timezone}), as of ${answer.as_of}`,
    rows.length === 0 ? "nothing" : tableText(aligned),
    ...(answer.compared ?? []).map((one) => `${one.with.replace("_", " ")}: ${one.from ?? "…"} to ${one.to ?? "…"}`),
    ...answer.notes,
    answer.sources.length === 0
      ? "no connected account gives this"
      : answer.fresh_as_of === null
        ? "not every source has been read yet"
        : `fresh as of ${answer.fresh_as_of}`,
  ];
  return lines.join("\n");
}

/** The values of the same slice in the other periods. With a grain, of the period at the same place. */
function besideOf(answer: MetricAnswer, row: MetricAnswer["rows"][number], at: number): Row {
  const slice = JSON.stringify(row.dimensions);
  return Object.fromEntries(
    (answer.compared ?? []).map(({ with: kind, rows }) => {
      const same = row.period === null ? rows.find(({ dimensions }) => JSON.stringify(dimensions) === slice) : rows[at];
      return [kind.replace("_", " "), valueText(answer, same?.value ?? null)];
    }),
  );
}

function recordsText(answer: MetricRecords): string {
  const rows = answer.records.map((record): Row => ({
    at: record.at_local?.slice(0, 16).replace("T", " ") ?? null,
    name: record.name ?? record.external_id,
    rep: record.rep,
    status: record.status,
    value: recordValue(record),
    why: record.why,
  }));
  const more = answer.next_cursor === null ? [] : [`more: --cursor ${answer.next_cursor}`];
  return [rows.length === 0 ? "nothing" : tableText(rows), `times in ${answer.timezone}`, ...more].join("\n");
}

function recordValue({ value, currency }: MetricRecords["records"][number]): string | null {
  if (value === null) return null;
  return currency === null ? String(rounded(value)) : moneyText(value, currency);
}

function moneyText(value: number, currency: string): string {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(value);
}

export function valueText(
  { unit, currency }: Pick<MetricAnswer, "unit" | "currency">,
  value: number | null,
): string | null {
  if (value === null) return null;
  switch (unit) {
    case "money":
    case "money_per_day":
      return moneyText(value, currency) + (unit === "money" ? "" : " a day");
    case "ratio":
      return percent(value);
    case "days":
    case "hours":
    case "minutes":
      return `${rounded(value)} ${unit}`;
    case "number":
      return String(rounded(value));
    case "count":
      return String(value);
    default:
      return unit satisfies never;
  }
}
