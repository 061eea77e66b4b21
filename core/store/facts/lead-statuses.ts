import { sql } from "kysely";
import type { Copy } from "../copy.ts";
import type { Tx } from "../db.ts";
import { instantCell } from "./deals.ts";
import { copyLines } from "./facts.ts";
import type { Cells } from "./facts-cells.ts";

/** Where leads stand: what was witnessed of it, a row a witness. Instants are milliseconds of Unix time; -Infinity: since ever. */

export type LeadStatusRow = {
  /** Of a person or a company. */
  readonly leadId: string;
  /** Tells the witnesses of one lead apart. */
  readonly key: string;
  readonly recordId: string;
  readonly kind: "snapshot" | "change";
  readonly at: number;
  readonly isDay: boolean;
  readonly knownAt: number;
  readonly seq: number;
  readonly before: string | null;
  readonly status: string | null;
};

const COLUMNS = [
  "lead_id",
  "key",
  "connection_id",
  "record_id",
  "kind",
  "at",
  "is_day",
  "known_at",
  "seq",
  "before",
  "status",
] as const;

/**
 * Replaces what the records of a batch have witnessed: the versions that were read, and for changes all that their records said before.
 *
 * @returns whether anything differs from what was stored.
 */
export async function storeLeadStatuses(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  said: {
    readonly rows: readonly LeadStatusRow[];
    /** Records that may have spoken before, with the version that was read now. */
    readonly seenBefore: readonly { readonly recordId: string; readonly seq: number; readonly isCurrent: boolean }[];
    /** Records that the source no longer has: their changes are taken back, their snapshots were true. */
    readonly deletedRecordIds: readonly string[];
  },
): Promise<boolean> {
  const rows = [...new Map(said.rows.map((row) => [`${row.leadId} ${row.key}`, row])).values()];
  const before = await takeOut(tx, said);
  const after = rows.map(comparable).toSorted();
  if (rows.length > 0) {
    // A witness that another record of this batch has replaced, such as one that came without having been seen before.
    await sql`
      delete from lead_statuses s
      using unnest(${rows.map((row) => row.leadId)}::uuid[], ${rows.map((row) => row.key)}::text[]) v (lead_id, key)
      where s.lead_id = v.lead_id and s.key = v.key`.execute(tx);
    await copy("lead_statuses", COLUMNS, copyLines(rows.map((row) => cells(connectionId, row))));
  }
  return before.length !== after.length || before.some((line, index) => line !== after[index]);
}

async function takeOut(
  tx: Tx,
  { seenBefore, deletedRecordIds }: Parameters<typeof storeLeadStatuses>[3],
): Promise<string[]> {
  const current = seenBefore.filter((record) => record.isCurrent).map((record) => record.recordId);
  if (seenBefore.length === 0 && deletedRecordIds.length === 0) return [];
  const { rows } = await sql<{ line: string }>`
    delete from lead_statuses s
    where s.kind = 'change' and s.record_id = any(${[...current, ...deletedRecordIds]}::uuid[])
      or s.kind = 'snapshot' and (s.record_id, s.seq) in (
        select * from unnest(${seenBefore.map((r) => r.recordId)}::uuid[], ${seenBefore.map((r) => r.seq)}::bigint[]))
    returning concat_ws('|', s.lead_id, s.key, round(extract(epoch from s.at) * 1000), s.is_day, coalesce(s.before, ''), coalesce(s.status, '')) as line
  `.execute(tx);
  return rows.map((row) => row.line).toSorted();
}

function comparable(row: LeadStatusRow): string {
  return [row.leadId, row.key, row.at, row.isDay ? "t" : "f", row.before ?? "", row.status ?? ""].join("|");
}

function cells(connectionId: string, row: LeadStatusRow): Cells {
  return [
    row.leadId,
    row.key,
    connectionId,
    row.recordId,
    row.kind,
    instantCell(row.at),
    row.isDay ? "t" : "f",
    instantCell(row.knownAt),
    String(row.seq),
    row.before,
    row.status,
  ];
}
