import { type Command, InvalidArgumentError } from "commander";
import type { Range } from "../../core/metrics/ask/period.ts";
import { parsePeriod } from "../../core/metrics/ask/period-text.ts";
import type { MetricFilter } from "../../core/metrics/index.ts";
import { movement, REASONS, type Movement } from "../../core/metrics/reports/movement.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { collectDimensions, collectFilter, instantOf, parseAsOf, parseDay } from "../asking.ts";
import type { CliContext } from "../context.ts";
import { tableText, type Row } from "../output.ts";

type Asked = {
  readonly from: string;
  readonly to: string;
  readonly by: readonly string[];
  readonly filter: readonly MetricFilter[];
  readonly expectedIn?: Range;
  readonly asOf?: string;
};

/** `tributary kpi movement --from D --to D`. */
export function registerMovement(kpi: Command, context: CliContext): void {
  kpi
    .command("movement")
    .description("what moved the open pipeline from the end of one day to the end of another; it adds up exactly")
    .requiredOption("--from <day>", "what was open at the end of this day is the start", parseDay)
    .requiredOption("--to <day>", "and at the end of this one the end", parseDay)
    .option("--by <dim,…>", "broken down by dimensions", collectDimensions, [])
    .option("--filter <dim=value>", "only what has this value; may be repeated", collectFilter, [])
    .option("--expected-in <period>", "only what is expected to close in 2026, 2026-Q2, 2026-04 or DAY..DAY", parseSpan)
    .option("--as-of <time>", "by what was known then: an instant, or a day for its end", parseAsOf)
    .action(async ({ from, to, by, filter, expectedIn, asOf }: Asked) => {
      const answer = await context.withDatabase(async ({ store, clock }) => {
        const { timeZone } = await readWorkspace(store.db);
        const asked = { from, to, by, filters: filter, expectedIn: expectedIn ?? null };
        return movement(store.db, { ...asked, asOf: instantOf(asOf, timeZone), now: clock.now() });
      });
      context.out.result(answer, () => movementText(answer));
    });
}

function parseSpan(text: string): Range {
  const range = parsePeriod(text);
  if (range === null) throw new InvalidArgumentError("Write 2026, 2026-Q2, 2026-04 or 2026-04-01..2026-04-15.");
  return range;
}

function movementText(answer: Movement): string {
  const money = new Intl.NumberFormat("en", { style: "currency", currency: answer.currency });
  const shown = REASONS.filter((reason) =>
    answer.rows.some(({ reasons }) => reasons[reason].count !== 0 || reasons[reason].value !== 0),
  );
  const parts = answer.rows.map(({ dimensions, start, reasons, end }): Row => ({
    ...Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [name, value ?? "(none)"])),
    start: money.format(start.value),
    ...Object.fromEntries(shown.map((reason) => [reason.replaceAll("_", " "), money.format(reasons[reason].value)])),
    end: money.format(end.value),
    deals: `${start.count} → ${end.count}`,
  }));
  return [
    `open pipeline, end of ${answer.from} to end of ${answer.to} (${answer.timezone}), as of ${answer.as_of}`,
    tableText(parts),
    ...answer.exceptions.map(({ reason, count }) => `${count} listed: ${reason}`),
  ].join("\n");
}
