import type { z } from "zod";
import { board, type Board } from "./boards.ts";

/** Dashboards that are there without a word in the config file. One of the file that has the same id takes its place. Titles are in two languages. */

type Ready = (say: (english: string, french: string) => string) => z.input<typeof board>;

const salesFloor: Ready = (say) => ({
  id: "sales-floor",
  title: say("Sales floor", "Plateau commercial"),
  tiles: [
    { metric: "won_value", title: say("Won this month", "Gagné ce mois-ci"), width: 2 },
    { metric: "deals_won", title: say("Deals won this month", "Affaires gagnées ce mois-ci"), width: 2 },
    {
      metric: "win_rate",
      title: say("Win rate, last 90 days", "Taux de succès, 90 jours"),
      period: "last_90_days",
      width: 2,
    },
    { metric: "open_pipeline_value", title: say("Open pipeline", "Pipeline ouvert"), period: "today", width: 2 },
    {
      metric: "weighted_pipeline_value",
      title: say("Weighted pipeline", "Pipeline pondéré"),
      period: "today",
      width: 2,
    },
    { metric: "activities", title: say("Activities today", "Activités aujourd’hui"), period: "today", width: 2 },
    {
      metric: "rep_leaderboard",
      title: say("Leaderboard, this month", "Classement du mois"),
      view: "leaderboard",
      of: "won_value",
      width: 4,
      height: 6,
    },
    {
      metric: "stage_conversion",
      title: say("Conversion by stage, last 90 days", "Conversion par étape, 90 jours"),
      view: "funnel",
      period: "last_90_days",
      by: "canonical_stage",
      width: 4,
      height: 6,
    },
    {
      metric: "sales_velocity",
      title: say("Velocity, last 90 days", "Vélocité, 90 jours"),
      period: "last_90_days",
      width: 2,
    },
    {
      metric: "average_deal_size",
      title: say("Average deal size, last 90 days", "Taille moyenne, 90 jours"),
      period: "last_90_days",
      width: 2,
    },
    {
      metric: "time_to_close_median",
      title: say("Median time to close, last 90 days", "Délai médian, 90 jours"),
      period: "last_90_days",
      width: 2,
    },
    {
      metric: "time_to_close_mean",
      title: say("Mean time to close, last 90 days", "Délai moyen, 90 jours"),
      period: "last_90_days",
      width: 2,
    },
    { metric: "won_value", title: say("Won, by month", "Gagné, par mois"), view: "line", limit: 12, width: 4 },
  ],
});

const leaderboard: Ready = (say) => ({
  id: "leaderboard",
  title: say("Leaderboard", "Classement"),
  tiles: [
    {
      metric: "rep_leaderboard",
      title: say("Won, this month", "Gagné, ce mois-ci"),
      view: "leaderboard",
      of: "won_value",
      width: 6,
      height: 6,
      limit: 10,
    },
    {
      metric: "activities",
      title: say("Activities, this week", "Activités, cette semaine"),
      view: "bar",
      by: "rep",
      period: "this_week",
      width: 6,
      height: 4,
    },
    { view: "ticker", title: say("The latest", "En direct"), width: 6, height: 2, limit: 4 },
  ],
});

const pipeline: Ready = (say) => ({
  id: "pipeline",
  title: say("Pipeline", "Pipeline"),
  tiles: [
    { metric: "open_pipeline_value", title: say("Open", "Ouvert"), period: "today" },
    { metric: "weighted_pipeline_value", title: say("Weighted", "Pondéré"), period: "today" },
    { metric: "stalled_deals", title: say("Stalled", "À l’arrêt"), period: "today" },
    { metric: "no_next_step", title: say("No next step", "Sans prochaine étape"), period: "today" },
    { view: "pipeline", title: say("By stage", "Par étape"), width: 7, height: 4, limit: 10 },
    {
      view: "movement",
      title: say("What moved it, this month", "Ce qui l’a fait bouger ce mois-ci"),
      period: "this_month",
      width: 5,
      height: 4,
    },
  ],
});

