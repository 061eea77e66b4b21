import { type Command, InvalidArgumentError, Option } from "commander";
import {
  describeMetric,
  evaluateMetric,
  metricRecords,
  readCatalogue,
  type MetricAnswer,
  type MetricFilter,
  type MetricQuery,
  type MetricRecords,
} from "../../core/metrics/index.ts";
import { GRAINS, PERIOD_NAMES, type Grain, type PeriodName } from "../../core/metrics/ask/period.ts";
import { askedNow, question } from "../../core/metrics/ask/question.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import type { CliContext, Database } from "../context.ts";
import { tableText, type Row } from "../output.ts";
import { collectDimensions, collectFilter, instantOf, parseAsOf, parseDay, percent, rounded } from "../asking.ts";
import { registerMovement } from "./kpi-movement.ts";

/** `tributary kpi list`, `kpi get METRIC`, `kpi records METRIC`, `kpi movement`. */
export function registerKpi(kpi: Command, context: CliContext): void {
  kpi
    .command("list")
    .description("the KPIs there are")
    .action(async () => {
      const { metrics } = await context.withDatabase((database) => readCatalogue(database.store.db));
      const list = metrics.map(describeMetric);
      context.out.result(list, () => tableText(list.map(({ id, unit, question }) => ({ id, unit, question }))));
    });

  asking(kpi.command("get").description("the value of a KPI")).action(async (metric: string, options: Asked) => {
    const answer = await context.withDatabase(async (database) =>
      evaluateMetric(database.store.db, await toQuery(database, metric, options)),
    );
    context.out.result(answer, () => answerText(answer));
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

export async function toQuery(database: Database, metric: string, options: Asked): Promise<MetricQuery> {
  const workspace = await readWorkspace(database.store.db);
  const now = database.clock.now();
  const { from = null, to = null, period, asOf } = options;
  const asOfInstant = instantOf(asOf, workspace.timeZone);
  const asked = question({
    metric,
    of: options.of,
    by: options.by,
    period: period ?? { from, to },
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
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const aligned = rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null])));
  const span =
    answer.from === null && answer.to === null ? "all time" : `${answer.from ?? "…"} to ${answer.to ?? "today"}`;
  const lines = [
    `${answer.metric}, ${span} (${answer.timezone}), as of ${answer.as_of}`,
    rows.length === 0 ? "nothing" : tableText(aligned),
    ...answer.notes,
    answer.sources.length === 0
      ? "no connected account gives this"
      : answer.fresh_as_of === null
        ? "not every source has been read yet"
        : `fresh as of ${answer.fresh_as_of}`,
  ];
  return lines.join("\n");
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

function valueText({ unit, currency }: MetricAnswer, value: number | null): string | null {
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
