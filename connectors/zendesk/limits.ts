import type { BucketLimit, ObservedLimit } from "../../core/connector/http.ts";
import type { ZendeskSettings } from "./settings.ts";

/** Everything counts towards the account's limit; the incremental exports have a second, smaller one that no header tells of. */
export const ACCOUNT = "account";
export const EXPORTS = "incremental exports";

/** What the headers say of the account's limit. `ratelimit-reset` is in seconds from now, not a time. developer.zendesk.com, "Rate limits". */
export function readLimit(headers: { readonly [name: string]: string }): ObservedLimit | null {
  for (const prefix of ["ratelimit", "x-rate-limit", "rate-limit"]) {
    const remaining = positive(headers[`${prefix}-remaining`]);
    if (remaining === null) continue;
    const limit = positive(headers[`${prefix}-limit`] ?? headers[prefix]);
    return { limit, remaining, resetS: positive(headers["ratelimit-reset"] ?? headers["rate-limit-reset"]) };
  }
  return null;
}

/** The exports' bucket never lets more than its number through in any 60 seconds: a fifth at once, the others spread. */
export function startingLimits(settings: ZendeskSettings): { readonly [bucket: string]: BucketLimit } {
  const burst = Math.max(1, Math.floor(settings.exports_per_minute / 5));
  return {
    [ACCOUNT]: { capacity: Math.max(1, settings.requests_per_minute), refillPerS: settings.requests_per_minute / 60 },
    [EXPORTS]: { capacity: burst, refillPerS: Math.max(0.5, settings.exports_per_minute - burst) / 60 },
  };
}

function positive(text: string | undefined): number | null {
  if (text === undefined || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}
