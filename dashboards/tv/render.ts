import type { Format } from "../format.ts";
import { type Html, html } from "../html.ts";
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
  return html`<h2 class="tile-title">${tile.title}${mark}</h2>
    <div class="tile-body tile-${tile.body.view}">${renderBody(tile, format)}</div>`;
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

function renderBody(tile: TileContent, format: Format): Html {
  const { body, unit } = tile;
  switch (body.view) {
    case "number":
      return html`<p class="big ${body.value === null ? "no-value" : ""}" data-flash>
          ${format.short(body.value, unit)}
        </p>
        ${body.value === null ? html`<p class="note">no data in this period</p>` : renderChange(body.change, format)}`;
    case "leaderboard":
      return renderLeaderboard(body.rows, unit, format);
    case "funnel":
      return body.steps.length === 0 ? nothing() : funnelChart(body.steps, format);
    case "line":
      return body.points.every(({ value }) => value === null)
        ? nothing()
        : lineChart(body.points, body.grain, unit, format);
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

function renderChange(change: Change | null, format: Format): Html {
  if (change === null) return html`<p class="note">nothing to compare with</p>`;
  const points = `${change.by > 0 ? "+" : ""}${(change.by * 100).toFixed(1)} points`;
  const amount = change.isRelative ? format.change(change.by) : points;
  const tone = change.isGood === null ? "even" : change.isGood ? "good" : "bad";
  const arrow = change.by > 0 ? "▲" : change.by < 0 ? "▼" : "●";
  return html`<p class="change ${tone}"><span class="arrow" aria-hidden="true">${arrow}</span> ${amount}</p>
    <p class="note">vs ${change.previousName}</p>`;
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

/** `as of 14:03`, and how long ago each source was read; the page's script keeps the ages up to date. */
function renderFreshness({ freshness, computedAt }: BoardContent, format: Format): Html {
  const { asOf, sources, state } = freshness;
  const summary =
    sources.length === 0
      ? "No account is connected yet"
      : asOf === null
        ? "Some data is still loading"
        : `As of ${format.clock(asOf, computedAt)}`;
  return html`<p class="as-of state-${sources.length === 0 ? "loading" : state}">${summary}</p>
    <ul class="sources">
      ${sources.map(
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
    </ul>`;
}
