import { type Command, Option } from "commander";
import { PERIOD_NAMES, type PeriodName } from "../../core/metrics/ask/period.ts";
import { scorecard, type Scorecard } from "../../core/metrics/reports/scorecard.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { collectDimensions, instantOf, parseAsOf, parseDay } from "../asking.ts";
import type { CliContext } from "../context.ts";
import { tableText, type Row } from "../output.ts";
import { valueText } from "./kpi.ts";

type Asked = {
  readonly from?: string;
  readonly to?: string;
  readonly period?: PeriodName;
  readonly metrics: readonly string[];
  readonly asOf?: string;
};

/** `tributary scorecard REP`. */
export function registerScorecard(command: Command, context: CliContext): void {
  command
    .option("--from <day>", "the first day, YYYY-MM-DD in the workspace's time zone", parseDay)
    .option("--to <day>", "the last day, inclusive", parseDay)
    .addOption(new Option("--period <name>", "a period by name").choices(PERIOD_NAMES).conflicts(["from", "to"]))
    .option("--metrics <id,…>", "of these KPIs alone", collectDimensions, [])
    .option("--as-of <time>", "as it stood, by what was known: an instant, or a day for its end", parseAsOf)
    .action(async (rep: string, { from, to, period, metrics, asOf }: Asked) => {
      const answer = await context.withDatabase(async ({ store, clock }) => {
        const { timeZone } = await readWorkspace(store.db);
        const days = from === undefined && to === undefined ? "this_month" : { from: from ?? null, to: to ?? null };
        const asked = { rep, period: period ?? days, metrics, asOf: instantOf(asOf, timeZone), now: clock.now() };
        return scorecard(store.db, asked);
      });
      context.out.result(answer, () => scorecardText(answer));
    });
}

function scorecardText(answer: Scorecard): string {
  const rows = answer.rows.map((row): Row => {
    const written = (value: number | null): string | null => valueText({ ...answer, unit: row.unit }, value);
    const apart = Object.values(row.dimensions).filter((value) => value !== null);
    return {
      KPI: apart.length === 0 ? row.metric : `${row.metric} (${apart.join(", ")})`,
      value: written(row.value),
      before: written(row.previous),
      rank: row.rank === null ? null : `${row.rank} of ${row.ranked}`,
      n: row.sample_size,
    };
  });
  return [
    `${answer.rep.name}, ${answer.from ?? "…"} to ${answer.to ?? "today"} (${answer.timezone}), as of ${answer.as_of}`,
    tableText(rows),
  ].join("\n");
}
