import { z } from "zod";
import { invalidRequest } from "../web/problem.ts";

/** Lists come in pages: `limit` rows and a cursor to ask for the next ones, null on the last page. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many at most"),
  cursor: z.string().max(500).optional().describe("`next_cursor` of the page before"),
};

/** Of lists that are short by nature: a page holds all of it, unless less is asked for. */
export const shortListQuery = {
  ...pageQuery,
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000).describe("How many at most"),
};

// eslint-disable-next-line typescript/explicit-module-boundary-types -- the type follows from the row's schema
export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({
    data: z.array(row),
    next_cursor: z.string().nullable().describe("Pass it as `cursor` to get the next page; null: there is none"),
  });
}

/** A position in a list, opaque to the caller. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** @throws TributaryError `request.invalid` for a text that is no cursor of this list. */
export function decodeCursor<Position>(cursor: string | undefined, schema: z.ZodType<Position>): Position | null {
  if (cursor === undefined) return null;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    throw invalidRequest("`cursor` is not one that this list gave.");
  }
}

/**
 * Makes a page of rows that were read with `limit + 1`.
 *
 * @param positionOf where a row stands, for the cursor.
 */
export function toPage<Row, Out>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => readonly (string | number)[],
  present: (row: Row) => Out,
): { data: Out[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(present),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null,
  };
}

/**
 * A page of a list that is read whole.
 *
 * @param keyOf what tells a row apart. A row that is gone since is found by its place.
 */
export function shortPage<Row, Out>(
  rows: readonly Row[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  keyOf: (row: Row) => string | number,
  present: (row: Row) => Out,
): { data: Out[]; next_cursor: string | null } {
  const position = decodeCursor(cursor, z.tuple([z.union([z.string(), z.number()]), z.number().int().min(0)]));
  const last = position === null ? -1 : rows.findIndex((row) => keyOf(row) === position[0]);
  const from = position !== null && last < 0 ? position[1] : last + 1;
  const page = rows.slice(from, from + limit);
  const end = page.at(-1);
  return {
    data: page.map(present),
    next_cursor: from + limit < rows.length && end !== undefined ? encodeCursor([keyOf(end), from + limit]) : null,
  };
}
