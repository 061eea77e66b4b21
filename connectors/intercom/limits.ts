import type { BucketLimit, HttpRequest, ObservedLimit } from "../../core/connector/http.ts";

type Headers = { readonly [name: string]: string };

/**
 * What is left of the window of ten seconds. `X-RateLimit-Reset` is an instant in Unix seconds: taken against the answer's own `Date`, so that
 * it does not matter how wrong our clock is.
 */
export function readLimit(headers: Headers): ObservedLimit | null {
  const [limit, remaining] = [numberOf(headers["x-ratelimit-limit"]), numberOf(headers["x-ratelimit-remaining"])];
  const resetS = resetSeconds(headers);
  return remaining === null && resetS === null ? null : { limit, remaining, resetS };
}

/** Seconds from now until the window is over; null when the answer does not say. */
export function resetSeconds(headers: Headers): number | null {
  const resetAt = numberOf(headers["x-ratelimit-reset"]);
  if (resetAt === null) return null;
  const dated = Date.parse(headers["date"] ?? "");
  const nowMs = Number.isNaN(dated) ? Date.now() : dated;
  return Math.max(0, resetAt - nowMs / 1000);
}

function numberOf(text: string | undefined): number | null {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** Searches are said to have a smaller quota than the rest (unverified). */
export function bucketOf(request: HttpRequest<unknown>): string {
  return request.path.endsWith("/search") ? "search" : "api";
}

/** Spread over windows of ten seconds: a sixth of a minute's calls at once. developers.intercom.com, "Rate limiting". */
export function startingLimits(perMinute: number): { readonly [bucket: string]: BucketLimit } {
  const limit = { capacity: Math.max(1, Math.floor(perMinute / 6)), refillPerS: perMinute / 60 };
  return { api: limit, search: limit };
}
