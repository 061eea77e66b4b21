import type { Format } from "../../web/format.ts";
import { type Html, html } from "../../web/html.ts";
import type { Freshness } from "../live/freshness.ts";
import { barChart, funnelChart, lineChart } from "./charts.ts";
import type { BoardContent, Change, RankRow, TileContent } from "./content.ts";

/** The markup inside each tile, and of the line that says how fresh it all is. */
export type BoardMarkup = { readonly tiles: readonly string[]; readonly freshness: string };

export function renderBoard(content: BoardContent, format: Format): BoardMarkup {
  return {
    tiles: content.tiles.map((tile) => renderTile(tile, content, format).markup),
    freshness: renderFreshness(content, format).markup,
  };
}

function renderTile(tile: TileContent, content: BoardContent, format: Format): Html {
  const mark = markOf(content.freshness, tile, format, content.computedAt);
  // A number's mark takes the place of its comparison: there is room, and what is not current is not to be compared.
  const isInBody = tile.body.view === "number" && tile.body.value !== null;
  return html`<h2 class="tile-title">${tile.title}${isInBody ? null : mark}</h2>
    <div class="tile-body tile-${tile.body.view} ${mark === null ? "" : "not-current"}">
      ${renderBody(tile, isInBody ? mark : null, format)}
    </div>`;
}

/** A tile's own word on its numbers when they are not current: in words, not by colour alone. */
function markOf(freshness: Freshness, tile: TileContent, format: Format, now: Date): Html | null {
  if (tile.body.view === "problem" || freshness.state === "current") return null;
  const asOf = tile.freshAsOf === null ? null : format.clock(tile.freshAsOf, now);
  switch (freshness.state) {
    case "stale":
    case "stopped":
      return html`<span class="mark mark-stale">${asOf === null ? "not current" : `as of ${asOf}`}</span>`;
    case "loading":
      return html`<span class="mark mark-loading">still loading</span>`;
    case "partial":
      return html`<span class="mark mark-partial">incomplete</span>`;
    default:
      return freshness.state satisfies never;
  }
}

function renderBody(tile: TileContent, mark: Html | null, format: Format): Html {
  const { body, unit } = tile;
  switch (body.view) {
    case "number":
      return html`${bigNumber(format.short(body.value, unit), body.value === null)}
      ${body.value === null ? nothing() : mark === null ? renderChange(body.change, unit, format) : html`<p class="change">${mark}</p>`}`;
    case "leaderboard":
      return renderLeaderboard(body.rows, unit, format);
    case "funnel":
      return body.steps.length === 0 ? nothing() : funnelChart(body.steps, format);
    case "line":
      return body.points.every(({ value }) => value === null)
        ? nothing()
        : lineChart(body.points, { grain: body.grain, unit, ...tile.size }, format);
    case "bar":
      return body.bars.length === 0 ? nothing() : barChart(body.bars, unit, format);
    case "problem":
      return html`<p class="problem">${body.message}</p>
        <p class="note">${body.code}</p>`;
    default:
      return body satisfies never;
  }
}

const nothing = (): Html => html`<p class="note">no data in this period</p>`;

/** As large as its tile allows, in every browser: SVG text scales with its box. Short numbers do not grow beyond their neighbours. */
function bigNumber(text: string, isNothing: boolean): Html {
  const width = 64 * Math.max(text.length, 7);
  return html`<svg
    class="big ${isNothing ? "no-value" : ""}"
    viewBox="0 0 ${width} 92"
    preserveAspectRatio="xMinYMid meet"
  >
    <text data-flash x="0" y="80" font-size="100">${text}</text>
  </svg>`;
}

function renderChange(change: Change | null, unit: string, format: Format): Html {
  if (change === null) return html`<p class="note">nothing to compare with</p>`;
  const amount = change.isRelative ? format.change(change.by) : format.points(change.by);
  const tone = change.isGood === null ? "even" : change.isGood ? "good" : "bad";
  const arrow = change.by > 0 ? "▲" : change.by < 0 ? "▼" : "●";
  return html`<p class="change">
      <span class="${tone}"><span class="arrow" aria-hidden="true">${arrow}</span> ${amount}</span>
      <span class="before">vs ${format.short(change.before, unit)}</span>
    </p>
    <p class="note comparison">${change.previousName}</p>`;
}

function renderLeaderboard(rows: readonly RankRow[], unit: string, format: Format): Html {
  if (rows.length === 0) return html`<p class="note">nobody to rank yet</p>`;
  const most = Math.max(...rows.map(({ value }) => value ?? 0), 0);
  return html`<table class="ranks">
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr class="${row.rank !== null && row.rank <= 3 && row.value !== 0 ? `rank-${row.rank}` : ""}">
            <td class="rank">${row.rank ?? "–"}</td>
            <td class="name">
              <span>${row.name}</span>
              <svg class="meter" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
                <rect width="${most === 0 ? 0 : (100 * Math.max(row.value ?? 0, 0)) / most}" height="2"></rect>
              </svg>
            </td>
            <td class="moved">${renderMovement(row.movement)}</td>
            <td class="amount">${format.short(row.value, unit)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function renderMovement(movement: number | null): Html {
  if (movement === null) return html`<span class="even" title="not ranked before">new</span>`;
  if (movement === 0) return html`<span class="even" title="same place">=</span>`;
  return movement > 0
    ? html`<span class="good" title="up ${movement}">▲ ${movement}</span>`
    : html`<span class="bad" title="down ${-movement}">▼ ${-movement}</span>`;
}

/** So many sources fit on a line by name; of more, only those are named that are not as they should be. */
const MOST_NAMED = 4;

/** `as of 14:03`, and how long ago each source was read; the page's script keeps the ages up to date. */
function renderFreshness({ freshness, computedAt }: BoardContent, format: Format): Html {
  const { asOf, sources, state } = freshness;
  const summary =
    sources.length === 0
      ? "No account is connected yet"
      : asOf === null
        ? "Some data is still loading"
        : `As of ${format.clock(asOf, computedAt)}`;
  const named = sources.length > MOST_NAMED ? sources.filter((source) => source.state !== "current") : sources;
  const others = sources.length - named.length;
  return html`<p class="as-of state-${sources.length === 0 ? "loading" : state}">${summary}</p>
    <ul class="sources">
      ${named.map(
        (source) =>
          html`<li class="state-${source.state}">
            <span class="dot" aria-hidden="true"></span>${source.title}
            ${
              source.freshAsOf === null
                ? null
                : html`<time datetime="${source.freshAsOf.toISOString()}" data-age></time>`
            }
            ${source.reason === null ? null : html`<strong>${source.reason}</strong>`}
          </li>`,
      )}
      ${others === 0 ? null : html`<li><span class="dot" aria-hidden="true"></span>${upToDate(others, named.length)}</li>`}
    </ul>`;
}

function upToDate(others: number, named: number): string {
  return named === 0 ? `All ${others} sources are up to date` : `${others} other sources are up to date`;
}
