/**
 * The built-in KPIs that are amounts, so that a goal of one is read as money. Connectors know no KPIs; core/metrics/registry.test.ts holds this equal to
 * the units of the registry.
 */
export const MONEY_KPIS: ReadonlySet<string> = new Set([
  "average_deal_size",
  "cost_per_lead",
  "cost_per_win",
  "lost_value",
  "open_pipeline_value",
  "rep_leaderboard",
  "sales_velocity",
  "sales_velocity_close",
  "spend",
  "weighted_pipeline_value",
  "won_value",
]);
