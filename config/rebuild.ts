import type { Db } from "../core/store/db.ts";
import { countDealsOf, countRecords } from "../core/store/pulls/rebuild.ts";
import { countValuedDeals } from "../core/store/setup/exchange-rates.ts";
import type { Change } from "./plan.ts";

/**
 * What changed settings make anew once they are applied, and how much that is: one line each, none where nothing that is stored depends on them.
 * Facts are read again from the records that are kept, without asking a vendor; numbers change as that goes on.
 */
export async function rebuilds(db: Db, changes: readonly Change[]): Promise<readonly string[]> {
  const updates = changes.filter(({ action }) => action === "update");
  if (updates.length === 0) return [];
  const records = await countRecords(db);
  const lines: string[] = [];
  const workspace = updates.find(({ what }) => what === "workspace");
  const counting = (workspace?.fields ?? []).map(({ field }) => field).filter((field) => ALL_FACTS.includes(field));
  const all = [...records.values()].reduce((sum, count) => sum + count, 0);
  if (counting.length > 0 && all > 0)
    lines.push(`${counting.join(" and ")}: ${all} records of ${counted(records.size, "connection")} are read anew.`);
  for (const { what, id, fields } of updates) {
    const isMapped = fields.some(({ field }) => field === "settings" || field.startsWith("settings."));
    const count = records.get(id) ?? 0;
    if (what !== "connection" || !isMapped || count === 0 || counting.length > 0) continue;
    lines.push(
      `connection ${id}: ${counted(count, "record")} ${count === 1 ? "is" : "are"} read anew by the new settings.`,
    );
  }
  const pipelines = updates.find(({ what, id }) => what === "section" && id === "pipelines");
  if (pipelines !== undefined) {
    const deals = await countDealsOf(db, [...new Set(pipelines.fields.map(({ field }) => nameIn(field)))]);
    if (deals > 0)
      lines.push(
        `pipelines: the stages of ${counted(deals, "deal")} are counted by the new mapping, also in the past.`,
      );
  }
  const rates = updates.find(({ what }) => what === "exchange_rates");
  if (rates !== undefined) {
    const touched = new Set(rates.fields.map(({ field }) => nameIn(field).split(" ")[0]));
    const valued = (await countValuedDeals(db)).filter(({ currency }) => touched.has(currency));
    const deals = valued.reduce((sum, one) => sum + Number(one.deals), 0);
    if (deals > 0)
      lines.push(`exchange_rates: the values of ${counted(deals, "deal")} are converted anew, also in the past.`);
  }
  return lines;
}

/** Settings of the workspace that every fact was read by. */
const ALL_FACTS: readonly string[] = ["time_zone", "currency"];

/** What a changed field is of: `Sales` of `Sales.stages.Offer`, `USD` of `USD 2026-01-02`. */
function nameIn(field: string): string {
  return /^(.+?)\.(?:stages|also|connection)(?:\.|$)/.exec(field)?.[1] ?? field;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
