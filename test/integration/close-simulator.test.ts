import { afterEach, describe, expect, it } from "vitest";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { closeId } from "../../connectors/close/simulator/format.ts";
import { startCloseSimulator, type CloseSimulator } from "../../connectors/close/simulator/index.ts";
import { ids, pull, record, smallAccount, stillClock } from "./close-harness.ts";

let sim: CloseSimulator | null = null;
afterEach(() => sim?.close());

async function get(of: CloseSimulator, path: string): Promise<Response> {
  const headers = { authorization: `Basic ${Buffer.from(`${of.apiKey}:`).toString("base64")}` };
  return fetch(`${of.baseUrl}${path}`, { headers });
}

describe("the company as a Close account", () => {
  it("has every deal, its stage moves and its touches, and what happens next arrives as objects and events", async () => {
    const clock = stillClock("2026-03-02T12:00:00Z");
    const company = createCompany({ seed: 3, now: clock.now(), scale: 0.05 });
    sim = await startCloseSimulator({ company, clock, limits: "off" });
    const deals = await pull(sim, "opportunities", { clock });
    expect(ids(deals, "opportunities")).toEqual(company.deals.map((deal) => closeId("oppo", deal.id)).toSorted());
    const moves = await pull(sim, "opportunity_status_changes", { clock });
    const stageMoves = company.deals.flatMap((deal) =>
      deal.changes.slice(1).filter((change) => change.after.stageId !== undefined),
    );
    expect(ids(moves, "opportunity_status_changes")).toHaveLength(stageMoves.length);
    const open = company.deals.filter((deal) => deal.state.status === "open").length;
    const active = ids(deals, "opportunities").filter(
      (id) => record(deals, "opportunities", id)["status_type"] === "active",
    );
    expect(active).toHaveLength(open);

    const events = await pull(sim, "events", { clock });
    const life = company.live({ clock });
    const account = sim;
    life.onChange((change) => account.change(change));
    clock.time = new Date("2026-03-02T12:30:00Z");
    const happened = Array.from({ length: 40 }, () => life.tick()).flat();
    await pull(sim, "events", { clock, into: events });
    const deal = new Set(
      happened.flatMap((one) => (one.type.startsWith("deal.") && "deal" in one ? [one.deal.id] : [])),
    );
    expect(ids(events, "opportunities")).toEqual(expect.arrayContaining([...deal].map((id) => closeId("oppo", id))));
    const leads = happened.flatMap((one) => (one.type === "lead.created" ? [closeId("lead", one.lead.id)] : []));
    expect(ids(events, "leads")).toEqual(expect.arrayContaining(leads));
    expect(happened.length).toBeGreaterThan(0);
  });
});

describe("any number of calls", () => {
  it("are served from their index, without those that were deleted, and the log tells which", async () => {
    const { sim: bulk, clock } = await smallAccount({ bulkCalls: 3_000 });
    sim = bulk;
    bulk.faults.script({ kind: "deleteWhilePaging", times: 5, match: "activity/call" });
    bulk.faults.script({ kind: "editWhilePaging", times: 5, match: "activity/call" });
    const pulled = await pull(bulk, "calls", { clock });
    await pull(bulk, "events", { clock, into: pulled, checkpoint: null });
    const calls = bulk.bulk;
    if (calls === null) throw new RangeError("no bulk calls");
    const rows = Array.from({ length: calls.count }, (_, index) => calls.row(index)).filter((row) => row !== null);
    expect(rows).toHaveLength(2_995);
    expect(ids(pulled, "calls")).toEqual(rows.map((row) => row.id).toSorted());
    for (const row of rows) expect(record(pulled, "calls", row.id)).toEqual(row);
  });
});

describe("limits and refusals", () => {
  it("answers 429 with the header and retry-after beyond a group's limit, and goes on serving other groups", async () => {
    sim = (await smallAccount({ limits: 0.1 })).sim;
    expect((await get(sim, "lead/")).headers.get("ratelimit")).toMatch(/^limit=1, remaining=0, reset=/);
    const refused = await get(sim, "lead/");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await get(sim, "me/")).status).toBe(200);
  });

  it("has the older body with a fraction of a second behind a switch", async () => {
    sim = (await smallAccount()).sim;
    sim.dial.hasLegacyBody = true;
    sim.faults.script({ kind: "rate429", times: 1 });
    const body = (await (await get(sim, "lead/")).json()) as { error: { rate_reset: number } };
    expect(body.error.rate_reset).toBeLessThan(1);
  });

  it("refuses pages beyond their cap, offsets beyond max_skip, and combinations of event filters that are not supported", async () => {
    sim = (await smallAccount({ maxSkip: 1000 })).sim;
    for (const path of [
      "activity/call/?_limit=101",
      "opportunity/?_limit=251",
      "activity/email/?_skip=1001",
      "event/?_limit=51",
      "event/?action=deleted",
      "event/?_skip=50",
      "activity/",
    ]) {
      expect(`${path} ${(await get(sim, path)).status}`).toBe(`${path} 400`);
    }
  });

  it("ignores parameters that it does not know", async () => {
    sim = (await smallAccount()).sim;
    expect((await get(sim, "activity/call/?date_updated__gte=2026-01-01")).status).toBe(200);
  });
});
