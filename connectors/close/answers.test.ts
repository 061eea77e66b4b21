import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import { classify } from "./errors.ts";
import { bucketOf, readLimit, startingLimits } from "./limits.ts";
import { authorize, closeAuth } from "./settings.ts";
import { closeInstant, filterTime } from "./time.ts";

describe("times", () => {
  it("a time without an offset is UTC, whatever the machine's zone", () => {
    expect(closeInstant("2026-03-02T09:15:04.120000")).toEqual(new Date("2026-03-02T09:15:04.120Z"));
  });

  it("a time with an offset, or without a fraction, is read as it says", () => {
    expect(closeInstant("2026-03-02T09:15:04+00:00")).toEqual(new Date("2026-03-02T09:15:04Z"));
    expect(closeInstant("2026-03-02T09:15:04.120000+02:00")).toEqual(new Date("2026-03-02T07:15:04.120Z"));
  });

  it("what is no time is null", () => {
    for (const text of [null, undefined, "", "soon", "2026-13-45"]) expect(closeInstant(text)).toBeNull();
  });

  it("filters say their offset", () => {
    expect(filterTime(new Date("2026-03-02T09:15:04.120Z"))).toBe("2026-03-02T09:15:04.120+00:00");
  });
});

describe("rate limits", () => {
  it("reads the one header with three parameters", () => {
    expect(readLimit({ ratelimit: "limit=100, remaining=50, reset=5" })).toEqual({
      limit: 100,
      remaining: 50,
      resetS: 5,
    });
  });

  it("keeps fractions of a second", () => {
    expect(readLimit({ ratelimit: "limit=20, remaining=0, reset=0.42" })?.resetS).toBe(0.42);
  });

  it("passes over a malformed header and takes the older ones in their order", () => {
    const older = { ratelimit: "limit=lots", "retry-after": "3", "ratelimit-reset": "4", "x-rate-limit-reset": "5" };
    expect(readLimit(older)).toEqual({ limit: null, remaining: 0, resetS: 3 });
    expect(readLimit({ "ratelimit-reset": "4", "x-rate-limit-reset": "5" })?.resetS).toBe(4);
    expect(readLimit({ "x-rate-limit-reset": "5", "x-rate-limit-limit": "20", "x-rate-limit-remaining": "7" })).toEqual(
      {
        limit: 20,
        remaining: 7,
        resetS: 5,
      },
    );
    expect(readLimit({})).toBeNull();
  });

  it("a bucket is path family and method: ids are no part of it", () => {
    const id = `lead_${"a1".repeat(21)}b`;
    expect(bucketOf({ path: `lead/${id}/` })).toBe("GET lead");
    expect(bucketOf({ path: "activity/task_completed/" })).toBe("GET activity/task_completed");
    expect(bucketOf({ path: "data/search/", method: "POST" })).toBe("POST data/search");
  });

  it("every bucket of the streams has a limit to begin with", () => {
    const limits = startingLimits(20);
    for (const path of [
      "activity/form_submission/",
      "activity/status_change/opportunity/",
      "custom_field/shared/",
      "me/",
    ]) {
      expect(limits[bucketOf({ path })]).toEqual({ capacity: 20, refillPerS: 20 });
    }
  });
});

describe("what Close answers instead", () => {
  const now = new Date("2026-03-02T12:00:00Z");
  function answer(
    status: number,
    body: Json,
    headers: { readonly [name: string]: string } = {},
  ): ReturnType<typeof classify> {
    return classify({ status, body, headers, now, request: { method: "GET", path: "activity/call/" } });
  }

  it.each([
    [
      400,
      { error: "The skip is larger than the maximum skip (max_skip = 250000)" },
      "close.request.window_too_big",
      "contract",
    ],
    [400, { error: "_skip must be less than or equal to 1000" }, "close.request.window_too_big", "contract"],
    [400, { error: "Invalid cursor" }, "close.request.cursor_expired", "contract"],
    [400, { errors: [], "field-errors": { value: "is wrong" } }, "close.request.refused", "contract"],
    [401, { error: "no" }, "close.auth.key_rejected", "auth"],
    [402, {}, "close.plan.limit_reached", "config"],
    [403, {}, "close.permission_missing", "config"],
    [404, {}, "close.record.not_found", "contract"],
    [415, {}, "close.request.unsupported", "bug"],
    [502, "<html>Bad Gateway</html>", "close.server.unavailable", "transient"],
  ])("%i %j is %s", (status, body, code, kind) => {
    expect(answer(status, body as Json)).toMatchObject({ code, kind });
  });

  it("a 429 waits as long as the newest form says, and a second at least", () => {
    const headers = { ratelimit: "limit=20, remaining=0, reset=5" };
    expect(answer(429, {}, headers)?.retryAt).toEqual(new Date("2026-03-02T12:00:05Z"));
    expect(answer(429, { error: { rate_reset: 2.5 } })?.retryAt).toEqual(new Date("2026-03-02T12:00:02.500Z"));
    expect(answer(429, { rate_reset: 0.2 })?.retryAt).toEqual(new Date("2026-03-02T12:00:01Z"));
  });
});

describe("signing in", () => {
  it("a key is the user name of Basic with an empty password; a token is Bearer", () => {
    // base64("api_k:")
    expect(authorize({ api_key: "api_k" })).toEqual({ authorization: "Basic YXBpX2s6" });
    expect(authorize({ client_id: "c", access_token: "t" })).toEqual({ authorization: "Bearer t" });
  });

  it("people agree at app.close.com and tokens come from api.close.com, unless the base address is another", () => {
    const oauth = closeAuth.find((method) => method.kind === "oauth2");
    if (oauth?.kind !== "oauth2") throw new RangeError("no OAuth method");
    expect(oauth.authorizeUrl({})).toBe("https://app.close.com/oauth2/authorize/");
    expect(oauth.tokenUrl({})).toBe("https://api.close.com/oauth2/token/");
    expect(oauth.authorizeUrl({ base_url: "http://127.0.0.1:9/api/v1/" })).toBe("http://127.0.0.1:9/oauth2/authorize/");
  });
});
