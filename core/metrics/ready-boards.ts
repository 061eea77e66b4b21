import { board, type Board } from "./boards.ts";

/** Dashboards that are there without a word in the config file. One of the file that has the same id takes its place. */

/** What a sales floor looks at, when nobody has said otherwise. */
export const SALES_FLOOR: Board = board.parse({
  id: "sales-floor",
  title: "Sales floor",
  tiles: [
    { metric: "won_value", title: "Won this month", width: 2 },
    { metric: "deals_won", title: "Deals won this month", width: 2 },
    { metric: "win_rate", title: "Win rate, last 90 days", period: "last_90_days", width: 2 },
    { metric: "open_pipeline_value", title: "Open pipeline", period: "today", width: 2 },
    { metric: "weighted_pipeline_value", title: "Weighted pipeline", period: "today", width: 2 },
    { metric: "activities", title: "Activities today", period: "today", width: 2 },
    {
      metric: "rep_leaderboard",
      title: "Leaderboard, this month",
      view: "leaderboard",
      of: "won_value",
      width: 4,
      height: 6,
    },
    {
      metric: "stage_conversion",
      title: "Conversion by stage, last 90 days",
      view: "funnel",
      period: "last_90_days",
      by: "canonical_stage",
      width: 4,
      height: 6,
    },
    { metric: "sales_velocity", title: "Velocity, last 90 days", period: "last_90_days", width: 2 },
    { metric: "average_deal_size", title: "Average deal size, last 90 days", period: "last_90_days", width: 2 },
    { metric: "time_to_close_median", title: "Median time to close, last 90 days", period: "last_90_days", width: 2 },
    { metric: "time_to_close_mean", title: "Mean time to close, last 90 days", period: "last_90_days", width: 2 },
    { metric: "won_value", title: "Won, by month", view: "line", limit: 12, width: 4 },
  ],
});

const LEADERBOARD: Board = board.parse({
  id: "leaderboard",
  title: "Leaderboard",
  tiles: [
    {
      metric: "rep_leaderboard",
      title: "Won, this month",
      view: "leaderboard",
      of: "won_value",
      width: 6,
      height: 6,
      limit: 10,
    },
    {
      metric: "activities",
      title: "Activities, this week",
      view: "bar",
      by: "rep",
      period: "this_week",
      width: 6,
      height: 4,
    },
    { view: "ticker", title: "The latest", width: 6, height: 2, limit: 4 },
  ],
});

const PIPELINE: Board = board.parse({
  id: "pipeline",
  title: "Pipeline",
  tiles: [
    { metric: "open_pipeline_value", title: "Open", period: "today" },
    { metric: "weighted_pipeline_value", title: "Weighted", period: "today" },
    { metric: "stalled_deals", title: "Stalled", period: "today" },
    { metric: "no_next_step", title: "No next step", period: "today" },
    { view: "pipeline", title: "By stage", width: 7, height: 4, limit: 10 },
    { view: "movement", title: "What moved it, this month", period: "this_month", width: 5, height: 4 },
  ],
});

const FORECAST: Board = board.parse({
  id: "forecast",
  title: "Forecast",
  tiles: [
    { view: "forecast", title: "Wins to come", width: 8, height: 4 },
    { metric: "won_value", title: "Won this month", width: 4 },
    { metric: "weighted_pipeline_value", title: "Weighted pipeline", period: "today", width: 4 },
    { metric: "won_value", title: "Won, by month", view: "line", limit: 12, width: 8 },
    { metric: "win_rate", title: "Win rate, last 90 days", period: "last_90_days", width: 4 },
  ],
});

const ACTIVITY: Board = board.parse({
  id: "activity",
  title: "Activity",
  tiles: [
    { metric: "activities", title: "Today", period: "today" },
    { metric: "activities", title: "This week", period: "this_week" },
    { metric: "connected_call_rate", title: "Calls that connect", period: "last_30_days" },
    { metric: "reply_rate", title: "Messages answered", period: "last_30_days" },
    {
      metric: "activities",
      title: "By rep, this week",
      view: "bar",
      by: "rep",
      period: "this_week",
      width: 4,
      height: 4,
    },
    {
      metric: "activities",
      title: "By kind, this week",
      view: "bar",
      by: "type",
      period: "this_week",
      width: 4,
      height: 4,
    },
    { view: "ticker", title: "The latest", width: 4, height: 4, limit: 7 },
  ],
});

const SUPPORT: Board = board.parse({
  id: "support",
  title: "Support",
  tiles: [
    { metric: "tickets_open", title: "Open tickets", period: "today" },
    { metric: "tickets_opened", title: "New this week", period: "this_week" },
    { metric: "first_reply_median", title: "First reply, last 30 days", period: "last_30_days" },
    { metric: "csat", title: "Satisfaction, last 90 days", period: "last_90_days" },
    {
      metric: "tickets_opened",
      title: "New tickets, by week",
      view: "line",
      grain: "week",
      limit: 12,
      width: 7,
      height: 4,
    },
    {
      metric: "tickets_opened",
      title: "New by kind of channel",
      view: "bar",
      by: "channel",
      period: "last_90_days",
      width: 5,
      height: 4,
    },
  ],
});

const MARKETING: Board = board.parse({
  id: "marketing",
  title: "Marketing",
  tiles: [
    { metric: "new_leads", title: "New leads this month" },
    { metric: "lead_to_deal_rate", title: "Leads that become deals", period: "last_90_days" },
    { metric: "spend", title: "Spent this month" },
    { metric: "sessions", title: "Visits this month" },
    {
      metric: "new_leads",
      title: "New leads, by channel",
      view: "bar",
      by: "channel",
      period: "last_90_days",
      width: 5,
      height: 4,
    },
    { metric: "new_leads", title: "New leads, by month", view: "line", limit: 12, width: 7, height: 4 },
  ],
});

export const DEFAULT_BOARDS: readonly Board[] = [
  SALES_FLOOR,
  LEADERBOARD,
  PIPELINE,
  FORECAST,
  ACTIVITY,
  SUPPORT,
  MARKETING,
];
