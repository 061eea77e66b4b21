import { type Kysely, sql } from "kysely";

/**
 * Why the time of a win or loss, or of a deal's beginning, is not what the source says: the date cannot be, or there is none. Histories folded before do not
 * say it, so their streams become facts anew from what is stored raw, with the next pull or replay.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table deal_changes add column doubt text
      constraint deal_changes_doubt_check check (doubt in ('odd_closing_date', 'no_closing_date', 'odd_creation_date'))
  `.execute(db);
  await sql`
    comment on column deal_changes.doubt is 'Why its time is not what the source says. With no_closing_date, held_from is not when it closed'
  `.execute(db);
  await sql`create index deal_changes_undated on deal_changes (deal_id) where doubt = 'no_closing_date'`.execute(db);
  // The streams that tell of deals, of the connectors there are.
  await sql`
    update stream_states set normalised_seq = 0 where stream in ('deals', 'deal_changes', 'opportunities', 'events')
  `.execute(db);
}
