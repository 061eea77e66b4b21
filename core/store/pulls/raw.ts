import { sql } from "kysely";
import type { Json } from "../../base/json.ts";
import { toStorableJson } from "../../base/text.ts";
import { type Copy, copyHex, copyInstant, copyJson, copyText } from "../copy.ts";
import type { Db, Tx } from "../db.ts";

/** What is stored of a record, as far as landing has to know. */
export type StoredMark = {
  readonly externalId: string;
  /** In hexadecimal. */
  readonly hash: string;
  readonly sourceTime: Date | null;
  readonly fetchedAt: Date;
  readonly deletedAt: Date | null;
};

/** A record to write: new, or in another version than the stored one. `json` is its payload as text. */
export type RawWrite = {
  readonly externalId: string;
  readonly seq: number;
  readonly json: string;
  readonly hash: string;
  readonly sourceTime: Date | null;
  readonly fetchedAt: Date;
  readonly deletedAt: Date | null;
};

export type RawDeletion = {
  readonly externalId: string;
  readonly seq: number;
  readonly fetchedAt: Date;
  readonly deletedAt: Date;
};

/** The hash of a record of which nothing but its deletion is known. No payload has it. */
export const NO_HASH = "";

/** The stored marks of those of the ids that there are. */
export async function readMarks(
  tx: Tx,
  connectionId: string,
  stream: string,
  externalIds: readonly string[],
): Promise<Map<string, StoredMark>> {
  // One by one: of a table that it has not analysed yet PostgreSQL would rather read the whole stream (up to 16 also with `= any`).
  const { rows } = await sql<StoredMark>`
    select found.* from unnest(${externalIds}::text[]) asked (id), lateral (
      select external_id as "externalId", encode(hash, 'hex') as hash, source_time as "sourceTime", fetched_at as "fetchedAt",
        deleted_at as "deletedAt"
      from raw_records
      where connection_id = ${connectionId} and stream = ${stream} and external_id = asked.id
      limit 1
    ) found
  `.execute(tx);
  return new Map(rows.map((row) => [row.externalId, row]));
}

const RAW_COLUMNS = [
  "connection_id",
  "stream",
  "external_id",
  "seq",
  "payload",
  "hash",
  "source_time",
  "first_fetched_at",
  "fetched_at",
  "deleted_at",
];

/** Adds records that are not there yet. */
export async function insertRaw(
  copy: Copy,
  connectionId: string,
  stream: string,
  records: readonly RawWrite[],
): Promise<void> {
  if (records.length > 0) await copy("raw_records", RAW_COLUMNS, rawLines(connectionId, stream, records));
}

function* rawLines(connectionId: string, stream: string, records: readonly RawWrite[]): Generator<string> {
  const key = `${copyText(connectionId)}\t${copyText(stream)}\t`;
  // All records of a page have the same instant, and writing one out is not cheap.
  let fetchedAt: Date | null = null;
  let fetched = "";
  for (const record of records) {
    if (record.fetchedAt !== fetchedAt) {
      fetchedAt = record.fetchedAt;
      fetched = copyInstant(fetchedAt);
    }
    yield `${key}${copyText(record.externalId)}\t${record.seq}\t`;
    yield copyJson(record.json);
    yield `\t${copyHex(record.hash)}\t${copyInstant(record.sourceTime)}\t${fetched}\t${fetched}\t${copyInstant(record.deletedAt)}\n`;
  }
}

