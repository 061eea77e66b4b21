import { hash } from "node:crypto";
import { erasedJson, knownByMarks, type Known, markOf, speaksOf } from "../base/erasing.ts";
import { readErasures, type Erasures, erasuresVersion } from "../store/erasure.ts";
import type { Db } from "../store/db.ts";
import type { LandPart, Version } from "./batch.ts";

/**
 * Whoever was erased does not come back: their own records are not taken in, and what other records say of them is taken out before it
 * lands. What landed before is swept by core/setup/erase.ts.
 */
export async function screened(db: Db, connectionId: string, parts: readonly LandPart[]): Promise<readonly LandPart[]> {
  const erasures = await currentErasures(db);
  if (erasures === null || parts.length === 0) return parts;
  const known = knownByMarks(erasures.salt, erasures.marks);
  return parts.map((part) => ({
    ...part,
    versions: part.versions.flatMap((version) => screenVersion(erasures, known, connectionId, part, version)),
  }));
}

function screenVersion(
  { salt, marks }: Erasures,
  known: Known,
  connectionId: string,
  { stream }: LandPart,
  version: Version,
): readonly Version[] {
  const own = markOf(salt, "record", recordText(connectionId, stream.name, version.externalId));
  if (marks.has(own.toString("hex"))) return [];
  if (!speaksOf(known, version.payload)) return [version];
  const payload = erasedJson(known, version.payload, true);
  if (payload === version.payload) return [version];
  const json = JSON.stringify(payload);
  return [{ ...version, externalId: stream.externalId(payload), payload, json, hash: hash("sha256", json, "hex") }];
}

/** What tells a record apart from all others. */
export function recordText(connectionId: string, stream: string, externalId: string): string {
  return JSON.stringify([connectionId, stream, externalId]);
}

const read = new WeakMap<Db, { readonly version: string; readonly erasures: Erasures | null }>();

/** Read anew when somebody was erased since. */
async function currentErasures(db: Db): Promise<Erasures | null> {
  const version = await erasuresVersion(db);
  const before = read.get(db);
  if (before?.version === version) return before.erasures;
  const erasures = await readErasures(db);
  read.set(db, { version, erasures });
  return erasures;
}
