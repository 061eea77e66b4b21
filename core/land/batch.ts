import { hash } from "node:crypto";
import { TributaryError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { isStorableInstant } from "../base/time.ts";
import type { Deletion } from "../connector/define.ts";
import { NO_HASH, type StoredMark } from "../store/pulls/raw.ts";

/**
 * What a batch says of each record, made into one verdict per record. Pure: what is stored comes in, what to write goes out.
 *
 * Which of two versions holds:
 *   1. the one with the newer source time;
 *   2. with the same, or where the source does not say: a page of the record's own stream wins over what came before it (one run at a time
 *      writes a stream, so pages come in their order); a copy in another stream's page wins if it was asked for later.
 *
 * Whether a record is there or gone. A deletion holds at `deletedAt`: the source's own time where it says so, else when we learned of it.
 *   1. a version that the source changed after `deletedAt` brings the record back (it was restored);
 *   2. so does a page of the record's own stream that lists it, if that page was asked for after we had learned of the deletion: what the
 *      source lists now is there, whatever its date. (Other streams' pages and webhooks carry copies from the past; they prove nothing.)
 *   3. anything else is an echo from before the deletion, and the record stays gone.
 *
 *   asked for ────────── answered        a page that was asked for before the deletion was learned may still show the record:
 *        │     deleted      │            rule 3
 *        └──────┼───────────┘
 *            learned ─────── asked for   rule 2
 */

/** What landing has to know of a stream. */
export type LandStream = {
  readonly name: string;
  readonly externalId: (record: Json) => string;
  readonly sourceTime: (record: Json) => Date | null;
  readonly keepsVersions: boolean;
};

/** What one page says of one stream. */
export type LandPart = {
  readonly stream: LandStream;
  readonly versions: readonly Version[];
  readonly deleted: readonly Deletion[];
};

/** What a batch says of one record. */
export type Candidate = {
  readonly externalId: string;
  version: Version | null;
  deletion: { readonly at: Date; readonly isSourceTime: boolean } | null;
};

/** A record as it came, with what landing compares and stores of it. */
export type Version = {
  readonly externalId: string;
  readonly payload: Json;
  readonly json: string;
  /** SHA-256 in hexadecimal: a Buffer for each record would cost more than the hashing. */
  readonly hash: string;
  readonly sourceTime: Date | null;
  /** When the page was asked for. */
  readonly fetchedAt: Date;
  /** Whether the source lists the records as it has them now: a page of the stream itself. */
  readonly isListing: boolean;
};

/** What to do about a candidate. */
export type Verdict = "add" | "change" | "restore" | "bury" | "delete" | "keep";

/**
 * The batch's word on each record of one stream, in the order in which the records first came.
 *
 * @param learnedAt when the batch lands.
 */
export function gather(parts: readonly LandPart[], learnedAt: Date): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>();
  for (const part of parts) {
    for (const version of part.versions) {
      const { externalId } = version;
      const known = candidates.get(externalId);
      if (known === undefined) candidates.set(externalId, { externalId, version, deletion: null });
      else mergeVersion(known, version);
    }
    for (const entry of part.deleted) {
      const externalId = typeof entry === "string" ? entry : entry.id;
      const deletion =
        typeof entry === "string" ? { at: learnedAt, isSourceTime: false } : { at: entry.at, isSourceTime: true };
      const known = candidates.get(externalId);
      if (known === undefined) candidates.set(externalId, { externalId, version: null, deletion });
      else mergeDeletion(known, deletion);
    }
  }
  return candidates;
}

function idOf(stream: LandStream, record: Json): string {
  let id: unknown;
  try {
    id = stream.externalId(record);
  } catch (error) {
    throw noId(stream.name, error);
  }
  if (typeof id !== "string" || id === "") throw noId(stream.name);
  return id;
}

/**
 * Reads what a page says of a stream.
 *
 * @throws TributaryError `land.no_id`
 */
