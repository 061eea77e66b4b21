import type { z } from "zod";
import type { Json } from "../../core/base/json.ts";
import { parseMinor } from "../../core/base/money.ts";
import type { NormaliseContext, NormaliseResult, Problem } from "../../core/connector/define.ts";
import type { Attributes, WebTrafficFact } from "../../core/schema/facts.ts";
import { dayRecord, dayRow, type DayRecord } from "./records.ts";
import type { ReportName } from "./reports.ts";
import type { AnalyticsSettings } from "./settings.ts";

type Normaliser = (record: Json, context: NormaliseContext<AnalyticsSettings>) => NormaliseResult;
type Counts = Pick<WebTrafficFact, "channel" | "sourceMedium" | "landingPage" | "sessions" | "users" | "keyEvents"> & {
  readonly attributes: Attributes;
};

/** One row with its columns by name. */
type Cells = {
  readonly dimension: (name: string) => string | null;
  /** Null where the report has no such metric or the account may not see it. Throws {@link Unreadable}. */
  readonly metric: (name: string) => number | null;
  readonly money: (name: string) => number | null;
  readonly currency: string | null;
};

class Unreadable extends Error {}

/**
 * The rows of a date as facts. What adds up stands in the columns of exactly one report's facts, so that a plain sum over `web_traffic` is
 * right: sessions and key events in those of `traffic`, users in those of `days`. What does not add up is an attribute.
 */
function normaliser(report: ReportName, counts: (cells: Cells) => Counts, isEmptyDayZero = false): Normaliser {
  return (raw, context) => {
    const parsed = dayRecord.safeParse(raw);
    if (!parsed.success) return { facts: [], skipped: [unread(context.externalId, reasonOf(parsed.error))] };
    const record = parsed.data;
    // Google leaves out what is 0; a day without visitors is a day all the same.
    const rows: readonly unknown[] =
      record.rows.length === 0 && isEmptyDayZero
        ? [{ dimensions: [], metrics: record.metrics.map(() => "0") }]
        : record.rows;
    const facts: WebTrafficFact[] = [];
    const skipped: Problem[] = [];
    const flags = flagsOf(report, record);
    rows.forEach((each, nth) => {
      const at = `${record.date} row ${nth + 1}`;
      const row = dayRow.safeParse(each);
      if (!row.success) return void skipped.push(unread(at, reasonOf(row.error)));
      try {
        const { attributes, ...columns } = counts(cellsOf(record, row.data));
        const externalId = JSON.stringify([report, record.date, ...row.data.dimensions]);
        const day = record.date;
        facts.push({ kind: "web_traffic", externalId, day, ...columns, attributes: { ...flags, ...attributes } });
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        skipped.push(unread(at, error.message));
      }
    });
    return { facts, skipped };
  };
}

/** What is true of all rows of a date. */
function flagsOf(report: ReportName, record: DayRecord): Attributes {
  return {
    report,
    time_zone: record.timeZone,
    is_final: record.isFinal,
    is_thresholded: record.subjectToThresholding,
    is_sampled: record.sampling !== null,
    has_other_row: record.dataLossFromOtherRow,
  };
}

export const trafficFacts: Normaliser = normaliser("traffic", ({ dimension, metric }) => ({
  channel: dimension("sessionDefaultChannelGroup"),
  sourceMedium: dimension("sessionSourceMedium"),
  landingPage: dimension("landingPage"),
  sessions: whole(metric("sessions")),
  // Whoever came by two channels is a user of both rows: a column of them would be summed. Each row's own stands below.
  users: null,
  keyEvents: whole(metric("keyEvents")),
  attributes: {
    users_of_row: whole(metric("totalUsers")),
    users_add_up: false,
    new_users: whole(metric("newUsers")),
    engaged_sessions: whole(metric("engagedSessions")),
  },
}));

export const dayFacts: Normaliser = normaliser(
  "days",
  ({ metric, money, currency }) => ({
    channel: null,
    sourceMedium: null,
    landingPage: null,
    sessions: null,
    users: whole(metric("totalUsers")),
    keyEvents: null,
    attributes: {
      // Right for this day. Who comes again tomorrow is tomorrow's user as well: not to be summed over days.
      users_add_up: false,
      sessions_of_day: whole(metric("sessions")),
      key_events_of_day: metric("keyEvents"),
      new_users: whole(metric("newUsers")),
      engaged_sessions: whole(metric("engagedSessions")),
      page_views: whole(metric("screenPageViews")),
      revenue_minor: money("totalRevenue"),
      currency,
    },
  }),
  true,
);

export const keyEventFacts: Normaliser = normaliser("key_events", ({ dimension, metric }) => ({
  channel: dimension("sessionDefaultChannelGroup"),
  sourceMedium: dimension("sessionSourceMedium"),
  landingPage: null,
  sessions: null,
  users: null,
  // They are in the rows of `traffic` already.
  keyEvents: null,
  attributes: { key_event: dimension("eventName"), key_events_of_name: metric("keyEvents") },
}));

function cellsOf(record: DayRecord, row: z.infer<typeof dayRow>): Cells {
  const isHidden = (name: string): boolean => record.restrictedMetrics.includes(name);
  const text = (name: string): string | null => {
    const at = record.metrics.indexOf(name);
    return at < 0 || isHidden(name) ? null : (row.metrics[at] ?? "");
  };
  return {
    dimension: (name) => row.dimensions[record.dimensions.indexOf(name)] ?? null,
    metric(name) {
      const read = text(name);
      if (read === null) return null;
      const value = read.trim() === "" ? NaN : Number(read);
      if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER)
        throw new Unreadable(`${name}: no number`);
      return value;
    },
    money(name) {
      const read = text(name);
      if (read === null || record.currency === null || !/^[A-Z]{3}$/.test(record.currency)) return null;
      const amountMinor = parseMinor(read, record.currency);
      if (amountMinor === null) throw new Unreadable(`${name}: no amount`);
      return amountMinor;
    },
    currency: record.currency,
  };
}

/** Whole numbers sometimes arrive as `12.0`, and key events may be fractions; the columns hold whole ones. */
function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function unread(at: string, reason: string): Problem {
  return { code: "google-analytics.record.unreadable", at, reason };
}

function reasonOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".")}: ${issue.code}`)
    .join(", ");
}
