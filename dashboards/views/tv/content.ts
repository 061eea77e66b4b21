import { findTributaryError, toTributaryError } from "../../../core/base/errors.ts";
import { type Board, isKpiTile, type KpiTile, questionOfTile, type Tile } from "../../../core/metrics/boards.ts";
import { answerSource } from "../../../core/metrics/ask/evaluate.ts";
import { type Source, sourcesOf } from "../../../core/metrics/engine/freshness.ts";
import {
  keptAnswer,
  readCatalogue,
  sayingOf,
  type Catalogue,
  type MetricAnswer,
  type MetricRow,
} from "../../../core/metrics/index.ts";
import { en, type Words, wordsFor } from "../../../core/base/words/index.ts";
import type { Previous } from "../../../core/metrics/ask/comparison.ts";
import { askedNow } from "../../../core/metrics/ask/question.ts";
import type { Measured } from "../../../core/schema/canonical.ts";
import { readSources, type SourceRow } from "../../../core/store/pulls/freshness.ts";
import type { Workspace } from "../../../core/store/setup/workspace.ts";
import type { ServerDeps } from "../../web/deps.ts";
import { type ForecastBody, readForecast } from "./tiles/forecast.ts";
import type { TileMoment } from "./tiles/moment.ts";
import { type MovementBody, readMovement } from "./tiles/movement.ts";
import { type PipelineBody, readPipeline } from "./tiles/pipeline.ts";
import { readTicker, type TickerBody } from "./tiles/ticker.ts";

/** What a board shows at an instant: plain data, before it is markup. */
export type BoardContent = {
  readonly board: Board;
  readonly tiles: readonly TileContent[];
  /** All there are, whatever the tiles show. */
  readonly sources: readonly Source[];
  readonly computedAt: Date;
};

export type TileContent = {
  readonly title: string;
  /** In columns and rows of the board. */
  readonly size: { readonly width: number; readonly height: number };
  readonly unit: string;
  /** What the sources had changed up to this instant is in the number. */
  readonly freshAsOf: Date | null;
  /** Those that should be in the number, and what is left out of it. */
  readonly sources: MetricAnswer["sources"];
  readonly exceptions: MetricAnswer["exceptions"];
  readonly body: TileBody;
};

export type TileBody =
  | {
      readonly view: "number";
      readonly value: number | null;
      readonly change: Change | null;
      readonly interval: readonly [number, number] | null;
    }
  | { readonly view: "leaderboard"; readonly rows: readonly RankRow[] }
  | { readonly view: "funnel"; readonly steps: readonly FunnelStep[] }
  | { readonly view: "line"; readonly grain: string; readonly points: readonly Point[] }
  | { readonly view: "bar"; readonly bars: readonly Bar[] }
  | PipelineBody
  | MovementBody
  | ForecastBody
  | TickerBody
  | { readonly view: "text"; readonly text: string }
  | { readonly view: "clock" }
  | { readonly view: "problem"; readonly message: string; readonly code: string };

export type Change = {
  /** Relative for amounts (0.12: twelve per cent more), the difference itself for ratios (0.02: two points more). */
  readonly by: number;
  readonly isRelative: boolean;
  /** Whether it is for the better; null where neither way is. */
  readonly isGood: boolean | null;
  readonly before: number;
  readonly with: Previous;
};
export type RankRow = {
  readonly rank: number | null;
  readonly name: string;
  readonly value: number | null;
  /** Places gained; null: was not ranked before. */
  readonly movement: number | null;
};
export type FunnelStep = {
  readonly name: string;
  readonly entered: number;
  readonly passed: number;
  readonly ratio: number | null;
};
/** `isRunning`: the period is not over, so its value will still grow. */
export type Point = { readonly first: string; readonly value: number | null; readonly isRunning: boolean };
export type Bar = { readonly name: string; readonly value: number | null };

/** Asks for everything that a board shows. A tile that cannot be answered says why; the others are shown all the same. */
export async function readBoardContent(deps: ServerDeps, board: Board, workspace: Workspace): Promise<BoardContent> {
  const now = deps.clock.now();
  const [rows, catalogue] = await Promise.all([readSources(deps.store.db), readCatalogue(deps.store.db)]);
  const asked = { deps, workspace, now, rows, catalogue };
  const tiles = await Promise.all(board.tiles.map((tile) => readTile(asked, tile)));
  return { board, tiles, sources: sourcesOf(rows, null, now), computedAt: now };
}

/** What all tiles of a board are asked with. */
type Asking = {
  readonly deps: ServerDeps;
  readonly workspace: Workspace;
  readonly now: Date;
  readonly rows: readonly SourceRow[];
  readonly catalogue: Catalogue;
};

async function readTile(asking: Asking, tile: Tile): Promise<TileContent> {
  const metric = tile.metric === undefined ? undefined : asking.catalogue.find(tile.metric);
  const size = { width: tile.width, height: tile.height };
  const title = tile.title ?? (metric == null ? tile.metric : sayingOf(metric, asking.workspace.locale).title) ?? "";
  try {
    const { body, answer } = isKpiTile(tile)
      ? await ask(asking, tile, metric?.better ?? null)
      : await readOther({ db: asking.deps.store.db, now: asking.now, workspace: asking.workspace }, tile);
    if (answer === null) return { title, size, unit: "money", ...notCounted(asking, tile), body };
    return {
      title,
      size,
      unit: answer.unit,
      freshAsOf: answer.fresh_as_of === null ? null : new Date(answer.fresh_as_of),
      sources: answer.sources,
      exceptions: answer.exceptions,
      body,
    };
  } catch (error) {
    const known = findTributaryError(error) ?? toTributaryError(error);
    if (known.kind === "transient") throw error;
    // One tile that fails leaves the others alone.
    if (known.kind !== "config")
      asking.deps.log.error({ err: error, metric: tile.metric }, "A tile could not be answered.");
    return {
      title,
      size,
      unit: "count",
      freshAsOf: null,
      sources: [],
      exceptions: [],
      body: { view: "problem", message: `${known.message} ${known.mend}`, code: known.code },
    };
  }
}

