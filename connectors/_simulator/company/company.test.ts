import { describe, expect, it } from "vitest";
import { createCompany } from "./company.ts";
import type { Company, Deal, DealState } from "./model.ts";

const NOW = new Date("2026-11-24T14:00:00Z");
const DAY_MS = 86_400_000;
const company = createCompany({ seed: 7, now: NOW });
const reps = new Map(company.reps.map((rep) => [rep.id, rep]));
const leads = new Map(company.leads.map((lead) => [lead.id, lead]));
const deals = new Map(company.deals.map((deal) => [deal.id, deal]));
const people = new Map(company.people.map((person) => [person.id, person]));

function found<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id);
  if (value === undefined) throw new Error(`${id} is missing`);
  return value;
}

/** Everything but the methods, as text. */
function written(of: Company): string {
  return JSON.stringify({ ...of, campaigns: of.campaigns });
}

function wasHere(repId: string, at: Date): boolean {
  const rep = found(reps, repId);
  return rep.hiredAt <= at && (rep.leftAt === null || at < rep.leftAt);
}

function stateAfter(deal: Deal): DealState {
  return Object.assign({}, ...deal.changes.map((change) => change.after)) as DealState;
}

describe("the company", () => {
  it("is the same, byte for byte, for the same seed and instant", () => {
    const small = { seed: 3, now: NOW, scale: 0.1 };
    expect(written(createCompany(small))).toBe(written(createCompany(small)));
  });

  it("is another for another seed", () => {
    const names = (seed: number): string =>
      createCompany({ seed, now: NOW, scale: 0.05 })
        .leads.map((l) => l.name)
        .join();
    expect(names(1)).not.toBe(names(2));
  });

  it("has 25 reps in 4 teams, of whom some left and some are still learning", () => {
    expect(company.teams).toHaveLength(4);
    expect(company.reps).toHaveLength(25);
    expect(company.reps.filter((rep) => rep.leftAt !== null)).toHaveLength(3);
    const isLearning = (hiredAt: Date, days: number): boolean => NOW.getTime() - hiredAt.getTime() < days * DAY_MS;
    expect(company.reps.some((rep) => isLearning(rep.hiredAt, rep.rampDays))).toBe(true);
    for (const team of company.teams)
      expect(found(reps, team.managerId)).toMatchObject({ teamId: team.id, isManager: true });
  });

  it("gives every record an id of its own and every e-mail address and phone number to one person", () => {
    const unique = (values: readonly string[]): void => expect(new Set(values).size).toBe(values.length);
    unique(company.leads.map((lead) => lead.id));
    unique(company.leads.map((lead) => lead.domain));
    unique(company.people.map((person) => person.id));
    unique(company.people.map((person) => person.email));
    unique([...company.people, ...company.leads, ...company.reps].flatMap((each) => each.phone ?? []));
    unique(company.deals.map((deal) => deal.id));
    unique(company.activities.map((activity) => activity.id));
  });

  it("uses domains and phone numbers that belong to nobody", () => {
    const fictional =
      /^(\+1\d{3}55501\d\d|\+44\d{2,3}(7946|496)0\d{3}|\+33(19900|63998)\d{4}|\+49(3023125|6990009|4066969|2214710|8999998)\d{3}|\+46\d+)$/;
    for (const phone of company.people.flatMap((person) => person.phone ?? [])) expect(phone).toMatch(fictional);
    for (const person of company.people) expect(person.email).toMatch(/^[a-z.0-9]+@[a-z0-9-]+\.example$/);
  });
});

