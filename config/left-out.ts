import { findTributaryError } from "../core/base/errors.ts";
import type { AnyDestination } from "../core/destination/define.ts";
import { filterOf } from "../core/metrics/engine/compute.ts";
import type { AggregateMetric } from "../core/metrics/engine/define.ts";
import { ownDimension } from "../core/metrics/engine/dimensions.ts";
import { compileOwn } from "../core/metrics/own/compile.ts";
import { boundsOf, valuesOf } from "../core/metrics/own/filters.ts";
import { shapesOf } from "../core/metrics/own/read.ts";
import { metricsSection } from "../core/metrics/own/section.ts";
import { METRICS } from "../core/metrics/registry.ts";
import { prepare } from "../core/metrics/ask/evaluate.ts";
import { askedNow, type Question } from "../core/metrics/ask/question.ts";
import { dashboardsSection, questionsOfTile } from "../core/metrics/boards.ts";
import { feedsSection, questionsOfFeed } from "../core/metrics/feeds.ts";
import type { Db } from "../core/store/db.ts";
import { countValuedDeals, listExchangeRates } from "../core/store/setup/exchange-rates.ts";
import { readWorkspace } from "../core/store/setup/workspace.ts";
import type { Desired } from "./desired.ts";

/**
 * What will not be answered once the file is applied, as far as the data that is there tells: tiles, feeds, datasets and own KPIs that ask for what nothing
 * has (a misspelt team). One line each. Only a warning: what is to be loaded yet may bring it.
 */
export async function unanswered(
  db: Db,
  desired: Desired,
  destinations: readonly AnyDestination[],
  now: Date,
): Promise<readonly string[]> {
  const workspace = await readWorkspace(db);
  const places = new Map<string, string[]>();
  const tried = async (place: string, ask: () => Promise<unknown>): Promise<void> => {
    try {
      await ask();
    } catch (error) {
      const known = findTributaryError(error);
      if (known?.kind !== "config") throw error;
      const why = `${known.message} ${known.mend}`;
      places.set(why, [...(places.get(why) ?? []), place]);
    }
  };
  for (const [place, asked] of questionsOf(desired, destinations))
    await tried(place, () => prepare(db, askedNow(asked, now, workspace).query));
  for (const { id, metric, conditions } of await ownConditions(desired))
    for (const [name, values] of conditions)
      await tried(`KPI ${id}`, () => filterOf(db, metric, { name, values, asOf: null }));
  return [...places].map(
    ([why, [first, ...others]]) => `${first}${others.length === 0 ? "" : ` and ${others.length} more`}: ${why}`,
  );
}

type OwnConditions = {
  readonly id: string;
  readonly metric: AggregateMetric;
  readonly conditions: readonly (readonly [dimension: string, values: readonly string[]])[];
};

/** What the file's own KPIs want of their records, besides bounds: a value that nothing has leaves none, and the KPI is 0 like a real one. */
async function ownConditions({ sections }: Desired): Promise<readonly OwnConditions[]> {
  const specs = metricsSection.safeParse(sections["metrics"] ?? []).data ?? [];
  const { shapes } = await shapesOf(specs);
  const { metrics } = compileOwn(specs, METRICS, shapes);
  return specs.flatMap(({ id, where = {}, numerator = {} }) => {
    const metric = metrics.find((one) => one.id === id);
    if (metric === undefined || metric.kind === "ranking" || metric.kind === "derived" || metric.kind === "composed")
      return [];
    const conditions = [...Object.entries(where), ...Object.entries(numerator)].flatMap(([name, wanted]) =>
      boundsOf(wanted) === null && ownDimension(metric.subject, name) !== null
        ? [[name, valuesOf(wanted)] as const]
        : [],
    );
    return [{ id, metric, conditions }];
  });
}

/** Every question of the file, and where it stands. */
function questionsOf({ sections }: Desired, destinations: readonly AnyDestination[]): [string, Question][] {
  const dashboards = dashboardsSection.safeParse(sections["dashboards"] ?? []).data ?? [];
  const feeds = feedsSection.safeParse(sections["feeds"] ?? []).data ?? [];
  return [
    ...dashboards.flatMap(({ id, tiles }) =>
      tiles.flatMap((tile, index) =>
        questionsOfTile(tile).map((asked): [string, Question] => [`dashboard ${id}, tile ${index + 1}`, asked]),
      ),
    ),
    ...feeds.map((feed): [string, Question] => [`feed ${feed.id}`, questionsOfFeed(feed).main]),
    ...destinations.flatMap(({ key, settings, takes }) => {
      const parsed = settings.safeParse(sections[key]);
      const asked = takes.kind === "answers" && parsed.success ? takes.questions(parsed.data) : [];
      return asked.map((one): [string, Question] => [`${key}, ${one.metric}`, one]);
    }),
  ];
}

/**
 * What amounts will lack once the file is applied: deals in a currency of which no rate to the workspace's is known. One line each, none when
 * all can be converted. Rates are to the workspace's currency, so those that are stored say nothing of another.
 */
export async function amountsLeftOut(db: Db, desired: Desired): Promise<readonly string[]> {
  const now = (await readWorkspace(db)).currency;
  const currency = desired.workspace.currency ?? now;
  const stored = currency === now ? await listExchangeRates(db) : [];
  const known = new Set((desired.exchangeRates ?? stored).map((rate) => rate.currency));
  const left = (await countValuedDeals(db)).filter((one) => one.currency !== currency && !known.has(one.currency));
  return left.map(
    (one) =>
      `${one.deals} ${one.deals === 1 ? "deal has its value" : "deals have their values"} in ${one.currency}, and no rate to ${currency} is known: ` +
      "they stay in the counts and are left out of every amount. List rates in workspace.exchange_rates.",
  );
}
