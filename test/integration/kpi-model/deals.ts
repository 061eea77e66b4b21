import { DAY, type State, STAGES } from "./company.ts";
import {
  count,
  divided,
  finalIncidence,
  incidence,
  mean,
  meanMoney,
  median,
  medianIncidence,
  money,
  type Row,
  share,
  shareOfSum,
  sum,
} from "./figures.ts";
import {
  companyOf,
  days,
  ENDS,
  FROM,
  goesOut,
  inMarch,
  type Known,
  type KnownDeal,
  STARTS,
  TO,
  worth,
} from "./known.ts";
import { byAmount, type Expected, expected, whole } from "./expected.ts";
import { firstChannel, groupOf } from "./people.ts";

const stageOf = ({ stage }: { readonly stage: number }) => STAGES[stage] ?? STAGES[0];
const isLater = (stage: number, than: number): boolean =>
  stageOf({ stage }).pipeline === stageOf({ stage: than }).pipeline &&
  stageOf({ stage }).position > stageOf({ stage: than }).position;

/** What rows of a deal are told apart by, as its state has it. */
function dimensions(known: Known, { deal }: KnownDeal, state: State, rep: string | null, creditedAt: number) {
  return {
    ...known.credit(rep, creditedAt),
    pipeline: stageOf(state).pipeline,
    stage: stageOf(state).name,
    company: companyOf(deal.company),
    currency: state.currency,
    channel: firstChannel(known, deal),
    "attributes.segment": deal.segment,
    "attributes.source": deal.source,
  };
}
export const DEAL_SLICES = [
  [],
  ["rep"],
  ["team"],
  ["pipeline"],
  ["stage"],
  ["channel"],
  ["attributes.segment"],
  ["rep", "pipeline"],
];

type Closed = Row & { readonly status: string; readonly one: KnownDeal; readonly at: number };

export function closed(known: Known, isWithin: (at: number) => boolean = inMarch): Closed[] {
  return known.deals.flatMap((one): Closed[] => {
    const { closing } = one;
    if (closing === null || !isWithin(closing.at)) return [];
    const of = dimensions(known, one, closing.last, closing.rep, closing.at);
    const amount = worth(closing.last.amount, closing.last.currency, closing.at);
    return [{ of, amount, isHit: closing.status === "won", status: closing.status, one, at: closing.at }];
  });
}

type Standing = Row & { readonly status: string; readonly state: State; readonly one: KnownDeal };

/** Every deal as it was at the end of March. */
export function atEnd(
  known: Known,
): (Row & { readonly status: string; readonly state: State; readonly one: KnownDeal })[] {
  if (!known.hasBegun) return [];
  return known.deals.flatMap((one) => {
    const state = one.states.findLast(({ at }) => at <= known.end);
    if (state === undefined) return [];
    const of = dimensions(known, one, state, state.rep, known.end);
    return [{ of, amount: worth(state.amount, state.currency, known.end), status: state.status, state, one }];
  });
}

/** Deals created in March, by their outcome now, with their age at it. */
export function created(known: Known): (Row & { readonly one: KnownDeal })[] {
  return known.deals.flatMap((one) => {
    const [at, last] = [one.deal.history[0]?.at ?? NaN, one.states.at(-1)];
    if (!inMarch(at) || last === undefined) return [];
    const { closing } = one;
    const of = dimensions(
      known,
      one,
      last,
      closing === null ? last.rep : closing.rep,
      closing === null ? known.cutoff : closing.at,
    );
    const age = days(at, closing?.at ?? known.cutoff);
    return [{ of, amount: age, isHit: closing?.status === "won", per: closing === null ? 0 : 1, one }];
  });
}

type Entry = { readonly at: number; readonly stage: number; readonly rep: string | null };
const places = STAGES.map((_, stage) => stage);

