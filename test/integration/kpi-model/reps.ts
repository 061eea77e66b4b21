import { startOfDay } from "../../../core/base/time.ts";
import { type Activity, DAY, ZONE } from "./company.ts";
import { closed, created, entered, expectedInMarch, open } from "./deals.ts";
import { type Expected, expected, whole } from "./expected.ts";
import { count, divided, gini, money, type Row, share, sum, total } from "./figures.ts";
import { dayOf, daysFrom, FROM, inMarch, isWorked, type Known, repOf, STARTS, TO } from "./known.ts";
import { waiting } from "./leads.ts";
import { groupOf } from "./people.ts";
import { ACTIONS, GOALS } from "./write.ts";

/** What reps do, and how they stand. */
export function repKpis(known: Known): Expected[] {
  const done = known
    .activities()
    .filter(({ at, type, outcome }) => inMarch(at) && !(type === "task" && outcome === "open"));
  const row = (one: Activity): Row & { readonly one: Activity } => ({
    one,
    of: { ...known.credit(one.rep, one.at), type: one.type, direction: one.direction },
    amount: one.durationS === null ? null : one.durationS / 60,
    isHit: one.outcome === null ? (one.durationS ?? 0) >= 30 : one.outcome === "answered",
  });
  const rows = done.map(row);
  const calls = rows.filter(({ one }) => one.type === "call");
  const slices = [[], ["rep"], ["team"], ["type", "direction"]];
  return [
    expected("activities", rows, count, slices),
    expected("talk_minutes", calls, total, [[], ["rep"], ["team"]]),
    expected(
      "connected_call_rate",
      calls.filter(({ one }) => one.direction === "outbound"),
      share,
      [[], ["rep"]],
    ),
    expected("reply_rate", replies(known), share, [[], ["rep"], ["team"]]),
    expected("points", points(known), total, [[], ["rep"], ["team"], ["action"]]),
    streaks(known),
    ...balances(known),
    ...goals(known),
    ...leaderboard(known),
  ].flat();
}

/** E-mails that went out to a person, at least 14 days old, and whether one was answered. */
function replies(known: Known): Row[] {
  const mails = known.activities().filter(({ type, person }) => type === "email" && person !== null);
  const isOut = ({ direction, isCampaign, rep }: Activity): boolean =>
    direction === "outbound" && !(isCampaign && rep === null);
  const groupOfMail = ({ person }: Activity): string => groupOf(known, person ?? "");
  const answered = new Set<Activity>();
  for (const reply of mails) {
    if (reply.direction !== "inbound") continue;
    const before = mails.filter((one) => isOut(one) && groupOfMail(one) === groupOfMail(reply) && one.at < reply.at);
    const inThread = before.filter(({ thread }) => reply.thread !== null && thread === reply.thread);
    const to = inThread.at(-1) ?? before.at(-1);
    if (to !== undefined && reply.at <= to.at + 14 * DAY) answered.add(to);
  }
  return mails.flatMap((one) =>
    isOut(one) && inMarch(one.at) && one.at <= known.cutoff - 14 * DAY
      ? [{ of: known.credit(one.rep, one.at), isHit: answered.has(one) }]
      : [],
  );
}

type Did = Row & { readonly action: string; readonly rep: string; readonly at: number };

/** Each record by the first action that it fits. */
function points(known: Known, isWithin: (at: number) => boolean = inMarch): Did[] {
  const did = (id: string, rep: string | null, at: number): Did[] => {
    const action = ACTIONS.find((one) => one.id === id);
    if (action === undefined || rep === null) return [];
    return [
      { of: { ...known.credit(rep, at), action: id }, amount: action.points, action: id, rep: repOf(rep) ?? rep, at },
    ];
  };
  const acts = known.activities().flatMap(({ type, direction, rep, at }) => {
    if (!isWithin(at)) return [];
    if (type === "meeting") return did("meetings", rep, at);
    return type === "call" && direction === "outbound" ? did("calls", rep, at) : [];
  });
  const bornAt = ({ one }: ReturnType<typeof created>[number]): number => one.deal.history[0]?.at ?? NaN;
  return [
    ...acts,
    ...created(known).flatMap((row) => did("deals", row.of["rep"] ?? null, bornAt(row))),
    ...closed(known).flatMap(({ of, status, at }) => (status === "won" ? did("wins", of["rep"] ?? null, at) : [])),
    ...entered(known).flatMap(({ of, at }) => (of["stage"] === "Q" ? did("in_q", of["rep"] ?? null, at) : [])),
  ];
}

/** Working days in a row with a call, up to the last of March; the day that is not over breaks nothing. */
function streaks(known: Known): Expected[] {
  const values = new Map<string, number>();
  if (known.hasBegun) {
    const calls = points(known, () => true).filter(({ action }) => action === "calls");
    for (const rep of new Set(calls.map((one) => one.rep))) {
      const mine = calls.flatMap(({ rep: whose, at }) => (whose === rep ? [at] : []));
      const first = Math.min(...mine);
      let streak = 0;
      if (dayOf(first) > dayOf(known.end)) continue;
      for (const { day, starts, ends } of daysFrom(first)) {
        if (starts > known.end) break;
        if (!isWorked(day)) continue;
        const isMet = mine.some((at) => at >= starts && at < ends);
        const isToday = known.cutoff >= starts && known.cutoff < ends;
        if (isMet) streak += 1;
        else if (!isToday) streak = 0;
      }
      values.set(`${rep} | calls`, streak);
    }
  }
  return [{ metric: "streak_days", by: ["rep", "action"], values }];
}