type Asked = { readonly body: TileBody; readonly answer: MetricAnswer };

const DEALS: ReadonlySet<Measured> = new Set(["deal"]);

/** How fresh it is what no KPI answers: a text and the time have no source. */
function notCounted({ rows, now }: Asking, { view }: Tile): Pick<TileContent, "freshAsOf" | "sources" | "exceptions"> {
  const isOfDeals = view === "movement" || view === "forecast";
  return { freshAsOf: null, sources: isOfDeals ? sourcesOf(rows, DEALS, now).map(answerSource) : [], exceptions: [] };
}

/** What shows more, or something else, than the answer of one KPI. */
async function readOther(
  moment: TileMoment,
  tile: Tile,
): Promise<{ readonly body: TileBody; readonly answer: MetricAnswer | null }> {
  switch (tile.view) {
    case "pipeline":
      return readPipeline(moment, tile);
    case "movement":
      return { answer: null, body: await readMovement(moment, tile) };
    case "forecast":
      return { answer: null, body: await readForecast(moment) };
    case "ticker":
      return { answer: null, body: await readTicker(moment, tile) };
    case "clock":
      return { answer: null, body: { view: "clock" } };
    default:
      return { answer: null, body: { view: "text", text: tile.text ?? "" } };
  }
}

async function ask(
  { deps, workspace, now, rows }: Asking,
  tile: KpiTile,
  better: "higher" | "lower" | null,
): Promise<Asked> {
  const words = wordsFor(workspace.locale);
  const { db } = deps.store;
  const asked = questionOfTile(tile);
  const { query, compared } = askedNow(asked, now, workspace);
  const answer = await keptAnswer(db, query, rows);
  switch (tile.view) {
    case "number": {
      const before = compared === null ? null : await keptAnswer(db, compared.query, rows);
      const value = answer.rows[0]?.value ?? null;
      const change = changeOf(value, before?.rows[0]?.value ?? null, answer.unit, better, compared?.with ?? null);
      return { answer, body: { view: "number", value, change, interval: answer.rows[0]?.interval ?? null } };
    }
    case "leaderboard":
      return {
        answer,
        body: { view: "leaderboard", rows: answer.rows.slice(0, tile.limit).map((row) => rankRow(row, words)) },
      };
    case "funnel": {
      const steps = funnelSteps(answer.rows, asked.by[0] ?? "stage", words);
      return { answer, body: { view: "funnel", steps: steps.slice(0, tile.limit) } };
    }
    case "line": {
      const last = answer.rows.length - 1;
      const points = answer.rows.map((row, index) => ({
        first: row.period ?? "",
        value: row.value,
        isRunning: index === last,
      }));
      return { answer, body: { view: "line", grain: tile.grain, points } };
    }
    case "bar": {
      const bars = answer.rows
        .map((row) => ({ name: nameOf(row.dimensions[asked.by[0] ?? "rep"], words), value: row.value }))
        .toSorted((left, right) => (right.value ?? -Infinity) - (left.value ?? -Infinity));
      return { answer, body: { view: "bar", bars: bars.slice(0, tile.limit) } };
    }
    default:
      return tile.view satisfies never;
  }
}

function changeOf(
  value: number | null,
  before: number | null,
  unit: string,
  better: "higher" | "lower" | null,
  previous: Previous | null,
): Change | null {
  if (value === null || before === null || previous === null) return null;
  const isRelative = unit !== "ratio";
  if (isRelative && before === 0) return null;
  const by = isRelative ? (value - before) / Math.abs(before) : value - before;
  const isGood = better === null || by === 0 ? null : by > 0 === (better === "higher");
  return { by, isRelative, isGood, before, with: previous };
}

function rankRow(row: MetricRow, words: Words): RankRow {
  return {
    rank: row.rank ?? null,
    name: nameOf(row.dimensions["rep"], words),
    value: row.value,
    movement: row.movement ?? null,
  };
}

/**
 * The steps of a funnel, in the order of the answer. Rows of one name (the same canonical stage of two pipelines) are one step: their
 * counts add up, and the ratio is that of the sums.
 */
function funnelSteps(rows: readonly MetricRow[], by: string, words: Words): FunnelStep[] {
  const steps = new Map<string, { entered: number; passed: number }>();
  for (const row of rows) {
    const name = row.dimensions[by] ?? row.dimensions["stage"] ?? null;
    if (name === null) continue;
    const step = steps.get(name) ?? { entered: 0, passed: 0 };
    steps.set(name, step);
    step.entered += row.denominator ?? 0;
    step.passed += row.numerator ?? 0;
  }
  return [...steps].map(([name, { entered, passed }]) => ({
    name: nameOf(name, words),
    entered,
    passed,
    ratio: entered === 0 ? null : passed / entered,
  }));
}

/** A value of a dimension as people read it: `needs_analysis` is `Needs analysis`. */
export function nameOf(value: string | null | undefined, said: Words = en): string {
  if (value === null || value === undefined) return said.none;
  const known = said.values[value];
  if (known !== undefined) return known;
  if (!/^[a-z]+(_[a-z]+)*$/.test(value)) return value;
  const words = value.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
