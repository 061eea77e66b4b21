import { sql } from "kysely";
import type { Scope, Sql, Subject, Unit } from "../engine/define.ts";
import { dayIn, daysFrom } from "../engine/row-parts.ts";
import { closingDoubt, noRate } from "../engine/rows.ts";
import { calendarHours } from "../engine/working.ts";
import { activity } from "../subjects/activity.ts";
import { campaign } from "../subjects/campaign.ts";
import { conversation } from "../subjects/conversation.ts";
import { deal } from "../subjects/deal.ts";
import { lead } from "../subjects/lead.ts";
import { spend } from "../subjects/spend.ts";
import { stageStay } from "../subjects/stage-stay.ts";
import { ticket } from "../subjects/ticket.ts";
import { webTraffic } from "../subjects/web-traffic.ts";

/** What of a record can be added up. The SQL sees the record as `d`; money in minor units of the workspace's currency. */
export type Amount = { readonly unit: Unit; readonly words: string; readonly sql: (scope: Scope) => Sql };

/** Records that an own KPI can be over: the rows of a subject that something dates. */
export type Source = {
  readonly subject: Subject;
  /** What they are called in a formula. */
  readonly words: string;
  readonly rows: (scope: Scope) => Sql;
  /** Which of the rows are meant, and which of these are in the period; absent: all. */
  readonly isMeant?: Sql;
  readonly inPeriod?: Sql;
  readonly isSnapshot?: boolean;
  readonly amounts: { readonly [name: string]: Amount };
  /** Why a record is left out, or counted otherwise than it stands. `isValued`: its value is what is added up. */
  readonly exception?: (isValued: boolean) => Sql;
};

const value: Amount = { unit: "money", words: "value", sql: () => sql`d.value_minor` };
const plain = (column: string, unit: Unit = "count"): Amount => ({
  unit,
  words: column.replaceAll("_", " "),
  sql: () => sql`d.${sql.id(column)}`,
});
const hours = (words: string, from: string, to: string): Amount => ({
  unit: "hours",
  words,
  sql: () => calendarHours(sql.ref(`d.${from}`), sql.ref(`d.${to}`)),
});
const NONE = sql`null::text`;
const rateOf = (isValued: boolean): Sql => (isValued ? noRate(sql`true`) : NONE);

function closed(words: string, isMeant: Sql): Source {
  return {
    subject: deal,
    words,
    rows: deal.rows.closed,
    isMeant,
    inPeriod: sql`d.in_period`,
    amounts: {
      value,
      days_to_close: {
        unit: "days",
        words: "days from creation to close",
        sql: (scope) => daysFrom(scope, sql`d.created_at`, sql`d.at`, sql`d.created_is_day or d.at_is_day`),
      },
    },
    exception: (isValued) => closingDoubt(sql`true`, isValued ? noRate(sql`d.in_period`) : NONE),
  };
}

/** By the name that `over` has in the config. */
export const SOURCES: { readonly [name: string]: Source } = {
  created_deals: {
    subject: deal,
    words: "deals created in the period",
    rows: (scope) => {
      const worth = sql`tributary.workspace_minor(c.annual_minor, c.currency, ${dayIn(scope, sql`c.at`)})`;
      return sql`select c.period_no, c.id, c.nth, c.at, c.at_is_day, c.status, c.rep_id, c.pipeline_id, c.stage_id, c.probability, c.annual_minor,
        c.currency, case when isfinite(c.at) then ${worth} end as value_minor, c.company_id, c.connection_id, c.lost_reason, c.attributes,
        c.created_at, c.created_is_day from (${deal.rows.created(scope)}) c`;
    },
    amounts: { value },
    exception: rateOf,
  },
  won_deals: closed("deals won in the period", sql`d.status = 'won'`),
  lost_deals: closed("deals lost in the period", sql`d.status = 'lost'`),
  closed_deals: closed("deals won or lost in the period", sql`true`),
  open_deals: {
    subject: deal,
    words: "deals open at the end of the period",
    rows: deal.rows.openAtEnd,
    isSnapshot: true,
    amounts: {
      value,
      age_days: {
        unit: "days",
        words: "age in days",
        sql: (scope) => daysFrom(scope, sql`d.created_at`, sql`d.at`, sql`d.created_is_day`),
      },
      probability: plain("probability", "ratio"),
    },
    exception: rateOf,
  },
  stage_entries: { subject: stageStay, words: "entries into a stage", rows: stageStay.rows.entries, amounts: {} },
  stage_stays: {
    subject: stageStay,
    words: "stays in a stage that ended in the period",
    rows: stageStay.rows.stays,
    amounts: { days: plain("days", "days") },
  },
  activities: {
    subject: activity,
    words: "activities",
    rows: activity.rows.happened,
    amounts: { minutes: { unit: "minutes", words: "minutes", sql: () => sql`d.duration_s::numeric / 60` } },
  },
  leads: {
    subject: lead,
    words: "leads that came in in the period",
    rows: lead.rows.reached,
    amounts: {
      hours_to_first_touch: {
        unit: "hours",
        words: "hours to the first touch",
        sql: () => sql`greatest(0, ${calendarHours(sql`d.at`, sql`d.first_touch_at`)})`,
      },
    },
  },
  open_leads: {
    subject: lead,
    words: "leads open at the end of the period",
    rows: lead.rows.open,
    isSnapshot: true,
    amounts: {
      age_days: {
        unit: "days",
        words: "age in days",
        sql: (scope) => daysFrom(scope, sql`d.lead_created_at`, sql`d.at`, sql`false`),
      },
    },
  },
  tickets: {
    subject: ticket,
    words: "tickets opened in the period",
    rows: ticket.rows.opened,
    amounts: { reopens: plain("reopens") },
  },
  replied_tickets: {
    subject: ticket,
    words: "tickets first replied to in the period",
    rows: ticket.rows.replied,
    amounts: { hours_to_reply: hours("hours to the first reply", "opened_at", "first_reply_at") },
  },
  solved_tickets: {
    subject: ticket,
    words: "tickets solved in the period",
    rows: ticket.rows.solved,
    amounts: {
      hours_to_solution: hours("hours to the solution", "opened_at", "solved_at"),
      reopens: plain("reopens"),
    },
  },
  open_tickets: {
    subject: ticket,
    words: "tickets open at the end of the period",
    rows: ticket.rows.open,
    isSnapshot: true,
    amounts: { hours_open: hours("hours since they were opened", "opened_at", "at") },
  },
  conversations: {
    subject: conversation,
    words: "conversations started in the period",
    rows: conversation.rows.started,
    amounts: { hours_to_response: hours("hours to the first response", "started_at", "first_response_at") },
  },
  campaigns: {
    subject: campaign,
    words: "campaigns sent in the period",
    rows: campaign.rows.sent,
    amounts: {
      recipients: plain("recipients"),
      opens: plain("opens"),
      clicks: plain("clicks"),
      bounces: plain("bounces"),
      unsubscribes: plain("unsubscribes"),
    },
  },
  web_traffic: {
    subject: webTraffic,
    words: "days of web traffic",
    rows: webTraffic.rows.visited,
    amounts: { sessions: plain("sessions"), users: plain("users"), key_events: plain("key_events") },
  },
  spend: {
    subject: spend,
    words: "days of spend",
    rows: spend.rows.spent,
    amounts: { value: { ...value, words: "spend" } },
    exception: rateOf,
  },
};
