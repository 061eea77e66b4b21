import { z } from "zod";
import type { JsonObject } from "../base/json.ts";

/**
 * Every event that the hub tells: what it means, what it carries, and one of its kind. The one source for who writes events (their types), for
 * receivers and the API's documentation (JSON Schema), for samples and test events, and for docs/webhooks.md.
 *
 * A type's schema only ever grows; what would break a receiver gets a type of its own. `version` counts what was added to its `data`.
 */

const text = z.string();
const instant = z.iso.datetime();
const count = z.number().int();

const deal = z
  .strictObject({
    deal: z.strictObject({
      id: z.uuid(),
      name: text.nullable(),
      url: text.nullable().describe("Where it is in its tool"),
      value: z
        .object({ amount: z.number().nullable(), currency: text })
        .describe("In main units; null where the deal has none"),
      stage: text.nullable(),
      from_stage: text.nullable().describe("The one before"),
      pipeline: text.nullable(),
      owner: z.strictObject({ id: z.uuid(), name: text.nullable() }).nullable(),
      company: text.nullable(),
      lost_reason: text.nullable(),
    }),
    changed_at: instant,
    connection: text.describe("The id of the connection that it was learned from"),
  })
  .meta({ id: "DealEvent" });

const kpi = z
  .strictObject({
    metric: text,
    unit: text,
    currency: text,
    timezone: text,
    dimensions: z.record(text, text.nullable()).describe("Of a breakdown; empty: the whole"),
    from: text.nullable().describe("Inclusive days"),
    to: text.nullable(),
    value: z.number().nullable().describe("Money in main units; null: it has no value"),
    previous_value: z.number().nullable(),
    numerator: z.number().nullable(),
    denominator: z.number().nullable(),
    sample_size: count,
    as_of: instant,
    fresh_as_of: instant.nullable().describe("What the sources had changed until then is in it"),
    notes: z.array(text).describe("What is missing from it or odd in it, a sentence each; empty: whole and current"),
  })
  .meta({ id: "KpiEvent" });

const receiver = z
  .strictObject({
    endpoint: z.strictObject({ id: z.uuid(), destination: text, name: text }),
    failing_since: instant.nullable(),
    reason: text.nullable(),
  })
  .meta({ id: "EndpointEvent" });

const closed = z.strictObject({ count, value: z.number() });
const review = z
  .strictObject({
    review: z.strictObject({ id: z.uuid(), from: text.describe("Inclusive days"), to: text }),
    currency: text,
    won: closed.describe("In main units"),
    lost: closed,
    attention: count.describe("How many open deals need attention"),
    actions: z.strictObject({ done: count, not_done: count, added: count }),
    reps: z.array(z.strictObject({ name: text.nullable(), actions: count })).describe("What it asks of each"),
  })
  .meta({ id: "ReviewEvent" });

const RULES = [
  "kpi_crosses",
  "goal_reached",
  "rank_changed",
  "deal_stuck",
  "lead_cold",
  "lead_untouched",
  "forecast_moved",
  "conclusion_fails",
] as const;
const rule = z.strictObject({ id: text, when: z.enum(RULES) }).describe("The rule of the config that it is told by");
const owner = z.strictObject({ id: z.uuid(), name: text.nullable() }).nullable();
const dimensions = z.record(text, text.nullable()).describe("Of a breakdown; empty: the whole");
const days = { from: text.nullable().describe("Inclusive days"), to: text.nullable() };

const crossed = z
  .strictObject({
    rule,
    metric: text,
    unit: text,
    currency: text,
    timezone: text,
    dimensions,
    ...days,
    value: z.number().nullable().describe("Money in main units"),
    threshold: z.number(),
    direction: z.enum(["rises", "falls"]),
    as_of: instant,
    fresh_as_of: instant.nullable(),
  })
  .meta({ id: "KpiCrossedEvent" });
const goal = z
  .strictObject({
    rule,
    of: text.describe("The KPI that the goal is for"),
    unit: text,
    currency: text,
    dimensions,
    ...days,
    attainment: z.number().nullable(),
    reached: z.number().nullable().describe("Money in main units"),
    goal: z.number().nullable(),
  })
  .meta({ id: "GoalEvent" });