/** Replaces records that are there. */
export async function updateRaw(
  tx: Tx,
  connectionId: string,
  stream: string,
  records: readonly RawWrite[],
): Promise<void> {
  if (records.length === 0) return;
  await sql`
    update raw_records r set
      seq = v.seq, payload = v.payload::json, hash = decode(v.hash, 'hex'), source_time = v.source_time, fetched_at = v.fetched_at,
      deleted_at = v.deleted_at
    from unnest(
      ${records.map((r) => r.externalId)}::text[], ${records.map((r) => r.seq)}::bigint[], ${records.map((r) => toStorableJson(r.json))}::text[],
      ${records.map((r) => r.hash)}::text[], ${records.map((r) => r.sourceTime)}::timestamptz[],
      ${records.map((r) => r.fetchedAt)}::timestamptz[], ${records.map((r) => r.deletedAt)}::timestamptz[]
    ) v (external_id, seq, payload, hash, source_time, fetched_at, deleted_at)
    where r.connection_id = ${connectionId} and r.stream = ${stream} and r.external_id = v.external_id
      and r.external_id = any(${records.map((r) => r.externalId)}::text[])
  `.execute(tx);
}

/**
 * Marks records as gone; what they were stays.
 *
 * @returns what they were, by id.
 */
export async function deleteRaw(
  tx: Tx,
  connectionId: string,
  stream: string,
  deletions: readonly RawDeletion[],
): Promise<Map<string, Pick<RawChange, "payload" | "sourceTime">>> {
  if (deletions.length === 0) return new Map();
  const { rows } = await sql<{ externalId: string; payload: Json; sourceTime: Date | null }>`
    update raw_records r set seq = v.seq, fetched_at = v.fetched_at, deleted_at = v.deleted_at
    from unnest(
      ${deletions.map((d) => d.externalId)}::text[], ${deletions.map((d) => d.seq)}::bigint[],
      ${deletions.map((d) => d.fetchedAt)}::timestamptz[], ${deletions.map((d) => d.deletedAt)}::timestamptz[]
    ) v (external_id, seq, fetched_at, deleted_at)
    where r.connection_id = ${connectionId} and r.stream = ${stream} and r.external_id = v.external_id
      and r.external_id = any(${deletions.map((d) => d.externalId)}::text[])
    returning r.external_id as "externalId", r.payload, r.source_time as "sourceTime"
  `.execute(tx);
  return new Map(rows.map(({ externalId, ...last }) => [externalId, last]));
}

const VERSION_COLUMNS = ["connection_id", "stream", "external_id", "seq", "payload", "source_time", "fetched_at"];

/** Keeps versions, of streams whose past matters. */
export async function insertVersions(
  copy: Copy,
  connectionId: string,
  stream: string,
  records: readonly RawWrite[],
): Promise<void> {
  if (records.length > 0) await copy("raw_versions", VERSION_COLUMNS, versionLines(connectionId, stream, records));
}

function* versionLines(connectionId: string, stream: string, records: readonly RawWrite[]): Generator<string> {
  const key = `${copyText(connectionId)}\t${copyText(stream)}\t`;
  for (const record of records) {
    yield `${key}${copyText(record.externalId)}\t${record.seq}\t`;
    yield copyJson(record.json);
    yield `\t${copyInstant(record.sourceTime)}\t${copyInstant(record.fetchedAt)}\n`;
  }
}

/** Noted before the first records of a listing: that nothing of it is missing. No record has this id. */
const LISTED_FROM_START = "";

/** Notes what a listing has listed; with `isStart`, what was noted before no longer counts. */
export async function noteListed(
  tx: Tx,
  connectionId: string,
  stream: string,
  externalIds: readonly string[],
  isStart: boolean,
): Promise<void> {
  if (isStart) await forgetListed(tx, connectionId, stream);
  const ids = isStart ? [LISTED_FROM_START, ...externalIds] : externalIds;
  await sql`
    insert into stream_seen (connection_id, stream, external_ids) values (${connectionId}, ${stream}, ${ids}::text[])
  `.execute(tx);
}

export async function forgetListed(tx: Tx, connectionId: string, stream: string): Promise<void> {
  await tx.deleteFrom("stream_seen").where("connection_id", "=", connectionId).where("stream", "=", stream).execute();
}

