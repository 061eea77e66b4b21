import { type Kysely, sql } from "kysely";

/**
 * Amounts of some currencies (HUF, IDR, COP …) were stored in whole units, while the database and their tools count hundredths (IQD: thousandths). The records
 * of connections that have such an amount become facts anew from what is stored raw, with the next pull or replay.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    update stream_states set normalised_seq = 0 where connection_id in (
      select connection_id from deals where currency in (${sql.join(CURRENCIES)})
      union select connection_id from spend where currency in (${sql.join(CURRENCIES)})
    )
  `.execute(db);
}

const CURRENCIES = "AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK PKR SLL SOS SYP YER".split(" ");
