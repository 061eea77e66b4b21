import { describe, expect, it } from "vitest";
import { createCompany } from "./company.ts";
import type { Chat, Company, CompanyChange, LiveCompany, Ticket } from "./model.ts";

const NOW = new Date("2026-11-24T14:00:00Z");

/** A company that lives two seconds a tick; `tickMs` 0: its clock stands. */
function living(
  seed = 5,
  tickMs = 2000,
): {
  readonly company: Company;
  readonly life: LiveCompany;
  readonly tick: () => readonly CompanyChange[];
} {
  let atMs = NOW.getTime();
  const company = createCompany({ seed, now: NOW, scale: 0.1 });
  const life = company.live({ clock: { now: () => new Date(atMs) } });
  return {
    company,
    life,
    tick: () => {
      atMs += tickMs;
      return life.tick();
    },
  };
}

function changesOf(ticks: number, seed?: number): readonly CompanyChange[] {
  const { tick } = living(seed);
  return Array.from({ length: ticks }, tick).flat();
}

describe("life after the history", () => {
  it("is the same for the same seed, number of ticks and instants", () => {
    const lived = changesOf(600);
    expect(JSON.stringify(changesOf(600))).toBe(JSON.stringify(lived));
    for (const type of ["activity.created", "deal.updated", "ticket.updated", "chat.updated"])
      expect(lived.map((change) => change.type)).toContain(type);
    expect(JSON.stringify(changesOf(50, 6))).not.toBe(JSON.stringify(changesOf(50, 7)));
  });

  it("brings a win at least every 14 ticks, the first within 8", () => {
    const { tick } = living();
    let since = 6;
    for (let nth = 0; nth < 300; nth += 1) {
      since = tick().some((change) => change.type === "deal.updated" && change.change.kind === "won") ? 0 : since + 1;
      expect(since).toBeLessThanOrEqual(14);
    }
  });

  it("brings calls, e-mails, new leads, new deals, stage moves and losses", () => {
    const kinds = new Set(
      changesOf(300).map((change) =>
        change.type === "deal.updated"
          ? change.change.kind
          : change.type === "activity.created"
            ? change.activity.type
            : change.type,
      ),
    );
    for (const kind of ["call", "email", "lead.created", "deal.created", "stage", "won", "lost"])
      expect(kinds).toContain(kind);
  });

  it("keeps as many deals in play as it began with, give or take a third", () => {
    const { company, tick } = living();
    const open = (): number => company.deals.filter((deal) => deal.state.status === "open").length;
    const before = open();
    for (let nth = 0; nth < 2000; nth += 1) tick();
    expect(open()).toBeGreaterThan(before * 0.66);
    expect(open()).toBeLessThan(before * 1.5);
  });

  it("leaves every deal what its changes say, and the lists as of the latest tick", () => {
    const { company, tick } = living();
    for (let nth = 0; nth < 500; nth += 1) {
      const told = tick();
      const toldDeals = told.flatMap((change) => ("deal" in change ? change.deal : []));
      expect(toldDeals.every((deal) => company.deals.includes(deal))).toBe(true);
    }
    for (const deal of company.deals) {
      expect(Object.assign({}, ...deal.changes.map((change) => change.after))).toEqual(deal.state);
      const instants = deal.changes.map((change) => change.at.getTime());
      expect(instants).toEqual([...new Set(instants)].toSorted((a, b) => a - b));
    }
  });

  it("leaves each ticket and chat as it was last told, in the list where it was, changed later than before even while the clock stands", () => {
    const { company, tick } = living(5, 0);
    const known = new Map([...company.tickets, ...company.chats].map((record) => [record.id, record]));
    for (const change of Array.from({ length: 2000 }, tick).flat()) {
      const record = "ticket" in change ? change.ticket : "chat" in change ? change.chat : null;
      if (record === null) continue;
      const previous = "previous" in change ? change.previous : undefined;
      expect(previous).toBe(known.get(record.id));
      expect(record.updatedAt).toEqual(change.at);
      expect(change.at.getTime()).toBeGreaterThan(previous?.updatedAt.getTime() ?? 0);
      known.set(record.id, record);
    }
    const isTicket = ({ id }: Ticket | Chat): boolean => id.startsWith("ticket-");
    expect([...known.values()].filter(isTicket)).toEqual(company.tickets);
    expect([...known.values()].filter((record) => !isTicket(record))).toEqual(company.chats);
  });

  it("tells its listeners until they have heard enough", () => {
    const { life, tick } = living();
    const heard: CompanyChange[] = [];
    const stop = life.onChange((change) => heard.push(change));
    const told = tick();
    stop();
    tick();
    expect(heard).toEqual(told);
  });

  it("is lived once", () => {
    const { company } = living();
    expect(() => company.live({ clock: { now: () => NOW } })).toThrow("one life");
  });
});

/** Each state that live life has brought tickets and chats into, oldest first. */
function support(ticks: number): {
  readonly company: Company;
  /** Open when the history ended. */
  readonly openBefore: readonly (Ticket | Chat)[];
  readonly tickets: ReadonlyMap<string, readonly Ticket[]>;
  readonly chats: ReadonlyMap<string, readonly Chat[]>;
} {
  const { company, tick } = living();
  const tickets = new Map<string, readonly Ticket[]>();
  const chats = new Map<string, readonly Chat[]>();
  const openBefore = [
    ...company.tickets.filter(({ status }) => status !== "solved"),
    ...company.chats.filter(({ closedAt }) => closedAt === null),
  ];
  for (const change of Array.from({ length: ticks }, tick).flat()) {
    if ("ticket" in change) tickets.set(change.ticket.id, [...(tickets.get(change.ticket.id) ?? []), change.ticket]);
    if ("chat" in change) chats.set(change.chat.id, [...(chats.get(change.chat.id) ?? []), change.chat]);
  }
  return { company, openBefore, tickets, chats };
}

