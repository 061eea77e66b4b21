import type { Format } from "../../web/format.ts";
import { type Html, html } from "../../web/html.ts";
import type { Bar, FunnelStep, Point } from "./content.ts";

/**
 * Charts as SVG, drawn by the server: a handful of shapes, no library, nothing that an old television's browser could not show.
 * All positions are attributes, since the content security policy lets no style be written inline.
 */
const MARGIN = { left: 8, right: 8, top: 34, bottom: 34 };
/** A column and a row of the board, and what title and padding take of a tile, in the chart's own units. */
const CELL = { width: 140, height: 108, title: 76 };

type LineAbout = {
  readonly title: string;
  readonly grain: string;
  readonly unit: string;
  /** In columns and rows of the board: the chart has its tile's proportions. */
  readonly width: number;
  readonly height: number;
};

/** Values over calendar periods. The running period's part is dotted: it will still grow. A period without a value is a gap. */
export function lineChart(points: readonly Point[], about: LineAbout, format: Format): Html {
  const width = about.width * CELL.width;
  const height = about.height * CELL.height - CELL.title;
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const toY = (value: number): number =>
    round(MARGIN.top + (height - MARGIN.top - MARGIN.bottom) * (1 - (value - low) / (high - low || 1)));
  const stepX = (width - MARGIN.left - MARGIN.right) / Math.max(points.length - 1, 1);
  const spots = points.map(({ value }, index) => ({
    x: round(MARGIN.left + index * stepX),
    y: value === null ? null : toY(value),
  }));
  const isRunning = points.at(-1)?.isRunning === true;
  const lastIndex = points.length - 1;
  const peak = points.findIndex(({ value }) => value === high);
  const label = (index: number): Html | null => {
    const spot = spots[index];
    if (spot === undefined || spot.y === null) return null;
    const value = format.short(points[index]?.value ?? null, about.unit);
    return html`<text class="value" x="${spot.x}" y="${spot.y - 14}" text-anchor="${anchor(spot.x, width)}"
      >${value}</text
    >`;
  };
  const tick = (x: number, index: number): Html | null => {
    if (!showsName(index, points.length)) return null;
    const name = format.period(points[index]?.first ?? "", about.grain);
    return html`<text class="tick" x="${x}" y="${height - 6}" text-anchor="${anchor(x, width)}">${name}</text>`;
  };
  return html`<svg class="line" viewBox="0 0 ${width} ${height}" role="img" aria-label="${about.title}">
    <line class="axis" x1="0" x2="${width}" y1="${toY(0)}" y2="${toY(0)}"></line>
    <path class="area" d="${areaOf(isRunning ? spots.slice(0, -1) : spots, toY(0))}"></path>
    <path class="stroke" d="${pathOf(isRunning ? spots.slice(0, -1) : spots)}"></path>
    <path class="stroke running" d="${isRunning ? pathOf(spots.slice(-2)) : ""}"></path>
    ${spots.map(({ x, y }, index) =>
      y === null
        ? null
        : html`<circle
            class="${index === lastIndex ? "now" : ""}"
            cx="${x}"
            cy="${y}"
            r="${index === lastIndex ? 7 : 3}"
          ></circle>`,
    )}
    ${peak >= 0 && peak < lastIndex - 2 ? label(peak) : null} ${label(lastIndex)}
    ${spots.map(({ x }, index) => tick(x, index))}
  </svg>`;
}

type Spot = { readonly x: number; readonly y: number | null };

function anchor(x: number, width: number): string {
  if (x < 40) return "start";
  return x > width - 40 ? "end" : "middle";
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
  const longest = Math.max(...bars.map(({ name }) => name.length), 0);
  const names = longest > 14 ? "long" : longest > 8 ? "medium" : "short";
  return html`<ol class="bars ${names}">
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
