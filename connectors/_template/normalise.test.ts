import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../../core/base/json.ts";
import { dealFacts } from "./normalise.ts";

const context = {
  connectionId: "acme-crm",
  stream: "deals",
  externalId: "d1",
  settings: { base_url: "https://api.acme-crm.example/v1/" },
  timeZone: "UTC",
  currency: "USD",
};

function fixture(name: string): Json {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as Json;
}

describe("Acme CRM's deals", () => {
  it("become deals with their value in minor units, and name their owner", () => {
    const { facts, skipped } = dealFacts(fixture("deal"), context);
    expect(skipped).toEqual([]);
    expect(facts).toMatchObject([
      { kind: "rep", externalId: "u7", isMention: true, email: "mara.frost@fernhill.example" },
      { kind: "deal", externalId: "d1", status: "won", amountMinor: 125050, currency: "EUR", rep: "u7" },
    ]);
  });

  it("that cannot be read are skipped with the name of the field, and without its value", () => {
    const { facts, skipped } = dealFacts({ ...(fixture("deal") as object), status: "maybe" }, context);
    expect(facts).toEqual([]);
    expect(skipped).toEqual([
      { code: "acme-crm.record.unreadable", at: "d1", reason: expect.stringMatching(/^status: /) as string },
    ]);
    expect(JSON.stringify(skipped)).not.toContain("maybe");
  });
});
