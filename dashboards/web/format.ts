import type { Day } from "../../core/base/time.ts";
import type { Workspace } from "../../core/store/setup/workspace.ts";

/** Numbers and times as the people of the workspace write them. */
export type Format = {
  /** For a screen read from afar: at most four digits, `$1.24M`. `–` for no value. */
  readonly short: (value: number | null, unit: string) => string;
  /** All that matters of it. */
  readonly full: (value: number | null, unit: string) => string;
  /** A relative change: `+12 %`. */
  readonly change: (ratio: number) => string;
  /** A difference of two ratios, in percentage points: `+2.7 pp`. */
  readonly points: (difference: number) => string;
  readonly percent: (ratio: number) => string;
  /** `14:03`, in the workspace's time zone; with the date when it is not today. */
  readonly clock: (instant: Date, now: Date) => string;
  readonly dateTime: (instant: Date) => string;
  /** The name of a calendar period that begins on this day: `Nov`. */
  readonly period: (first: Day, grain: string) => string;
};

export const NO_VALUE = "–";

export function createFormat(workspace: Workspace): Format {
  const { locale, currency, timeZone } = workspace;
  const number = (options: Intl.NumberFormatOptions): Intl.NumberFormat =>
    new Intl.NumberFormat(safeLocale(locale), options);
  const date = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(safeLocale(locale), options);
  const money = number({ style: "currency", currency, maximumFractionDigits: 0 });
  const moneyShort = number({
    style: "currency",
    currency,
    notation: "compact",
    minimumFractionDigits: 0,
    maximumSignificantDigits: 3,
  });
  const count = number({ maximumFractionDigits: 0 });
  const countShort = number({ notation: "compact", maximumSignificantDigits: 3 });
  const percent = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const change = number({ style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
  const points = number({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const days = number({ style: "unit", unit: "day", unitDisplay: "long", maximumFractionDigits: 1 });
  const hours = number({ style: "unit", unit: "hour", unitDisplay: "short", maximumFractionDigits: 1 });
  const minutes = number({ style: "unit", unit: "minute", unitDisplay: "short", maximumFractionDigits: 0 });
  const decimal = number({ maximumFractionDigits: 2 });
  const time = date({ timeZone, hour: "2-digit", minute: "2-digit" });
  const dayAndTime = date({ timeZone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const dateTime = date({ timeZone, dateStyle: "medium", timeStyle: "medium" });
  const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone });
  // Days have no time zone: they are shown as they are.
  const month = date({ timeZone: "UTC", month: "short" });
  const year = date({ timeZone: "UTC", year: "numeric" });
  const dayMonth = date({ timeZone: "UTC", day: "numeric", month: "short" });

  const write = (value: number | null, unit: string, isShort: boolean): string => {
    if (value === null) return NO_VALUE;
    switch (unit) {
      case "money":
      case "money_per_day":
        return (isShort && Math.abs(value) >= 10_000 ? moneyShort : money).format(value);
      case "ratio":
        return percent.format(value);
      case "days":
        return days.format(value);
      case "hours":
        return hours.format(value);
      case "minutes":
        return minutes.format(value);
      case "number":
        return decimal.format(value);
      default:
        return (isShort && Math.abs(value) >= 10_000 ? countShort : count).format(value);
    }
  };
  return {
    short: (value, unit) => write(value, unit, true),
    full: (value, unit) => write(value, unit, false),
    change: (ratio) => change.format(ratio),
    points: (difference) => `${points.format(difference * 100)} pp`,
    percent: (ratio) => percent.format(ratio),
    clock: (instant, now) => (isoDay.format(instant) === isoDay.format(now) ? time : dayAndTime).format(instant),
    dateTime: (instant) => dateTime.format(instant),
    period: (first, grain) => {
      const day = new Date(`${first}T00:00:00Z`);
      if (grain === "year") return year.format(day);
      if (grain === "month") return month.format(day);
      if (grain === "quarter") return `Q${Math.floor(day.getUTCMonth() / 3) + 1}`;
      return dayMonth.format(day);
    },
  };
}

/** A locale that this machine does not know must not darken every screen. */
function safeLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll("_", "-"))[0] ?? "en";
  } catch {
    return "en";
  }
}
