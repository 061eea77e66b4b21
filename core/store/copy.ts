import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { Kysely, PostgresDialect } from "kysely";
import { from as copyFrom } from "pg-copy-streams";
import type { Database } from "../schema/tables.ts";
import { instantText } from "../base/time.ts";
import { toStorable, toStorableJson } from "../base/text.ts";
import type { Store, Tx } from "./db.ts";
import { databaseFailure } from "./failures.ts";

/** COPY, PostgreSQL's bulk load, inside a transaction. */

/**
 * Sends rows in COPY's text format: a line is the columns' texts ({@link copyText} and its kin) joined by tabs, ended by a newline.
 *
 * @param text the lines one after another, in pieces of any length. Best made while they are sent: a whole batch of them lives through
 *   several garbage collections, and is copied in each.
 */
export type Copy = (table: keyof Database, columns: readonly string[], text: Iterable<string>) => Promise<void>;

/** What COPY's text format reads as null. */
export const COPY_NULL = "\\N";

/** A transaction that can COPY: Kysely for statements, `copy` for bulk, both on the same connection. */
export async function copyTransaction<T>(store: Store, run: (tx: Tx, copy: Copy) => Promise<T>): Promise<T> {
  const client = await store.pool.connect();
  // Kysely does not show the connection of a transaction, so it is given a pool of just this one. It releases it at the end.
  const pool = { connect: () => Promise.resolve(client), end: () => Promise.resolve() };
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return db.transaction().execute((tx) =>
    run(tx, async (table, columns, text) => {
      const names = columns.map((name) => `"${name}"`).join(", ");
      const target = client.query(copyFrom(`copy "${table}" (${names}) from stdin`));
      await pipeline(Readable.from(toChunks(text)), target).catch((error: unknown) => {
        throw databaseFailure(error, store.place) ?? error;
      });
    }),
  );
}

const CHUNK_BYTES = 64 * 1024;
/** UTF-8 needs at most so many for one unit of a JavaScript string. */
const MOST_BYTES_PER_UNIT = 3;

/** The text as bytes, made while they are sent. One text of the whole batch, and a buffer of that, took 2.5 times as long. */
export function* toChunks(text: Iterable<string>): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let used = 0;
  for (const piece of text) {
    const mostBytes = piece.length * MOST_BYTES_PER_UNIT;
    if (used + mostBytes > chunk.length) {
      if (used > 0) yield chunk.subarray(0, used);
      chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, mostBytes));
      used = 0;
    }
    used += chunk.write(piece, used);
  }
  if (used > 0) yield chunk.subarray(0, used);
}

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: { readonly [character: string]: string } = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text for COPY, in its storable form (core/base/text.ts). */
export function copyText(value: string | null): string {
  if (value === null) return COPY_NULL;
  const text = toStorable(value);
  return SPECIAL.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? "") : text;
}

/** What `JSON.stringify` gave, for COPY. It has no raw control characters, so backslashes are all there is to escape. */
export function copyJson(said: string): string {
  const json = toStorableJson(said);
  return json.includes("\\") ? json.replaceAll("\\", "\\\\") : json;
}

export function copyInstant(value: Date | null): string {
  return value === null ? COPY_NULL : instantText(value);
}

/** A `bytea` that is written in hexadecimal. */
export function copyHex(hex: string): string {
  return `\\\\x${hex}`;
}
