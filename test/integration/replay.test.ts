import { sql } from "kysely";
import { beforeAll, expect, test } from "vitest";
import { changedAnything } from "../../core/normalise/index.ts";
import { replay } from "../../core/normalise/replay.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { everything } from "../support/everything.ts";
import { activity, change, company, deal, instant, person, pipeline, Plain, rep } from "./normalise-world.ts";

let store: Store;
beforeAll(async () => {
  store = await testDatabase();
});

const STREAMS = ["others", "changes", "deals"];

/** A tool with a bit of everything: versions, changes, deletions, mentions, a late change, two tools that know one person. */
async function history(): Promise<Plain> {
  const other = await Plain.connect(store, "second");
  await other.take(
    "others",
    [{ id: "p", at: null, facts: [person("p9", { emails: ["eve@acme.example"] })] }],
    "2026-03-01T00:00:00Z",
  );
  const tool = await Plain.connect(store, "first", "2026-03-10T00:00:00Z");
  const at = "2026-03-05T00:00:00Z";
  await tool.take(
    "others",
    [
      { id: "p", at, facts: [pipeline("sales", ["P", "Q"]), rep("ann", { email: "ann@us.example", team: "east" })] },
      {
        id: "c",
        at,
        facts: [
          company("acme", { domains: ["acme.example"] }),
          person("eve", { emails: ["eve@acme.example"], company: "acme" }),
        ],
      },
      {
        id: "a",
        at,
        facts: [
          activity("a1", { matchKeys: ["uid-1"] }),
          activity("a2", { matchKeys: ["uid-1"], occurredAt: instant("2026-03-05T10:01:00Z") }),
        ],
      },
      { id: "l", at, facts: [{ kind: "label", namespace: "outcome", externalId: "o1", name: "Reached" }] },
    ],
    at,
  );
  await tool.take(
    "deals",
    [
      { id: "A", at, facts: [deal("A", { company: "acme" }), rep("bob", { isMention: true })] },
      {
        id: "B",
        at,
        facts: [deal("B", { createdAt: { day: "2026-03-02" }, status: "lost", closedAt: { day: "2026-03-04" } })],
      },
      { id: "C", at, facts: [deal("C")] },
    ],
    at,
  );
  await tool.firstLoadDone("2026-03-06T00:00:00Z");
  await tool.take(
    "deals",
    [{ id: "A", at: "2026-03-11T10:00:00Z", facts: [deal("A", { stage: "Q" })] }],
    "2026-03-11T10:01:00Z",
  );
  await tool.take(
    "deals",
    [
      {
        id: "A",
        at: "2026-03-12T10:00:00Z",
        facts: [deal("A", { status: "won", stage: "Won", closedAt: { day: "2026-03-12" } })],
      },
    ],
    "2026-03-12T10:01:00Z",
  );
  await tool.take(
    "changes",
    [
      {
        id: "c1",
        at: null,
        facts: [
          change("c1", "A", "2026-03-12T09:00:00Z", { status: "open", stage: "Q" }, { status: "won", stage: "Won" }),
        ],
      },
      { id: "c2", at: null, facts: [change("c2", "C", "2026-03-12T09:00:00Z", { stage: "P" }, { stage: "Q" })] },
    ],
    "2026-03-12T10:02:00Z",
  );
  await tool.take("changes", [], "2026-03-13T00:00:00Z", ["c2"]);
  await tool.take("deals", [], "2026-03-13T00:00:00Z", ["C"]);
  await tool.take(
    "others",
    [{ id: "a", at: "2026-03-13T00:00:00Z", facts: [activity("a2", { matchKeys: ["uid-1"] })] }],
    "2026-03-13T00:00:00Z",
  );
  return tool;
}

test("a replay gives the rows of the first run and writes none of them again", async () => {
  const tool = await history();
  const before = await everything(store);
  for (const stream of STREAMS) {
    const done = await tool.replay(stream);
    expect(done.records).toBeGreaterThan(0);
    expect(changedAnything(done)).toBe(false);
  }
  expect(await everything(store)).toEqual(before);

  // From nothing but raw, in another order of streams: the same rows again.
  const withoutMarks = (all: unknown): unknown =>
    JSON.parse(
      JSON.stringify(all, (key, value: unknown) => (key === "written" || key === "landed_from" ? undefined : value)),
    );
  for (const table of [
    "reps",
    "teams",
    "team_memberships",
    "people",
    "companies",
    "identities",
    "labels",
    "pipelines",
    "stages",
    "deals",
    "deal_observations",
    "deal_changes",
    "deal_closings",
    "deal_entries",
    "deal_stays",
    "activities",
  ])
    await sql`delete from ${sql.table(table)} where connection_id = 'first'`.execute(store.db);
  for (const stream of [...STREAMS].reverse()) await tool.replay(stream);
  expect(withoutMarks(await everything(store))).toEqual(withoutMarks(before));
});

test("a replay is kept among the runs, and a stream that was never pulled has none", async () => {
  const tool = await Plain.connect(store, "runs");
  await tool.take("others", [{ id: "a", at: null, facts: [activity("a1")] }], "2026-03-05T00:00:00Z");
  const deps = { store, clock: { now: () => new Date("2026-04-01T00:00:00Z") } };
  const options = { trigger: "manual", signal: new AbortController().signal } as const;
  expect(await replay(deps, tool.target("others"), options)).toMatchObject({
    records: 1,
    facts: { added: 0, changed: 0, removed: 0 },
  });
  expect(await replay(deps, tool.target("no such stream"), options)).toBeNull();
  const rows = await store.db
    .selectFrom("runs")
    .select(["kind", "state", "stream"])
    .where("connection_id", "=", "runs")
    .where("kind", "=", "replay")
    .execute();
  expect(rows).toEqual([{ kind: "replay", state: "succeeded", stream: "others" }]);
});

test("a replay that was stopped goes on where it ended", async () => {
  const tool = await Plain.connect(store, "stopped");
  await tool.take("others", [{ id: "a", at: null, facts: [activity("a1")] }], "2026-03-05T00:00:00Z");
  const deps = { store, clock: { now: () => new Date("2026-04-01T00:00:00Z") } };
  const stop = new AbortController();
  stop.abort();
  await replay(deps, tool.target("others"), { trigger: "manual", signal: stop.signal });
  const state = async () =>
    (
      await store.db
        .selectFrom("stream_states")
        .select("normalised_seq")
        .where("connection_id", "=", "stopped")
        .where("stream", "=", "others")
        .executeTakeFirst()
    )?.normalised_seq;
  expect(await state()).toBe(0);
  await tool.take("others", [{ id: "b", at: null, facts: [activity("a2")] }], "2026-03-06T00:00:00Z");
  expect(await state()).toBe(2);
});
