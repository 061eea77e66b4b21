import type { RequestHandler } from "express";
import { Gauge, Registry } from "prom-client";
import { questionsOfFeed } from "../../../core/metrics/feeds.ts";
import { askedNow } from "../../../core/metrics/ask/question.ts";
import { keptAnswer, type MetricAnswer } from "../../../core/metrics/index.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import type { ServerDeps } from "../../web/deps.ts";
import type { Route } from "../../web/routes.ts";
import { readFeeds } from "./definitions.ts";

/**
 * `/metrics/kpis`: each feed's number for Prometheus, one series for each of its rows: `tributary_kpi_value{feed="won-by-rep",slice="Ann",…}`. From
 * the store, as the feeds themselves; a number that has no value has no series, never 0.
 *
 * Apart from `/metrics`, since whoever may watch the hub's machines need not see the company's numbers.
 */
export function kpiGaugeRoutes(deps: ServerDeps): Route[] {
  const handler: RequestHandler = async (_request, response) => {
    const registry = await gaugesOf(deps);
    response
      .type(registry.contentType)
      .set("Cache-Control", "no-store")
      .send(await registry.metrics());
  };
  return [{ method: "get", path: "/metrics/kpis", access: { kind: "api", scope: "read" }, handlers: [handler] }];
}

/** Made for each scrape, so that two at once are not mixed. */
async function gaugesOf(deps: ServerDeps): Promise<Registry> {
  const registry = new Registry();
  const registers = [registry];
  const complete = new Gauge({
    name: "tributary_kpi_complete",
    help: "1: nothing is missing from a feed's number; 0: something is, or it could not be computed",
    labelNames: ["feed", "kpi"],
    registers,
  });
  const freshness = new Gauge({
    name: "tributary_kpi_fresh_timestamp_seconds",
    help: "Until when what the sources had changed is in a feed's number",
    labelNames: ["feed", "kpi"],
    registers,
  });
  const values = new Gauge({
    name: "tributary_kpi_value",
    help: "A feed's number as it is now; money in main units of its currency, ratios 0 to 1",
    labelNames: ["feed", "kpi", "unit", "currency", "slice"],
    registers,
  });
  const { db } = deps.store;
  const workspace = await readWorkspace(db);
  for (const feed of await readFeeds(db)) {
    const about = { feed: feed.id, kpi: feed.metric };
    const { query } = askedNow(questionsOfFeed(feed).main, deps.clock.now(), workspace);
    // A definition that can no longer be answered must not take all other measurements with it.
    const answer = await keptAnswer(db, query).catch(() => null);
    complete.set(about, answer !== null && answer.notes.length === 0 ? 1 : 0);
    if (answer === null) continue;
    if (answer.fresh_as_of !== null) freshness.set(about, Date.parse(answer.fresh_as_of) / 1000);
    const unit = { unit: answer.unit, currency: currencyOf(answer) };
    for (const [slice, value] of slicesOf(answer)) values.set({ ...about, ...unit, slice }, value);
  }
  return registry;
}

/** Rows that have a value, by the names of what they are about; the whole is called "". */
function slicesOf({ rows }: MetricAnswer): ReadonlyMap<string, number> {
  const slices = new Map<string, number>();
  for (const { dimensions, value } of rows) {
    const slice = Object.values(dimensions)
      .map((name) => name ?? "(none)")
      .join(" / ");
    if (value !== null && Number.isFinite(value)) slices.set(slice, value);
  }
  return slices;
}

function currencyOf({ unit, currency }: MetricAnswer): string {
  return unit === "money" || unit === "money_per_day" ? currency : "";
}
