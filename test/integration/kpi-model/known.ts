import { addDays, startOfDay } from "../../../core/base/time.ts";
import {
  type Activity,
  type Company,
  DAY,
  type Deal,
  HOUR,
  NOW,
  RATES,
  SAME_COMPANY,
  SAME_REP,
  type State,
  type Status,
  ZONE,
} from "./company.ts";
import { HOLIDAY } from "./write.ts";

/** What may be known of a company: what had happened by the cutoff and, as of an instant, had landed by it. */

export const [FROM, TO] = ["2026-03-01", "2026-03-31"] as const;
export const STARTS = startOfDay(FROM, ZONE).getTime();
export const ENDS = startOfDay("2026-04-01", ZONE).getTime();
export const inMarch = (at: number): boolean => at >= STARTS && at < ENDS;

export type Closing = {
  readonly at: number;
  readonly status: Status;
  readonly rep: string | null;
  readonly last: State;
};
/** A deal with what is known of it. */
export type KnownDeal = { readonly deal: Deal; readonly states: readonly State[]; readonly closing: Closing | null };

export class Known {
  readonly company: Company;
  readonly cutoff: number;
  /** The last instant of March that is known. */
  readonly end: number;
  readonly deals: readonly KnownDeal[];
  readonly #asOf: number | null;

  constructor(company: Company, asOf: number | null) {
    this.company = company;
    this.#asOf = asOf;
    this.cutoff = asOf ?? NOW;
    this.end = Math.min(ENDS - 1, this.cutoff);
    this.deals = company.deals.flatMap((deal) => {
      if (deal.isMerged || !this.isThere(deal)) return [];
      const states = deal.history.filter(({ at, known }) => at <= this.cutoff && this.hasLanded(known));
      return states.length === 0 ? [] : [{ deal, states, closing: closingOf(states) }];
    });
  }

  /** The same with the deals that were deleted, or merged, since the end of March: a movement has them until then. */
  beforeDeletions(): Known {
    const deals = this.company.deals.map((deal) =>
      deal.deletedAt !== null && deal.deletedAt > this.end ? { ...deal, deletedAt: null, isMerged: false } : deal,
    );
    return new Known({ ...this.company, deals }, this.#asOf);
  }

  get hasBegun(): boolean {
    return this.cutoff >= STARTS;
  }

  hasLanded(at: number | null): boolean {
    return this.#asOf === null || at === null || at <= this.#asOf;
  }

  /** Its source still had it. */
  isThere({ deletedAt }: { readonly deletedAt: number | null }): boolean {
    return deletedAt === null || deletedAt > this.cutoff;
  }

  /** Activities that count, by when they happened. */
  activities(): readonly Activity[] {
    return this.company.activities
      .filter((one) => this.hasLanded(one.landed) && this.isThere(one) && !one.isDouble && one.at <= this.cutoff)
      .toSorted((a, b) => a.at - b.at);
  }

  touches(): readonly Activity[] {
    return this.activities().filter(
      ({ type, outcome, rep, isCampaign }) =>
        ["call", "email", "sms", "meeting"].includes(type) &&
        !(isCampaign && rep === null) &&
        !(type === "meeting" && outcome === "no_show"),
    );
  }

  /** The team that a rep was in at an instant. */
  team(rep: string | null, at: number): string | null {
    const { annMoves, benLeaves } = this.company;
    if (rep === "Ann") return at < annMoves ? "North" : "South";
    if (rep === "Dee") return "North";
    return rep === "Ben" && at < benLeaves ? "South" : null;
  }

  /** Whose it is: the rep, and the rep's team at the instant. */
  credit(said: string | null, at: number): { readonly rep: string | null; readonly team: string | null } {
    const rep = repOf(said);
    return { rep, team: this.team(rep, at) };
  }
}

export const repOf = (name: string | null): string | null => (name === null ? null : (SAME_REP[name] ?? name));
export const companyOf = (name: string | null): string | null => (name === null ? null : (SAME_COMPANY[name] ?? name));
export const goesOut = ({ type, direction }: Activity): boolean => type === "meeting" || direction === "outbound";

/** The win or loss that no reopening had followed. */
function closingOf(states: readonly State[]): Closing | null {
  let found: Omit<Closing, "last"> | null = null;
  let before: Status = "open";
  for (const { at, status, rep } of states) {
    if (status === "open") found = null;
    else if (status !== before) found = { at, status, rep };
    before = status;
  }
  const last = states.at(-1);
  return found === null || last === undefined ? null : { ...found, last };
}

/** Minor units of dollars at the rate of an instant's day; null: no value, or no rate. */
export function worth(amount: number | null, currency: string, at: number): number | null {
  if (amount === null || currency === "USD") return amount;
  if (currency !== "EUR") return null;
  const rate = RATES.filter(
    ([day]) => startOfDay(day, ZONE).getTime() <= at && at < startOfDay(addDays(day, 7), ZONE).getTime(),
  ).at(-1);
  return rate === undefined ? null : Math.round(amount * rate[1]);
}

/** The calendar day of an instant. */
export const dayOf = (at: number): string => new Intl.DateTimeFormat("en-CA", { timeZone: ZONE }).format(at);

/** Whole calendar days in the zone, from the one of an instant on: each with when it begins and ends. */
export function* daysFrom(
  at: number,
): Generator<{ readonly day: string; readonly starts: number; readonly ends: number }> {
  let day = dayOf(at);
  for (;;) {
    const next = addDays(day, 1);
    yield { day, starts: startOfDay(day, ZONE).getTime(), ends: startOfDay(next, ZONE).getTime() };
    day = next;
  }
}
export const isWorked = (day: string): boolean =>
  ![0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay()) && day !== HOLIDAY;

/** Hours from nine to five of working days between two instants; 0 where the second is not after the first. */
export function workingHours(from: number, to: number): number {
  let hours = 0;
  for (const { day, starts, ends } of daysFrom(from)) {
    if (starts >= to) return hours;
    // On the day on which the clocks change they do so before nine.
    const [nine, five] = [ends - 15 * HOUR, ends - 7 * HOUR];
    if (isWorked(day)) hours += Math.max(0, Math.min(five, to) - Math.max(nine, from)) / HOUR;
  }
  return hours;
}
export const days = (from: number, to: number): number => (to - from) / DAY;
