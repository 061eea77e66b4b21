import { z } from "zod";
import { isDay } from "../../core/base/time.ts";
import { ACTION_KINDS } from "../../core/review/actions.ts";

/** What reviews, their agenda and their actions are in the API. */

export const text = z.string();
export const day = text.refine(isDay, "A day that exists, as YYYY-MM-DD");
export const instant = z.iso.datetime();

const owned = { rep_id: z.uuid().nullable(), rep: text.nullable() };
const flag = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("stuck"),
    days: z.number(),
    limit: z.number().describe("Longer than so many days is stuck"),
  }),
  z.object({ kind: z.literal("no_next_step") }),
  z.object({ kind: z.literal("slipping"), pushes: z.number().describe("In all"), inPeriod: z.number() }),
  z.object({ kind: z.literal("past_due"), expected: text }),
  z.object({ kind: z.literal("no_date") }),
  z.object({ kind: z.literal("single_threaded"), people: z.number() }),
  z.object({ kind: z.literal("cold"), lastTouch: text.nullable() }),
  z.object({ kind: z.literal("large"), rank: z.number().describe("By value") }),
]);
const openDeal = z.object({
  id: z.uuid(),
  ...owned,
  name: text.nullable(),
  url: text.nullable(),
  stage: text.nullable(),
  value: z.number().nullable().describe("In main units of the workspace's currency"),
  created: text.nullable(),
  expected: text.nullable(),
  flags: z.array(flag).describe("What is wrong with it; `large` alone is nothing wrong"),
});
const closedDeal = z.object({
  id: z.uuid(),
  ...owned,
  name: text.nullable(),
  url: text.nullable(),
  value: z.number().nullable(),
  at: text,
  lost_reason: text.nullable(),
});
const closed = z.object({ count: z.number(), value: z.number(), deals: z.array(closedDeal) });
const leads = z.object({
  total: z.number(),
  leads: z.array(
    z.object({
      id: z.uuid(),
      ...owned,
      name: text.nullable(),
      url: text.nullable(),
      created: text.nullable(),
      lastTouch: text.nullable(),
    }),
  ),
});
export const action = z
  .object({
    id: z.uuid(),
    kind: text,
    entity: z.enum(["deal", "lead"]).nullable(),
    subject_id: z.uuid().nullable(),
    subject: text.nullable(),
    url: text.nullable(),
    ...owned,
    text,
    due_on: text.nullable(),
    is_late: z.boolean(),
    note: text.nullable(),
    state: z.enum(["open", "done", "dropped"]),
    made_at: instant,
    made_by: text,
    settled_at: instant.nullable(),
    settled_by: text.nullable().describe("Who ticked it; null: the data said so, or it is open"),
    evidence: text.nullable().describe("What the data say: `moved to Proposal on 2026-11-27`"),
  })
  .meta({ id: "ReviewAction" });
const forecastLine = z.object({
  horizon: z.enum(["days", "month_end", "quarter_end"]),
  until: text,
  method: text,
  count: z.number(),
  value: z.number().nullable(),
  p10: z.number().nullable(),
  p90: z.number().nullable(),
});
export const agendaSchema = z
  .object({
    from: text,
    to: text,
    as_of: instant,
    timezone: text,
    currency: text,
    fresh_as_of: instant.nullable(),
    last: z.object({ id: z.uuid(), made_at: instant, from: text, to: text }).nullable(),
    followed: z.array(action).describe("What was agreed on before, and what became of it"),
    won: closed,
    lost: closed,
    forecast: z.object({
      rows: z.array(forecastLine),
      before: z.array(forecastLine).describe("What the last review said of the same ends"),
      moved: z.record(text, z.unknown()).nullable().describe("A row of /movement over the period"),
      movers: z.array(z.record(text, z.unknown())),
    }),
    talk: z.array(
      z.object({
        ...owned,
        deals: z.array(z.object({ ...openDeal.shape, is_picked: z.boolean(), note: text.nullable() })),
      }),
    ),
    attention: z.array(openDeal).describe("Every open deal that something is wrong with, or that is large"),
    clean_up: z.object({ stale_deals: z.array(openDeal), cold_leads: leads, untouched_leads: leads }),
    leak: z
      .object({
        stage: text.nullable(),
        lost: z.number().nullable(),
        entered: z.number(),
        share: z.number().nullable(),
        from: text,
        to: text,
      })
      .nullable(),
    conclusions: z
      .array(z.object({ id: z.uuid(), sentence: text, verdict: text, changed_at: instant }))
      .describe("Those that hold, or fail, otherwise than at the review before"),
    notes: z.array(z.object({ deal_id: z.uuid().nullable(), text, by: text })),
    actions: z
      .array(
        z.object({
          ...owned,
          actions: z.array(
            z.object({
              kind: z.enum(ACTION_KINDS),
              entity: z.enum(["deal", "lead"]),
              subject_id: z.uuid(),
              subject: text.nullable(),
              url: text.nullable(),
              text,
              due_on: text,
            }),
          ),
          more: z.number().describe("What else could be asked for"),
        }),
      )
      .describe("What it asks of each rep; written down when the review is made"),
  })
  .meta({ id: "ReviewAgenda" });
export const review = z
  .object({ id: z.uuid(), from: text, to: text, due_at: instant.nullable(), made_at: instant, made_by: text })
  .meta({ id: "Review" });
