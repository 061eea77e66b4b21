import { sql } from "kysely";
import type { Db } from "../../store/db.ts";

/**
 * Does the work on the facts as they were known at an instant: what landed later is not there, and what was changed, merged or taken away since
 * is as it was. Every table of facts has a view of its own name in the schema `tributary_asof`, which goes before; so a query of a KPI is the same
 * for then and now.
 *
 * @param asOf null: as they are.
 */
export async function asKnown<T>(db: Db, asOf: Date | null, work: (db: Db) => Promise<T>): Promise<T> {
  if (asOf === null) return work(db);
  if (!db.isTransaction) return db.transaction().execute(async (tx) => asKnown(tx, asOf, work));
  await sql`
    select set_config('search_path', 'tributary_asof, tributary', true), set_config('tributary.as_of', ${asOf.toISOString()}, true)
  `.execute(db);
  const done = await work(db);
  await sql`select set_config('search_path', 'tributary', true)`.execute(db);
  return done;
}

/**
 * Within {@link asKnown}: does work that joins tables as wholes. Of present and past together PostgreSQL has no statistics: left to itself it looks
 * into both, once for each of a hundred thousand rows. By the costs that it then reckons with it would also compile.
 */
export async function joiningWholes<T>(db: Db, work: () => Promise<T>): Promise<T> {
  await sql`
    select set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)
  `.execute(db);
  const done = await work();
  await sql`
    select set_config('enable_nestloop', null, true), set_config('enable_mergejoin', null, true), set_config('jit', null, true)
  `.execute(db);
  return done;
}

/** Within {@link asKnown}: does the work on the facts as they are, all the same. */
export async function asTheyAre<T>(db: Db, asOf: Date | null, work: () => Promise<T>): Promise<T> {
  if (asOf === null) return work();
  await sql`select set_config('search_path', 'tributary', true)`.execute(db);
  const done = await work();
  await sql`select set_config('search_path', 'tributary_asof, tributary', true)`.execute(db);
  return done;
}
