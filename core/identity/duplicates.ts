import { sql } from "kysely";
import type { Tx } from "../store/db.ts";

/**
 * The same touch seen twice counts once: `duplicate_of` of the later one names the first. A rule says which activities are the same; more
 * (a call in the CRM and its recording elsewhere) are added to the list.
 */
type DuplicateRule = {
  readonly id: string;
  /** Pairs (a, b) of activities that are the same; at least one is among `touched`. */
  readonly pairs: (touched: readonly string[]) => ReturnType<typeof sql<Pair>>;
};

type Pair = { readonly a: string; readonly b: string };

const RULES: readonly DuplicateRule[] = [
  {
    // The same meeting in two calendars, the same message in two mailboxes. Twelve hours: a series of meetings shares one key, and its
    // meetings are at least a day apart.
    id: "same_connection.match_key",
    pairs: (touched) => sql<Pair>`
      select a.id as a, b.id as b
      from activities a
      join activities b on b.match_keys && a.match_keys and b.match_keys <> '{}' and b.connection_id = a.connection_id and b.type = a.type
        and b.id <> a.id and abs(extract(epoch from b.occurred_at - a.occurred_at)) < 43200 and b.deleted_at is null
      where a.id = any(${touched}::uuid[]) and a.match_keys <> '{}' and a.deleted_at is null`,
  },
];

/** Marks doubles anew around the touched activities. @returns how many rows were changed. */
export async function markDuplicates(tx: Tx, touched: readonly string[]): Promise<number> {
  if (touched.length === 0) return 0;
  // Whatever had been marked because of a touched one is judged again.
  const { rows: around } = await sql<{ id: string }>`
    select id from activities where id = any(${touched}::uuid[])
    union select id from activities where duplicate_of = any(${touched}::uuid[]) and match_keys <> '{}'
  `.execute(tx);
  const ids = around.map((row) => row.id);
  const pairs: Pair[] = [];
  for (const rule of RULES) pairs.push(...(await rule.pairs(ids).execute(tx)).rows);
  const members = [...new Set([...ids, ...pairs.map((pair) => pair.b)])];
  const { rows: ordered } = await sql<{ id: string }>`
    select id from activities where id = any(${members}::uuid[]) order by occurred_at, id
  `.execute(tx);
  const firstOf = new Map<string, string>();
  const marks = ordered.map(({ id }) => {
    const earlier = pairs
      .flatMap(({ a, b }) => (a === id ? [b] : b === id ? [a] : []))
      .find((other) => firstOf.has(other));
    const first = earlier === undefined ? id : (firstOf.get(earlier) ?? id);
    firstOf.set(id, first);
    return { id, of: first === id ? null : first };
  });
  const result = await sql`
    update activities x set duplicate_of = v.of
    from unnest(${marks.map((m) => m.id)}::uuid[], ${marks.map((m) => m.of)}::uuid[]) v (id, of)
    where x.id = v.id and x.duplicate_of is distinct from v.of
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}
