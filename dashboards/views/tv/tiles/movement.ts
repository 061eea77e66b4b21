import { addDays } from "../../../../core/base/time.ts";
import { TributaryError } from "../../../../core/base/errors.ts";
import { namedRange } from "../../../../core/metrics/ask/period.ts";
import { filtersOf } from "../../../../core/metrics/ask/question.ts";
import type { Tile } from "../../../../core/metrics/boards.ts";
import { movement, type Reason, REASONS } from "../../../../core/metrics/reports/movement.ts";
import type { Format } from "../../../web/format.ts";
import { type Html, html } from "../../../web/html.ts";
import type { TileMoment } from "./moment.ts";

/** Amounts in main units of the workspace's currency; what leaves the pipeline is negative. */
export type MovementBody = {
  readonly view: "movement";
  readonly start: number;
  readonly steps: readonly { readonly reason: Reason; readonly by: number }[];
  readonly end: number;
};

/** Reasons that take value out of the pipeline. */
const OUT: ReadonlySet<Reason> = new Set([
  "value_down",
  "won",
  "lost",
  "deleted",
  "merged",
  "owner_out",
  "pipeline_out",
  "pushed_out",
]);
/** @throws TributaryError `kpi.bad_period` for a period without a beginning. */
export async function readMovement({ db, now, workspace }: TileMoment, tile: Tile): Promise<MovementBody> {
  const { from, to } = namedRange(tile.period, now, workspace);
  if (from === null || to === null) {
    throw new TributaryError({
      code: "kpi.bad_period",
      kind: "config",
      message: `What moved the pipeline is told between two days, and ${tile.period} has no first one.`,
      mend: "Give the tile another period, such as this_month.",
    });
  }
  const filters = filtersOf(tile.filters);
  const query = { from: addDays(from, -1), to, by: [], filters, expectedIn: null, asOf: null, now };
  const row = (await movement(db, query)).rows[0];
  const steps = REASONS.flatMap((reason) => {
    const value = row?.reasons[reason].value ?? 0;
    return value === 0 ? [] : [{ reason, by: OUT.has(reason) ? -value : value }];
  });
  return { view: "movement", start: row?.start.value ?? 0, steps, end: row?.end.value ?? 0 };
}

/**
 * A waterfall lying on its side: each step begins where the one before has ended. Where all that moved is little beside the whole, the whole is
 * cut short, with a gap that says so: otherwise the steps could not be seen.
 */
export function renderMovement({ start, steps, end }: MovementBody, format: Format): Html {
  const words = format.words.tiles;
  const levels = [start];
  for (const { by } of steps) levels.push((levels.at(-1) ?? 0) + by);
  const [lowest, highest] = [Math.min(...levels), Math.max(...levels, 0)];
  const isCut = steps.length > 0 && highest - lowest < highest / 3;
  const low = isCut ? lowest - (highest - lowest) : Math.min(lowest, 0);
  const span = highest - low || 1;
  const place = (level: number): number => Math.round((1000 * Math.max(level - low, 0)) / span) / 10;
  const row = (name: string, from: number, to: number, tone: string, text: string): Html =>
    html`<li>
      <span class="leg-name">${name}</span>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect
          class="leg-${tone}"
          x="${place(Math.min(from, to))}"
          width="${Math.max(place(Math.max(from, to)) - place(Math.min(from, to)), 0.4)}"
          height="10"
        ></rect>
        ${isCut && tone === "level" ? html`<path class="leg-gap" d="M7 10L9 0H11L9 10Z"></path>` : null}
      </svg>
      <span class="leg-value">${text}</span>
    </li>`;
  return html`<ol class="legs">
    ${row(words.start, 0, start, "level", format.short(start, "money"))}
    ${steps.map(({ reason, by }, index) => {
      const from = levels[index] ?? 0;
      const sign = by > 0 ? "+" : "−";
      return row(
        words.moved[reason] ?? reason,
        from,
        from + by,
        reason === "won" ? "won" : by > 0 ? "in" : "out",
        `${sign}${format.short(Math.abs(by), "money")}`,
      );
    })}
    ${row(words.now, 0, end, "level", format.short(end, "money"))}
  </ol>`;
}
