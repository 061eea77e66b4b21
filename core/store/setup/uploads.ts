import { sql } from "kysely";
import type { Db, Tx } from "../db.ts";

/** A file that came by API or console. */
export type Upload = {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly createdBy: string;
  readonly createdAt: Date;
};

const COLUMNS = ["name", "size", "sha256", "created_by as createdBy", "created_at as createdAt"] as const;

/** By name. */
export async function listUploads(db: Db | Tx): Promise<Upload[]> {
  return db.selectFrom("uploads").select(COLUMNS).orderBy("name").execute();
}

export async function findUpload(db: Db | Tx, name: string): Promise<Upload | null> {
  return (await db.selectFrom("uploads").select(COLUMNS).where("name", "=", name).executeTakeFirst()) ?? null;
}

export async function readUpload(db: Db | Tx, name: string): Promise<Buffer | null> {
  const row = await db.selectFrom("uploads").select("content").where("name", "=", name).executeTakeFirst();
  return row?.content ?? null;
}

/** Uploads are counted and kept one at a time, so that together they stay within their bounds. */
export async function lockUploads(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('tributary.uploads'))`.execute(tx);
}

/** Keeps a file; one of the same name is replaced. */
export async function putUpload(
  tx: Tx,
  file: Omit<Upload, "createdAt" | "size"> & { readonly content: Buffer },
): Promise<Upload> {
  const { name, sha256, createdBy, content } = file;
  const row = { size: content.length, sha256, content, created_by: createdBy };
  return tx
    .insertInto("uploads")
    .values({ name, ...row })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ ...row, created_at: sql<Date>`now()` }))
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

/** @returns false when there is none of this name. */
export async function deleteUpload(tx: Tx, name: string): Promise<boolean> {
  return (await tx.deleteFrom("uploads").where("name", "=", name).executeTakeFirst()).numDeletedRows > 0n;
}
