import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import { classify } from "./errors.ts";
import { authorize, baseUrlOf, gongAuth, gongSettings } from "./settings.ts";

function classified(status: number, body: Json): { readonly code: string; readonly kind: string } | null {
  const request = { method: "POST", path: "v2/calls/extensive" };
  return classify({ request, status, headers: {}, body, now: new Date("2026-03-02T12:00:00Z") });
}

describe("what Gong answers", () => {
  it("a 404 with Gong's words is an empty list, with and without the full stop at their end", () => {
    for (const text of [
      "No calls found corresponding to the provided filters",
      "No answered scorecards found corresponding to the provided filters.",
    ]) {
      expect(classified(404, { requestId: "r1", errors: [text] })).toMatchObject({ code: "gong.nothing_found" });
    }
  });

  it("any other 404 is a wrong address, never an empty account", () => {
    for (const body of [{ requestId: "r1", errors: ["Not found"] }, "<html>404</html>", null]) {
      expect(classified(404, body)).toMatchObject({ code: "gong.address_unknown", kind: "config" });
    }
  });

  it("refused credentials, a missing scope and a refused request are three different things", () => {
    expect(classified(401, null)).toMatchObject({ code: "gong.auth.key_rejected", kind: "auth" });
    expect(classified(403, null)).toMatchObject({ code: "gong.permission_missing", kind: "config" });
    expect(classified(400, { errors: ["fromDate is missing"] })).toMatchObject({
      code: "gong.request.refused",
      kind: "contract",
    });
    expect(classified(429, null)).toBeNull();
  });
});

describe("where the account answers", () => {
  const settings = gongSettings.parse({});
  const at = (url: string): string => baseUrlOf(settings, { api_base_url_for_customer: url });

  it("is what the token's answer named: at the common address the token is refused", () => {
    expect(baseUrlOf(settings, {})).toBe("https://api.gong.io/");
    expect(at("https://company-17.api.gong.io")).toBe("https://company-17.api.gong.io/");
  });

  it("is never outside Gong, whatever an answer says", () => {
    for (const url of [
      "https://evil.example",
      "http://company-17.api.gong.io",
      "https://gong.io.evil.example",
      "nonsense",
    ])
      expect(at(url)).toBe("https://api.gong.io/");
  });

  it("is the settings' where an access key signs in", () => {
    const own = gongSettings.parse({ base_url: "https://us-12345.api.gong.io/" });
    expect(baseUrlOf(own, { access_key: "k" })).toBe("https://us-12345.api.gong.io/");
  });
});

it("signs in with key and secret, or with the token", () => {
  const basic = `Basic ${Buffer.from("key:secret").toString("base64")}`;
  expect(authorize({ access_key: "key", access_key_secret: "secret" })).toEqual({ authorization: basic });
  expect(authorize({ access_token: "at" })).toEqual({ authorization: "Bearer at" });
});

it("people agree at app.gong.io, wherever the account is", () => {
  const oauth = gongAuth.find((method) => method.kind === "oauth2");
  const settings = { base_url: "https://us-12345.api.gong.io" };
  expect(oauth?.authorizeUrl(settings)).toBe("https://app.gong.io/oauth2/authorize");
  expect(oauth?.tokenUrl(settings)).toBe("https://app.gong.io/oauth2/generate-customer-token");
});
