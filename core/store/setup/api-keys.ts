import type { Db } from "../db.ts";

/**
 * Keys that machines carry. One table for both kinds:
 * - API keys, sent as `Authorization: Bearer trib_…`, with scopes such as `read` and `write`;
 * - link keys, the `?key=` of a TV or feed address, with scopes such as `tv:sales-floor` or `feed:*`.
 * Only the SHA-256 of a key is kept, so a key can be shown once, when it is made.
 */
export type ApiKey = {
  readonly id: string;
  readonly name: string;
  /** The key's first characters, to tell keys apart in a list. */
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  /** To the minute: not every request writes. Null: never used. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
};

const COLUMNS = ["id", "name", "prefix", "scopes", "created_at", "last_used_at", "revoked_at"] as const;

type KeyRow = {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
};

function fromRow(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

export async function createApiKey(
  db: Db,
  key: {
    readonly name: string;
    readonly keyHash: Buffer;
    readonly prefix: string;
    readonly scopes: readonly string[];
  },
): Promise<ApiKey> {
  const row = await db
    .insertInto("api_keys")
    .values({ name: key.name, key_hash: key.keyHash, prefix: key.prefix, scopes: [...key.scopes] })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return fromRow(row);
}

/** Newest first, revoked ones included; starts after `before` when it is given. */
export async function listApiKeys(
  db: Db,
  page: { readonly limit: number; readonly before: { readonly createdAt: Date; readonly id: string } | null },
): Promise<ApiKey[]> {
  let query = db.selectFrom("api_keys").select(COLUMNS).orderBy("created_at", "desc").orderBy("id", "desc");
  const { before } = page;
  if (before !== null) {
    query = query.where((eb) =>
      eb(eb.refTuple("created_at", "id"), "<", eb.tuple(eb.val(before.createdAt), eb.val(before.id))),
    );
  }
  return (await query.limit(page.limit).execute()).map(fromRow);
}

/** The key with this hash, if it has not been revoked. Notes its use, at most once a minute. */
export async function useApiKey(db: Db, keyHash: Buffer, now: Date): Promise<ApiKey | null> {
  const row = await db
    .selectFrom("api_keys")
    .select(COLUMNS)
    .where("key_hash", "=", keyHash)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.last_used_at === null || now.getTime() - row.last_used_at.getTime() > 60_000) {
    await db.updateTable("api_keys").set({ last_used_at: now }).where("id", "=", row.id).execute();
  }
  return fromRow(row);
}

/** A revoked key never works again. @returns the key, or null when there is none with this id that still works. */
export async function revokeApiKey(db: Db, id: string, now: Date): Promise<ApiKey | null> {
  const row = await db
    .updateTable("api_keys")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}
