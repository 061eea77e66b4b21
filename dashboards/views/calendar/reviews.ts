import type { ICalCalendar } from "ical-generator";
import { type Day, dayOf } from "../../../core/base/time.ts";
import { comingReviews, DEFAULT_REVIEW, readReviewSettings } from "../../../core/review/settings.ts";
import type { Db } from "../../../core/store/db.ts";
import { listReviews, type ReviewRow } from "../../../core/store/reviews/reviews.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";

/** What it shows: the last so many that were made, and the next so many. */
const PAST = 26;
const COMING = 13;

type Entry = {
  /** The same for the same review, before it is made and after. */
  readonly uid: string;
  readonly at: Date;
  readonly days: { readonly from: Day; readonly to: Day };
  /** When what is said of it last changed. */
  readonly stamp: Date;
};

/**
 * The reviews as an iCalendar (RFC 5545). Instants are in UTC, each worked out in the workspace's time zone: so a weekly review stays at its time of the
 * clock when the clock changes, and no program needs to know the zone. Without a schedule it holds what was made by hand.
 */
export async function reviewCalendar(db: Db, now: Date): Promise<string> {
  const workspace = await readWorkspace(db);
  const settings = await readReviewSettings(db);
  const made = await listReviews(db, PAST, null);
  const entries = new Map<string, Entry>();
  if (settings !== null) {
    const coming = comingReviews(settings, workspace, now, COMING);
    // What is said of them changes when the one before has been due, and not from one question to the next.
    const stamp = new Date(`${coming[0]?.from ?? dayOf(now, "UTC")}T00:00:00Z`);
    for (const { at, day, from, to } of coming)
      entries.set(uidOfDay(day), { uid: uidOfDay(day), at, days: { from, to }, stamp });
  }
  for (const review of made) {
    const uid = uidOf(review, workspace.timeZone);
    const { from, to, madeAt, dueAt } = review;
    entries.set(uid, { uid, at: dueAt ?? madeAt, days: { from, to }, stamp: madeAt });
  }
  const { ICalCalendar: Calendar } = await import("ical-generator");
  const calendar = new Calendar({
    name: `Pipeline reviews, ${workspace.name}`,
    prodId: { company: "Tributary", product: "Tributary", language: "EN" },
    // How often a subscriber may ask again.
    ttl: 3600,
  });
  const inOrder = [...entries.values()].toSorted((a, b) => a.at.getTime() - b.at.getTime());
  for (const entry of inOrder) addEvent(calendar, entry, workspace.name, settings?.minutes ?? DEFAULT_REVIEW.minutes);
  return calendar.toString();
}

function addEvent(calendar: ICalCalendar, { uid, at, days, stamp }: Entry, name: string, minutes: number): void {
  calendar.createEvent({
    id: uid,
    start: at,
    end: new Date(at.getTime() + minutes * 60_000),
    stamp,
    summary: `Pipeline review, ${name}`,
    description: `Looks back on ${days.from} to ${days.to}.`,
  });
}

function uidOf({ id, dueAt }: ReviewRow, timeZone: string): string {
  return dueAt === null ? `review-${id}@tributary` : uidOfDay(dayOf(dueAt, timeZone));
}

function uidOfDay(day: Day): string {
  return `review-${day}@tributary`;
}
