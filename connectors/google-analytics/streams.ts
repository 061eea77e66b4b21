import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import type { Json } from "../../core/base/json.ts";
import { addDays, dayOf, daysBetween, type Day, isDay } from "../../core/base/time.ts";
import type { Page, PullContext, Stream } from "../../core/connector/define.ts";
import { type AnalyticsClient, type Property } from "./client.ts";
import { TOO_SLOW } from "./errors.ts";
import { dayFacts, keyEventFacts, trafficFacts } from "./normalise.ts";
import { makeDayRecord } from "./records.ts";
import { REPORTS, type ReportName } from "./reports.ts";
import type { AnalyticsSettings } from "./settings.ts";
import { keepsMoving, readSpan, type SpanEnd } from "./walk.ts";

type AnalyticsStream = Stream<AnalyticsSettings, AnalyticsClient>;
type Context = PullContext<AnalyticsSettings, AnalyticsClient>;

/** Days that one request asks for: few enough for one page of an ordinary site, many enough that two years are 14 requests. */
const SPAN_DAYS = 56;
/** Today and so many days before it are read with each pull: until 72 h after its end a day may be restated. */
const RESTATED_DAYS = 4;
/** Once a week so many, for what is restated later than Google says. */
const SWEEP_DAYS = 30;
const SWEEP_EVERY_DAYS = 7;
/** Reads of a span in a row that may come to nothing because it changed meanwhile. */
const MOST_MOVES = 3;
/** GA4's first form appeared in July 2019 (unverified); no property has older days. */
const EARLIEST: Day = "2019-07-01";

/**
 * Which dates a pull reads; all are days of the property's zone.
 *
 *   first load       since, or the first month with sessions ──────────────────────────────► today
 *   each pull                                              the 4 days before the last one ─► today
 *   once a week                           the 30 days before it ───────────────────────────► today
 *   interrupted                                 where it stopped ──────────────────────────► today
 */
const day = z.string().refine(isDay);
const checkpoints = z.object({
  /** The first date that was ever read. */
  first: day,
  /** The date to go on from; everything before it is read. */
  next: day,
  /** Whether the walk had reached its today. */
  isDone: z.boolean(),
  /** Today, when the last 30 days were last begun. */
  sweptOn: day,
  /** The property's, then. */
  timeZone: z.string(),
  /** Days a request, until this walk is done: fewer where the report took too long. */
  spanDays: z.int().positive(),
});
type Checkpoint = z.infer<typeof checkpoints>;

/** A pull on its way. */
type Walk = {
  readonly name: ReportName;
  readonly context: Context;
  readonly property: Property;
  readonly today: Day;
  readonly start: Day;
  at: Checkpoint;
};

async function* pullDays(name: ReportName, context: Context): AsyncGenerator<Page> {
  const property = await context.client.property();
  const today = dayOf(context.startedAt, property.timeZone);
  const at = await begin(context, property, today);
  const walk: Walk = { name, context, property, today, start: at.next, at };
  let dayByDayUntil: Day | null = null;
  let moves = 0;
  while (walk.at.next <= today) {
    const from = walk.at.next;
    const isDayByDay = dayByDayUntil !== null && from <= dayByDayUntil;
    const to = earlier(addDays(from, isDayByDay ? 0 : walk.at.spanDays - 1), today);
    const end = yield* spanPages(walk, from, to);
    if (end === "sampled") {
      context.log("info", `Google sampled ${from} to ${to}: reading it day by day`);
      dayByDayUntil = to;
    }
    if (end !== "moved" || walk.at.next > from) moves = 0;
    else if ((moves += 1) === MOST_MOVES) throw keepsMoving(from, to);
    if (end === "moved") context.log("info", `the report changed while it was read: going on from ${walk.at.next}`);
  }
}

