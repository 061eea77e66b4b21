import { type Kysely, sql } from "kysely";

/** The touches of a deal are looked up by it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index activities_by_deal on activities (deal_id, occurred_at) where deal_id is not null`.execute(db);
}