/** The stages that a deal came into or moved over, in order. A deal that closes from another stage than it was known in has moved there. */
function entriesOf(states: readonly State[]): Entry[] {
  const found: Entry[] = [];
  let current: number | null = null;
  for (const { at, stage, rep } of states) {
    if (stage === current) continue;
    const from = current;
    const over = from === null ? [] : places.filter((one) => isLater(one, from) && isLater(stage, one));
    for (const one of [...over, stage]) found.push({ at, stage: one, rep });
    current = stage;
  }
  return found;
}

type Entered = Row & {
  readonly stage: number;
  readonly at: number;
  readonly one: KnownDeal;
  readonly wentOn: boolean;
  readonly isLostHere: boolean;
};

export function entered(known: Known): Entered[] {
  return known.deals.flatMap((one) => {
    const { states, closing } = one;
    const entries = entriesOf(states);
    return places.flatMap((stage): Entered[] => {
      const here = entries.find((entry) => entry.stage === stage && inMarch(entry.at));
      const last = states.at(-1);
      if (here === undefined || last === undefined) return [];
      const first = entries.findIndex((entry) => entry.stage === stage);
      const wentOn = entries.slice(first + 1).some((entry) => isLater(entry.stage, stage)) || closing?.status === "won";
      const isLostHere = closing?.status === "lost" && closing.last.stage === stage;
      const of = { ...dimensions(known, one, { ...last, stage }, here.rep, here.at), stage: stageOf({ stage }).name };
      return [{ of, stage, at: here.at, one, wentOn, isLostHere }];
    });
  });
}

type Stay = { readonly stage: number; readonly from: number; readonly to: number | null; readonly state: State };

function staysOf(states: readonly State[]): Stay[] {
  const placed = states.map((state) => ({ state, stage: state.status === "open" ? state.stage : null }));
  const moves = placed.filter(({ stage }, no) => stage !== (placed[no - 1]?.stage ?? null));
  return moves.flatMap(({ state, stage }, no) =>
    stage === null ? [] : [{ stage, from: state.at, to: moves[no + 1]?.state.at ?? null, state }],
  );
}

function completed(known: Known): Row[] {
  return known.deals.flatMap((one) =>
    staysOf(one.states).flatMap(({ from, to, state, stage }) =>
      to === null || !inMarch(to)
        ? []
        : [
            {
              of: { ...dimensions(known, one, state, state.rep, from), stage: stageOf({ stage }).name },
              amount: days(from, to),
            },
          ],
    ),
  );
}

/** Open deals whose stay is longer than 14 days and twice the median of the year before: of the stage, or of the pipeline, of 20 or more. */
function stalled(known: Known): Row[] {
  const ends = Math.min(ENDS, known.cutoff + 1);
  const year = known.deals.flatMap(({ states }) =>
    staysOf(states).flatMap(({ stage, from, to }) =>
      to === null || to < ends - 365 * DAY || to >= ends ? [] : [{ stage, amount: days(from, to), of: {} }],
    ),
  );
  return open(known).filter(({ state, one }) => {
    const stay = staysOf(one.states.filter(({ at }) => at <= known.end)).at(-1);
    if (stay === undefined) return false;
    const ofStage = year.filter(({ stage }) => stage === state.stage);
    const ofPipeline = year.filter(({ stage }) => stageOf({ stage }).pipeline === stageOf(state).pipeline);
    const history = [ofStage, ofPipeline].find((stays) => stays.length >= 20) ?? [];
    return days(stay.from, known.end) > Math.max(14, 2 * (median(history) ?? 0));
  });
}

export const open = (known: Known): Standing[] => atEnd(known).filter(({ status }) => status === "open");

/** The moves of a deal's expected close to a later day, a first date being none. */
const pushes = ({ states }: KnownDeal): number[] =>
  states.flatMap(({ at, expected: now }, no) => {
    const before = states[no - 1]?.expected ?? null;
    return before !== null && now !== null && now > before ? [at] : [];
  });

