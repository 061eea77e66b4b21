import { beforeAll, describe, expect, test } from "vitest";
import { linkManually, undoLink } from "../../core/identity/index.ts";
import { entityId } from "../../core/base/ids.ts";
import { dimensionNames } from "../../core/metrics/engine/define.ts";
import { evaluateMetric, METRICS } from "../../core/metrics/index.ts";
import type { Store } from "../../core/store/db.ts";
import { setLanding } from "../../core/store/facts/facts-marks.ts";
import { testDatabase } from "../support/database.ts";
import { activity, change, company, deal, instant, person, pipeline, Plain, rep, team } from "./normalise-world.ts";

let store: Store;
beforeAll(async () => {
  store = await testDatabase();
});

const LOADED = "2026-03-10T00:00:00Z";
const T = "2026-03-20T12:00:00Z";
const LATER = "2026-04-02T09:00:00Z";

const MONTHS = ["2026-02-01", "2026-04-30", "month"] as const;
const RANGES = [["2026-03-01", "2026-03-31", null], MONTHS, [null, null, null]] as const;

/** Every KPI in every breakdown by month, and as a whole also of a month and of all time. */
async function answers(asOf: string | null, now: string): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  const times = { asOf: asOf === null ? null : new Date(asOf), now: new Date(now) };
  for (const metric of METRICS) {
    const slices = metric.kind === "ranking" ? [[]] : [[], ...dimensionNames(metric).map((name) => [name])];
    for (const by of slices)
      for (const [from, to, grain] of by.length === 0 ? RANGES : [MONTHS]) {
        const query = { metric: metric.id, from, to, grain, by, filters: [], ...times };
        const { rows, exceptions } = await evaluateMetric(store.db, query);
        all[[metric.id, by, from, grain].join(" ")] = { rows, exceptions };
      }
  }
  return all;
}

