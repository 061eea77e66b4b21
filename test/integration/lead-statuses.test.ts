import { sql } from "kysely";
import { beforeAll, expect, test } from "vitest";
import { changedAnything } from "../../core/normalise/index.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { instant, person, Plain } from "./normalise-world.ts";

let store: Store;
let tool: Plain;
beforeAll(async () => {
  store = await testDatabase();
});

function shows(status: string, lead = "eve"): object {
  return {
    kind: "lead_status",
    externalId: lead,
    lead: { kind: "person", ref: lead },
    changedAt: null,
    before: null,
    status,
  };
}

function moved(id: string, at: string, before: string, status: string): object {
  return { ...shows(status), externalId: id, changedAt: instant(at), before };
}

/** `at status`, with what it was before, in the order of time. */
async function witnessed(): Promise<string[]> {
  const { rows } = await sql<{ at: Date; before: string | null; status: string; known_at: Date | number }>`
    select at, before, status, known_at from lead_statuses where connection_id = ${tool.id} order by at, key`.execute(
    store.db,
  );
  return rows.map(
    ({ at, before, status, known_at: knownAt }) =>
      `${at.toISOString().slice(0, 10)} ${before === null ? "" : `${before} → `}${status}${knownAt instanceof Date ? ` (known ${knownAt.toISOString().slice(0, 10)})` : ""}`,
  );
}

test("keeps what each version of a record showed where raw keeps versions, and a replay gives the same", async () => {
  tool = await Plain.connect(store, "versions");
  // The stream `deals` of the plain tool keeps versions.
  const record = (at: string, status: string) => ({ id: "eve", at, facts: [person("eve"), shows(status)] });
  await tool.take("deals", [record("2026-03-01T00:00:00Z", "New")], "2026-03-02T00:00:00Z");
  await tool.firstLoadDone("2026-03-03T00:00:00Z");
  await tool.take("deals", [record("2026-03-05T00:00:00Z", "Bad fit")], "2026-03-06T00:00:00Z");
  const expected = ["2026-03-01 New", "2026-03-05 Bad fit (known 2026-03-06)"];
  expect(await witnessed()).toEqual(expected);
  expect(changedAnything(await tool.replay("deals"))).toBe(false);
  expect(await witnessed()).toEqual(expected);
});

test("keeps only what the latest version shows where raw keeps that alone", async () => {
  tool = await Plain.connect(store, "latest");
  const record = (at: string, status: string) => ({ id: "eve", at, facts: [person("eve"), shows(status)] });
  await tool.take("others", [record("2026-03-01T00:00:00Z", "New")], "2026-03-02T00:00:00Z");
  await tool.take("others", [record("2026-03-05T00:00:00Z", "Bad fit")], "2026-03-06T00:00:00Z");
  expect(await witnessed()).toEqual(["2026-03-05 Bad fit"]);
  expect(changedAnything(await tool.replay("others"))).toBe(false);
});

test("a witnessed change counts from its own time, follows its record, and goes with it", async () => {
  tool = await Plain.connect(store, "changes");
  const change = (status: string) => ({
    id: "c1",
    at: "2026-03-04T00:00:00Z",
    facts: [moved("c1", "2026-03-03T00:00:00Z", "New", status)],
  });
  await tool.take("changes", [change("Qualified")], "2026-03-04T00:00:00Z");
  expect(await witnessed()).toEqual(["2026-03-03 New → Qualified"]);
  await tool.take("changes", [{ ...change("Bad fit"), at: "2026-03-05T00:00:00Z" }], "2026-03-05T00:00:00Z");
  expect(await witnessed()).toEqual(["2026-03-03 New → Bad fit"]);
  await tool.take("changes", [], "2026-03-06T00:00:00Z", ["c1"]);
  expect(await witnessed()).toEqual([]);
});
