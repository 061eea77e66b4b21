import { describe, expect, it } from "vitest";
import { createCompany } from "./company.ts";
import type { Company, CompanyChange, LiveCompany } from "./model.ts";

const NOW = new Date("2026-11-24T14:00:00Z");

/** A company that lives two seconds a tick. */
function living(seed = 5): {
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
      atMs += 2000;
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
    expect(JSON.stringify(changesOf(200))).toBe(JSON.stringify(changesOf(200)));
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