/** Whether anything was noted of a listing since the last one ended: where the source was found unchanged, nothing is. */
export async function hasListed(tx: Tx, connectionId: string, stream: string): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    select exists (select from stream_seen where connection_id = ${connectionId} and stream = ${stream}) as there
  `.execute(tx);
  return rows[0]?.there ?? false;
}

/** Whether what is noted of a listing begins with its first page, and lists anything. */
export async function isListedFromStart(tx: Tx, connectionId: string, stream: string): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    select coalesce(bool_or(${LISTED_FROM_START} = any(external_ids)), false)
      and coalesce(bool_or(cardinality(array_remove(external_ids, ${LISTED_FROM_START})) > 0), false) as there
    from stream_seen where connection_id = ${connectionId} and stream = ${stream}
  `.execute(tx);
  return rows[0]?.there ?? false;
}

/** When a listing was asked for, and when it ended; see {@link deleteUnlisted}. */
type Listing = { readonly askedAt: Date; readonly endedAt: Date; readonly quietSince: Date | null };

/** The stream's records that are there (`present`), and those that the listing did not list (`gone`). */
function unlisted(connectionId: string, stream: string, { quietSince }: Pick<Listing, "quietSince">) {
  return sql`
    seen as (
      select unnest(external_ids) as external_id from stream_seen where connection_id = ${connectionId} and stream = ${stream}
    ),
    present as (
      select external_id, first_fetched_at, greatest(first_fetched_at, fetched_at) as came_at
      from raw_records where connection_id = ${connectionId} and stream = ${stream} and deleted_at is null
    ),
    gone as (
      select external_id from present p
      where exists (select from stream_seen s where s.connection_id = ${connectionId} and s.stream = ${stream})
        and not exists (select from seen where seen.external_id = p.external_id)
        and (${quietSince}::timestamptz is null or p.came_at < ${quietSince}::timestamptz)
    )`;
}

/**
 * What a listing has found gone, before anything is done about it. `twins`: how many of those are the same as a record that has come since
 * `askedAt`, but for the id: more likely a damaged id than one record gone and another come.
 */
export async function countUnlisted(
  tx: Tx,
  connectionId: string,
  stream: string,
  listing: Omit<Listing, "endedAt">,
): Promise<{ readonly gone: number; readonly before: number; readonly twins: number }> {
  const withoutId = sql`md5(replace(r.payload::text, r.external_id, ''))`;
  const { rows } = await sql<{ gone: number; before: number; twins: number }>`
    with ${unlisted(connectionId, stream, listing)},
    come as (
      select external_id from present where first_fetched_at >= ${listing.askedAt} and exists (select from gone)
    ),
    content as (
      select r.external_id in (select external_id from gone) as is_gone, ${withoutId} as text
      from raw_records r
      where r.connection_id = ${connectionId} and r.stream = ${stream} and exists (select from come)
        and (r.external_id in (select external_id from gone) or r.external_id in (select external_id from come))
    )
    select (select count(*) from gone) as gone, (select count(*) from present where first_fetched_at < ${listing.askedAt}) as before,
      (select count(*) from content g where g.is_gone and exists (select from content c where not c.is_gone and c.text = g.text)) as twins
  `.execute(tx);
  return rows[0] ?? { gone: 0, before: 0, twins: 0 };
}

/**
 * Ends a listing: the stream's records that it did not list are marked as gone. Where nothing was listed since the last listing ended (the
 * source was found unchanged), nothing is.
 *
 * @param afterSeq the stream's mark; the deletions get the numbers after it, in the order of their ids.
 * @param listing when the listing was asked for, and when it ended. A later listing that has the record again brings it back. What came
 *   after `quietSince` stays even so: it may have come about while the source was listing. Null: nothing does.
 * @returns how many are gone.
 */
