import type { Db } from "../store/db.ts";
import { type AsOf, readDealChanges, readDealTouches, readTeamTimes } from "../store/facts/forecast-rows.ts";
import type { DealChange, ForecastDeal } from "./deals.ts";

/** The deals of the workspace as forecasts see them, by what had happened and had landed by the as-of instant. */
export async function loadDeals(db: Db, asOf: AsOf): Promise<ForecastDeal[]> {
  const rows = await readDealChanges(db, asOf);
  const teamOf = await teams(db, asOf.timeZone);
  const touches = new Map<string, number[]>();
  for (const { deal, day } of await readDealTouches(db, asOf)) {
    const there = touches.get(deal);
    if (there === undefined) touches.set(deal, [day]);
    else there.push(day);
  }
  const deals: (ForecastDeal & { readonly changes: DealChange[] })[] = [];
  for (const { deal, created, day, known, status, stage, pipeline, rep, value, probability } of rows) {
    const at = day ?? -Infinity;
    const team = rep === null ? null : teamOf(rep, at);
    // Written out: there may be a million, and objects of one shape are what the loops over them are fast on.
    const change = { day: at, known: known ?? -Infinity, status, stage, pipeline, rep, team, value, probability };
    const last = deals.at(-1);
    if (last?.id === deal) last.changes.push(change);
    else deals.push({ id: deal, created, changes: [change], touches: touches.get(deal) ?? [] });
  }
  return deals;
}

async function teams(db: Db, timeZone: string): Promise<(rep: string, day: number) => string | null> {
  const times = new Map<string, { team: string; from: number; to: number }[]>();
  for (const { rep, team, from, to } of await readTeamTimes(db, timeZone))
    times.set(rep, [...(times.get(rep) ?? []), { team, from: from ?? -Infinity, to: to ?? Infinity }]);
  return (rep, day) => times.get(rep)?.find(({ from, to }) => from <= day && day < to)?.team ?? null;
}
