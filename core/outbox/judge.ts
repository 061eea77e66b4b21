import type { SendOutcome } from "../destination/define.ts";
import type { Endpoint } from "../store/outbox/endpoints.ts";
import { nextAttemptAt } from "./retry.ts";

/**
 * What becomes of a delivery and of its receiver after an attempt. Pure: the caller stores it.
 *
 *   receiver   active ──5 failures in a row──► backs off: one attempt at a time, each after a wait that grows with the outage
 *                 ▲                                │ 5 days without a success
 *                 │ a success                      ▼
 *                 ├──────────────────────── paused by failures: the same, and people are told
 *                 │ a person
 *                 └──────────────────────── paused by a person, or gone (410): nothing is sent
 *
 * While a receiver backs off, an attempt asks whether it is back and is no fault of the delivery: it uses up none of its tries. So an outage
 * of days loses nothing, and a delivery that its receiver refuses while it takes others is given up after about three days.
 */
export type ReceiverState = Pick<
  Endpoint,
  "state" | "pausedBy" | "stateReason" | "failuresInARow" | "failingSince" | "notBefore"
>;

export type Verdict = {
  readonly delivery: DeliveryVerdict;
  readonly receiver: ReceiverState;
  /** What people are told about the receiver, where something has changed for them. */
  readonly notice: "failing" | "paused" | "recovered" | null;
};

export type DeliveryVerdict =
  | { readonly state: "delivered" }
  | { readonly state: "failed"; readonly triesUsed: number }
  | { readonly state: "pending"; readonly triesUsed: number; readonly nextAttemptAt: Date };

export const FAILURES_BEFORE_BACKING_OFF = 5;
const SHORTEST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 3_600_000;
/** For a receiver that says "too many" and not for how long. */
const THROTTLED_MS = 30_000;
const DAY_MS = 24 * 3_600_000;
const WARNED_AFTER_MS = DAY_MS;
const PAUSED_AFTER_MS = 5 * DAY_MS;

/** Whether a receiver is sent one thing at a time, to see whether it is back. */
export function isProbed({ failuresInARow, pausedBy }: Pick<ReceiverState, "failuresInARow" | "pausedBy">): boolean {
  return failuresInARow >= FAILURES_BEFORE_BACKING_OFF || pausedBy === "failures";
}

/**
 * @param triesUsed of the delivery, before this attempt.
 * @param random 0 to 1; spreads what failed together.
 */
export function judge(
  receiver: ReceiverState,
  triesUsed: number,
  outcome: SendOutcome,
  now: Date,
  random: number,
): Verdict {
  if (outcome.error === null) return succeeded(receiver);
  if (outcome.statusCode === 410 || outcome.wish === "stop")
    return gone(receiver, triesUsed, outcome.statusCode === 410, now);
  if (outcome.wish === "drop")
    return { delivery: { state: "failed", triesUsed: triesUsed + 1 }, receiver: answered(receiver), notice: null };
  const failed = backedOff(receiver, outcome, now, random);
  // A receiver that asks for time, and one that is known to be down, say nothing of the delivery.
  const isCounted = outcome.statusCode !== 429 && !isProbed(receiver);
  const used = triesUsed + (isCounted ? 1 : 0);
  const planned = isCounted ? nextAttemptAt(used, now, outcome.retryAfterS, random) : now;
  const delivery: DeliveryVerdict =
    planned === null
      ? { state: "failed", triesUsed: used }
      : { state: "pending", triesUsed: used, nextAttemptAt: later(planned, failed.receiver.notBefore) };
  return { ...failed, delivery };
}

function succeeded(receiver: ReceiverState): Verdict {
  const isPausedByPerson = receiver.state === "paused" && receiver.pausedBy !== "failures";
  return {
    delivery: { state: "delivered" },
    receiver: isPausedByPerson
      ? { ...receiver, failuresInARow: 0, failingSince: null, notBefore: null }
      : { state: "active", pausedBy: null, stateReason: null, failuresInARow: 0, failingSince: null, notBefore: null },
    notice: receiver.pausedBy === "failures" ? "recovered" : null,
  };
}

/** It is there, whatever it thinks of this delivery. */
function answered(receiver: ReceiverState): ReceiverState {
  return succeeded(receiver).receiver;
}

function gone(receiver: ReceiverState, triesUsed: number, isGone: boolean, now: Date): Verdict {
  const stateReason = isGone
    ? "The receiver answered 410 Gone: it wants no more."
    : "The receiver asked for no more (webhook-delivery: disable).";
  return {
    // It waits for a person who resumes the receiver, who then wants it at once.
    delivery: { state: "pending", triesUsed, nextAttemptAt: now },
    receiver: { ...receiver, state: "paused", pausedBy: "gone", stateReason, notBefore: null },
    notice: receiver.pausedBy === "gone" ? null : "paused",
  };
}

function backedOff(
  receiver: ReceiverState,
  outcome: SendOutcome,
  now: Date,
  random: number,
): Pick<Verdict, "receiver" | "notice"> {
  const failuresInARow = receiver.failuresInARow + 1;
  const failingSince = receiver.failingSince ?? now;
  const forMs = now.getTime() - failingSince.getTime();
  const waits: number[] = [];
  if (outcome.retryAfterS !== null) waits.push(Math.min(outcome.retryAfterS * 1000, DAY_MS));
  else if (outcome.statusCode === 429) waits.push(THROTTLED_MS);
  if (isProbed({ ...receiver, failuresInARow })) {
    // Down for so long: looked at again after a tenth of that, so that it is back within a tenth of the outage.
    waits.push(Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, forMs / 10)));
  }
  // Jitter only ever adds: what a receiver asked for is the least.
  const notBefore = waits.length === 0 ? null : new Date(now.getTime() + Math.max(...waits) * (1 + random / 5));
  const failing: ReceiverState = { ...receiver, failuresInARow, failingSince, notBefore };
  if (receiver.state === "active" && forMs >= PAUSED_AFTER_MS) {
    const stateReason = `Nothing was taken for five days; the last time: ${outcome.error ?? "no reason"} It is tried again by itself.`;
    return { receiver: { ...failing, state: "paused", pausedBy: "failures", stateReason }, notice: "paused" };
  }
  // Told as often as it is so; the event's key makes one of it.
  return { receiver: failing, notice: forMs >= WARNED_AFTER_MS ? "failing" : null };
}

function later(planned: Date, notBefore: Date | null): Date {
  return notBefore !== null && notBefore > planned ? notBefore : planned;
}
