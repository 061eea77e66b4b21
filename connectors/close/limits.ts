import type { BucketLimit, HttpRequest, ObservedLimit } from "../../core/connector/http.ts";

type Headers = { readonly [name: string]: string };

/**
 * What a response says is left of its bucket, the newest form of the header first. A malformed one is passed over.
 * Resets may be fractions of a second and stay so: read as whole seconds, 0.4 would be a hot loop.
 * developer.close.com, "Rate Limits"; closeio/closeio-api (the vendor's client) for the older forms.
 */
export function readLimit(headers: Headers): ObservedLimit | null {
  const current = readCombined(headers["ratelimit"]);
  if (current !== null) return current;
  const retryAfterS = positive(headers["retry-after"]);
  if (retryAfterS !== null) return { limit: null, remaining: 0, resetS: retryAfterS };
  for (const prefix of ["ratelimit-", "x-rate-limit-"]) {
    const resetS = positive(headers[`${prefix}reset`]);
    if (resetS === null) continue;
    return { limit: positive(headers[`${prefix}limit`]), remaining: positive(headers[`${prefix}remaining`]), resetS };
  }
  return null;
}

/** `limit=100, remaining=50, reset=5` */
function readCombined(header: string | undefined): ObservedLimit | null {
  if (header === undefined) return null;
  const values = new Map<string, number>();
  for (const part of header.split(",")) {
    const [name, value] = part.split("=");
    const amount = positive(value);
    if (name === undefined || amount === null) return null;
    values.set(name.trim().toLowerCase(), amount);
  }
  const limit = values.get("limit");
  const remaining = values.get("remaining");
  const resetS = values.get("reset");
  if (limit === undefined || remaining === undefined || resetS === undefined) return null;
  return { limit, remaining, resetS };
}

function positive(text: string | undefined): number | null {
  if (text === undefined || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/**
 * Close counts per endpoint group: path family and method. Ids are no part of it, so `group/group_1/` and `group/group_2/` share one.
 */
export function bucketOf(request: HttpRequest<unknown>): string {
  const path = request.path.replace(/^https?:\/\/[^/]+\/api\/v1\//, "").replace(/^\/|\/$/g, "");
  const family = path.split("/").filter((part) => !/^[a-z]+_[A-Za-z0-9]{16,}$/.test(part));
  return `${request.method ?? "GET"} ${family.join("/")}`;
}

const GROUPS = (
  "me user organization group outcome pipeline custom_activity event lead contact opportunity task webhook status/opportunity " +
  "status/lead custom_field/opportunity custom_field/lead custom_field/contact custom_field/activity custom_field/shared " +
  "activity activity/call activity/email activity/sms activity/meeting activity/whatsapp_message activity/note " +
  "activity/task_completed activity/created activity/custom activity/form_submission activity/lead_merge " +
  "activity/status_change/lead activity/status_change/opportunity"
)
  .split(" ")
  .map((family) => `GET ${family}`);

/**
 * Where each bucket begins. The real numbers are not published (20 a second is the documentation's illustration); the `ratelimit`
 * header of the first answer replaces them.
 */
export function startingLimits(requestsPerSecond: number): { readonly [bucket: string]: BucketLimit } {
  const limit = { capacity: Math.max(1, Math.floor(requestsPerSecond)), refillPerS: requestsPerSecond };
  const slow = { capacity: Math.max(1, Math.floor(requestsPerSecond / 10)), refillPerS: requestsPerSecond / 10 };
  const reads = Object.fromEntries(GROUPS.map((group) => [group, limit]));
  return { ...reads, "POST data/search": limit, "POST report/activity": slow, "POST webhook": slow };
}
