import fc from "fast-check";
import type { ActivityType } from "../../../core/schema/canonical.ts";
import type { Outcome } from "../../../core/schema/outcomes.ts";

/** A company of a few months, drawn at random: what its records say, before any of it is stored. Instants are milliseconds of Unix time. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const ZONE = "America/New_York";
export const BEGINNING = Date.parse("2026-01-10T05:00:00Z");
export const NOW = Date.parse("2026-06-30T12:00:00Z");
/** Two pipelines: the stages of the second come after those of the first in this list alone. */
export const STAGES = [
  { name: "P", pipeline: "Sales", position: 0, probability: 0.1 },
  { name: "Q", pipeline: "Sales", position: 1, probability: null },
  { name: "M", pipeline: "Sales", position: 2, probability: 0.5 },
  { name: "N", pipeline: "Sales", position: 3, probability: 0.8 },
  { name: "A", pipeline: "Care", position: 0, probability: 0.3 },
  { name: "B", pipeline: "Care", position: 1, probability: null },
] as const;
/** `Ben again` is Ben. Dee has nothing, Cal has left. */
export const REPS = ["Ann", "Ben", "Ben again", null] as const;
export const SAME_REP: { readonly [name: string]: string } = { "Ben again": "Ben" };
export const COMPANIES = ["Acme", "Acme Inc.", "Beta", null] as const;
export const SAME_COMPANY: { readonly [name: string]: string } = { "Acme Inc.": "Acme" };
/** What a euro is worth, by the day from which it is; for pounds there are no rates. */
export const RATES = [
  ["2026-01-31", 2],
  ["2026-02-26", 1.5],
  ["2026-03-04", 1.25],
  ["2026-03-10", 2],
  ["2026-03-25", 1.5],
  ["2026-03-31", 1.25],
] as const;

export type Status = "open" | "won" | "lost";
/** A change with all that holds from it on. */
export type State = {
  readonly at: number;
  readonly known: number;
  readonly status: Status;
  /** A place in {@link STAGES}. */
  readonly stage: number;
  readonly rep: string | null;
  readonly amount: number | null;
  readonly currency: string;
  readonly expected: string | null;
  readonly probability: number | null;
};
export type Deal = {
  readonly name: string;
  readonly history: readonly State[];
  readonly deletedAt: number | null;
  readonly isMerged: boolean;
  readonly company: string | null;
  readonly person: string | null;
  readonly segment: string | null;
  readonly source: string | null;
};
export type Person = {
  readonly name: string;
  /** When it came in as a lead; null: it is none. */
  readonly leadAt: number | null;
  readonly company: string | null;
  readonly rep: string | null;
  /** Somebody else's since. */
  readonly takenOver: { readonly rep: string | null; readonly at: number } | null;
  readonly mergedInto: string | null;
  readonly deletedAt: number | null;
  readonly channel: string | null;
  readonly statuses: readonly { readonly at: number; readonly word: string; readonly before: string }[];
};
export type Activity = {
  readonly name: string;
  readonly at: number;
  readonly landed: number | null;
  readonly type: ActivityType;
  readonly direction: "inbound" | "outbound" | null;
  readonly outcome: Outcome | null;
  readonly durationS: number | null;
  readonly rep: string | null;
  readonly person: string | null;
  readonly company: string | null;
  readonly deal: string | null;
  readonly thread: string | null;
  readonly isCampaign: boolean;
  readonly isDouble: boolean;
  readonly deletedAt: number | null;
};
export type Ticket = {
  readonly name: string;
  readonly openedAt: number;
  readonly repliedAt: number | null;
  readonly solvedAt: number | null;
  /** When what became of it landed; until then it is open, unrated and the first assignee's. */
  readonly landed: number;
  readonly reopens: number | null;
  readonly satisfaction: "good" | "bad" | null;
  readonly firstRep: string | null;
  readonly rep: string | null;
  readonly company: string | null;
  readonly channel: string | null;
  readonly tags: readonly string[];
  readonly deletedAt: number | null;
};
export type Conversation = {
  readonly name: string;
  readonly startedAt: number;
  readonly answeredAt: number | null;
  readonly rep: string | null;
  readonly person: string | null;
  readonly deletedAt: number | null;
};
export type Campaign = {
  readonly name: string;
  readonly sentAt: number;
  readonly recipients: number;
  readonly opens: number | null;
  readonly clicks: number | null;
  readonly bounces: number | null;
  readonly unsubscribes: number | null;
  readonly humanOpens: number | null;
  readonly channel: string | null;
};
/** What advertising cost and brought on a day. */
export type WebDay = {
  readonly name: string;
  readonly day: string;
  readonly channel: string | null;
  readonly sessions: number;
  readonly keyEvents: number | null;
  readonly spentMinor: number;
  readonly currency: string;
  readonly deletedAt: number | null;
};
export type Company = {
  readonly deals: readonly Deal[];
  readonly people: readonly Person[];
  readonly activities: readonly Activity[];
  readonly tickets: readonly Ticket[];
  readonly conversations: readonly Conversation[];
  readonly campaigns: readonly Campaign[];
  readonly web: readonly WebDay[];
  /** Ann is in North until then, and in South from then on; Ben leaves South on the other day. */
  readonly annMoves: number;
  readonly benLeaves: number;
};