/** Deals open when March began or created in it, and whether they went further. */
function moving(known: Known): Row[] {
  if (!known.hasBegun) return [];
  return known.deals.flatMap((one) => {
    const { states, deal } = one;
    const before = states.findLast(({ at }) => at < STARTS);
    const began = before ?? (inMarch(deal.history[0]?.at ?? NaN) ? states[0] : undefined);
    const last = states.findLast(({ at }) => at < ENDS);
    if (began?.status !== "open" || last === undefined) return [];
    const later = states.filter(({ at }) => at > began.at && at < ENDS);
    const isHit = later.some(
      ({ status, stage }) => status === "won" || (status === "open" && isLater(stage, began.stage)),
    );
    const of = { ...dimensions(known, one, last, last.rep, known.end), stage: stageOf(began).name };
    return [{ of, isHit }];
  });
}

const ofDeal = (known: Known, { deal }: KnownDeal) => known.touches().filter((touch) => touch.deal === deal.name);

/** Open deals without a meeting or an open task ahead. */
function withoutNextStep(known: Known): Row[] {
  const planned = known.company.activities.filter(
    (one) =>
      (one.type === "meeting" || one.type === "task") &&
      one.outcome !== "no_show" &&
      known.hasLanded(one.landed) &&
      known.isThere(one) &&
      !one.isDouble &&
      one.at > known.end,
  );
  return open(known).filter(({ one }) => !planned.some(({ deal }) => deal === one.deal.name));
}

function singleThreaded(known: Known): Row[] {
  return open(known).filter(({ one }) => {
    const since = one.deal.history[0]?.at ?? NaN;
    const people = ofDeal(known, one).flatMap(({ at, person }) =>
      person !== null && at >= since && at <= known.end ? [groupOf(known, person)] : [],
    );
    return new Set(people).size <= 1;
  });
}

export function coldDeals(known: Known): Row[] {
  const since = known.end - 30 * DAY;
  return open(known).filter(({ one }) => {
    const touched = ofDeal(known, one).some(({ at }) => at > since && at <= known.end);
    return (one.deal.history[0]?.at ?? NaN) <= since && !touched;
  });
}

const LANDMARK = 7 * DAY;

/** What became of deals that were still in a stage a week after they came into it, by the touches of that week. */
function landmarks(known: Known): Row[] {
  return entered(known).flatMap(({ of, stage, at, one, wentOn }) => {
    const until = at + LANDMARK;
    const then = one.states.findLast((state) => state.at <= until);
    if (until > known.cutoff || then?.stage !== stage || then.status !== "open") return [];
    const types = ofDeal(known, one)
      .filter((touch) => goesOut(touch) && touch.at >= at && touch.at < until)
      .map(({ type }) => type);
    return [
      {
        of: { ...of, touch_mix: mixOf(types), touches: types.length > 4 ? "5+" : String(types.length) },
        isHit: wentOn,
      },
    ];
  });
}

function mixOf(types: readonly string[]): string {
  const kinds = [...new Set(types)].toSorted().join();
  if (kinds.includes("meeting")) return "with meeting";
  const words: { readonly [kinds: string]: string } = {
    "": "none",
    call: "calls only",
    email: "e-mails only",
    "call,email": "calls and e-mails",
  };
  return words[kinds] ?? "other";
}

/** Wins that were in N, with the touches that went out since they last came into it. */
function followUps(known: Known): Row[] {
  return closed(known).flatMap(({ of, status, one, at }) => {
    const entry = entriesOf(one.states).findLast((entry) => stageOf(entry).name === "N" && entry.at <= at);
    if (status !== "won" || entry === undefined) return [];
    const amount = ofDeal(known, one).filter(
      (touch) => goesOut(touch) && touch.at >= entry.at && touch.at <= at,
    ).length;
    return [{ of, amount }];
  });
}

