/** A page of a list by offset. */
export function offsetPage<T>(
  rows: readonly T[],
  skip: number,
  limit: number,
): { data: readonly T[]; hasMore: boolean } {
  return { data: rows.slice(skip, skip + limit), hasMore: skip + limit < rows.length };
}

/** An opaque cursor that holds a value. */
export function writeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** @returns null when it is no cursor of ours. */
export function readCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
