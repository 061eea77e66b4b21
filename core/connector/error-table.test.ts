import { describe, expect, it } from "vitest";
import { errorTable } from "./error-table.ts";
import type { HttpFailure } from "./http.ts";

const failure = (status: number, body: HttpFailure["body"] = null): HttpFailure => ({
  status,
  body,
  headers: {},
  now: new Date("2026-01-01T00:00:00Z"),
  request: { method: "GET", path: "contacts" },
});

const classify = errorTable([
  {
    status: 400,
    when: ({ body }) => body === "cursor",
    code: "acme.cursor",
    kind: "contract",
    message: "A.",
    mend: "Do.",
  },
  {
    status: [400, 422],
    code: "acme.refused",
    kind: "contract",
    message: "No {what}: {detail} ({status}).",
    detail: () => "$& {what}",
    mend: "Do.",
  },
  { status: 429, code: "acme.slow", kind: "rate_limited", message: "Slow.", mend: "Wait.", retryAfterMs: () => 5000 },
  { status: "5xx", code: "acme.down", kind: "transient", message: "{status} on {what}.", mend: "Wait." },
]);

describe("a table of errors", () => {
  it("answers by the first rule that fits", () => {
    expect(classify(failure(400, "cursor"))?.code).toBe("acme.cursor");
    expect(classify(failure(400))?.code).toBe("acme.refused");
    expect(classify(failure(422))?.code).toBe("acme.refused");
  });

  it("names the request, the status and the detail, and takes the vendor's words as they are", () => {
    expect(classify(failure(422))).toEqual({
      code: "acme.refused",
      kind: "contract",
      message: "No GET contacts: $& {what} (422).",
      mend: "Do.",
    });
  });

  it("says when to come back, from the vendor's answer on", () => {
    expect(classify(failure(429))?.retryAt).toEqual(new Date("2026-01-01T00:00:05Z"));
  });

  it.each([500, 503, 599])("takes %i for trouble of the server", (status) => {
    expect(classify(failure(status))?.message).toBe(`${status} on GET contacts.`);
  });

  it.each([404, 499])("says nothing of %i, which no rule has", (status) => {
    expect(classify(failure(status))).toBeNull();
  });
});
