import type { BucketLimit, ObservedLimit } from "../../core/connector/http.ts";
import { z } from "zod";

/** All requests of a property share its quotas; its failures are counted apart. */
export const PROPERTY = "property";
export const SERVER_ERRORS = "server_errors";

/** Under this name the quota of an answer's body is handed to `readLimit`. */
export const QUOTA_HEADER = "property-quota";

/**
 * Where a property's bucket begins. Google counts tokens, not requests: 14,000 an hour for one project and property, of which a request
 * costs a few; what each answer says is left corrects this (see {@link readLimit}). A few years' first load goes at once. Below 40, so that
 * the shared limiter hands out its tokens singly: those of large buckets are fetched in handfuls, and given up when not used at once.
 * developers.google.com, "Google Analytics Data API: Limits and quotas".
 */
const CAPACITY = 39;
const PROPERTY_LIMIT: BucketLimit = { capacity: CAPACITY, refillPerS: 1 };
/** Most requests cost less. The same page. */
const TOKENS_PER_REQUEST = 10;

/**
 * A third of the failures that Google allows in an hour may come at once and a third comes back in an hour. With the one that finds the
 * budget empty and the one after each pause that is at most 8 of 10 in any hour.
 */
export function startingLimits(serverErrorsPerHour: number): { readonly [bucket: string]: BucketLimit } {
  const third = Math.max(1, Math.floor(serverErrorsPerHour / 3));
  return { [PROPERTY]: PROPERTY_LIMIT, [SERVER_ERRORS]: { capacity: third, refillPerS: third / 3600 } };
}

/**
 * The quotas of a standard property with how long each is waited for when it runs out. Google does not say when an hour's quota is filled
 * again; these are the waits of Airbyte's connector, and for the day's, which is said to begin anew at midnight Pacific time
 * (unverified), a few hours.
 */
const QUOTAS = [
  { name: "tokensPerDay", size: 200_000, waitS: 4 * 3600, isTokens: true },
  { name: "tokensPerHour", size: 40_000, waitS: 1800, isTokens: true },
  { name: "tokensPerProjectPerHour", size: 14_000, waitS: 1800, isTokens: true },
  { name: "potentiallyThresholdedRequestsPerHour", size: 120, waitS: 1800, isTokens: false },
] as const;
/** Below this share we only trickle, so that the property's own people keep the rest … */
const SLOW_BELOW = 0.2;
/** … and below this one we stop. Airbyte's connector warns there. */
const STOP_BELOW = 0.1;

/** Of ten. Google locks out for an hour when none is left. */
const FEW_SERVER_ERRORS = 3;
const SERVER_ERRORS_WAIT_S = 1200;

const left = z.object({ remaining: z.coerce.number().nullish() }).nullish();
const quota = z.object({
  tokensPerDay: left,
  tokensPerHour: left,
  tokensPerProjectPerHour: left,
  potentiallyThresholdedRequestsPerHour: left,
  serverErrorsPerProjectPerHour: left,
});

/** What a report's `propertyQuota` means for the next requests; null where it says nothing. */
export function readLimit(headers: { readonly [name: string]: string }): ObservedLimit | null {
  const parsed = quota.safeParse(parse(headers[QUOTA_HEADER]));
  if (!parsed.success) return null;
  const errorsLeft = parsed.data.serverErrorsPerProjectPerHour?.remaining ?? null;
  if (errorsLeft !== null && errorsLeft <= FEW_SERVER_ERRORS) {
    return { limit: null, remaining: 0, resetS: SERVER_ERRORS_WAIT_S };
  }
  let [share, requests] = [1, CAPACITY];
  for (const { name, size, waitS, isTokens } of QUOTAS) {
    const remaining = parsed.data[name]?.remaining ?? null;
    if (remaining === null) continue;
    if (remaining < size * STOP_BELOW) return { limit: null, remaining: 0, resetS: waitS };
    share = Math.min(share, remaining / size);
    const spare = remaining - size * STOP_BELOW;
    requests = Math.min(requests, Math.max(1, Math.floor(isTokens ? spare / TOKENS_PER_REQUEST : spare)));
  }
  return { limit: share < SLOW_BELOW ? Math.ceil(CAPACITY / 10) : CAPACITY, remaining: requests, resetS: null };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