const forecast: Ready = (say) => ({
  id: "forecast",
  title: say("Forecast", "Prévision"),
  tiles: [
    { view: "forecast", title: say("Wins to come", "Gains à venir"), width: 8, height: 4 },
    { metric: "won_value", title: say("Won this month", "Gagné ce mois-ci"), width: 4 },
    {
      metric: "weighted_pipeline_value",
      title: say("Weighted pipeline", "Pipeline pondéré"),
      period: "today",
      width: 4,
    },
    { metric: "won_value", title: say("Won, by month", "Gagné, par mois"), view: "line", limit: 12, width: 8 },
    {
      metric: "win_rate",
      title: say("Win rate, last 90 days", "Taux de succès, 90 jours"),
      period: "last_90_days",
      width: 4,
    },
  ],
});

const activity: Ready = (say) => ({
  id: "activity",
  title: say("Activity", "Activité"),
  tiles: [
    { metric: "activities", title: say("Today", "Aujourd’hui"), period: "today" },
    { metric: "activities", title: say("This week", "Cette semaine"), period: "this_week" },
    { metric: "connected_call_rate", title: say("Calls that connect", "Appels aboutis"), period: "last_30_days" },
    { metric: "reply_rate", title: say("Messages answered", "Messages avec réponse"), period: "last_30_days" },
    {
      metric: "activities",
      title: say("By rep, this week", "Par commercial, cette semaine"),
      view: "bar",
      by: "rep",
      period: "this_week",
      width: 4,
      height: 4,
    },
    {
      metric: "activities",
      title: say("By kind, this week", "Par type, cette semaine"),
      view: "bar",
      by: "type",
      period: "this_week",
      width: 4,
      height: 4,
    },
    { view: "ticker", title: say("The latest", "En direct"), width: 4, height: 4, limit: 7 },
  ],
});

const support: Ready = (say) => ({
  id: "support",
  title: say("Support", "Support"),
  tiles: [
    { metric: "tickets_open", title: say("Open tickets", "Tickets ouverts"), period: "today" },
    { metric: "tickets_opened", title: say("New this week", "Nouveaux cette semaine"), period: "this_week" },
    {
      metric: "first_reply_median",
      title: say("First reply, last 30 days", "Première réponse, 30 jours"),
      period: "last_30_days",
    },
    { metric: "csat", title: say("Satisfaction, last 90 days", "Satisfaction, 90 jours"), period: "last_90_days" },
    {
      metric: "tickets_opened",
      title: say("New tickets, by week", "Nouveaux tickets, par semaine"),
      view: "line",
      grain: "week",
      limit: 12,
      width: 7,
      height: 4,
    },
    {
      metric: "tickets_opened",
      title: say("New, by channel", "Nouveaux, par canal"),
      view: "bar",
      by: "channel",
      period: "last_90_days",
      width: 5,
      height: 4,
    },
  ],
});

const marketing: Ready = (say) => ({
  id: "marketing",
  title: say("Marketing", "Marketing"),
  tiles: [
    { metric: "new_leads", title: say("New leads this month", "Nouveaux prospects ce mois-ci") },
    {
      metric: "lead_to_deal_rate",
      title: say("Leads that become deals", "Prospects devenus affaires"),
      period: "last_90_days",
    },
    { metric: "spend", title: say("Spent this month", "Dépensé ce mois-ci") },
    { metric: "sessions", title: say("Visits this month", "Visites ce mois-ci") },
    {
      metric: "new_leads",
      title: say("New leads, by channel", "Nouveaux prospects, par canal"),
      view: "bar",
      by: "channel",
      period: "last_90_days",
      width: 5,
      height: 4,
    },
    {
      metric: "new_leads",
      title: say("New leads, by month", "Nouveaux prospects, par mois"),
      view: "line",
      limit: 12,
      width: 7,
      height: 4,
    },
  ],
});

const READY: readonly Ready[] = [salesFloor, leaderboard, pipeline, forecast, activity, support, marketing];

/** In the language of words there are ({@link wordsFor}), English else. */
export function readyBoards(language: string): readonly Board[] {
  return READY.map((ready) => board.parse(ready(language === "fr" ? (_, french) => french : (english) => english)));
}

export const DEFAULT_BOARDS = readyBoards("en");

/** What is kept up to date where nobody has said what is looked at. */
export const SALES_FLOOR: Board = board.parse(salesFloor((english) => english));