/** One in so many has it; null: it has not. */
const rarely = <T>(one: fc.Arbitrary<T>, inMany: number): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: inMany - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: one });
const often = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one, { freq: 4 });
/** From the middle of January to the end of April. */
const hour = fc.integer({ min: 24 * 6, max: 24 * 110 });
const rep = fc.constantFrom(...REPS);
const company = fc.constantFrom(...COMPANIES);
const channel = fc.constantFrom("web", "fair", null);
const currency = fc.constantFrom("USD", "EUR", "GBP");
const gone = rarely(fc.integer({ min: 24 * 40, max: 24 * 120 }), 8);
const many = <T>(one: fc.Arbitrary<T>, least: number): fc.Arbitrary<T[]> =>
  fc.array(one, { minLength: least, maxLength: least + 4, size: "max" });

const step = fc.record({
  afterHours: fc.integer({ min: 1, max: 24 * 8 }),
  lateHours: rarely(fc.integer({ min: 1, max: 24 * 40 }), 4),
  what: fc.constantFrom(
    ...(["stage", "stage", "stage", "rep", "amount", "currency", "expected", "won", "lost", "reopen"] as const),
  ),
  stage: fc.constantFrom(0, 0, 1, 1, 2, 2, 3, 3, 4, 5),
  rep,
  amount: fc.option(fc.integer({ min: 1, max: 50 }), { freq: 5 }),
  currency,
  expectedDay: often(fc.integer({ min: 30, max: 110 })),
  probability: rarely(fc.constantFrom(0.25, 0.75), 5),
});
const deal = fc.record({
  createdHour: fc.integer({ min: 24 * 30, max: 24 * 75 }),
  first: step,
  steps: fc.array(step, { minLength: 2, maxLength: 9 }),
  deletedHour: gone,
  isMerged: rarely(fc.constant(true), 9),
  company,
  person: often(fc.integer({ min: 0, max: 8 })),
  segment: fc.constantFrom("small", "large", null),
  source: fc.constantFrom("referral", "web", null),
});
const person = fc.record({
  leadHour: often(fc.integer({ min: 24 * 20, max: 24 * 90 })),
  company,
  rep,
  takenOver: rarely(fc.record({ rep, afterHours: fc.integer({ min: 1, max: 900 }) }), 3),
  mergedInto: rarely(fc.constant(0), 5),
  deletedHour: gone,
  channel,
  words: fc.array(
    fc.record({
      afterHours: fc.integer({ min: 1, max: 400 }),
      word: fc.constantFrom("New", "Qualified", "Bad", "Later"),
    }),
    { maxLength: 3 },
  ),
});
const activity = fc.record({
  hour,
  lateHours: rarely(fc.integer({ min: 1, max: 24 * 40 }), 5),
  type: fc.constantFrom(
    ...(["call", "call", "email", "email", "email", "meeting", "meeting", "sms", "note", "task"] as const),
  ),
  direction: fc.constantFrom(...(["outbound", "outbound", "inbound", null] as const)),
  outcome: fc.constantFrom(...([null, null, "answered", "voicemail", "no_show", "held", "open"] as const)),
  durationS: often(fc.integer({ min: 0, max: 90 })),
  rep,
  person: often(fc.integer({ min: 0, max: 8 })),
  company,
  deal: often(fc.integer({ min: 0, max: 12 })),
  thread: fc.constantFrom("a", "b", null),
  isCampaign: rarely(fc.constant(true), 6),
  isDouble: rarely(fc.constant(true), 10),
  deletedHour: gone,
});
const ticket = fc.record({
  hour,
  replyHours: often(fc.integer({ min: 1, max: 90 })),
  solveHours: often(fc.integer({ min: 1, max: 900 })),
  landHours: fc.integer({ min: 1, max: 600 }),
  reopens: often(fc.integer({ min: 0, max: 2 })),
  satisfaction: fc.constantFrom(...(["good", "bad", null] as const)),
  firstRep: rep,
  rep,
  company,
  channel,
  tags: fc.uniqueArray(fc.constantFrom("billing", "bug", "how-to"), { maxLength: 3 }),
  deletedHour: gone,
});
const conversation = fc.record({
  hour,
  answerMinutes: often(fc.integer({ min: 1, max: 400 })),
  rep,
  person: often(fc.integer({ min: 0, max: 8 })),
  deletedHour: gone,
});
const part = often(fc.integer({ min: 0, max: 40 }));
const campaign = fc.record({
  hour,
  recipients: fc.integer({ min: 100, max: 300 }),
  opens: part,
  clicks: part,
  bounces: part,
  unsubscribes: part,
  humanOpens: part,
  channel,
});
const web = fc.record({
  day: fc.integer({ min: 40, max: 90 }),
  channel,
  sessions: fc.integer({ min: 1, max: 90 }),
  keyEvents: part,
  spent: fc.integer({ min: 1, max: 500 }),
  currency,
  deletedHour: gone,
});
const drawn = fc.record({
  deals: many(deal, 14),
  people: many(person, 9),
  activities: many(activity, 50),
  tickets: many(ticket, 10),
  conversations: many(conversation, 6),
  campaigns: many(campaign, 4),
  web: many(web, 8),
  annMoves: hour,
  benLeaves: hour,
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

const instant = (hours: number): number => BEGINNING + hours * HOUR;
const dayText = (days: number): string => new Date(instant(days * 24)).toISOString().slice(0, 10);
const orNull = (hours: number | null): number | null => (hours === null ? null : instant(hours));
/** So that no two records have one instant, and which is first is no question of ids. */
const apart = (no: number): number => no * 7_000;

function dealOf(given: Drawn["deals"][number], no: number): Deal {
  const history: State[] = [];
  let at = instant(given.createdHour) + apart(no);
  const { first } = given;
  let state: Omit<State, "at" | "known"> = {
    status: "open",
    stage: first.stage,
    rep: first.rep,
    amount: first.amount === null ? null : first.amount * 400,
    currency: first.currency,
    expected: first.expectedDay === null ? null : dayText(first.expectedDay),
    probability: first.probability,
  };
  history.push({ ...state, at, known: at });
  for (const one of given.steps) {
    const isOpen = state.status === "open";
    at += one.afterHours * HOUR;
    if (one.what === "stage") state = isOpen ? { ...state, stage: one.stage } : state;
    else if (one.what === "rep") state = { ...state, rep: one.rep };
    else if (one.what === "amount") state = { ...state, amount: one.amount === null ? null : one.amount * 400 };
    else if (one.what === "currency") state = { ...state, currency: one.currency };
    else if (one.what === "expected")
      state = { ...state, expected: one.expectedDay === null ? null : dayText(one.expectedDay) };
    else if (one.what === "reopen") state = { ...state, status: "open" };
    else state = { ...state, status: one.what };
    history.push({ ...state, at, known: at + (one.lateHours ?? 0) * HOUR });
  }
  const { company, segment, source } = given;
  return {
    name: `deal ${no}`,
    history,
    deletedAt: orNull(given.deletedHour),
    isMerged: given.isMerged === true && no > 0,
    company,
    person: given.person === null ? null : `person ${given.person}`,
    segment,
    source,
  };
}

function personOf(given: Drawn["people"][number], no: number): Person {
  const leadAt = given.leadHour === null ? null : instant(given.leadHour) + apart(no);
  let at = leadAt ?? instant(0);
  let before = "New";
  const statuses = given.words.map(({ afterHours, word }) => {
    at += afterHours * HOUR;
    const change = { at, word, before };
    before = word;
    return change;
  });
  const { company, rep, takenOver, channel } = given;
  return {
    name: `person ${no}`,
    leadAt,
    company,
    rep,
    takenOver:
      takenOver === null || leadAt === null ? null : { rep: takenOver.rep, at: leadAt + takenOver.afterHours * HOUR },
    mergedInto: given.mergedInto === null || no < 2 ? null : `person ${given.mergedInto}`,
    deletedAt: orNull(given.deletedHour),
    channel,
    statuses: leadAt === null ? [] : statuses,
  };
}

function activityOf(given: Drawn["activities"][number], no: number): Activity {
  const at = instant(given.hour) + apart(no);
  const { type, direction, outcome, durationS, rep, company } = given;
  return {
    name: `activity ${no}`,
    at,
    landed: given.lateHours === null ? null : at + given.lateHours * HOUR,
    type,
    direction,
    outcome,
    durationS,
    rep,
    person: given.person === null ? null : `person ${given.person}`,
    company,
    deal: given.deal === null ? null : `deal ${given.deal}`,
    thread: type === "email" ? given.thread : null,
    isCampaign: given.isCampaign === true && type === "email",
    isDouble: given.isDouble === true && no > 0,
    deletedAt: orNull(given.deletedHour),
  };
}

function ticketOf(given: Drawn["tickets"][number], no: number): Ticket {
  const openedAt = instant(given.hour) + apart(no);
  const after = (hours: number | null): number | null => (hours === null ? null : openedAt + hours * HOUR);
  const { reopens, satisfaction, firstRep, rep, company, channel, tags } = given;
  return {
    name: `ticket ${no}`,
    openedAt,
    repliedAt: after(given.replyHours),
    solvedAt: after(given.solveHours),
    landed: openedAt + given.landHours * HOUR,
    reopens,
    satisfaction,
    firstRep,
    rep,
    company,
    channel,
    tags,
    deletedAt: orNull(given.deletedHour),
  };
}

export const companies: fc.Arbitrary<Company> = drawn.map((given) => ({
  deals: given.deals.map(dealOf),
  people: given.people.map(personOf),
  activities: given.activities.map(activityOf),
  tickets: given.tickets.map(ticketOf),
  conversations: given.conversations.map(({ hour, answerMinutes, rep, person, deletedHour }, no) => ({
    name: `conversation ${no}`,
    startedAt: instant(hour) + apart(no),
    answeredAt: answerMinutes === null ? null : instant(hour) + apart(no) + answerMinutes * 60_000,
    rep,
    person: person === null ? null : `person ${person}`,
    deletedAt: orNull(deletedHour),
  })),
  campaigns: given.campaigns.map(({ hour, ...counts }, no) => ({
    ...counts,
    name: `campaign ${no}`,
    sentAt: instant(hour),
  })),
  web: given.web.map(({ day, spent, deletedHour, ...rest }, no) => ({
    ...rest,
    name: `web ${no}`,
    day: dayText(day),
    spentMinor: spent * 100,
    deletedAt: orNull(deletedHour),
  })),
  annMoves: instant(given.annMoves),
  benLeaves: instant(given.benLeaves),
}));
