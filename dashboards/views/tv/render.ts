import { freshAsOf, type Source, worstOf } from "../../../core/metrics/engine/freshness.ts";
import { leftOut, reasonText } from "../../../core/metrics/ask/notes.ts";
import type { Format } from "../../web/format.ts";
import { type Html, html } from "../../web/html.ts";
import { barChart, funnelChart, lineChart } from "./charts.ts";
import { renderForecast } from "./tiles/forecast.ts";
import { renderMovement as renderMovementTile } from "./tiles/movement.ts";
import { renderPipeline } from "./tiles/pipeline.ts";
import { renderTicker } from "./tiles/ticker.ts";
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
  const mark = markOf(tile, format, content.computedAt);
  // A number's mark takes the place of its comparison: there is room, and what is not current is not to be compared.
  const isInBody = tile.body.view === "number" && tile.body.value !== null;
  return html`<h2 class="tile-title">${tile.title}${isInBody ? null : mark}</h2>
    <div class="tile-body tile-${tile.body.view} ${mark === null ? "" : "not-current"}">
      ${renderBody(tile, isInBody ? mark : null, format, content.computedAt)}
    </div>`;
}

/**
 * A tile's own word on its numbers when the sources that they come from are not current: in words, not by colour alone. What is wrong with which
 * source stands once, at the foot of the screen.
 */
function markOf(tile: TileContent, format: Format, now: Date): Html | null {
  const { words } = format;
  const state = worstOf(tile.sources);
  switch (state) {
    case "stale":
    case "stopped": {
      // What was never read is not old: it is missing.
      if (tile.sources.some((source) => source.fresh_as_of === null))
        return html`<span class="mark mark-partial">${words.incomplete}</span>`;
      const asOf = oldestOf(tile);
      const text = asOf === null ? words.notCurrent : words.asOf(format.clock(asOf, now));
      return html`<span class="mark mark-stale">${text}</span>`;
    }
    case "unread":
      return html`<span class="mark mark-partial">${words.incomplete}</span>`;
    case "loading":
      return html`<span class="mark mark-loading">${words.stillLoading}</span>`;
    case "partial":
      return html`<span class="mark mark-partial">${words.incomplete}</span>`;
    case "current":
    case "ended":
      return null;
    default:
      return state satisfies never;
  }
}

