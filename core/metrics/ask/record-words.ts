import { DateTime } from "luxon";
import { z } from "zod";
import { has12Hours } from "../../base/time.ts";

/** What happened to a record at the instant that dates it, as its subject's `entry` tells: `event`, and what it takes to say it. */
export const entrySchema = z.object({
  event: z.string(),
  stage: z.string().nullish(),
  from: z.string().nullish(),
  status: z.string().nullish(),
  direction: z.string().nullish(),
  outcome: z.string().nullish(),
});
export type Entry = z.infer<typeof entrySchema>;

export type Dated = {
  /** Null: nobody knows. */
  readonly at: Date | null;
  readonly isDay: boolean;
  readonly timeZone: string;
  /** BCP 47: whether its people read a clock of 12 or 24 hours. Absent: 24. */
  readonly locale?: string;
};

/** `21 Oct 2026, 14:03` (or `2:03 PM`), in the workspace's time zone; of a record that is dated by its day, the day alone. */
function when({ at, isDay, timeZone, locale }: Dated & { readonly at: Date }): string {
  const clock = locale !== undefined && has12Hours(locale) ? "h:mm a" : "HH:mm";
  return DateTime.fromJSDate(at, { zone: timeZone }).toFormat(isDay ? "d LLL yyyy" : `d LLL yyyy, ${clock}`, {
    locale: "en",
  });
}

/** The same as ISO text: with the zone's offset, or the day. */
export function localText({ at, isDay, timeZone }: Dated): string | null {
  if (at === null) return null;
  const local = DateTime.fromJSDate(at, { zone: timeZone });
  return isDay ? local.toISODate() : local.toISO({ suppressMilliseconds: true });
}

/** What happened to the record, so that whoever doubts a number can find it: `won on 21 Oct 2026, 14:03, out of Close; Ann's`. */
export function entryText(entry: Entry | null, dated: Dated, rep: string | null): string {
  const { at } = dated;
  const date = at === null ? null : when({ ...dated, at });
  const on = date === null ? ", nobody knows when" : ` on ${date}`;
  const whose = rep === null ? "" : `; ${rep}’s`;
  return `${happened(entry, on, date)}${whose}`;
}

function happened(entry: Entry | null, on: string, date: string | null): string {
  const stage = entry?.stage ?? "a stage without a name";
  const event = entry?.event ?? "dated";
  switch (event) {
    case "won":
    case "lost":
    case "created and won":
    case "created and lost":
      return `${event}${on}${entry?.stage == null ? "" : `, out of ${entry.stage}`}`;
    case "entered":
      return `moved to ${stage}${entry?.from == null ? "" : ` from ${entry.from}`}${on}`;
    case "left":
      return `left ${stage}${on}`;
    case "passed":
      return `moved past ${stage}${on}`;
    case "held":
      return `${entry?.status ?? "there"}${entry?.stage == null ? "" : ` in ${entry.stage}`}${on}`;
    case "activity": {
      const kind = [entry?.status, entry?.direction].filter((part) => part != null).join(", ");
      return `${kind}${on}${entry?.outcome == null ? "" : `: ${entry.outcome.replaceAll("_", " ")}`}`;
    }
    case "dated":
      return date === null ? "nobody knows when" : `dated ${date}`;
    default:
      return `${event.replaceAll("_", " ")}${on}`;
  }
}

/** Why a record is left out, or what is odd about one that counts. */
export function exceptionText(exception: string, isCounted: boolean): string {
  const words = EXCEPTIONS[exception] ?? exception.replaceAll("_", " ");
  if (!isCounted) return `left out: ${words}`;
  return REMARKS.has(exception) ? words : `left out of the amount: ${words}`;
}

/** What is said of a record that counts in spite of it. */
const REMARKS: ReadonlySet<string> = new Set(["odd_closing_date", "no_closing_date"]);

const EXCEPTIONS: { readonly [exception: string]: string } = {
  no_rate: "no exchange rate for its currency on that day",
  no_probability: "its stage has no probability",
  no_creation_time: "nobody knows when it was created",
  created_after_closed: "it closed before it was created",
  no_entry_time: "nobody knows when it came into its stage",
  odd_closing_date: "its closing date cannot be: it counts when it was first seen closed",
  no_closing_date: "it has no closing date: it counts over all time, in no other period",
};
