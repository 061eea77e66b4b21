import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import { classify } from "./errors.ts";
import { readLimit, startingLimits } from "./limits.ts";
import { authorize, originOf, zendeskAuth, zendeskSettings } from "./settings.ts";
import { zendeskInstant } from "./time.ts";

const NOW = new Date("2026-11-18T12:00:00Z");

function failed(status: number, body: Json = null, headers: { readonly [name: string]: string } = {}): object | null {
  return classify({ status, body, headers, now: NOW, request: { method: "GET", path: "api/v2/tickets.json" } });
}

describe("what Zendesk answers instead", () => {
  it.each([
    [401, { error: "Couldn't authenticate you" }, "auth"],
    [401, { error: "invalid_token", error_description: "expired" }, "auth"],
    [403, { error: { title: "Forbidden", message: "You do not have access to this page." } }, "config"],
    [403, { error: "Forbidden", description: "Missing" }, "config"],
    [404, { error: "RecordNotFound", description: "Not found" }, "contract"],
    [404, "<html>No help desk at acme.zendesk.com</html>", "config"],
    [400, "Bad Request", "contract"],
    [409, null, "transient"],
    [422, { error: "RecordInvalid", description: "Record validation errors", details: {} }, "contract"],
    [500, null, "transient"],
    [502, "<html>", "transient"],
    [503, null, "transient"],
    [504, "upstream request timeout", "transient"],
    [520, "<html>", "transient"],
  ])("%i with %j is %s", (status, body, kind) => {
    expect(failed(status, body)).toMatchObject({ kind });
  });

  it("a missing scope is named", () => {
    expect(
      failed(403, { error: "Forbidden", description: "Missing the following required scopes: read" }),
    ).toMatchObject({
      message: "The credentials may not use GET api/v2/tickets.json (missing scopes: read).",
    });
  });

  it("a 429 waits as long as it says, else until the account's minute is over, else a minute; never less than a second", () => {
    const waits = (headers: { readonly [name: string]: string }): object | null => failed(429, "Too many", headers);
    expect(waits({ "retry-after": "93" })).toMatchObject({ retryAt: new Date("2026-11-18T12:01:33Z") });
    expect(waits({ "ratelimit-reset": "20" })).toMatchObject({ retryAt: new Date("2026-11-18T12:00:20Z") });
    expect(waits({})).toMatchObject({ kind: "rate_limited", retryAt: new Date("2026-11-18T12:01:00Z") });
    expect(waits({ "retry-after": "0" })).toMatchObject({ retryAt: new Date("2026-11-18T12:00:01Z") });
  });
});

describe("limits", () => {
  it("are read of either spelling, the reset in seconds from now", () => {
    expect(readLimit({ "ratelimit-limit": "700", "ratelimit-remaining": "697", "ratelimit-reset": "20" })).toEqual({
      limit: 700,
      remaining: 697,
      resetS: 20,
    });
    expect(readLimit({ "x-rate-limit": "700", "x-rate-limit-remaining": "697" })).toEqual({
      limit: 700,
      remaining: 697,
      resetS: null,
    });
    expect(readLimit({ "rate-limit": "400", "rate-limit-remaining": "1", "rate-limit-reset": "7" })).toEqual({
      limit: 400,
      remaining: 1,
      resetS: 7,
    });
    expect(readLimit({ "ratelimit-remaining": "many" })).toBeNull();
  });

  it("of the exports never let more than ten through in any minute", () => {
    const { capacity = 0, refillPerS = 0 } =
      startingLimits(zendeskSettings.parse({ subdomain: "acme" }))["incremental exports"] ?? {};
    // A full bucket at once, and what flows in within the minute.
    expect(capacity + refillPerS * 60).toBe(10);
  });
});

describe("signing in", () => {
  it("is Bearer with a token of OAuth, Basic with an API token, and the user name ends in one /token", () => {
    expect(authorize({ access_token: "abc", client_id: "x" })).toEqual({ authorization: "Bearer abc" });
    const basic = { authorization: `Basic ${Buffer.from("ops@example.com/token:TOKEN").toString("base64")}` };
    expect(authorize({ email: "ops@example.com", api_token: "TOKEN" })).toEqual(basic);
    expect(authorize({ email: " ops@example.com/token ", api_token: "TOKEN" })).toEqual(basic);
    expect(authorize({})).toEqual({});
  });

  it("by OAuth comes first, at the account's own address beside the API", () => {
    expect(zendeskAuth.map((method) => method.kind)).toEqual(["oauth2", "oauth2", "api_key"]);
    const [own] = zendeskAuth;
    expect(own?.kind === "oauth2" && own.tokenUrl({ subdomain: "acme" })).toBe("https://acme.zendesk.com/oauth/tokens");
    expect(originOf({ subdomain: "acme" })).toBe("https://acme.zendesk.com");
  });
});

it("times are read to the second and with up to nine further digits", () => {
  expect(zendeskInstant("2026-11-20T09:14:57Z")).toEqual(new Date("2026-11-20T09:14:57Z"));
  expect(zendeskInstant("2023-09-18T23:38:14.906338593Z")).toEqual(new Date("2023-09-18T23:38:14.906Z"));
  for (const none of ["", "soon", "2026-02-30T00:00", null, 17]) {
    expect(zendeskInstant(none)?.getTime() ?? null).toSatisfy((ms: number | null) => ms === null || !Number.isNaN(ms));
  }
});
