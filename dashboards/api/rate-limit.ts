import type { RequestHandler } from "express";
import { TributaryError } from "../../core/base/errors.ts";
import { countRequest } from "../../core/store/setup/request-counts.ts";
import { principalOf } from "../auth/identify.ts";
import type { ServerDeps } from "../web/deps.ts";

const MINUTE_MS = 60_000;

/**
 * Holds each key and each app to so many requests a minute, by the calendar's minutes, and says with every answer what is left
 * (draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy`, `RateLimit`). People who have signed in are not counted.
 */
export function rateLimit({ store, clock, options }: ServerDeps): RequestHandler {
  const quota = options.requestsPerMinute;
  return async (_request, response, next) => {
    const principal = principalOf(response);
    if (quota === null || (principal.kind !== "key" && principal.kind !== "app")) {
      next();
      return;
    }
    const now = clock.now().getTime();
    const minute = new Date(now - (now % MINUTE_MS));
    const used = await countRequest(store.db, `${principal.kind}:${principal.id}`, minute);
    const restMs = minute.getTime() + MINUTE_MS - now;
    const restS = Math.ceil(restMs / 1000);
    response.set({
      "RateLimit-Policy": `"${principal.kind}";q=${quota};w=60`,
      RateLimit: `"${principal.kind}";r=${Math.max(0, quota - used)};t=${restS}`,
    });
    if (used > quota) {
      // Said here by the same clock that counts.
      response.set("Retry-After", String(restS));
      throw tooMany(quota, restS);
    }
    next();
  };
}

function tooMany(quota: number, restS: number): TributaryError {
  return new TributaryError({
    code: "request.too_many",
    kind: "rate_limited",
    message: `This key has made its ${quota} requests of this minute.`,
    mend: `Wait ${restS} ${restS === 1 ? "second" : "seconds"}. The headers RateLimit and Retry-After say it with each answer.`,
  });
}