export function readPart(
  stream: LandStream,
  said: { readonly records: readonly Json[]; readonly deleted?: readonly Deletion[] },
  { fetchedAt, isListing }: { readonly fetchedAt: Date; readonly isListing: boolean },
): LandPart {
  const versions = said.records.map((record): Version => {
    const json = jsonOf(stream, record);
    return {
      externalId: idOf(stream, record),
      payload: record,
      json,
      hash: hash("sha256", json, "hex"),
      sourceTime: validTime(stream.sourceTime(record)),
      fetchedAt,
      isListing,
    };
  });
  return { stream, versions, deleted: said.deleted ?? [] };
}

function jsonOf(stream: LandStream, record: Json): string {
  try {
    return JSON.stringify(record);
  } catch (error) {
    // Only one reason is left for what came as JSON.
    throw new TributaryError({
      code: "land.too_deep",
      kind: "contract",
      message: `A record of the stream ${stream.name} is nested thousands of levels deep.`,
      mend: "Look at what the source sends: no tool's record is like that.",
      cause: error,
    });
  }
}

/** A date that does not exist, or lies beyond what can be stored, is no source time: the record must still land. */
function validTime(time: Date | null): Date | null {
  return time === null || !isStorableInstant(time) ? null : time;
}

function mergeVersion(known: Candidate, version: Version): void {
  if (known.version === null || !isOlder(version, known.version)) known.version = version;
  if (known.deletion !== null && wasChangedAfter(version, known.deletion)) known.deletion = null;
}

function mergeDeletion(known: Candidate, deletion: NonNullable<Candidate["deletion"]>): void {
  if (known.version !== null && wasChangedAfter(known.version, deletion)) return;
  known.deletion = deletion;
}

/** Whether a version says that the record was changed after it had gone. Only the source's own clock can tell. */
function wasChangedAfter(
  version: { readonly sourceTime: Date | null },
  deletion: { readonly at: Date; readonly isSourceTime: boolean },
): boolean {
  return deletion.isSourceTime && version.sourceTime !== null && version.sourceTime > deletion.at;
}

type Dated = { readonly sourceTime: Date | null; readonly fetchedAt: Date };

function isOlder(version: Dated & { readonly isListing: boolean }, than: Dated): boolean {
  if (version.sourceTime !== null && than.sourceTime !== null) {
    const difference = version.sourceTime.getTime() - than.sourceTime.getTime();
    if (difference !== 0) return difference < 0;
  }
  return !version.isListing && version.fetchedAt < than.fetchedAt;
}

/** `bury`: a deletion of a record that never came; kept, so that an echo which lands later does not bring it to life. */
export function judge(candidate: Candidate, stored: StoredMark | undefined): Verdict {
  const { version, deletion } = candidate;
  if (stored === undefined) return deletion === null ? "add" : "bury";
  if (deletion !== null) {
    const isGone = stored.deletedAt !== null || wasChangedAfter(stored, deletion);
    return isGone ? "keep" : "delete";
  }
  if (version === null || (isOlder(version, stored) && !isRestored(version, stored))) return "keep";
  if (stored.deletedAt !== null) return isRestored(version, stored) ? "restore" : "keep";
  return version.hash === stored.hash ? "keep" : "change";
}

function isRestored(version: Version, stored: StoredMark): boolean {
  if (stored.deletedAt === null) return false;
  if (version.sourceTime !== null && version.sourceTime > stored.deletedAt) return true;
  // For a record that is gone, `fetched_at` is when we learned of it.
  return version.isListing && version.fetchedAt > stored.fetchedAt;
}

/** Whether nothing but the deletion of the stored record is known. */
export function isBuriedUnseen(stored: StoredMark): boolean {
  return stored.hash === NO_HASH;
}

function noId(stream: string, cause?: unknown): TributaryError {
  return new TributaryError({
    code: "land.no_id",
    kind: "contract",
    message: `A record of the stream ${stream} came without an id.`,
    mend: "The vendor has changed what it sends, or the connector reads the wrong field: report it with the connector's name.",
    cause,
  });
}
