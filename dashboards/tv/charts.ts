import type { Format } from "../format.ts";
import { type Html, html } from "../html.ts";
import type { Bar, FunnelStep, Point } from "./content.ts";

/**
 * Charts as SVG, drawn by the server: a handful of shapes, no library, nothing that an old television's browser could not show.
 * All positions are attributes, since the content security policy lets no style be written inline.
 */
const LINE = { width: 480, height: 220, left: 8, right: 8, top: 34, bottom: 34 };

/** Values over calendar periods. The running period's part is dashed: it will still grow. A period without a value is a gap. */
export function lineChart(points: readonly Point[], grain: string, unit: string, format: Format): Html {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low + Number.EPSILON);
  const span = high - low || 1;
  const stepX = (LINE.width - LINE.left - LINE.right) / Math.max(points.length - 1, 1);
  const at = points.map(({ value }, index) => ({
    x: round(LINE.left + index * stepX),
    y: value === null ? null : round(LINE.top + (LINE.height - LINE.top - LINE.bottom) * (1 - (value - low) / span)),
  }));
  const solid = at.slice(0, points.at(-1)?.isRunning === true ? -1 : undefined);
  const dashed = points.at(-1)?.isRunning === true ? at.slice(-2) : [];
  const last = at.at(-1);
  const base = round(LINE.top + (LINE.height - LINE.top - LINE.bottom) * (1 - (0 - low) / span));
  const lastValue = points.at(-1)?.value ?? null;
  const peak = points.findIndex(({ value }) => value === high);
  return html`<svg class="line" viewBox="0 0 ${LINE.width} ${LINE.height}" role="img">
    <line class="axis" x1="0" x2="${LINE.width}" y1="${base}" y2="${base}"></line>
    <path class="area" d="${areaOf(solid, base)}"></path>
    <path class="stroke" d="${pathOf(solid)}"></path>
    <path class="stroke running" d="${pathOf(dashed)}"></path>
    ${at.map(({ x, y }, index) => (y === null ? null : html`<circle class="${index === at.length - 1 ? "now" : ""}" cx="${x}" cy="${y}" r="${index === at.length - 1 ? 6 : 3}"></circle>`))}
    ${peak >= 0 && peak !== at.length - 1 ? label(at[peak], points[peak]?.value ?? null, unit, format) : null}
    ${last === undefined ? null : label(last, lastValue, unit, format)}
    ${at.map(({ x }, index) => (showsName(index, points.length) ? html`<text class="tick" x="${x}" y="${LINE.height - 8}" text-anchor="${anchor(x)}">${format.period(points[index]?.first ?? "", grain)}</text>` : null))}
  </svg>`;
}

type Spot = { readonly x: number; readonly y: number | null };

function label(spot: Spot | undefined, value: number | null, unit: string, format: Format): Html | null {
  if (spot === undefined || spot.y === null) return null;
  return html`<text class="value" x="${spot.x}" y="${spot.y - 12}" text-anchor="${anchor(spot.x)}"
    >${format.short(value, unit)}</text
  >`;
}

function anchor(x: number): string {
  if (x < 50) return "start";
  return x > LINE.width - 50 ? "end" : "middle";
}

/** First, last and as many between as there is room for. */
function showsName(index: number, count: number): boolean {
  const every = Math.ceil(count / 6);
  return (count - 1 - index) % every === 0;
}

function pathOf(spots: readonly Spot[]): string {
  let isDown = false;
  let path = "";
  for (const { x, y } of spots) {
    if (y === null) {
      isDown = false;
      continue;
    }
    path += `${isDown ? "L" : "M"}${x} ${y}`;
    isDown = true;
  }
  return path;
}

function areaOf(spots: readonly Spot[], base: number): string {
  const known = spots.filter(({ y }) => y !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || known.length < spots.length) return "";
  return `${pathOf(known)}L${last.x} ${base}L${first.x} ${base}Z`;
}

/** How many entered each stage, and the share that went on. */
export function funnelChart(steps: readonly FunnelStep[], format: Format): Html {
  const most = Math.max(...steps.map(({ entered }) => entered), 1);
  return html`<ol class="funnel">
    ${steps.map(
      (step) =>
        html`<li>
          <span class="step-name">${step.name}</span>
          <span class="step-count">${format.short(step.entered, "count")}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect
              class="entered"
              x="${round(50 - (50 * step.entered) / most)}"
              width="${round((100 * step.entered) / most)}"
              height="10"
            ></rect>
            <rect
              class="passed"
              x="${round(50 - (50 * step.passed) / most)}"
              width="${round((100 * step.passed) / most)}"
              height="10"
            ></rect>
          </svg>
          <span class="step-ratio">${format.short(step.ratio, "ratio")}</span>
        </li>`,
    )}
  </ol>`;
}

/** Values by name, the largest first. */
export function barChart(bars: readonly Bar[], unit: string, format: Format): Html {
  const most = Math.max(...bars.map(({ value }) => Math.abs(value ?? 0)), Number.EPSILON);
  return html`<ol class="bars">
    ${bars.map(
      ({ name, value }) =>
        html`<li>
          <span class="bar-name">${name}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect width="${round((100 * Math.abs(value ?? 0)) / most)}" height="10"></rect>
          </svg>
          <span class="bar-value">${format.short(value, unit)}</span>
        </li>`,
    )}
  </ol>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
