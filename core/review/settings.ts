import { DateTime } from "luxon";
import { z } from "zod";
import { addDays, type Day, dayOf } from "../base/time.ts";
import { isWorkingDay } from "../base/working-time.ts";
import type { Db } from "../store/db.ts";
import { readSettings } from "../store/setup/settings.ts";
import type { Workspace } from "../store/setup/workspace.ts";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

/** Config section `review`: when the pipeline is gone through, and how much of it. */
export const reviewSection = z.strictObject({
  every: z
    .enum(["week", "month", "quarter"])
    .default("week")
    .describe("A month's and a quarter's is due on the first working day after it"),
  on: z.enum(WEEKDAYS).default("monday").describe("Of a weekly one: the day"),
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected HH:MM")
    .default("08:00")
    .describe("When it is made and its receivers are told, in the workspace's time zone"),
  minutes: z.int().min(5).max(480).default(60).describe("How long it takes in the calendar"),
  picks: z.number().int().min(0).max(10).default(2).describe("How many deals of each rep are talked about"),
  large_deals: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(10)
    .describe("So many of the most valuable open deals are large"),
  actions_per_rep: z.number().int().min(0).max(100).default(10).describe("How many it asks of each rep at most"),
});
export type ReviewSettings = z.output<typeof reviewSection>;

/** Null: nothing is scheduled; reviews are made by hand. */
export async function readReviewSettings(db: Db): Promise<ReviewSettings | null> {
  const section = await readSettings(db, "review");
  return section === null ? null : reviewSection.parse(section);
}

export const DEFAULT_REVIEW: ReviewSettings = reviewSection.parse({});

/** A time at which a review is due, and the days that it looks back on. */
export type DueReview = { readonly at: Date; readonly day: Day; readonly from: Day; readonly to: Day };

/** The latest that has been due by an instant, and the day of the next one. */
export function dueReview(
  settings: ReviewSettings,
  workspace: Workspace,
  now: Date,
): { readonly latest: DueReview; readonly nextDay: Day } {
  const { timeZone } = workspace;
  const today = dayOf(now, timeZone);
  const at = (day: Day): Date => instantOf(settings, day, timeZone);
  // Those around today, the earliest first; each begins where the one before it ends.
  const due = daysDue(settings, workspace, today, [-1, 0, 1]);
  const past = due.filter(({ day }) => at(day) <= now);
  const latest = past.at(-1) ?? due[0];
  const next = due.find(({ day }) => at(day) > now);
  if (latest === undefined || next === undefined) throw new Error("a schedule has a time before and after any instant");
  return { latest: { ...latest, at: at(latest.day) }, nextDay: next.day };
}

/** The next so many that are due after an instant, the earliest first. */
export function comingReviews(
  settings: ReviewSettings,
  workspace: Workspace,
  now: Date,
  count: number,
): readonly DueReview[] {
  const { timeZone } = workspace;
  const steps = Array.from({ length: count + 1 }, (_, step) => step);
  return daysDue(settings, workspace, dayOf(now, timeZone), steps)
    .map((due) => ({ ...due, at: instantOf(settings, due.day, timeZone) }))
    .filter(({ at }) => at > now)
    .slice(0, count);
}

function instantOf({ at }: ReviewSettings, day: Day, timeZone: string): Date {
  return DateTime.fromISO(`${day}T${at}`, { zone: timeZone }).toJSDate();
}

type DueDay = Omit<DueReview, "at">;

/** The days around today, so many periods from it. */
function daysDue(settings: ReviewSettings, workspace: Workspace, today: Day, steps: readonly number[]): DueDay[] {
  return settings.every === "week" ? weekly(settings, today, steps) : calendar(settings.every, workspace, today, steps);
}

function weekly({ on }: ReviewSettings, today: Day, steps: readonly number[]): DueDay[] {
  const weekday = DateTime.fromISO(today, { zone: "utc" }).weekday - 1;
  const last = addDays(today, -((weekday - WEEKDAYS.indexOf(on) + 7) % 7));
  return steps.map((step) => {
    const day = addDays(last, 7 * step);
    return { day, from: addDays(day, -7), to: addDays(day, -1) };
  });
}

function calendar(every: "month" | "quarter", { working }: Workspace, today: Day, steps: readonly number[]): DueDay[] {
  const current = DateTime.fromISO(today, { zone: "utc" }).startOf(every);
  return steps.map((step) => {
    const start = current.plus({ [every]: step });
    let day = start.toFormat("yyyy-MM-dd");
    // A month of holidays alone has its review on the first.
    for (let tries = 0; tries < 28 && !isWorkingDay(working, day); tries += 1) day = addDays(day, 1);
    return {
      day,
      from: start.minus({ [every]: 1 }).toFormat("yyyy-MM-dd"),
      to: start.minus({ days: 1 }).toFormat("yyyy-MM-dd"),
    };
  });
}