const rank = z
  .strictObject({
    rule,
    of: text.describe("The KPI that reps are ranked by"),
    unit: text,
    currency: text,
    ...days,
    ranks: z
      .array(z.strictObject({ rep: text, rank: count, previous_rank: count.nullable(), value: z.number().nullable() }))
      .describe(
        "The first, in their order; previous_rank: as it was told before, null where the rep was not among them",
      ),
  })
  .meta({ id: "RankEvent" });
const stuck = z
  .strictObject({
    rule,
    deal: z.strictObject({
      id: z.uuid(),
      name: text.nullable(),
      url: text.nullable(),
      value: z.object({ amount: z.number().nullable(), currency: text }),
      pipeline: text.nullable(),
      stage: text.nullable(),
      company: text.nullable(),
      owner,
    }),
  })
  .meta({ id: "DealStuckEvent" });
const lead = z.strictObject({
  kind: z.enum(["lead", "deal"]).describe("An open deal can be cold, too"),
  id: z.uuid(),
  name: text.nullable(),
  url: text.nullable(),
  created_at: instant.nullable(),
  owner,
});
const cold = z.strictObject({ rule, lead }).meta({ id: "LeadColdEvent" });
const untouched = z
  .strictObject({
    rule,
    lead,
    working_minutes: count.nullable().describe("For so long nobody has reached out; null: nobody knows"),
  })
  .meta({ id: "LeadUntouchedEvent" });
const moved = z
  .strictObject({
    rule,
    until: text.describe("The last day that is forecast"),
    what: z.enum(["value", "count"]),
    currency: text,
    previous: z.number().nullable().describe("As it was told last, or where it began"),
    expected: z.number().describe("Wins of the month or quarter in all: those to come, and `already_won`"),
    already_won: z.number(),
    method: text,
  })
  .meta({ id: "ForecastEvent" });
const conclusion = z
  .strictObject({
    rule,
    conclusion: z.strictObject({ id: z.uuid(), sentence: text, recorded_at: instant, recorded_by: text }),
  })
  .meta({ id: "ConclusionEvent" });

const digest = z
  .strictObject({
    digest: z.strictObject({ id: text, title: text, day: text }),
    currency: text,
    lines: z.array(
      z.strictObject({
        metric: text,
        title: text,
        unit: text,
        ...days,
        value: z.number().nullable().describe("Money in main units; of a breakdown null, see `rows`"),
        previous_value: z.number().nullable(),
        compared_with: text.nullable(),
        rows: z.array(z.strictObject({ name: text, value: z.number().nullable() })),
        fresh_as_of: instant.nullable(),
        notes: z.array(text).describe("What is left out or not current"),
      }),
    ),
    text: text.describe("The message itself: plain text, a line for each KPI"),
  })
  .meta({ id: "DigestEvent" });

const SAMPLE_OWNER = { id: "5b1f7c52-1a8e-8f3d-9a44-7e0c2b6d9f11", name: "Ada Lovelace" };
const SAMPLE_LEAD = {
  kind: "lead" as const,
  id: "9d2c7a10-6a51-8b3e-9c11-3f5d2a7b8c90",
  name: "Per Hansen",
  url: "https://app.close.com/lead/lead_2/",
  created_at: "2026-11-20T09:30:00.000Z",
  owner: SAMPLE_OWNER,
};
const SAMPLE_DEAL = {
  deal: {
    id: "3f0c1f0a-9c1e-8b7a-b6a4-2f1d3c5e7a90",
    name: "Fjord Supplies, renewal",
    url: "https://app.close.com/lead/lead_1/",
    value: { amount: 12_500, currency: "EUR" },
    stage: "Contract Out",
    from_stage: "Proposal Sent",
    pipeline: "New Business",
    owner: { id: "5b1f7c52-1a8e-8f3d-9a44-7e0c2b6d9f11", name: "Ada Lovelace" },
    company: "Fjord Supplies AS",
    lost_reason: null,
  },
  changed_at: "2026-11-23T06:00:00.000Z",
  connection: "close-main",
};
const SAMPLE_RECEIVER = {
  endpoint: {
    id: "0b2f6f0e-7d5f-4c39-9d93-0e6f6c1f0a11",
    destination: "webhooks",
    name: "https://hooks.example.com/deals",
  },
  failing_since: "2026-11-22T06:00:00.000Z",
  reason: null,
};