/** Reps who work here. */
const ACTIVE = ["Ann", "Ben", "Dee"] as const;

type Ranked = { readonly value: number | null; readonly rank: number | null };

/** By the value that was won: who works here and won nothing comes last, who won what has no value has no rank. */
function ranking(wins: readonly Row[]): Map<string, Ranked> {
  const ofRep = (rep: string) => wins.filter(({ of }) => of["rep"] === rep);
  const reps = new Set([...ACTIVE, ...wins.flatMap(({ of }) => of["rep"] ?? [])]);
  const sums = [...reps].map((rep) => ({ rep, value: money(ofRep(rep)), hasWon: ofRep(rep).length > 0 }));
  const present = sums.filter(({ value, hasWon }) => hasWon && value !== null);
  return new Map(
    sums.map(({ rep, value, hasWon }) => {
      const ahead = hasWon ? present.filter((other) => (other.value ?? 0) > (value ?? 0)) : present;
      return [rep, { value, rank: value === null ? null : ahead.length + 1 }];
    }),
  );
}

/** The leaderboard of March, against the 31 days before. */
function leaderboard(known: Known): Expected[][] {
  const before = startOfDay("2026-01-29", ZONE).getTime();
  const wins = (within?: (at: number) => boolean) => closed(known, within).filter(({ status }) => status === "won");
  const now = ranking(wins());
  const then = ranking(wins((at) => at >= before && at < STARTS));
  const values = (of: (now: Ranked, then: number | null) => number | null) =>
    new Map([...now].map(([rep, one]) => [rep, of(one, then.get(rep)?.rank ?? null)]));
  const board = { metric: "rep_leaderboard", by: ["rep"] } as const;
  return [
    [{ ...board, values: values(({ value }) => value) }],
    [{ ...board, part: "rank", values: values(({ rank }) => rank) }],
    [{ ...board, part: "previous_rank", values: values((_, rank) => rank) }],
    [
      {
        ...board,
        part: "movement",
        values: values(({ rank }, old) => (rank === null || old === null ? null : old - rank)),
      },
    ],
  ];
}

function balances(known: Known): Expected[][] {
  const opened = open(known);
  const ofRep = (rep: string) => opened.filter(({ of }) => of["rep"] === rep);
  const leads = waiting(known).map(repOf);
  const loads: readonly (readonly [string, (rep: string) => number])[] = [
    ["assignment_balance", (rep) => ofRep(rep).length],
    ["assignment_balance_value", (rep) => sum(ofRep(rep).flatMap(({ amount }) => amount ?? []))],
    ["assignment_balance_leads", (rep) => leads.filter((one) => one === rep).length],
  ];
  if (!known.hasBegun) return [];
  return loads.flatMap(([metric, load]) => {
    const rows = ACTIVE.map((rep): Row & { readonly team: string | null } => ({
      of: known.credit(rep, known.end),
      amount: load(rep),
      team: known.team(rep, known.end),
    }));
    const values = new Map(
      rows.map(({ of, amount, team }) => {
        const mates = rows.filter((other) => other.team === team);
        return [
          of["rep"] ?? "-",
          divided(amount ?? 0, sum(mates.map((one) => one.amount ?? 0)) / mates.length),
        ] as const;
      }),
    );
    return [expected(metric, rows, gini, [[], ["team"]]), [{ metric, by: ["rep"], values }]];
  });
}

function workingDays(from: number, to: number): number {
  let days = 0;
  for (const { day, starts } of daysFrom(from)) {
    if (starts > to) return days;
    if (isWorked(day)) days += 1;
  }
  return days;
}

/** Against the goals of March: the company's whole one, Ann's, and Ben's two halves. */
function goals(known: Known): Expected[][] {
  const wins = closed(known).filter(({ status }) => status === "won");
  const aims = new Map<string | null, number>();
  for (const { rep, target } of GOALS) aims.set(rep, (aims.get(rep) ?? 0) + target / 100);
  const won = (rep: string | null): number | null => money(wins.filter(({ of }) => rep === null || of["rep"] === rep));
  const attained = (rep: string | null): number | null => divided(won(rep), aims.get(rep) ?? null);
  const all = workingDays(STARTS, Date.parse(`${TO}T12:00:00Z`));
  const today = dayOf(known.cutoff);
  const gone = today > TO ? all : today < FROM ? 0 : workingDays(STARTS, known.cutoff) - (isWorked(today) ? 1 : 0);
  const coming = (rep: string | null): number | null =>
    money(expectedInMarch(known).filter(({ of }) => rep === null || of["rep"] === rep));
  const coverage = (rep: string | null): number | null => {
    const missing = (aims.get(rep) ?? 0) - (won(rep) ?? 0);
    return missing <= 0 || !known.hasBegun ? null : divided(coming(rep), missing);
  };
  const reps = ["Ann", "Ben"] as const;
  const pace = divided(attained(null), gone / all);
  return [
    [whole("quota_attainment", attained(null))],
    [whole("pace", gone === 0 ? null : pace)],
    [whole("pipeline_coverage", coverage(null))],
    [{ metric: "quota_attainment", by: ["rep"], values: new Map(reps.map((rep) => [rep, attained(rep)])) }],
    [{ metric: "pipeline_coverage", by: ["rep"], values: new Map(reps.map((rep) => [rep, coverage(rep)])) }],
  ];
}