/** Whether a touch is with the customer of a deal: its person, anyone at its company, or about the deal itself. */
function customerOf(known: Known, { deal }: KnownDeal) {
  const firm = companyOf(deal.company);
  const group = deal.person === null ? null : groupOf(known, deal.person);
  const atFirm = new Set(
    known.company.people.flatMap(({ name, company }) => (firm !== null && companyOf(company) === firm ? [name] : [])),
  );
  return (touch: {
    readonly person: string | null;
    readonly company: string | null;
    readonly deal: string | null;
  }): boolean =>
    touch.deal === deal.name ||
    (firm !== null && companyOf(touch.company) === firm) ||
    (touch.person !== null && (atFirm.has(touch.person) || (group !== null && groupOf(known, touch.person) === group)));
}

function greeted(known: Known): Row[] {
  return closed(known).flatMap(({ of, status, one, at }) => {
    if (status !== "won" || at + 14 * DAY > known.cutoff) return [];
    const isCustomer = customerOf(known, one);
    const isHit = known
      .touches()
      .some((touch) => goesOut(touch) && isCustomer(touch) && touch.at > at && touch.at <= at + 14 * DAY);
    return [{ of, isHit }];
  });
}

const wonBefore = (known: Known, company: string | null, at: number): boolean =>
  known.deals.some(
    ({ deal, closing }) => companyOf(deal.company) === company && closing?.status === "won" && closing.at < at,
  );

function repeats(known: Known): Row[] {
  return closed(known).flatMap(({ of, status, one, at }) => {
    const company = companyOf(one.deal.company);
    return status === "won" ? [{ of, isHit: company !== null && wonBefore(known, company, at) }] : [];
  });
}

/** Companies with a win by the end of March. */
export const customers = (known: Known): number =>
  new Set(
    known.deals.flatMap(({ deal, closing }) =>
      closing?.status === "won" && closing.at <= known.end ? (companyOf(deal.company) ?? []) : [],
    ),
  ).size;

/** Open deals that are expected to close in March. */
export const expectedInMarch = (known: Known): Standing[] =>
  open(known).filter(({ state }) => state.expected !== null && state.expected >= FROM && state.expected <= TO);

