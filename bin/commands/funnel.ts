import { type Command, Option } from "commander";
import { PERIOD_NAMES, type PeriodName } from "../../core/metrics/ask/period.ts";
import { askedNow, question } from "../../core/metrics/ask/question.ts";
import type { MetricFilter } from "../../core/metrics/index.ts";
import { funnel, type Funnel } from "../../core/metrics/reports/funnel.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { collectDimensions, collectFilter, instantOf, parseAsOf, parseDay, percent, rounded } from "../asking.ts";
import type { CliContext } from "../context.ts";
import { tableText, type Row } from "../output.ts";

type Asked = {
  readonly from?: string;
  readonly to?: string;
  readonly period?: PeriodName;
  readonly by: readonly string[];
  readonly filter: readonly MetricFilter[];
  readonly asOf?: string;
};

/** `tributary funnel`. */
export function registerFunnel(command: Command, context: CliContext): void {
  command
    .option("--from <day>", "the first day of the entries, YYYY-MM-DD in the workspace's time zone", parseDay)
    .option("--to <day>", "the last day, inclusive", parseDay)
    .addOption(new Option("--period <name>", "a period by name").choices(PERIOD_NAMES).conflicts(["from", "to"]))
    .option("--by <dim,…>", "broken down by dimensions: rep, team, pipeline, attributes.source", collectDimensions, [])
    .option("--filter <dim=value>", "only what has this value; may be repeated", collectFilter, [])
    .option("--as-of <time>", "as it stood, by what was known: an instant, or a day for its end", parseAsOf)
    .action(async ({ from, to, period, by, filter, asOf }: Asked) => {
      const answer = await context.withDatabase(async ({ store, clock }) => {
        const workspace = await readWorkspace(store.db);
        const [now, asOfInstant] = [clock.now(), instantOf(asOf, workspace.timeZone)];
        const days = from === undefined && to === undefined ? "last_90_days" : { from: from ?? null, to: to ?? null };
        const span = period ?? days;
        const { query } = askedNow(question({ metric: "stage_conversion", period: span }), now, workspace, asOfInstant);
        const range = { from: query.from, to: query.to };
        return funnel(store.db, { range, by, filters: filter, asOf: asOfInstant, now });
      });
      context.out.result(answer, () => funnelText(answer));
    });
}

function funnelText(answer: Funnel): string {
  const share = (value: number | null): string | null => (value === null ? null : percent(value));
  const stages = answer.stages.map((row): Row => ({
    ...named(row.dimensions),
    stage: row.stage ?? "(none)",
    entered: row.entered,
    "went on": row.went_on,
    lost: row.lost,
    "went back": row.went_back,
    "moved away": row.moved_away,
    "still there": row.still_there,
    conversion: share(row.conversion),
    leak: `${share(row.leak) ?? "–"}${row.is_leakiest ? " (most)" : ""}`,
    "days there": row.time_in_stage === null ? null : rounded(row.time_in_stage),
  }));
  const totals = answer.totals.map((row): Row => ({
    ...named(row.dimensions),
    "win rate": share(row.win_rate),
    "velocity a day": row.sales_velocity === null ? null : `${rounded(row.sales_velocity)} ${answer.currency}`,
    "days to close": row.time_to_close_median === null ? null : rounded(row.time_to_close_median),
  }));
  return [
    `funnel, ${answer.from ?? "…"} to ${answer.to ?? "today"} (${answer.timezone}), as of ${answer.as_of}`,
    stages.length === 0 ? "no deal entered a stage" : tableText(stages),
    tableText(totals),
    answer.fresh_as_of === null ? "not every source has been read yet" : `fresh as of ${answer.fresh_as_of}`,
  ].join("\n");
}

function named(dimensions: { readonly [name: string]: string | null }): Row {
  return Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [name, value ?? "(none)"]));
}