describe("a deal", () => {
  it("is what its changes say, one after another", () => {
    for (const deal of company.deals) {
      expect(stateAfter(deal)).toEqual(deal.state);
      const [first, ...later] = deal.changes;
      expect(first).toMatchObject({ kind: "created", at: deal.createdAt, before: {} });
      let state: Partial<DealState> = first?.after ?? {};
      let at = deal.createdAt;
      for (const change of later) {
        expect(change.at.getTime()).toBeGreaterThan(at.getTime());
        expect(state).toMatchObject(change.before);
        expect(Object.keys(change.before)).toEqual(Object.keys(change.after));
        state = { ...state, ...change.after };
        at = change.at;
      }
      expect(deal.updatedAt).toEqual(at);
      expect(at.getTime()).toBeLessThanOrEqual(NOW.getTime());
    }
  });

  it("stands in a stage that fits its status, and has a reason exactly when it is lost", () => {
    const stages = new Map(company.pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, stage])));
    for (const deal of company.deals) {
      expect(found(stages, deal.state.stageId).type).toBe(deal.state.status);
      expect(deal.state.lostReason !== null).toBe(deal.state.status === "lost");
      expect(deal.closedAt !== null).toBe(deal.state.status !== "open");
    }
  });

  it("was won or lost last at its closing instant", () => {
    for (const deal of company.deals.filter((each) => each.closedAt !== null)) {
      const last = deal.changes.findLast((change) => change.after.status !== undefined);
      expect(last).toMatchObject({ at: deal.closedAt, kind: deal.state.status });
    }
  });

  it("belongs to a lead that was there before it, and is changed by people who work here", () => {
    for (const deal of company.deals) {
      expect(deal.createdAt.getTime()).toBeGreaterThan(found(leads, deal.leadId).createdAt.getTime());
      expect(found(people, deal.personId).leadId).toBe(deal.leadId);
      for (const change of deal.changes)
        expect(wasHere(change.byId, change.at), `${change.id} by ${change.byId}`).toBe(true);
    }
  });

  it("that is open is owned by somebody who is still here", () => {
    const open = company.deals.filter((deal) => deal.state.status === "open");
    expect(open.filter((deal) => !wasHere(deal.state.ownerId, NOW))).toEqual([]);
  });
});

describe("an activity", () => {
  it("is done by somebody who works here then, and lies in the life of its lead", () => {
    for (const activity of company.activities) {
      const lead = found(leads, activity.leadId);
      expect(activity.createdAt.getTime()).toBeGreaterThanOrEqual(lead.createdAt.getTime());
      expect(activity.createdAt.getTime()).toBeLessThanOrEqual(NOW.getTime());
      expect(found(people, activity.personId).leadId).toBe(activity.leadId);
    }
    const done = company.activities.filter((activity) => activity.at <= NOW);
    expect(done.filter((activity) => !wasHere(activity.repId, activity.at))).toEqual([]);
  });

  it("on a deal lies in the life of the deal", () => {
    for (const activity of company.activities) {
      const deal = activity.dealId === null ? null : found(deals, activity.dealId);
      expect(activity.createdAt.getTime()).toBeGreaterThanOrEqual(deal?.createdAt.getTime() ?? 0);
      expect(activity.at.getTime()).toBeLessThan(deal?.closedAt?.getTime() ?? Infinity);
    }
  });

  it("that is a meeting is booked before it starts, and is upcoming exactly while it is not over", () => {
    const meetings = company.activities.filter((activity) => activity.type === "meeting");
    expect(meetings.length).toBeGreaterThan(100);
    expect(meetings.filter((meeting) => meeting.createdAt >= meeting.at)).toEqual([]);
    const upcoming = meetings.filter((meeting) => meeting.status === "upcoming");
    expect(upcoming.filter((meeting) => meeting.at.getTime() + DAY_MS / 24 < NOW.getTime())).toEqual([]);
    expect(meetings.filter((meeting) => meeting.at > NOW && meeting.status !== "upcoming")).toEqual([]);
  });

  it("that is a call has a duration exactly when somebody answered", () => {
    const calls = company.activities.filter((activity) => activity.type === "call");
    expect(calls.filter((call) => call.durationS > 0 !== (call.outcome === "answered"))).toEqual([]);
  });
});