export async function deleteUnlisted(
  tx: Tx,
  connectionId: string,
  stream: string,
  afterSeq: number,
  listing: Listing,
): Promise<number> {
  const { rows } = await sql<{ deleted: number }>`
    with ${unlisted(connectionId, stream, listing)},
    numbered as (
      select external_id, ${afterSeq}::bigint + row_number() over (order by external_id) as seq from gone
    ),
    marked as (
      update raw_records r set seq = gone.seq, fetched_at = ${listing.askedAt}, deleted_at = ${listing.endedAt}
      from numbered gone
      where r.connection_id = ${connectionId} and r.stream = ${stream} and r.external_id = gone.external_id
      returning 1
    )
    select count(*) as deleted from marked
  `.execute(tx);
  await forgetListed(tx, connectionId, stream);
  return rows[0]?.deleted ?? 0;
}

/** A version of a record, or its deletion. */
export type RawChange = {
  readonly externalId: string;
  readonly seq: number;
  /** May be null for a deletion: nothing but the id came with it. */
  readonly payload: Json;
  readonly sourceTime: Date | null;
  readonly fetchedAt: Date;
  readonly deletedAt: Date | null;
  /** Whether the store had nothing of the record before; absent: not known. */
  readonly isNew?: boolean;
  /** Whether a later version of the record is stored. Absent: no. */
  readonly isSuperseded?: boolean;
};

/**
 * What landed after a mark, in the order it landed: the newest state of every record, and where versions are kept the ones before, too.
 *
 * @param limit at most so many; fewer means that there are no more.
 */
export async function readChangesAfter(
  db: Db,
  connectionId: string,
  stream: string,
  afterSeq: number,
  limit: number,
): Promise<RawChange[]> {
  const { rows } = await sql<RawChange>`
    select external_id as "externalId", seq, payload, source_time as "sourceTime", fetched_at as "fetchedAt", deleted_at as "deletedAt",
      superseded as "isSuperseded"
    from (
      (select external_id, seq, payload, source_time, fetched_at, deleted_at, false as superseded
       from raw_records
       where connection_id || '/' || stream = ${`${connectionId}/${stream}`} and seq > ${afterSeq}
       order by seq limit ${limit})
      union all
      (select external_id, seq, payload, source_time, fetched_at, null, true
       from raw_versions v
       where connection_id = ${connectionId} and stream = ${stream} and seq > ${afterSeq}
         and not exists (
           select from raw_records r
           where r.connection_id = v.connection_id and r.stream = v.stream and r.external_id = v.external_id and r.seq = v.seq
         )
       order by seq limit ${limit})
    ) changes
    order by seq limit ${limit}
  `.execute(db);
  return rows;
}

/** The newest state of some records, of those that landed up to a mark. */
export async function readRecords(
  db: Db,
  connectionId: string,
  stream: string,
  externalIds: readonly string[],
  toSeq: number,
): Promise<RawChange[]> {
  const { rows } = await sql<RawChange>`
    select external_id as "externalId", seq, payload, source_time as "sourceTime", fetched_at as "fetchedAt", deleted_at as "deletedAt",
      false as "isSuperseded"
    from raw_records
    where connection_id = ${connectionId} and stream = ${stream} and external_id = any(${[...externalIds]}::text[]) and seq <= ${toSeq}
  `.execute(db);
  return rows;
}

/** How the stored records of a stream count: all that the source still has, or those (and the sum of a field) that a filter leaves. */
export async function countRaw(
  db: Db,
  connectionId: string,
  stream: string,
  options: { readonly sum: string | null; readonly where: { readonly [field: string]: string } },
): Promise<number> {
  const conditions = Object.entries(options.where).map(([field, value]) => sql`payload ->> ${field} = ${value}`);
  const filter = conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
  const measure = options.sum === null ? sql`count(*)` : sql`coalesce(sum((payload ->> ${options.sum})::numeric), 0)`;
  const { rows } = await sql<{ value: number }>`
    select ${measure} as value from raw_records
    where connection_id = ${connectionId} and stream = ${stream} and deleted_at is null and ${filter}
  `.execute(db);
  return rows[0]?.value ?? 0;
}
