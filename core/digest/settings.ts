import { DateTime } from "luxon";
import { z } from "zod";
import { type Day, dayOf } from "../base/time.ts";
import { isWorkingDay } from "../base/working-time.ts";
import { screenId } from "../metrics/boards.ts";
import { questionFields } from "../metrics/ask/question.ts";
import type { Db } from "../store/db.ts";
import { readSettings } from "../store/setup/settings.ts";
import type { Workspace } from "../store/setup/workspace.ts";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const { metric, of, period, filters } = questionFields;

const line = z.strictObject({
  metric,
  of,
  period: period.default("yesterday"),
  filters,
  by: z.string().max(200).optional().describe("The first of a breakdown: rep, stage"),
  limit: z.int().min(1).max(20).default(5).describe("Of a breakdown: how many"),
  title: z.string().min(1).max(80).optional().describe("Absent: the KPI's own"),
});

const digest = z.strictObject({
  id: screenId.describe("Chosen once; receivers can ask for it by `filters: { digests: [ID] }`"),
  title: z.string().min(1).max(80).optional(),
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "expected HH:MM")
    .default("08:00")
    .describe("In the workspace's time zone"),
  days: z
    .union([z.enum(["working", "every"]), z.array(z.enum(WEEKDAYS)).min(1)])
    .default("working")
    .describe("working: by business_hours and holidays; every; or a list of weekdays"),
  locale: z.enum(["en", "fr"]).optional().describe("Absent: the workspace's"),
  kpis: z.array(line).min(1).max(30).describe("A line each"),
});
export type DigestSettings = z.output<typeof digest>;

/** Config section `digests`: messages with a team's KPIs, told as `digest.ready` to the receivers that ask for it. */
export const digestsSection = z
  .array(digest)
  .max(50)
  .refine((digests) => new Set(digests.map(({ id }) => id)).size === digests.length, "Two digests have one id");

export async function readDigests(db: Db): Promise<readonly DigestSettings[]> {
  const section = await readSettings(db, "digests");
  return section === null ? [] : digestsSection.parse(section);
}

/** The day of which the digest is due by now, and since when; null: it is none of its days, or its time has not come. */
export function dueDigest(
  { at, days }: DigestSettings,
  { timeZone, working }: Workspace,
  now: Date,
): { readonly day: Day; readonly at: Date } | null {
  const day = dayOf(now, timeZone);
  const due = DateTime.fromISO(`${day}T${at}`, { zone: timeZone });
  if (due.toJSDate() > now) return null;
  const isOne =
    days === "every" ||
    (days === "working" ? isWorking(working, day) : days.some((one) => WEEKDAYS.indexOf(one) === due.weekday - 1));
  return isOne ? { day, at: due.toJSDate() } : null;
}

/** Where no hours are said, a week has five working days. */
function isWorking(working: Workspace["working"], day: Day): boolean {
  return working === null ? DateTime.fromISO(day, { zone: "utc" }).weekday <= 5 : isWorkingDay(working, day);
}
