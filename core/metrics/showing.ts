import type { WIDGETS } from "./feeds.ts";
import type { Tile } from "./boards.ts";
import type { MetricDefinition } from "./engine/define.ts";

/**
 * What each way of showing a KPI makes use of. A setting that would be taken and then not looked at is refused where it is written down: whoever
 * wrote it believes that it counts.
 */
type Showing = {
  /** The settings that count, besides those of every tile and feed. */
  readonly uses: readonly string[];
  /** What it shows: `one` number, a row for each value of `by`, the `steps` of a ratio, a `ranking`; or something else than a KPI of one's choice. */
  readonly shows: "one" | "rows" | "steps" | "ranking" | "other";
};

export const TILE_SHOWING: { readonly [view in Tile["view"]]: Showing } = {
  number: { uses: ["period", "compare"], shows: "one" },
  leaderboard: { uses: ["period", "limit"], shows: "ranking" },
  funnel: { uses: ["period", "by", "limit"], shows: "steps" },
  line: { uses: ["grain", "limit"], shows: "one" },
  bar: { uses: ["period", "by", "limit"], shows: "rows" },
  pipeline: { uses: ["filters", "limit"], shows: "other" },
  movement: { uses: ["filters", "period"], shows: "other" },
  forecast: { uses: [], shows: "other" },
  ticker: { uses: ["limit"], shows: "other" },
  text: { uses: ["text"], shows: "other" },
  clock: { uses: [], shows: "other" },
};

export const FEED_SHOWING: { readonly [widget in (typeof WIDGETS)[number]]: Showing } = {
  number_and_secondary: { uses: ["period", "trend"], shows: "one" },
  line: { uses: ["grain", "limit"], shows: "one" },
  bar: { uses: ["period", "by", "limit"], shows: "rows" },
  column: { uses: ["period", "by", "limit"], shows: "rows" },
  map: { uses: ["period", "by", "limit"], shows: "rows" },
  pie: { uses: ["period", "by", "limit"], shows: "rows" },
  list: { uses: ["period", "by", "limit"], shows: "rows" },
  leaderboard: { uses: ["period", "limit"], shows: "ranking" },
  funnel: { uses: ["period", "by", "limit"], shows: "rows" },
  geckometer: { uses: ["period", "min", "max"], shows: "one" },
  bullet: { uses: ["period", "min", "max", "amber", "green"], shows: "one" },
  monitoring: { uses: ["period"], shows: "one" },
  rag: { uses: ["period", "by", "amber", "green"], shows: "rows" },
  text: { uses: ["period"], shows: "one" },
};

/** Settings of every tile and every feed, and those of each that shows a KPI. */
const COMMON = ["id", "widget", "view", "title", "width", "height"];
const OF_KPI = ["metric", "of", "filters"];

/** Something that is set and would not count, and why. */
export type Unused = { readonly setting: string; readonly because: string };

/**
 * What a tile, feed or dataset sets that would not count.
 *
 * @param written as people wrote it, without defaults.
 * @param how absent: of a dataset, which uses all it takes.
 */
export function unusedSettings(
  written: { readonly [setting: string]: unknown },
  metric: MetricDefinition | null,
  how: { readonly name: string; readonly showing: Showing } | null,
): Unused[] {
  const found: Unused[] = [];
  const add = (setting: string, because: string): void => void found.push({ setting, because });
  if (how !== null) {
    const { uses: own, shows } = how.showing;
    const uses = [
      ...COMMON,
      ...(shows === "other" ? [] : OF_KPI),
      ...own,
      ...(written["trend"] === true ? ["grain", "limit"] : []),
    ];
    for (const setting of Object.keys(written))
      if (!uses.includes(setting))
        add(setting, `is not used by ${how.name}${insteadOf(setting, how.showing)}; leave it out`);
  }
  if (metric === null) return found;
  const { id } = metric;
  const isOfAnother = metric.kind === "ranking" || metric.kind === "derived";
  if (written["of"] !== undefined && !isOfAnother)
    add("of", `is not used by ${id}, which is of no other KPI; leave it out`);
  const by = written["by"];
  const isTold = found.some(({ setting }) => setting === "by");
  if (!isTold && metric.kind === "ranking" && (Array.isArray(by) ? by.length > 0 : by !== undefined))
    add("by", `is not used by ${id}, which is by rep; leave it out`);
  if (how !== null) found.push(...misfits(metric, how));
  return found;
}

const SHOWS = ["one", "rows", "steps", "ranking"] as const;

/** The ways in which a KPI can be shown, and whether it is of another KPI of one's choice. */
export function waysToShow(metric: MetricDefinition): {
  readonly shownAs: readonly (typeof SHOWS)[number][];
  readonly takesOf: boolean;
} {
  return {
    shownAs: SHOWS.filter((shows) => misfits(metric, { name: shows, showing: { uses: [], shows } }).length === 0),
    takesOf: metric.kind === "ranking" || metric.kind === "derived",
  };
}

function insteadOf(setting: string, { uses }: Showing): string {
  return setting === "period" && uses.includes("grain")
    ? ", which shows the last `limit` periods of the length `grain`"
    : "";
}

/** A KPI that cannot be shown this way: its first row would pass for all of it, or nothing would be there. */
function misfits(metric: MetricDefinition, { name, showing }: { name: string; showing: Showing }): Unused[] {
  const { id, alwaysBy, denominator } = metric;
  const is = (because: string): Unused[] => [{ setting: "metric", because }];
  switch (showing.shows) {
    case "one":
      if (metric.kind === "ranking")
        return is(`${id} is a ranking and cannot be shown as ${name}; show it as a leaderboard`);
      return alwaysBy === undefined
        ? []
        : is(
            `${id} has a value for each ${alwaysBy.join(" and ")} and cannot be shown as ${name}; show it as a funnel or a bar`,
          );
    case "ranking":
      return metric.kind === "ranking"
        ? []
        : is(`${id} is no ranking; for its ranks write metric: rep_leaderboard, of: ${id}`);
    case "steps":
      return denominator !== null
        ? []
        : is(`${id} is no part of a whole and cannot be shown as ${name}; show it as a bar`);
    case "rows":
    case "other":
      return [];
    default:
      return showing.shows satisfies never;
  }
}