describe("the help desk and the chat of a living company", () => {
  const { company, openBefore, tickets, chats } = support(12_000);
  const isOpen = (record: Ticket | Chat): boolean =>
    "closedAt" in record ? record.closedAt === null : record.status !== "solved";

  it("answer and end what they open, and what was open when the history ended", () => {
    const begun = [...tickets.values(), ...chats.values()]
      .map((states) => states.at(-1))
      .filter((one) => one !== undefined);
    // About one ticket and one chat in 140 ticks, each of which is over within the next few hundred.
    expect(begun.length).toBeGreaterThan(120);
    expect(begun.filter(isOpen).length).toBeLessThan(20);
    expect(openBefore.length).toBeGreaterThan(0);
    const now = new Map([...company.tickets, ...company.chats].map((record) => [record.id, record]));
    expect(openBefore.filter(({ id }) => isOpen(now.get(id) ?? raise(id)))).toEqual([]);
  });

  it("bring a ticket from new by its agent's reply to solved, and tell each step in its messages", () => {
    const fromNew = [...tickets.values()].filter(([first]) => first?.status === "new");
    expect(fromNew.length).toBeGreaterThan(50);
    for (const [first, second, third] of fromNew) {
      if (first === undefined || second === undefined) continue;
      expect(["open", "pending"]).toContain(second.status);
      expect(second).toMatchObject({ firstReplyAt: second.updatedAt, solvedAt: null, agentId: first.agentId });
      expect(second.messages.slice(1)).toMatchObject([{ at: second.updatedAt, author: "agent" }]);
      if (third === undefined) continue;
      const { firstReplyAt } = second;
      expect(third).toMatchObject({ status: "solved", firstReplyAt, firstSolvedAt: third.updatedAt });
      expect(third.messages.slice(2)).toMatchObject([{ at: third.solvedAt, author: "agent" }]);
    }
  });

  it("open some solved tickets again, which are then solved once more, the first time kept", () => {
    const again = [...tickets.values()].filter((states) => states.some(({ reopens }) => reopens > 0));
    expect(again.length).toBeGreaterThan(2);
    expect(again.length).toBeLessThan(tickets.size / 4);
    for (const states of again) {
      const at = states.findIndex(({ reopens }) => reopens > 0);
      const [solved, open, next] = [states[at - 1], states[at], states[at + 1]];
      expect(open).toMatchObject({ status: "open", solvedAt: solved?.solvedAt, firstSolvedAt: solved?.firstSolvedAt });
      expect(open?.messages.at(-1)).toMatchObject({ at: open?.updatedAt, author: "customer" });
      if (next === undefined) continue;
      expect(next).toMatchObject({ status: "solved", solvedAt: next.updatedAt, firstSolvedAt: open?.firstSolvedAt });
    }
  });

  it("have a third of the solved tickets rated, most of them good", () => {
    const last = [...tickets.values()].flatMap((states) => states.at(-1) ?? []);
    const rated = last.filter(({ satisfaction }) => satisfaction !== null);
    expect(rated.every(({ status }) => status === "solved")).toBe(true);
    expect(rated.length / last.length).toBeGreaterThan(0.2);
    expect(rated.length / last.length).toBeLessThan(0.5);
    expect(new Set(rated.map(({ satisfaction }) => satisfaction))).toEqual(new Set(["good", "bad"]));
    expect(rated.filter(({ satisfaction }) => satisfaction === "good").length).toBeGreaterThan(rated.length / 2);
  });

  it("give a chat a rep when it is answered: whoever has the visitor's company, and who is still here", () => {
    const answered = [...chats.values()].flatMap(
      (states) => states.filter(({ firstResponseAt }) => firstResponseAt)[0] ?? [],
    );
    expect(answered.length / chats.size).toBeGreaterThan(0.7);
    for (const chat of answered) {
      const rep = company.reps.find(({ id }) => id === chat.repId);
      expect(rep?.leftAt).toBeNull();
      const lead = company.leads.find(({ id }) => id === chat.leadId);
      expect(rep?.id).toBe(lead?.ownerId ?? rep?.id);
      expect(chat.messages.at(-1)).toMatchObject({ at: chat.firstResponseAt, author: "rep" });
    }
    const unanswered = [...chats.values()]
      .flatMap((states) => states.at(-1) ?? [])
      .filter(({ closedAt }) => closedAt !== null);
    expect(unanswered.some(({ repId }) => repId === null)).toBe(true);
  });

  it("neither run dry nor pile up", () => {
    const lateMs = NOW.getTime() + 9_000 * 2000;
    expect(company.tickets.filter(({ createdAt }) => createdAt.getTime() > lateMs).length).toBeGreaterThan(9);
    expect(company.chats.filter(({ startedAt }) => startedAt.getTime() > lateMs).length).toBeGreaterThan(9);
    expect(company.tickets.filter(isOpen).length).toBeLessThan(15);
    expect(company.chats.filter(isOpen).length).toBeLessThan(10);
  });
});

function raise(id: string): never {
  throw new RangeError(`no ${id}`);
}