describe("as of an instant", () => {
  test("every KPI in every breakdown says what it said then, whatever was deleted, merged, edited or read late since", async () => {
    const crm = await Plain.connect(store, "crm");
    const dialer = await Plain.connect(store, "dialer");
    const at = "2026-03-02T00:00:00Z";
    const people = (eve: object = {}, bea: object = {}): object[] => [
      person("eve", {
        emails: ["eve@acme.example"],
        leadCreatedAt: instant("2026-03-02T10:00:00Z"),
        rep: "ann",
        ...eve,
      }),
      person("bea", { emails: ["bea@bolt.example"], leadCreatedAt: instant("2026-03-03T10:00:00Z"), ...bea }),
    ];
    const record = (id: string, ...facts: object[]) => ({ id, at, facts });
    await crm.take(
      "others",
      [
        record("pipe", pipeline("sales", ["P", "Q", "M", "N"])),
        record("reps", rep("ann"), rep("bob"), team("west", ["ann", "bob"])),
        record("acme", company("acme")),
        record("bolt", company("bolt")),
        record("people", ...people()),
        record("a1", activity("a1", { person: "eve", deal: "A" })),
        record("a2", activity("a2", { outcome: "answered", rep: "bob", person: "bea" })),
      ],
      at,
    );
    await dialer.take(
      "others",
      [
        record("reps", rep("annie"), rep("bo")),
        record("c1", activity("c1", { rep: "annie" })),
        record("c2", activity("c2", { rep: "bo", occurredAt: instant("2026-03-06T10:00:00Z") })),
        record(
          "lead",
          person("eve2", { emails: ["eve@other.example"], leadCreatedAt: instant("2026-03-01T10:00:00Z") }),
        ),
      ],
      at,
    );
    const deals = (more: { readonly [id: string]: object } = {}) =>
      ["A", "B", "C", "D"].map((id) => ({
        id,
        at: "2026-03-09T00:00:00Z",
        facts: [
          deal(id, { company: id < "C" ? "acme" : "bolt", person: "eve", attributes: { plan: id }, ...more[id] }),
        ],
      }));
    await crm.take("deals", deals({ B: { status: "won", closedAt: instant("2026-03-08T10:00:00Z") } }), at);
    await crm.take(
      "changes",
      [
        { id: "e1", at: null, facts: [change("e1", "A", "2026-03-04T10:00:00Z", { stage: "P" }, { stage: "Q" })] },
        { id: "e2", at: null, facts: [change("e2", "C", "2026-03-05T10:00:00Z", { stage: "P" }, { stage: "M" })] },
      ],
      at,
    );
    for (const tool of [crm, dialer]) await tool.firstLoadDone(LOADED);

    // Life goes on: a win, a loss, and a move that is told a day late.
    const closed = (id: string, status: string, when: string, more: object = {}) => ({
      id,
      at: when,
      facts: [
        deal(id, {
          company: "bolt",
          person: "eve",
          status,
          closedAt: instant(when),
          attributes: { plan: id },
          ...more,
        }),
      ],
    });
    await crm.take("deals", [closed("C", "won", "2026-03-15T10:00:00Z", { stage: "N" })], "2026-03-15T10:01:00Z");
    await crm.take(
      "deals",
      [closed("D", "lost", "2026-03-16T10:00:00Z", { lostReason: "price" })],
      "2026-03-16T10:01:00Z",
    );
    await crm.take(
      "changes",
      [{ id: "e3", at: null, facts: [change("e3", "A", "2026-03-17T10:00:00Z", { stage: "Q" }, { stage: "M" })] }],
      "2026-03-18T10:00:00Z",
    );

    const then = await answers(null, T);

    // Edits, also of what had been loaded at the start, and what is told late.
    await crm.take("deals", [closed("C", "open", "2026-03-22T10:00:00Z", { closedAt: null })], "2026-03-22T10:01:00Z");
    await crm.take(
      "deals",
      [
        closed("D", "lost", "2026-03-23T10:00:00Z", {
          lostReason: "timing",
          amountMinor: 999_00,
          rep: "bob",
          company: "acme",
          attributes: { plan: "other" },
        }),
      ],
      "2026-03-23T10:01:00Z",
    );
    await crm.take(
      "changes",
      [
        {
          id: "late",
          at: null,
          facts: [change("late", "A", "2026-03-11T10:00:00Z", { amountMinor: 50_00 }, { amountMinor: 100_00 })],
        },
        // The same record, and another change in it.
        { id: "e2", at: null, facts: [change("e2", "C", "2026-03-06T10:00:00Z", { stage: "P" }, { stage: "Q" })] },
      ],
      LATER,
    );
    await crm.take(
      "others",
      [
        {
          id: "reps",
          at: LATER,
          facts: [
            rep("ann", { name: "Ann Renamed", isActive: false }),
            rep("bob"),
            team("west", ["ann"], { name: "West Coast" }),
            team("east", ["bob"]),
          ],
        },
        { id: "pipe", at: LATER, facts: [pipeline("sales", ["Q", "P", "N"])] },
        { id: "acme", at: LATER, facts: [company("acme", { name: "Acme Renamed" })] },
        {
          id: "people",
          at: LATER,
          facts: people({ rep: "bob", leadCreatedAt: instant("2026-03-05T10:00:00Z") }, { leadCreatedAt: null }),
        },
        { id: "a1", at: LATER, facts: [activity("a1", { type: "email", rep: "bob", person: "bea", deal: "B" })] },
      ],
      LATER,
    );
    // Merges and their undoing, by people.
    const who = (entity: "rep" | "person" | "company", tool: string, id: string): string => entityId(entity, tool, id);
    await store.db.transaction().execute(async (tx) => {
      await setLanding(tx, new Date(LATER));
      await linkManually(tx, {
        entity: "rep",
        fromId: who("rep", "dialer", "annie"),
        intoId: who("rep", "crm", "ann"),
        by: "test",
      });
      const bo = await linkManually(tx, {
        entity: "rep",
        fromId: who("rep", "dialer", "bo"),
        intoId: who("rep", "crm", "bob"),
        by: "test",
      });
      await linkManually(tx, {
        entity: "person",
        fromId: who("person", "dialer", "eve2"),
        intoId: who("person", "crm", "eve"),
        by: "test",
      });
      await linkManually(tx, {
        entity: "company",
        fromId: who("company", "crm", "bolt"),
        intoId: who("company", "crm", "acme"),
        by: "test",
      });
      await undoLink(tx, bo, "test", new Date(LATER));
    });
    // Deletions: of a deal, of a change, of a touch and its double.
    await crm.take("deals", [], LATER, ["B"]);
    await crm.take("changes", [], LATER, ["e1", "e3"]);
    await crm.take("others", [], LATER, ["a2", "bolt"]);
    await dialer.take("others", [], LATER, ["c1"]);

    expect(await answers(T, "2026-05-01T00:00:00Z")).toEqual(then);

    // Made anew from what is stored raw, nothing of it changes.
    for (const tool of [crm, dialer]) for (const stream of ["deals", "others", "changes"]) await tool.replay(stream);
    expect(await answers(T, "2026-05-01T00:00:00Z")).toEqual(then);
  }, 240_000);
});
