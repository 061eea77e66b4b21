import type { Clock } from "../core/base/clock.ts";
import type { Log } from "../core/base/log.ts";
import type { Store } from "../core/store/db.ts";
import { expireHistory } from "../core/store/pulls/expiry.ts";
import { expireIdempotencyKeys } from "../core/store/setup/idempotency.ts";
import { expireRecords } from "../core/store/setup/oauth-records.ts";
import { expireRequestCounts } from "../core/store/setup/request-counts.ts";
import { expireAttempts } from "../core/store/setup/sign-in-attempts.ts";
import { expireSessions } from "../core/store/setup/users.ts";

export type HousekeepingDeps = { readonly store: Store; readonly clock: Clock; readonly log: Log };

/** Takes away what has served its time: sign-ins, answers kept for repeated requests, old log lines and deliveries. */
export async function expire({ store, clock, log }: HousekeepingDeps): Promise<void> {
  const now = clock.now();
  await expireIdempotencyKeys(store.db, now);
  const sessions = await expireSessions(store.db, now);
  await expireAttempts(store.db, now);
  await expireRecords(store.db, now);
  await expireRequestCounts(store.db, now);
  const history = await expireHistory(store.db, now);
  log.info({ sessions, history }, "expired");
}
