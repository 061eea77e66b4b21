import { addDays, dayOf, type Day, startOfDay } from "../../../core/base/time.ts";
import type { Company, CompanyChange, WebDay } from "../../_simulator/company/model.ts";

/** A day's visits by one channel to one landing page, as Google shows them at some time. */
export type Visits = {
  readonly day: Day;
  readonly channel: string;
  readonly sourceMedium: string;
  readonly landingPage: string;
  readonly eventName: string;
  readonly sessions: number;
  readonly users: number;
  readonly newUsers: number;
  readonly engagedSessions: number;
  readonly keyEvents: number;
  readonly pageViews: number;
};

/** What counts on each page. */
const EVENTS: { readonly [page: string]: string } = {
  "/": "sign_up",
  "/pricing": "book_demo",
  "/guide": "generate_lead",
  "/webinar": "webinar_registration",
};

/** Numbers of the day under way come in so often. */
const STEP_MS = 15 * 60_000;
/** Visits that Google knows the origin of only when it is done with a day, of 100. */
const LATE_PERCENT = 4;
/** Of yesterday's numbers, and of a finished day's before that, this much is there. */
const YESTERDAYS_SHARE = 0.97;

export type Site = {
  /** Today when it began; days before have nothing. */
  readonly firstDay: Day;
  /**
   * A day's visits as they are known now. Today's grow as it goes on; yesterday's are short of what they will be, and those whose origin is
   * not known yet are `(not set)`; from the day before yesterday on nothing changes any more.
   */
  visits(day: Day, now: Date): readonly Visits[];
  /** What has just happened in the live company: who asks for something, or opens a chat, was on the site. */
  change(change: CompanyChange): void;
  /** Google restates a day: one row counts more, or is gone, or a new one appears. */
  restate(day: Day): void;
};

/** @param timeZone the property's: whose days these are. */
export function createSite(company: Company, timeZone: () => string): Site {
  const extras: WebDay[] = [];
  const restated = new Map<Day, number>();
  const visit = (at: Date, more: Pick<WebDay, "channel" | "sourceMedium" | "landingPage" | "keyEvents">): void => {
    extras.push({ day: dayOf(at, timeZone()), ...more, sessions: 1, users: 1 });
  };

  const settled = (day: Day): readonly WebDay[] => restatedRows(company.webDaysOf(day), restated.get(day) ?? 0);

  return {
    firstDay: dayOf(company.profile.startedAt, company.profile.timeZone),
    visits(day, now) {
      const today = dayOf(now, timeZone());
      if (day > today) return [];
      const share = day === today ? elapsed(day, now, timeZone()) : day === addDays(today, -1) ? YESTERDAYS_SHARE : 1;
      const rows = settled(day).flatMap((each) => (share === 1 ? [each] : unfinished(each, share)));
      const live = extras.filter((each) => each.day === day);
      return merged([...rows, ...live]).map(asVisits);
    },
    change(change) {
      if (change.type === "lead.created") {
        const where = { channel: "Organic Search", sourceMedium: "google / organic", landingPage: "/pricing" };
        visit(change.at, { ...where, keyEvents: 1 });
      } else if (change.type === "chat.created") {
        const where = { channel: "Direct", sourceMedium: "(direct) / (none)", landingPage: change.chat.landingPage };
        visit(change.at, { ...where, keyEvents: 0 });
      }
    },
    restate(day) {
      restated.set(day, (restated.get(day) ?? 0) + 1);
    },
  };
}

/** The part of a day that is over, in steps. */
function elapsed(day: Day, now: Date, timeZone: string): number {
  const startMs = startOfDay(day, timeZone).getTime();
  const endMs = startOfDay(addDays(day, 1), timeZone).getTime();
  const sinceMs = Math.floor((now.getTime() - startMs) / STEP_MS) * STEP_MS;
  return sinceMs / (endMs - startMs);
}

/** A row of a day that Google is not done with: less of it, some of it without an origin. */
function unfinished(row: WebDay, share: number): readonly WebDay[] {
  const scaled = scale(row, share);
  const late = scale(scaled, LATE_PERCENT / 100);
  const known = {
    ...scaled,
    sessions: scaled.sessions - late.sessions,
    users: scaled.users - late.users,
    keyEvents: scaled.keyEvents - late.keyEvents,
  };
  return [known, { ...late, channel: "Unassigned", sourceMedium: "(not set)", landingPage: "(not set)" }];
}

function scale(row: WebDay, share: number): WebDay {
  const part = (count: number): number => Math.floor(count * share);
  return { ...row, sessions: part(row.sessions), users: part(row.users), keyEvents: part(row.keyEvents) };
}

/** One row for each origin and page; those without any visit are left out. */
function merged(rows: readonly WebDay[]): readonly WebDay[] {
  const byKey = new Map<string, WebDay>();
  for (const row of rows) {
    const key = [row.channel, row.sourceMedium, row.landingPage].join("\n");
    const known = byKey.get(key);
    const sum = (field: "sessions" | "users" | "keyEvents"): number => (known?.[field] ?? 0) + row[field];
    byKey.set(key, { ...row, sessions: sum("sessions"), users: sum("users"), keyEvents: sum("keyEvents") });
  }
  return [...byKey.values()].filter((row) => row.sessions > 0);
}

function restatedRows(rows: readonly WebDay[], times: number): readonly WebDay[] {
  let result = [...rows];
  for (let nth = 0; nth < times; nth += 1) {
    const at = (nth * 7) % Math.max(1, result.length);
    const row = result[at];
    if (row === undefined) continue;
    if (nth % 3 === 0) result[at] = { ...row, sessions: row.sessions + 1, users: row.users + 1 };
    else if (nth % 3 === 1) result = result.filter((_, index) => index !== at);
    else result.push({ ...row, sourceMedium: `restated ${nth} / referral`, channel: "Referral" });
  }
  return result;
}

function asVisits(row: WebDay): Visits {
  return {
    ...row,
    eventName: EVENTS[row.landingPage] ?? "generate_lead",
    newUsers: Math.floor(row.users * 0.6),
    engagedSessions: Math.floor(row.sessions * 0.55),
    pageViews: row.sessions * 3,
  };
}
