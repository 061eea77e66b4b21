import { z } from "zod";
import { TributaryError } from "../../../core/base/errors.ts";
import { type Feed, feedsSection } from "../../../core/metrics/feeds.ts";
import { type Catalogue, sayingOf } from "../../../core/metrics/index.ts";
import type { Db } from "../../../core/store/db.ts";
import { readEntries } from "../../../core/store/setup/settings.ts";
import type { Owner } from "../tv/boards.ts";

/** One of each widget. */
export const DEFAULT_FEEDS: readonly Feed[] = feedsSection.parse([
  { id: "won-value", title: "Won this month", metric: "won_value" },
  { id: "won-value-trend", title: "Won this month, with trend", metric: "won_value", trend: true },
  { id: "open-pipeline", title: "Open pipeline", metric: "open_pipeline_value", period: "today" },
  { id: "weighted-pipeline", title: "Weighted pipeline", metric: "weighted_pipeline_value", period: "today" },
  { id: "deal-size", title: "Average deal size", metric: "average_deal_size", period: "last_90_days" },
  { id: "time-to-close", title: "Median time to close", metric: "time_to_close_median", period: "last_90_days" },
  { id: "leaderboard", title: "Leaderboard", widget: "leaderboard", metric: "rep_leaderboard" },
  {
    id: "stage-conversion",
    title: "Deals that entered each stage",
    widget: "funnel",
    metric: "stage_conversion",
    by: "canonical_stage",
    period: "last_90_days",
  },
  { id: "won-by-rep", title: "Won by rep", widget: "bar", metric: "won_value", by: "rep" },
  { id: "won-by-month", title: "Won by month", widget: "line", metric: "won_value" },
  { id: "win-rate", title: "Win rate", widget: "geckometer", metric: "win_rate", period: "last_90_days" },
  {
    id: "open-deals-by-stage",
    title: "Open deals by stage",
    widget: "pie",
    metric: "open_deal_count",
    by: "stage",
    period: "today",
  },
  {
    id: "win-rate-by-rep",
    title: "Win rate by rep",
    widget: "rag",
    metric: "win_rate",
    by: "rep",
    period: "last_90_days",
    amber: 0.15,
    green: 0.3,
  },
  { id: "won-by-team", title: "Won by team", widget: "column", metric: "won_value", by: "team" },
  { id: "won-against-before", title: "Won this month", widget: "bullet", metric: "won_value" },
  {
    id: "won-by-place",
    title: "Won by place",
    widget: "map",
    metric: "won_value",
    by: "attributes.city",
    period: "last_90_days",
  },
  { id: "sources", title: "Sources of what is won", widget: "monitoring", metric: "won_value" },
  { id: "velocity", title: "Sales velocity", widget: "text", metric: "sales_velocity", period: "last_90_days" },
  {
    id: "time-to-close-by-rep",
    title: "Median time to close by rep",
    widget: "list",
    metric: "time_to_close_median",
    by: "rep",
    period: "last_90_days",
  },
]);

/** The feeds there are: those made here and those of the config file, and of the ready ones each whose id neither uses. */
export async function readFeeds(db: Db): Promise<readonly Feed[]> {
  return (await readOwnedFeeds(db)).map(({ feed }) => feed);
}

/** The same, and whose each is. */
export async function readOwnedFeeds(db: Db): Promise<readonly { readonly feed: Feed; readonly owner: Owner }[]> {
  const { file, made } = await readEntries(db, "feeds");
  const parsed = feedsSection.safeParse([...made, ...(file ?? [])]);
  if (!parsed.success)
    throw new TributaryError({
      code: "feed.bad_definition",
      kind: "config",
      message: `A feed's definition is not valid: ${z.prettifyError(parsed.error)}`,
      mend: "Correct it in the console, or `feeds` in the config file and apply it.",
    });
  return [
    ...DEFAULT_FEEDS.filter(({ id }) => parsed.data.every((feed) => feed.id !== id)).map((feed) => ({
      feed,
      owner: "ready" as const,
    })),
    ...parsed.data.map((feed, index) => ({ feed, owner: index < made.length ? ("made" as const) : ("file" as const) })),
  ];
}

/** What the feed is called: its own title, or its KPI's. */
export function feedTitle(feed: Feed, catalogue: Catalogue, locale = "en"): string {
  const metric = catalogue.find(feed.metric);
  return feed.title ?? (metric === null ? feed.metric : sayingOf(metric, locale).title);
}
