import { type Kysely, sql } from "kysely";

/** Targets of ratios and days have fractions: a win rate of 0.3. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`alter table goals alter column target type double precision`).execute(db);
}
