import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import { readReport } from "./answers.ts";
import { answerOf } from "./client.ts";
import { classify } from "./errors.ts";
import { QUOTA_HEADER, readLimit, SERVER_ERRORS, startingLimits } from "./limits.ts";

describe("what Google answers instead of a report", () => {
  const now = new Date("2026-11-24T14:00:00Z");
  function answer(status: number, message: string, headers: { readonly [name: string]: string } = {}) {
    const request = { method: "POST", path: "v1beta/properties/1:runReport" };
    return classify({ status, body: { error: { code: status, message, status: "X" } }, headers, now, request });
  }

  it.each([
    [400, "The request's dimensions & metrics are incompatible.", "google-analytics.report.refused", "contract"],
    [401, "Request had invalid authentication credentials.", "google-analytics.auth.key_rejected", "auth"],
    [403, "User does not have sufficient permissions.", "google-analytics.property.no_access", "auth"],
    [403, "API has not been used in project 7 before or it is disabled.", "google-analytics.api_disabled", "auth"],
    [404, "Not found.", "google-analytics.address_unknown", "config"],
    [500, "Internal error encountered.", "google-analytics.server_error", "transient"],
    [503, "Unavailable.", "google-analytics.server_error", "transient"],
    [504, "Deadline exceeded.", "google-analytics.report.too_slow", "transient"],
  ])("%i %s is %s", (status, message, code, kind) => {
    expect(answer(status, message)).toMatchObject({ code, kind });
  });

  it.each([
    ["Exhausted concurrent requests quota.", 30],
    ["Exhausted property tokens for a project per hour.", 1800],
    ["Exhausted potentially thresholded requests quota.", 1800],
    ["Exhausted server errors quota.", 3600],
    ["Something new.", 60],
  ])("429 “%s” is waited out for %i s", (message, seconds) => {
    expect(answer(429, message)?.retryAt).toEqual(new Date(now.getTime() + seconds * 1000));
  });

  it("429 with a header waits as long as the header says", () => {
    expect(answer(429, "Exhausted server errors quota.", { "retry-after": "7" })?.retryAt).toEqual(
      new Date("2026-11-24T14:00:07Z"),
    );
  });

  it("a page of HTML is told by its status alone", () => {
    const request = { method: "POST", path: "x" };
    expect(classify({ status: 502, body: "<html>", headers: {}, now, request })).toMatchObject({ kind: "transient" });
  });
});

describe("what the library throws", () => {
  it("gives status and body where there was an answer, and nothing where there was none", () => {
    const thrown = Object.assign(new Error('{"error":{"code":429}}'), { status: 429, code: 429 });
    expect(answerOf(thrown)).toEqual({ status: 429, headers: {}, body: { error: { code: 429 } } });
    expect(answerOf(Object.assign(new Error("<html>"), { status: "502" }))?.body).toBe("<html>");
    expect(answerOf(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }))).toBeNull();
    expect(answerOf(new Error("The operation was aborted."))?.status).toBe(504);
    expect(answerOf("odd")).toBeNull();
  });
});

describe("a decoded report", () => {
  it("without rows has none, and says 0", () => {
    const report = readReport({ dimensionHeaders: [{ name: "date" }], rows: [], rowCount: 0, metadata: null });
    expect(report).toMatchObject({ rows: [], rowCount: 0, timeZone: null, currency: null });
  });

  it("is the same whether enums came as names or as numbers", () => {
    const of = (type: Json): unknown => readReport({ metricHeaders: [{ name: "sessions", type }] });
    expect(of("TYPE_INTEGER")).toEqual(of(1));
  });

  it("keeps nothing but what is named: helper keys go", () => {
    const row = { dimensionValues: [{ value: "20261119", oneValue: "value" }], metricValues: [{ value: "17" }] };
    expect(readReport({ rows: [row], rowCount: 1 }).rows).toEqual([{ dimensions: ["20261119"], metrics: ["17"] }]);
  });
});

describe("quotas", () => {
  const left = (quota: Json): ReturnType<typeof readLimit> => readLimit({ [QUOTA_HEADER]: JSON.stringify(quota) });

  it("say nothing where an answer has none, or is odd", () => {
    expect(readLimit({})).toBeNull();
    expect(readLimit({ [QUOTA_HEADER]: "{" })).toBeNull();
  });

  it("let requests go while plenty is left, trickle below a fifth, and stop below a tenth", () => {
    expect(left({ tokensPerHour: { remaining: 39_000 } })).toEqual({ limit: 39, remaining: 39, resetS: null });
    // 7,000 of 40,000 are 17.5 %; 3,000 more than the tenth that we keep off are 300 requests of 10 tokens.
    expect(left({ tokensPerHour: { remaining: 7_000 } })).toEqual({ limit: 4, remaining: 39, resetS: null });
    // 4,050: 50 more than the tenth, 5 requests.
    expect(left({ tokensPerHour: { remaining: 4_050 } })).toMatchObject({ remaining: 5 });
    expect(left({ tokensPerHour: { remaining: 3_999 } })).toEqual({ limit: null, remaining: 0, resetS: 1800 });
    expect(left({ tokensPerDay: { remaining: 10 } })).toMatchObject({ remaining: 0, resetS: 14_400 });
  });

  it("stop everybody while server errors may still be borne", () => {
    expect(left({ serverErrorsPerProjectPerHour: { remaining: 4 } })).toMatchObject({ remaining: 39 });
    expect(left({ serverErrorsPerProjectPerHour: { remaining: 3 } })).toMatchObject({ remaining: 0 });
    expect(startingLimits(10)[SERVER_ERRORS]).toEqual({ capacity: 3, refillPerS: 3 / 3600 });
    expect(startingLimits(50)[SERVER_ERRORS]?.capacity).toBe(16);
  });
});