/** How old the oldest of what is shown is; null: nothing of it was read. */
function oldestOf({ sources }: TileContent): Date | null {
  const times = sources.flatMap((source) =>
    source.fresh_as_of === null || source.state === "ended" ? [] : [Date.parse(source.fresh_as_of)],
  );
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** What is left out of the number, in a sentence. A remark on what does count is for the list of records. */
function leftOutOf(tile: TileContent, format: Format): string | null {
  const exceptions = tile.exceptions.filter(({ reason }) => reason !== "odd_closing_date");
  return leftOut({ exceptions }, format.words, (count) => format.full(count, "count"))[0] ?? null;
}

/** Why there is nothing to show: the true reason, as far as it is known. */
function nothing(tile: TileContent, format: Format): Html {
  const { words } = format;
  const lacking = tile.sources.find(({ state }) => state === "unread" || state === "loading");
  const why =
    leftOutOf(tile, format) ??
    (lacking === undefined
      ? null
      : `${lacking.title} ${reasonText(lacking, words, (count) => format.full(count, "count"))}`);
  return html`<p class="note">${why ?? (tile.sources.length === 0 ? words.noSource : words.noData)}</p>`;
}

function renderBody(tile: TileContent, mark: Html | null, format: Format, now: Date): Html {
  const { body, unit } = tile;
  switch (body.view) {
    case "number":
      return html`${bigNumber(format.short(isUnfed(tile) ? null : body.value, unit), body.value === null || isUnfed(tile))}
      ${body.value === null || isUnfed(tile) ? nothing(tile, format) : mark === null ? renderChange(body.change, tile, format, now) : html`<p class="change">${mark}</p>`}
      ${body.value === null ? null : renderLeftOut(tile, format)}`;
    case "leaderboard":
      return body.rows.length === 0
        ? nobody(tile, format)
        : html`${renderLeaderboard(body.rows, unit, format)}${renderLeftOut(tile, format)}`;
    case "funnel":
      return body.steps.length === 0
        ? nothing(tile, format)
        : html`${funnelChart(body.steps, format)}${renderLeftOut(tile, format)}`;
    case "line":
      return body.points.every(({ value }) => value === null)
        ? nothing(tile, format)
        : html`${lineChart(body.points, { title: tile.title, grain: body.grain, unit, ...tile.size }, format)}${renderLeftOut(tile, format)}`;
    case "bar":
      return body.bars.length === 0
        ? nothing(tile, format)
        : html`${barChart(body.bars, unit, format)}${renderLeftOut(tile, format)}`;
    case "pipeline":
      return renderPipeline(body, format);
    case "movement":
      return renderMovementTile(body, format);
    case "forecast":
      return renderForecast(body, format);
    case "ticker":
      return renderTicker(body, format);
    case "text":
      return html`<p class="says">${body.text}</p>`;
    case "clock":
      return html`<p class="time-of-day" data-clock></p>`;
    case "problem":
      return html`<p class="problem">${body.message}</p>
        <p class="note">${body.code}</p>`;
    default:
      return body satisfies never;
  }
}

function renderLeftOut(tile: TileContent, format: Format): Html | null {
  const text = leftOutOf(tile, format);
  return text === null ? null : html`<p class="note left-out">${text}</p>`;
}

function nobody(tile: TileContent, format: Format): Html {
  return tile.sources.length === 0 ? nothing(tile, format) : html`<p class="note">${format.words.nobodyToRank}</p>`;
}

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

/** A nought that nobody could have made more of is no number. */
function isUnfed(tile: TileContent): boolean {
  return tile.sources.length === 0 && tile.body.view === "number" && (tile.body.value ?? 0) === 0;
}

function renderChange(change: Change | null, { unit }: TileContent, format: Format, now: Date): Html {
  const { words } = format;
  if (change === null) return html`<p class="note">${words.nothingToCompare}</p>`;
  const amount = change.isRelative ? format.change(change.by) : format.points(change.by);
  const tone = change.isGood === null ? "even" : change.isGood ? "good" : "bad";
  const arrow = change.by > 0 ? "▲" : change.by < 0 ? "▼" : "●";
  return html`<p class="change">
      <span class="${tone}"><span class="arrow" aria-hidden="true">${arrow}</span> ${amount}</span>
      <span class="before">${words.versus(format.short(change.before, unit))}</span>
    </p>
    <p class="note comparison">${format.comparison(change.with, now)}</p>`;
}

function renderLeaderboard(rows: readonly RankRow[], unit: string, format: Format): Html {
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
            <td class="moved">${row.value === 0 ? null : renderMovement(row.movement, format)}</td>
            <td class="amount">${format.short(row.value, unit)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function renderMovement(movement: number | null, { words }: Format): Html {
  if (movement === null) return html`<span class="even" title="${words.notRankedBefore}">${words.isNew}</span>`;
  if (movement === 0) return html`<span class="even" title="${words.samePlace}">=</span>`;
  return movement > 0
    ? html`<span class="good" title="${words.placesUp(movement)}">▲ ${movement}</span>`
    : html`<span class="bad" title="${words.placesDown(-movement)}">▼ ${-movement}</span>`;
}

/** So many sources fit on a line by name; of more, only those are named that are not as they should be. */
const MOST_NAMED = 4;

/** `As of 14:03`, and how long ago each source was read; the page's script keeps the ages up to date. */
function renderFreshness({ sources, computedAt }: BoardContent, format: Format): Html {
  const { words } = format;
  const asOf = freshAsOf(sources);
  const summary =
    sources.length === 0
      ? words.nothingConnected
      : asOf === null
        ? sources.some(({ state }) => state === "loading")
          ? words.someLoading
          : words.someUnread
        : words.allAsOf(format.clock(asOf, computedAt));
  const named = sources.length > MOST_NAMED ? sources.filter((source) => source.state !== "current") : sources;
  const others = sources.length - named.length;
  return html`<p class="as-of state-${sources.length === 0 ? "loading" : worstOf(sources)}">${summary}</p>
    <ul class="sources">
      ${named.map((source) => renderSource(source, format))}
      ${others === 0 ? null : html`<li><span class="dot" aria-hidden="true"></span>${named.length === 0 ? words.allUpToDate(others) : words.othersUpToDate(others)}</li>`}
    </ul>`;
}

function renderSource(source: Source, format: Format): Html {
  const { title, state, freshAsOf: at, reason, refused, heldDeletions: held_deletions } = source;
  const why = reasonText({ reason, refused, held_deletions }, format.words, (count) => format.full(count, "count"));
  return html`<li class="state-${state}">
    <span class="dot" aria-hidden="true"></span>${title}
    ${at === null ? null : html`<time datetime="${at.toISOString()}" data-age></time>`}
    ${why === null ? null : html`<strong>${why}</strong>`}
  </li>`;
}
