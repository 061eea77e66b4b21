import { sql } from "kysely";
import type { Day } from "../../base/time.ts";
import type { Db, Tx } from "../db.ts";

export type ExchangeRate = { readonly day: Day; readonly currency: string; readonly rate: number };

/** By currency, then day. */
export async function listExchangeRates(db: Db | Tx): Promise<ExchangeRate[]> {
  return db
    .selectFrom("exchange_rates")
    .select(["day", "currency", "rate"])
    .orderBy("currency")
    .orderBy("day")
    .execute();
}

export async function replaceExchangeRates(tx: Tx, rates: readonly ExchangeRate[]): Promise<void> {
  await tx.deleteFrom("exchange_rates").execute();
  await sql`
    insert into exchange_rates (day, currency, rate)
    select * from unnest(
      ${rates.map((one) => one.day)}::date[], ${rates.map((one) => one.currency)}::text[], ${rates.map((one) => one.rate)}::numeric[])
  `.execute(tx);
}

/** How many deals have their latest value in each currency. */
export async function countValuedDeals(
  db: Db | Tx,
): Promise<readonly { readonly currency: string; readonly deals: number }[]> {
  const { rows } = await sql<{ currency: string; deals: number }>`
    select c.currency, count(*) as deals
    from deal_changes c join deals d on d.id = c.deal_id and d.deleted_at is null
    where c.held_to = 'infinity' and c.amount_minor is not null and c.currency is not null
    group by c.currency order by c.currency
  `.execute(db);
  return rows;
}