describe("the numbers", () => {
  const annual = (deal: Deal): number =>
    (deal.state.amountMinor ?? 0) * (deal.state.valuePeriod === "monthly" ? 12 : 1);
  const won = company.deals.filter((deal) => deal.state.status === "won");
  const lost = company.deals.filter((deal) => deal.state.status === "lost");
  const share = (part: number, of: number): number => part / of;

  it("are those of a believable company", () => {
    const days = won.map((deal) => ((deal.closedAt?.getTime() ?? 0) - deal.createdAt.getTime()) / DAY_MS);
    const sorted = won.map(annual).toSorted((a, b) => a - b);
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    expect(share(won.length, won.length + lost.length)).toBeGreaterThan(0.22);
    expect(share(won.length, won.length + lost.length)).toBeLessThan(0.34);
    expect(days.reduce((sum, each) => sum + each, 0) / days.length).toBeGreaterThan(34);
    expect(days.reduce((sum, each) => sum + each, 0) / days.length).toBeLessThan(55);
    // Log-normal by segment: few large ones pull the mean well above the middle one.
    expect(mean).toBeGreaterThan(1.4 * (sorted[Math.floor(sorted.length / 2)] ?? Infinity));
  });

  it("hold skipped stages, steps back, reopened deals, hand-overs and put-off dates", () => {
    const kinds = new Set(company.deals.flatMap((deal) => deal.changes.map((change) => change.kind)));
    expect([...kinds].toSorted()).toEqual(
      ["created", "expected_close", "lost", "owner", "reopened", "stage", "value", "won"].toSorted(),
    );
    const order = new Map(company.pipelines.flatMap((each) => each.stages.map((stage, at) => [stage.id, at])));
    const steps = company.deals.flatMap((deal) =>
      deal.changes
        .filter((change) => change.kind === "stage")
        .map((change) => found(order, change.after.stageId ?? "") - found(order, change.before.stageId ?? "")),
    );
    expect(steps.some((step) => step > 1)).toBe(true);
    expect(steps.some((step) => step < 0)).toBe(true);
  });

  it("follow the week: next to nothing happens on Saturdays and Sundays", () => {
    const calls = company.activities.filter((activity) => activity.type === "call");
    const weekend = calls.filter((call) => [0, 6].includes(call.at.getUTCDay()));
    expect(share(weekend.length, calls.length)).toBeLessThan(0.02);
  });

  it("have their visits by channel and landing page, of any day, also one that has yet to come", () => {
    const day = company.webDays.at(-1)?.day ?? "";
    expect(company.webDaysOf(day)).toEqual(company.webDays.filter((visit) => visit.day === day));
    expect(new Set(company.webDaysOf(day).map(({ channel, landingPage }) => `${channel} ${landingPage}`)).size).toBe(
      24,
    );
    expect(company.webDaysOf("2027-02-01")).toEqual(company.webDaysOf("2027-02-01"));
    expect(company.webDaysOf("2027-02-01")).toHaveLength(24);
    expect(company.webDaysOf("2020-02-01")).toEqual([]);
  });

  it("grow with the scale", () => {
    const twice = createCompany({ seed: 7, now: NOW, scale: 0.2 });
    const once = createCompany({ seed: 7, now: NOW, scale: 0.1 });
    expect(share(twice.leads.length, once.leads.length)).toBeCloseTo(2, 1);
  });

  it("tell one story: most customers read the newsletter and some ask for help later", () => {
    const readers = new Set(
      company.campaigns.flatMap((each) =>
        each.sends.filter((send) => send.openedAt.length > 0).map((send) => send.personId),
      ),
    );
    const subscribed = won.filter((deal) => found(people, deal.personId).isSubscribed);
    expect(share(subscribed.filter((deal) => readers.has(deal.personId)).length, subscribed.length)).toBeGreaterThan(
      0.8,
    );
    for (const ticket of company.tickets) {
      const closedAt = found(deals, ticket.dealId).closedAt;
      expect(closedAt !== null && closedAt <= ticket.createdAt).toBe(true);
    }
  });
});
