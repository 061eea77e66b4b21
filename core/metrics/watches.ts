import type { Db } from "../store/db.ts";
import { readSettings } from "../store/setup/settings.ts";
import { addDays, dayOf } from "../base/time.ts";
import { DEFAULT_BOARDS, dashboardsSection, type Board, type Tile } from "./boards.ts";
import { geckoboardSection, type DatasetConfig } from "./datasets.ts";
import type { MetricQuery } from "./engine/query.ts";
import { feedsSection, type Feed } from "./feeds.ts";
import {
  calendarEnd,
  calendarStart,
  namedRange,
  type Calendar,
  type Grain,
  type PeriodName,
  type Range,
} from "./ask/period.ts";
import { repLeaderboard } from "./kpis/reps/rep-leaderboard.ts";

/** A number that somebody looks at, and that is therefore kept up to date in the metrics store. */
export type Watch = Pick<MetricQuery, "metric" | "by" | "filters" | "grain"> & {
  readonly period: PeriodName;
  /** With a grain: over the last so many periods instead of `period`. */
  readonly lastPeriods: number | null;
};

/**
 * What is watched: the tiles of the dashboards (the default ones where none are configured), the feeds, the Geckoboard datasets, and the
 * default dashboard when a webhook asks for `kpi.updated`. Each once.
 */
export async function readWatches(db: Db): Promise<Watch[]> {
  const dashboards = dashboardsSection.safeParse(await readSettings(db, "dashboards"));
  const feeds = feedsSection.safeParse(await readSettings(db, "feeds"));
  const geckoboard = geckoboardSection.safeParse(await readSettings(db, "geckoboard"));
  const boards: Board[] = [...(dashboards.data ?? DEFAULT_BOARDS)];
  if (dashboards.success && (await isSubscribed(db))) boards.push(...DEFAULT_BOARDS);
  const watches = [
    ...boards.flatMap((board) => board.tiles.map(ofTile)),
    ...(feeds.data ?? []).map(ofFeed),
    ...(geckoboard.data?.datasets ?? []).map(ofDataset),
  ];
  return [...new Map(watches.map((watch) => [JSON.stringify(watch), watch])).values()];
}

async function isSubscribed(db: Db): Promise<boolean> {
  const endpoint = await db
    .selectFrom("webhook_endpoints")
    .select("id")
    .where("state", "=", "active")
    .where(
      (eb) => eb.val("kpi.updated"),
      "=",
      (eb) => eb.fn.any("event_types"),
    )
    .executeTakeFirst();
  return endpoint !== undefined;
}

type Shown = Pick<Tile, "metric" | "of" | "filters" | "period" | "by">;

function ofTile(tile: Tile): Watch {
  return tile.view === "line" ? lineOf(tile, tile.grain, tile.limit) : shown(tile);
}

function ofFeed(feed: Feed): Watch {
  return feed.widget === "line" ? lineOf(feed, feed.grain, feed.limit) : shown(feed);
}

function ofDataset(dataset: DatasetConfig): Watch {
  const watch = shown({ ...dataset, by: undefined, filters: {} });
  return { ...watch, by: watch.by.length > 0 ? watch.by : dataset.by, grain: dataset.grain ?? null };
}

/** A leaderboard is the numbers that it ranks, by rep. */
function shown(what: Shown): Watch {
  const isRanking = what.metric === repLeaderboard.id;
  return {
    metric: isRanking ? (what.of ?? repLeaderboard.defaultOf) : what.metric,
    by: isRanking ? ["rep"] : what.by === undefined ? [] : [what.by],
    filters: Object.entries(what.filters).map(([dimension, value]) => ({ dimension, value })),
    grain: null,
    period: what.period,
    lastPeriods: null,
  };
}

function lineOf(what: Shown, grain: Grain, count: number): Watch {
  return { ...shown(what), grain, lastPeriods: count };
}

/** The question that a watch asks now. */
export function queryOf(watch: Watch, now: Date, calendar: Calendar): MetricQuery {
  const { metric, by, filters, grain, lastPeriods } = watch;
  const range =
    grain !== null && lastPeriods !== null
      ? lastRange(grain, lastPeriods, now, calendar)
      : namedRange(watch.period, now, calendar);
  return { metric, by, filters, grain, ...range, asOf: null, now };
}

function lastRange(grain: Grain, count: number, now: Date, calendar: Calendar): Range {
  const today = dayOf(now, calendar.timeZone);
  let from = calendarStart(today, grain, calendar.weekStart);
  for (let step = 1; step < count; step += 1) from = calendarStart(addDays(from, -1), grain, calendar.weekStart);
  // To the end of the running period, so that its number keeps its place in the store from day to day.
  return { from, to: calendarEnd(today, grain, calendar.weekStart) };
}
