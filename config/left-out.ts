import type { Db } from "../core/store/db.ts";
import { countValuedDeals, listExchangeRates } from "../core/store/setup/exchange-rates.ts";
import { readWorkspace } from "../core/store/setup/workspace.ts";
import type { Desired } from "./desired.ts";

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
