import { forecast, type ForecastAnswer, HORIZONS } from "../../../../core/forecast/index.ts";
import { askedNow, question } from "../../../../core/metrics/ask/question.ts";
import { keptAnswer } from "../../../../core/metrics/index.ts";
import type { Db } from "../../../../core/store/db.ts";
import type { Format } from "../../../web/format.ts";
import { type Html, html } from "../../../web/html.ts";
import type { TileMoment } from "./moment.ts";

/** Value of the wins to come until a day, in main units: nine times in ten at least `p10`, as often below `p50` as above, one time in ten more than `p90`. */
export type Horizon = {
  /** Days from today on, or the end that it reaches to. */
  readonly to: number | "month_end" | "quarter_end";
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  /** What is missing to the goal of the month or quarter; null: there is no goal, or none is left to reach. */
  readonly missing: number | null;
};
export type ForecastBody = { readonly view: "forecast"; readonly horizons: readonly Horizon[] };

/** A forecast looks days ahead: it need not be made for each change, nor for each screen. */
const KEPT_MS = 600_000;
const kept = new WeakMap<Db, { readonly atMs: number; readonly answer: Promise<ForecastAnswer> }>();

function keptForecast(db: Db, now: Date): Promise<ForecastAnswer> {
  const known = kept.get(db);
  if (known !== undefined && Math.abs(now.getTime() - known.atMs) < KEPT_MS) return known.answer;
  const answer = forecast(db, { horizons: HORIZONS, by: null, asOf: null, now, seed: "tv" });
  kept.set(db, { atMs: now.getTime(), answer });
  answer.catch(() => kept.delete(db));
  return answer;
}

export async function readForecast(moment: TileMoment): Promise<ForecastBody> {
  const { rows } = await keptForecast(moment.db, moment.now);
  const [month, quarter] = [await missing(moment, "this_month"), await missing(moment, "this_quarter")];
  const goals = { days: null, month_end: month, quarter_end: quarter };
  return {
    view: "forecast",
    horizons: rows.flatMap(({ horizon, days, value }) => {
      if (value === null) return [];
      const { p10, p50, p90 } = value;
      return [{ to: horizon === "days" ? days : horizon, missing: goals[horizon], p10, p50, p90 }];
    }),
  };
}

async function missing(
  { db, now, workspace }: TileMoment,
  period: "this_month" | "this_quarter",
): Promise<number | null> {
  const asked = askedNow(question({ metric: "quota_attainment", of: "won_value", period }), now, workspace);
  const row = (await keptAnswer(db, asked.query)).rows[0];
  if (row?.denominator == null) return null;
  const left = row.denominator - (row.numerator ?? 0);
  return left > 0 ? left : null;
}

export function renderForecast({ horizons }: ForecastBody, format: Format): Html {
  const words = format.words.tiles;
  const nameOf = (to: Horizon["to"]): string =>
    typeof to === "number" ? words.nextDays(to) : to === "month_end" ? words.toMonthEnd : words.toQuarterEnd;
  if (horizons.length === 0) return html`<p class="note">${words.tooLittle}</p>`;
  const most = Math.max(...horizons.flatMap(({ p90, missing: goal }) => [p90, goal ?? 0]), Number.EPSILON);
  const place = (value: number): number => Math.round((1000 * value) / most) / 10;
  const hasGoal = horizons.some(({ missing: goal }) => goal !== null);
  return html`<ol class="${hasGoal ? "fan with-goal" : "fan"}">
    ${horizons.map(
      ({ to, p10, p50, p90, missing: goal }) =>
        html`<li>
          <span class="fan-name">${nameOf(to)}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect
              class="likely"
              x="${place(p10)}"
              y="2"
              width="${Math.max(place(p90) - place(p10), 0.5)}"
              height="6"
            ></rect>
            <rect class="middle" x="${Math.max(place(p50) - 0.4, 0)}" width="0.8" height="10"></rect>
            ${goal === null ? null : html`<rect class="goal" x="${Math.max(place(goal) - 0.6, 0)}" width="0.6" height="10"></rect>`}
          </svg>
          <span class="fan-value">${format.short(p50, "money")}</span>
          <span class="fan-span">${format.short(p10, "money")} – ${format.short(p90, "money")}</span>
          ${hasGoal ? html`<span class="fan-goal">${goal === null ? null : words.toGoal(format.short(goal, "money"))}</span>` : null}
        </li>`,
    )}
  </ol>`;
}
