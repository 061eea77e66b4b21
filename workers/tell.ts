import type { Clock } from "../core/base/clock.ts";
import { toTributaryError } from "../core/base/errors.ts";
import type { Log } from "../core/base/log.ts";
import { digest } from "../core/digest/digest.ts";
import { type DigestSettings, dueDigest, readDigests } from "../core/digest/settings.ts";
import { appendEvents, eventId } from "../core/outbox/append.ts";
import { dueReview, readReviewSettings } from "../core/review/settings.ts";
import { runRules } from "../core/rules/evaluate.ts";
import { testDueConclusions } from "../core/setup/conclusions.ts";
import { makeReview } from "../core/setup/reviews.ts";
import type { Db, Store } from "../core/store/db.ts";
import { hasEvent } from "../core/store/outbox/events.ts";
import { isReviewMade } from "../core/store/reviews/reviews.ts";
import { readWorkspace } from "../core/store/setup/workspace.ts";
import { createFormat } from "../dashboards/web/format.ts";

export type TellDeps = { readonly store: Store; readonly clock: Clock; readonly log: Log };

/** Whoever does it because it is due. */
const ACTOR = "hub";

/**
 * Makes and tells what is due by the clock. Asked each minute, in any number of processes: what has been told is known by the database, so a hub that
 * was down tells it when it is back, and none tells it twice. One part that fails leaves the others alone.
 */
export async function tell({ store, clock, log }: TellDeps): Promise<void> {
  const failed = (part: string, of: string | null, error: unknown): void => {
    const known = toTributaryError(error);
    if (known.kind === "transient") throw error;
    log.warn({ part, of, code: known.code, err: known.kind === "config" ? undefined : error }, known.toString());
  };
  const parts: { readonly [name: string]: (db: Db, now: Date) => Promise<void> } = {
    review: makeDueReview,
    conclusions: (db, now) => testDueConclusions({ db, now }, (id, error) => failed("conclusion", id, error)),
    digests: (db, now) => tellDigests(db, now, (id, error) => failed("digest", id, error)),
    rules: (db, now) => runRules(db, now, (id, error) => failed("rule", id, error)),
  };
  for (const [name, part] of Object.entries(parts)) {
    try {
      await part(store.db, clock.now());
    } catch (error) {
      failed(name, null, error);
    }
  }
}

/** A digest that could not be told for so long is told the next day: a morning's numbers are no news in the evening. */
const STALE_MS = 3 * 3_600_000;

async function tellDigests(db: Db, now: Date, onError: (id: string, error: unknown) => void): Promise<void> {
  const digests = await readDigests(db);
  if (digests.length === 0) return;
  const workspace = await readWorkspace(db);
  for (const settings of digests) {
    const due = dueDigest(settings, workspace, now);
    if (due === null || now.getTime() - due.at.getTime() > STALE_MS) continue;
    const key = `${settings.id}|${due.day}`;
    if (await hasEvent(db, eventId("digest.ready", key))) continue;
    try {
      await tellDigest(db, settings, key, now);
    } catch (error) {
      onError(settings.id, error);
    }
  }
}

/** Tells what a digest says now. @param key of the same, it is told once. */
export async function tellDigest(db: Db, settings: DigestSettings, key: string, now: Date): Promise<void> {
  const { id, title, day, ...said } = await digest(db, settings, createFormat, now);
  const data = {
    ...said,
    digest: { id, title, day },
    lines: said.lines.map((line) => ({ ...line, rows: [...line.rows], notes: [...line.notes] })),
  };
  const event = { type: "digest.ready", key, entityKey: `digest/${id}`, occurredAt: now, data } as const;
  await db.transaction().execute((tx) => appendEvents(tx, [event]));
}

/** A review is not made up for when the time for it is so long past: it would be about another week. */
const LATEST_MS = 2 * 86_400_000;

async function makeDueReview(db: Db, now: Date): Promise<void> {
  const settings = await readReviewSettings(db);
  if (settings === null) return;
  const { latest } = dueReview(settings, await readWorkspace(db), now);
  const isPast = now.getTime() - latest.at.getTime() > LATEST_MS;
  if (latest.at > now || isPast || (await isReviewMade(db, latest.at))) return;
  await makeReview({ db, now }, ACTOR, latest);
}