async function* spanPages(walk: Walk, from: Day, to: Day): AsyncGenerator<Page, SpanEnd> {
  const { name, context, property } = walk;
  const events = name === "key_events" ? (context.settings.key_events ?? []) : [];
  try {
    const parts = readSpan(context.client, { ...REPORTS[name], events, from, to });
    for (;;) {
      const part = await parts.next();
      if (part.done === true) return part.value;
      const { report, dates, through } = part.value;
      const next = addDays(through, 1);
      const isDone = next > walk.today;
      walk.at = { ...walk.at, next, isDone, spanDays: isDone ? SPAN_DAYS : walk.at.spanDays };
      const now = context.startedAt;
      yield {
        records: [...dates].map(([date, rows]) => makeDayRecord(date, rows, { name, property, report, now })),
        checkpoint: walk.at,
        progress: { done: daysBetween(walk.start, next), total: daysBetween(walk.start, walk.today) + 1 },
      };
    }
  } catch (error) {
    // The next attempt asks for half of it.
    if (failedWith(error, TOO_SLOW) && walk.at.spanDays > 1) {
      yield { records: [], checkpoint: { ...walk.at, spanDays: Math.ceil(walk.at.spanDays / 2) } };
    }
    throw error;
  }
}

/** Where this pull starts. */
async function begin(context: Context, property: Property, today: Day): Promise<Checkpoint> {
  const { client, checkpoint, since, log } = context;
  const { timeZone } = property;
  const notBefore = since === null ? null : dayOf(since, timeZone);
  const known = checkpoints.safeParse(checkpoint);
  if (!known.success) {
    const first = notBefore ?? (await firstDay(client, today));
    return { first, next: earlier(first, today), isDone: false, sweptOn: today, timeZone, spanDays: SPAN_DAYS };
  }
  const last = known.data;
  if (last.timeZone !== timeZone) {
    log(
      "warn",
      `the property's time zone is now ${timeZone} instead of ${last.timeZone}: its days begin at other times`,
    );
  }
  if (!last.isDone) return { ...last, timeZone };
  const isSweep = daysBetween(last.sweptOn, today) >= SWEEP_EVERY_DAYS;
  // The day before `next` was the today of the last pull: what was not final then is read again, however long ago that is.
  const lastToday = earlier(addDays(last.next, -1), today);
  const back = addDays(lastToday, -(isSweep ? SWEEP_DAYS : RESTATED_DAYS));
  const next = later(back, last.first);
  return { ...last, timeZone, next, isDone: false, sweptOn: isSweep ? today : last.sweptOn };
}

/** The first day of the first month that has sessions; where there are none at all, the days that are still restated. */
async function firstDay(client: AnalyticsClient, today: Day): Promise<Day> {
  const span = { from: EARLIEST, to: today, limit: 1 };
  const { rows } = await client.report({ ...span, dimensions: ["yearMonth"], metrics: ["sessions"] });
  const month = /^(\d{4})(\d{2})$/.exec(rows[0]?.dimensions[0] ?? "");
  const first = month === null ? "" : `${month[1]}-${month[2]}-01`;
  return isDay(first) ? first : addDays(today, -RESTATED_DAYS);
}

function earlier(one: Day, other: Day): Day {
  return one < other ? one : other;
}

function later(one: Day, other: Day): Day {
  return one < other ? other : one;
}

const keyed = z.object({ date: day });

function byDate(name: ReportName, title: string, normalise: AnalyticsStream["normalise"]): AnalyticsStream {
  return {
    title,
    gives: ["web_traffic"],
    externalId: (record: Json) => keyed.parse(record).date,
    // Google does not say when it last changed a number: what is read later is newer.
    sourceTime: () => null,
    pull: (context) => pullDays(name, context),
    // A date stays, even without rows.
    deletions: "never",
    normalise,
  };
}

export const analyticsStreams: { readonly [name in ReportName]: AnalyticsStream } = {
  traffic: byDate("traffic", "Sessions by channel, source and landing page", trafficFacts),
  days: byDate("days", "Sessions and users by day", dayFacts),
  key_events: byDate("key_events", "Key events by name", keyEventFacts),
};