export function dealKpis(known: Known): Expected[] {
  const [ended, standing, fresh] = [closed(known), atEnd(known), created(known)];
  const [won, lost, opened] = [
    ended.filter(({ status }) => status === "won"),
    ended.filter(({ status }) => status === "lost"),
    open(known),
  ];
  const age = ({ one, at }: Closed): number => days(one.deal.history[0]?.at ?? NaN, at);
  const ages = won.map((row) => ({ ...row, amount: age(row) }));
  const stages = entered(known);
  const [conversion, leak] = [
    stages.map((row) => ({ ...row, isHit: row.wentOn })),
    stages.map((row) => ({ ...row, isHit: row.isLostHere })),
  ];
  const weighted = opened.flatMap((row) => {
    const p = row.state.probability ?? stageOf(row.state).probability;
    return p === null ? [{ ...row, amount: null }] : [{ ...row, amount: row.amount == null ? null : row.amount * p }];
  });
  const snapshot = { hasValue: known.hasBegun };
  const bySlice = DEAL_SLICES;
  const byStage = DEAL_SLICES.filter((by) => !by.includes("stage")).map((by) => [...by, "stage"]);
  return [
    expected("deals_won", won, count, bySlice),
    expected("deals_lost", lost, count, bySlice),
    expected("won_value", won, money, bySlice),
    expected("lost_value", lost, money, bySlice),
    expected("average_deal_size", won, meanMoney, bySlice),
    expected("win_rate", ended, share, bySlice),
    expected("win_rate_value", ended, shareOfSum, bySlice),
    expected("win_rate_cohort", fresh, share, [[], ["rep"], ["team"], ["pipeline"], ["attributes.source"]]),
    expected("time_to_close_mean", ages, mean, bySlice),
    expected("time_to_close_median", ages, median, bySlice),
    expected("time_to_win_km", fresh, medianIncidence, [[], ["team"]]),
    expected("win_probability", fresh, finalIncidence, [[], ["pipeline"]]),
    [{ metric: "win_probability_by_age", by: ["age_days"], values: wonByAge(fresh) }],
    expected("open_deal_count", opened, count, bySlice, snapshot),
    expected("open_pipeline_value", opened, money, bySlice, snapshot),
    expected("weighted_pipeline_value", weighted, money, [[], ["rep"], ["stage"]], snapshot),
    expected("deal_count", standing, count, bySlice, snapshot),
    expected("stage_conversion", conversion, share, byStage),
    expected("stage_leak", leak, share, byStage),
    expected("time_in_stage", completed(known), median, byStage),
    expected("stalled_deals", stalled(known), count, [[], ["rep"]], snapshot),
    expected("progress_rate", moving(known), share, [[], ["rep"], ["team"], ["pipeline"], ["stage"]]),
    expected(
      "slipped_deals",
      opened.filter(({ one }) => pushes(one).some((at) => inMarch(at) && at <= known.end)),
      count,
      [[], ["team"]],
      snapshot,
    ),
    expected(
      "pushes_per_deal",
      ended.map((row) => ({ ...row, amount: pushes(row.one).filter((at) => at <= row.at).length })),
      mean,
      [[], ["rep"]],
    ),
    expected("no_next_step", withoutNextStep(known), count, [[], ["rep"]], snapshot),
    expected("single_threaded_deals", singleThreaded(known), count, [[], ["rep"]], snapshot),
    expected("conversion_by_activity", landmarks(known), share, [
      ["stage", "touch_mix"],
      ["stage", "touches"],
      ["team", "stage", "touch_mix"],
    ]),
    expected("follow_ups_to_close_mean", followUps(known), mean, [[], ["rep"]]),
    expected("follow_ups_to_close_median", followUps(known), median, [[], ["rep"]]),
    expected("follow_ups_to_close_distribution", byAmount("touches", followUps(known)), count, [
      ["touches"],
      ["rep", "touches"],
    ]),
    expected("onboarding_touch_rate", greeted(known), share, [[], ["rep"]]),
    expected("repeat_sale_rate", repeats(known), share, [[], ["team"]]),
    expected(
      "referrals",
      fresh.filter(({ one }) => (one.deal.source ?? firstChannel(known, one.deal)) === "referral"),
      count,
      [[], ["rep"]],
    ),
    [whole("sales_velocity", velocity(opened.length, share(ended), mean(won), mean(ages)))],
    [whole("sales_velocity_close", closeVelocity(fresh))],
  ].flat();
}

/** The chance of having won by each whole day by which it is another, or any deal has closed. */
function wonByAge(fresh: readonly Row[]): Map<string, number | null> {
  const steps = incidence(fresh);
  const ages = [...new Set(steps.map(({ time }) => Math.ceil(time)))];
  return new Map(ages.map((age) => [String(age), steps.findLast(({ time }) => time <= age)?.won ?? null]));
}

function velocity(deals: number, rate: number | null, size: number | null, time: number | null): number | null {
  return rate === null || size === null ? null : divided((deals * rate * size) / 100, time);
}

/** As Close reads it: all of the deals created in the period. */
function closeVelocity(fresh: ReturnType<typeof created>): number | null {
  const closings = fresh.flatMap(({ one, amount }) =>
    one.closing === null ? [] : [{ ...one.closing, age: amount ?? 0 }],
  );
  const wins = closings.filter(({ status }) => status === "won");
  const values = wins.flatMap(({ last, at }) => worth(last.amount, last.currency, at) ?? []);
  const size = divided(sum(values), values.length);
  return velocity(
    fresh.length,
    divided(wins.length, closings.length),
    size,
    divided(sum(wins.map(({ age }) => age)), wins.length),
  );
}
