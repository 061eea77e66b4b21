import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gong } from "../../connectors/gong/index.ts";
import type { GongSimulator } from "../../connectors/gong/simulator/index.ts";
import { startGongSimulator } from "../../connectors/gong/simulator/index.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import type { Call, Company, Meeting } from "../../connectors/_simulator/company/model.ts";
import { gongId } from "../../connectors/gong/simulator/format.ts";
import type { ActivityFact, Fact, PersonFact } from "../../core/schema/facts.ts";
import { startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";
import { connect, ids, listedIds, pull, type StillClock, streamOf } from "./gong-harness.ts";

/** The simulated Gong tells the same story as the CRM: the same calls, by the same reps, with the same people. */

let company: Company;
let sim: GongSimulator;
let clock: StillClock;
const receiver = await startReceiver();

beforeEach(async () => {
  clock = { time: new Date("2026-03-02T12:00:00Z"), now: (): Date => clock.time };
  company = createCompany({ seed: 5, now: clock.time, scale: 0.1, months: 6 });
  sim = await startGongSimulator({ company, clock, limits: "off" });
});
afterEach(() => sim.close());

function recordable(): readonly (Call | Meeting)[] {
  return company.activities.filter(
    (one): one is Call | Meeting =>
      (one.type === "call" && one.outcome === "answered" && one.durationS > 60) ||
      (one.type === "meeting" && one.status === "completed"),
  );
}

async function factsByCall(): Promise<ReadonlyMap<string, readonly Fact[]>> {
  const { records } = await pull(sim, clock, "calls");
  const { settings } = connect(sim, clock);
  return new Map(
    [...records].map(([id, record]) => {
      const context = {
        connectionId: "g",
        stream: "calls",
        externalId: id,
        settings,
        timeZone: "UTC",
        currency: "USD",
      };
      return [id, streamOf("calls").normalise(record, context).facts];
    }),
  );
}

describe("the same touch in the CRM and in Gong", () => {
  it("four of five answered calls and held meetings are recorded, and nothing else is", async () => {
    const known = new Map(recordable().map((touch) => [gongId(touch.id), touch]));
    const recorded = ids(await pull(sim, clock, "calls"));
    expect(recorded.filter((id) => !known.has(id))).toEqual([]);
    expect(recorded.length / known.size).toBeGreaterThan(0.7);
    expect(recorded.length / known.size).toBeLessThan(0.9);
  });

  it("a recording begins seconds after the call and ends before it, with the same rep and the same person", async () => {
    const users = new Map([...sim.store.users].map(([id, user]) => [id, user["emailAddress"]]));
    const people = new Map(company.people.map((person) => [person.id, person]));
    const reps = new Map(company.reps.map((rep) => [rep.id, rep]));
    const facts = await factsByCall();
    let seen = 0;
    for (const touch of recordable()) {
      const made = facts.get(gongId(touch.id));
      const activity = made?.find((fact): fact is ActivityFact => fact.kind === "activity");
      const guest = made?.find(
        (fact): fact is PersonFact => fact.kind === "person" && fact.externalId === activity?.person,
      );
      if (activity === undefined || guest === undefined || !("instant" in activity.occurredAt)) continue;
      seen += 1;
      const person = people.get(touch.personId);
      expect(activity.type).toBe(touch.type);
      expect(users.get(activity.rep ?? "")).toBe(reps.get(touch.repId)?.email);
      expect([guest.emails[0] ?? person?.email, guest.phones[0] ?? person?.phone]).toEqual([
        person?.email,
        person?.phone,
      ]);
      const startS = activity.occurredAt.instant.getTime() / 1000;
      const lateS = startS - Math.floor(touch.at.getTime() / 1000);
      expect(lateS).toBeGreaterThan(0);
      expect(lateS).toBeLessThan(touch.type === "call" ? 30 : 300);
      const endS = touch.type === "call" ? touch.at.getTime() / 1000 + touch.durationS : touch.endsAt.getTime() / 1000;
      expect(startS + (activity.durationS ?? 0)).toBeLessThan(endS);
    }
    expect(seen).toBe(listedIds(sim, clock).length);
  });
});

describe("live", () => {
  /** Ticks until something was recorded. Its id. */
  function live(): string {
    const life = company.live({ clock });
    life.onChange((change) => sim.change(change));
    const before = new Set(sim.store.calls.keys());
    for (let tick = 0; tick < 500; tick += 1) {
      clock.time = new Date(clock.time.getTime() + 1000);
      life.tick();
      const fresh = [...sim.store.calls.keys()].find((id) => !before.has(id));
      if (fresh !== undefined) return fresh;
    }
    throw new RangeError("nothing was recorded");
  }

  it("a call that has just taken place is listed seconds later, not at once", async () => {
    const pulled = await pull(sim, clock, "calls");
    const id = live();
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).not.toContain(id);
    clock.time = new Date(clock.time.getTime() + sim.dial.processingMs + 1);
    await pull(sim, clock, "calls", { into: pulled });
    expect(ids(pulled)).toContain(id);
  });

  it("fires the rule's webhook with a signature that the connector takes", async () => {
    const { publicKey } = sim.webhooks.addRule(receiver.url);
    sim.dial.processingMs = 0;
    const id = live();
    await until(() => receiver.received.length > 0);
    const [told] = receiver.received;
    const request = {
      headers: { authorization: told?.headers.authorization ?? "" },
      body: Buffer.from(told?.body ?? ""),
    };
    expect(() => gong.webhook?.verify(request, publicKey, clock.now())).not.toThrow();
    const { client } = connect(sim, clock);
    const parts = await gong.webhook?.parts(request, client);
    expect(parts?.[0]?.records.map((record) => streamOf("calls").externalId(record))).toEqual([id]);
  });
});
