import type { Clock } from "../core/base/clock.ts";
import { toTributaryError } from "../core/base/errors.ts";
import type { Log } from "../core/base/log.ts";
import { dueReview, readReviewSettings } from "../core/review/settings.ts";
import { runRules } from "../core/rules/evaluate.ts";
import { testDueConclusions } from "../core/setup/conclusions.ts";
import { makeReview } from "../core/setup/reviews.ts";
import type { Db, Store } from "../core/store/db.ts";
import { isReviewMade } from "../core/store/reviews/reviews.ts";
import { readWorkspace } from "../core/store/setup/workspace.ts";

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
