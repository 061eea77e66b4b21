import { sql } from "kysely";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { Db, Tx } from "../db.ts";
import { storableJson } from "../client.ts";

/** Answers that are kept for those who look at them, and the touches that make them due. */

export type KeptRow = {
  readonly key: string;
  readonly query: JsonObject;
  readonly isWatched: boolean;
  readonly isDue: boolean;
  readonly day: Day | null;
  readonly holdsUntil: Date | null;
  readonly computedAt: Date | null;
  readonly askedAt: Date;
};

export type KeptAnswer = KeptRow & { readonly answer: Json };

const COLUMNS = sql`key, query, is_watched as "isWatched", is_due as "isDue", day, holds_until as "holdsUntil", computed_at as "computedAt",
  asked_at as "askedAt"`;

export async function readKept(db: Db, key: string): Promise<KeptAnswer | null> {
  const { rows } = await sql<KeptAnswer>`
    select ${COLUMNS}, answer from kept_answers where key = ${key} and answer is not null`.execute(db);
  return rows[0] ?? null;
}

export async function listKept(tx: Tx): Promise<KeptRow[]> {
  const { rows } = await sql<KeptRow>`select ${COLUMNS} from kept_answers order by key`.execute(tx);
  return rows;
}

/** Notes that somebody looks at it. */
export async function noteAsked(db: Db, key: string, now: Date): Promise<void> {
  await sql`update kept_answers set asked_at = ${now} where key = ${key}`.execute(db);
}

/** Only one at a time computes an answer; the others wait, and find it. Ends with the transaction. */
export async function lockKept(tx: Tx, key: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('tributary.kept_answers'), hashtext(${key}))`.execute(tx);
}

export async function storeKept(
  tx: Tx,
  kept: {
    readonly key: string;
    readonly query: object;
    readonly answer: object;
    readonly day: Day;
    readonly holdsUntil: Date | null;
    readonly now: Date;
  },
): Promise<void> {
  const { key, query, answer, day, holdsUntil, now } = kept;
  await sql`
    insert into kept_answers (key, query, is_due, answer, day, holds_until, computed_at, asked_at)
    values (${key}, ${storableJson(query)}, false, ${storableJson(answer)}, ${day}, ${holdsUntil}, ${now}, ${now})
    on conflict (key) do update set query = excluded.query, is_due = false, answer = excluded.answer, day = excluded.day, holds_until = excluded.holds_until,
      computed_at = excluded.computed_at, failure = null`.execute(tx);
}

/** The answer could not be computed; the one before is kept. */
export async function storeFailure(tx: Tx, key: string, failure: string): Promise<void> {
  await sql`update kept_answers set is_due = false, failure = ${failure} where key = ${key}`.execute(tx);
}

/** Takes the next answer that is due, held until the transaction ends; null: none is, or others have them. */
export async function takeDue(tx: Tx): Promise<(KeptRow & { readonly answer: Json | null }) | null> {
  const { rows } = await sql<KeptAnswer>`
    select ${COLUMNS}, answer from kept_answers where is_due order by is_watched desc, key limit 1 for update skip locked`.execute(
    tx,
  );
  return rows[0] ?? null;
}

/** Brings the watched answers to these: new ones are due. */
export async function watchKept(
  tx: Tx,
  watched: readonly { readonly key: string; readonly query: object }[],
  now: Date,
): Promise<void> {
  const keys = watched.map(({ key }) => key);
  await sql`update kept_answers set is_watched = false where is_watched and key <> all(${keys}::text[])`.execute(tx);
  if (keys.length === 0) return;
  // Of one that was kept for a viewer, its points are not stored yet.
  await sql`
    insert into kept_answers (key, query, is_watched, asked_at)
    select key, query::jsonb, true, ${now}
    from unnest(${keys}::text[], ${watched.map(({ query }) => storableJson(query))}::text[]) v (key, query)
    on conflict (key) do update set is_watched = true, is_due = true where not kept_answers.is_watched`.execute(tx);
}

export async function makeDue(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await sql`update kept_answers set is_due = true where key = any(${keys}::text[])`.execute(tx);
}

export async function forgetKept(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await sql`delete from kept_answers where key = any(${keys}::text[])`.execute(tx);
}

/** The tables that were touched since, and takes the touches away. */
export async function takeTouches(tx: Tx): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ fact: string }>`
    with taken as (delete from fact_touches returning fact) select distinct fact from taken`.execute(tx);
  return new Set(rows.map((row) => row.fact));
}

/** Numbers that follow from what the config says are due, as those of a table that was touched. */
export async function touchSettings(tx: Tx): Promise<void> {
  await tx.insertInto("fact_touches").values({ fact: "settings" }).execute();
}

/** Whether one of the tables was touched so long ago that the measuring job should have seen to it. */
export async function hasOldTouch(db: Db, facts: readonly string[], olderThanMs: number): Promise<boolean> {
  const { rows } = await sql`
    select from fact_touches
    where fact = any(${facts}::text[]) and at < now() - make_interval(secs => ${olderThanMs / 1000}) limit 1`.execute(
    db,
  );
  return rows.length > 0;
}

/** When the next fact that is dated ahead begins to count, of these tables; null: none is. */
export async function nextDatedAhead(db: Db, facts: ReadonlySet<string>, now: Date): Promise<Date | null> {
  const parts = Object.entries(DATED).flatMap(([fact, column]) =>
    facts.has(fact)
      ? [
          sql`(select ${sql.ref(column)} as at from ${sql.table(fact)} where ${sql.ref(column)} > ${now} and isfinite(${sql.ref(column)})
            order by ${sql.ref(column)} limit 1)`,
        ]
      : [],
  );
  if (parts.length === 0) return null;
  const { rows } = await sql<{ at: Date | null }>`
    select min(at) as at from (${sql.join(parts, sql` union all `)}) ahead`.execute(db);
  return rows[0]?.at ?? null;
}

/** What dates a fact; each has an index. */
const DATED: { readonly [fact: string]: string } = { activities: "occurred_at", deal_changes: "held_from" };