const entry = <Schema extends z.ZodType>(
  title: string,
  version: number,
  data: Schema,
  sample: z.input<Schema>,
): { readonly title: string; readonly version: number; readonly data: Schema; readonly sample: z.input<Schema> } => ({
  title,
  version,
  data,
  sample,
});

export const EVENTS = {
  "deal.created": entry("A deal is there", 1, deal, SAMPLE_DEAL),
  "deal.won": entry("A deal was won", 1, deal, SAMPLE_DEAL),
  "deal.lost": entry("A deal was lost", 1, deal, {
    ...SAMPLE_DEAL,
    deal: { ...SAMPLE_DEAL.deal, lost_reason: "Price" },
  }),
  "deal.reopened": entry("A deal that was won or lost is open again", 1, deal, SAMPLE_DEAL),
  "deal.stage_changed": entry("A deal went to another stage", 1, deal, SAMPLE_DEAL),
  "kpi.updated": entry("A number that somebody looks at has changed", 1, kpi, {
    metric: "won_value",
    unit: "money",
    currency: "EUR",
    timezone: "Europe/Oslo",
    dimensions: {},
    from: "2026-11-01",
    to: "2026-11-30",
    value: 184_300,
    previous_value: 171_800,
    numerator: null,
    denominator: null,
    sample_size: 14,
    as_of: "2026-11-23T06:00:05.000Z",
    fresh_as_of: "2026-11-23T06:00:00.000Z",
    notes: [],
  }),
  "kpi.crossed": entry("A number has crossed a threshold", 1, crossed, {
    rule: { id: "good-month", when: "kpi_crosses" },
    metric: "won_value",
    unit: "money",
    currency: "EUR",
    timezone: "Europe/Oslo",
    dimensions: {},
    from: "2026-11-01",
    to: "2026-11-30",
    value: 203_400,
    threshold: 200_000,
    direction: "rises",
    as_of: "2026-11-23T06:00:05.000Z",
    fresh_as_of: "2026-11-23T06:00:00.000Z",
  }),
  "goal.reached": entry("A goal is reached", 1, goal, {
    rule: { id: "targets", when: "goal_reached" },
    of: "won_value",
    unit: "money",
    currency: "EUR",
    dimensions: { rep: "Ada Lovelace" },
    from: "2026-11-01",
    to: "2026-11-30",
    attainment: 1.04,
    reached: 52_000,
    goal: 50_000,
  }),
  "rank.changed": entry("The first of a leaderboard are others, or in another order", 1, rank, {
    rule: { id: "podium", when: "rank_changed" },
    of: "won_value",
    unit: "money",
    currency: "EUR",
    from: "2026-11-01",
    to: "2026-11-30",
    ranks: [
      { rep: "Ada Lovelace", rank: 1, previous_rank: 2, value: 52_000 },
      { rep: "Grace Hopper", rank: 2, previous_rank: 1, value: 49_500 },
    ],
  }),
  "deal.stuck": entry("A deal stands still", 1, stuck, {
    rule: { id: "stuck", when: "deal_stuck" },
    deal: {
      id: "3f0c1f0a-9c1e-8b7a-b6a4-2f1d3c5e7a90",
      name: "Fjord Supplies, renewal",
      url: "https://app.close.com/lead/lead_1/",
      value: { amount: 12_500, currency: "EUR" },
      pipeline: "New Business",
      stage: "Proposal Sent",
      company: "Fjord Supplies AS",
      owner: SAMPLE_OWNER,
    },
  }),
  "lead.cold": entry("A lead, or an open deal, has gone cold", 1, cold, {
    rule: { id: "cold", when: "lead_cold" },
    lead: SAMPLE_LEAD,
  }),
  "lead.untouched": entry("A lead has waited for too long", 1, untouched, {
    rule: { id: "waiting", when: "lead_untouched" },
    lead: SAMPLE_LEAD,
    working_minutes: 75,
  }),
  "forecast.moved": entry("The forecast has moved", 1, moved, {
    rule: { id: "quarter", when: "forecast_moved" },
    until: "2026-12-31",
    what: "value",
    currency: "EUR",
    previous: 610_000,
    expected: 684_000,
    already_won: 402_000,
    method: "history",
  }),
  "conclusion.no_longer_holds": entry("What was concluded does not hold any more", 1, conclusion, {
    rule: { id: "lessons", when: "conclusion_fails" },
    conclusion: {
      id: "c2b7e1d4-0f3a-4b6c-8d9e-1a2b3c4d5e6f",
      sentence:
        "Win rate: channel Referral 48.0 % (48 of 100) against channel Paid 22.0 % (22 of 100): 26.0 points more (95 %: 12.8 to 38.0).",
      recorded_at: "2026-09-01T10:00:00.000Z",
      recorded_by: "user:anna@example.com",
    },
  }),
  "digest.ready": entry("A team's numbers, as a message", 1, digest, {
    digest: { id: "morning", title: "Fjord Supplies", day: "2026-11-23" },
    currency: "EUR",
    lines: [
      {
        metric: "won_value",
        title: "Won",
        unit: "money",
        from: "2026-11-01",
        to: "2026-11-30",
        value: 184_300,
        previous_value: 171_800,
        compared_with: "the month before, until 23 Oct, 08:00",
        rows: [],
        fresh_as_of: "2026-11-23T06:58:00.000Z",
        notes: [],
      },
    ],
    text: "Fjord Supplies, Monday, 23 November 2026\n• Won, this month: €184,300 vs €171,800, the month before, until 23 Oct, 08:00, +7%\nAs of 07:58",
  }),
  "review.ready": entry("A pipeline review was made", 1, review, {
    review: { id: "7d0a4b52-5b0f-4f0f-8a54-5d6f7f7f2a10", from: "2026-11-16", to: "2026-11-22" },
    currency: "EUR",
    won: { count: 4, value: 52_300 },
    lost: { count: 3, value: 18_900 },
    attention: 27,
    actions: { done: 11, not_done: 4, added: 18 },
    reps: [{ name: "Ada Lovelace", actions: 10 }],
  }),
  "endpoint.failing": entry("A receiver has taken nothing for a day", 1, receiver, SAMPLE_RECEIVER),
  "endpoint.paused": entry("A receiver was paused: nothing taken for five days, or it is gone", 1, receiver, {
    ...SAMPLE_RECEIVER,
    reason: "Nothing was taken for five days; the last time: The receiver answered 503. It is tried again by itself.",
  }),
  "endpoint.recovered": entry("A receiver that was paused for its failures takes events again", 1, receiver, {
    ...SAMPLE_RECEIVER,
    failing_since: null,
  }),
  "endpoint.test": entry(
    "Somebody tries whether a receiver works; sent to that one alone",
    1,
    z.strictObject({ message: text, endpoint: z.strictObject({ id: z.uuid(), name: text }) }),
    {
      message: "This is a test.",
      endpoint: { id: "0b2f6f0e-7d5f-4c39-9d93-0e6f6c1f0a11", name: "https://hooks.example.com/deals" },
    },
  ),
} as const;

export type EventType = keyof typeof EVENTS;

/** What an event of a type carries. */
export type EventData<Type extends EventType> = z.input<(typeof EVENTS)[Type]["data"]>;

// The keys of the object above, in their order.
export const EVENT_TYPES = Object.keys(EVENTS) as [EventType, ...EventType[]];

/** What a receiver gets of a type, as JSON Schema (2020-12). */
export function eventSchema(type: EventType): JsonObject {
  const { data, title } = EVENTS[type];
  const body = z.strictObject({
    id: text.describe("Stable; also the `webhook-id`"),
    type: z.literal(type),
    timestamp: instant.describe("When it happened"),
    data,
  });
  // Plain data, made by JSON Schema's own serialiser.
  return JSON.parse(
    JSON.stringify({ ...z.toJSONSchema(body, { io: "output", reused: "inline" }), title }),
  ) as JsonObject;
}

const SAMPLE_EVENT = "evt_5f2b8c1d9e3a4b7f60718293a4b5c6d7";

/** One of its kind, as a receiver gets it. */
export function eventSample(type: EventType): JsonObject {
  return { id: SAMPLE_EVENT, type, timestamp: "2026-11-23T06:00:00.000Z", data: EVENTS[type].sample };
}
