import { has12Hours } from "../../core/base/time.ts";
import { type Words, wordsFor } from "../../core/base/words/index.ts";
import type { Previous } from "../../core/metrics/ask/comparison.ts";
import type { Workspace } from "../../core/store/setup/workspace.ts";

/** Numbers, times and words as the people of the workspace write them. */
export type Format = {
  /** What is said beside them; in English where the workspace's language is not spoken here. */
  readonly words: Words;
  /** BCP 47: in which times are written. Its language is that of the words. */
  readonly timeLocale: string;
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
  /** `Monday, 23 November 2026` */
  readonly longDay: (day: string) => string;
  /** What a number is compared with: `Friday, until 14:00`. */
  readonly comparison: (previous: Previous, now: Date) => string;
  /** The name of a calendar period that begins on this day: `Nov`. */
  readonly period: (first: string, grain: string) => string;
};

export const NO_VALUE = "–";

/**
 * In a language that has words, everything is written its way. In any other, words, units and the names of months are English, and only digits, their
 * separators and the 12 or 24 hours of the clock are the locale's own.
 */
export function createFormat(workspace: Workspace): Format {
  const { currency, timeZone, yearStart } = workspace;
  const locale = safeLocale(workspace.locale);
  const words = wordsFor(locale);
  const isSpoken = new Intl.Locale(locale).language === words.language;
  const timeLocale = isSpoken ? locale : `${ENGLISH}-u-hc-${has12Hours(locale) ? "h12" : "h23"}`;
  const number = (options: Intl.NumberFormatOptions): Intl.NumberFormat => new Intl.NumberFormat(locale, options);
  const date = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat(timeLocale, options);
  const money = number({ style: "currency", currency, maximumFractionDigits: 0 });
  const count = number({ maximumFractionDigits: 0 });
  const percent = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const change = number({ style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });
  const points = number({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const tenths = number({ maximumFractionDigits: 1 });
  const decimal = number({ maximumFractionDigits: 2 });
  const compact = isSpoken ? compactOf(number, currency) : compactByWords(number, currency, words);
  const hour = has12Hours(timeLocale) ? "numeric" : "2-digit";
  const time = date({ timeZone, hour, minute: "2-digit" });
  const dayAndTime = date({ timeZone, day: "numeric", month: "short", hour, minute: "2-digit" });
  const dateTime = date({ timeZone, dateStyle: "medium", timeStyle: "medium" });
  const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone });
  // Days have no time zone: they are shown as they are.
  const month = date({ timeZone: "UTC", month: "short" });
  const year = date({ timeZone: "UTC", year: "numeric" });
  const dayMonth = date({ timeZone: "UTC", day: "numeric", month: "short" });
  const weekday = date({ timeZone: "UTC", weekday: "long" });
  const longDay = date({ timeZone: "UTC", dateStyle: "full" });
  const atMidnight = (day: string): Date => new Date(`${day}T00:00:00Z`);

  const write = (value: number | null, unit: string, isShort: boolean): string => {
    if (value === null) return NO_VALUE;
    const isLong = isShort && Math.abs(value) >= 10_000;
    switch (unit) {
      case "money":
      case "money_per_day":
        return isLong ? compact.money(value) : money.format(value);
      case "ratio":
        return percent.format(value);
      case "days":
        return `${tenths.format(value)} ${words.days(value)}`;
      case "hours":
        return `${tenths.format(value)} ${words.hours}`;
      case "minutes":
        return `${count.format(value)} ${words.minutes}`;
      case "number":
        return decimal.format(value);
      default:
        return isLong ? compact.count(value) : count.format(value);
    }
  };
  const clock = (instant: Date, now: Date): string =>
    (isoDay.format(instant) === isoDay.format(now) ? time : dayAndTime).format(instant);
  return {
    words,
    timeLocale,
    short: (value, unit) => write(value, unit, true),
    full: (value, unit) => write(value, unit, false),
    change: (ratio) => change.format(ratio),
    points: (difference) => words.points(points.format(difference * 100)),
    percent: (ratio) => percent.format(ratio),
    clock,
    dateTime: (instant) => dateTime.format(instant),
    longDay: (day) => longDay.format(atMidnight(day)),
    comparison: ({ name, until }, now) => {
      const [atTime, onDay] = [until === null ? null : time.format(until), until === null ? null : clock(until, now)];
      if (name.kind === "days") return words.comparedWith.daysBefore(name.days);
      if (name.kind !== "day") return words.comparedWith[name.kind](onDay);
      if (name.isYesterday) return words.comparedWith.yesterday(atTime);
      const isThisWeek = now.getTime() - atMidnight(name.day).getTime() < WEEK_MS;
      return words.comparedWith.day((isThisWeek ? weekday : dayMonth).format(atMidnight(name.day)), atTime);
    },
    period: (first, grain) => {
      const day = atMidnight(first);
      if (grain === "year") return year.format(day);
      if (grain === "month") return month.format(day);
      if (grain === "quarter") return words.quarter(Math.floor(((day.getUTCMonth() + 13 - yearStart) % 12) / 3) + 1);
      return dayMonth.format(day);
    },
  };
}

/** A day is named by its weekday as long as that means one alone. */
const WEEK_MS = 6.5 * 24 * 3600_000;

/** English with the day before the month, as most of those write who write no English. */
const ENGLISH = "en-GB";

type Compact = { readonly money: (value: number) => string; readonly count: (value: number) => string };
type MakeNumber = (options: Intl.NumberFormatOptions) => Intl.NumberFormat;

function compactOf(number: MakeNumber, currency: string): Compact {
  const short = { notation: "compact", minimumFractionDigits: 0, maximumSignificantDigits: 3 } as const;
  const money = number({ style: "currency", currency, ...short });
  const count = number(short);
  return { money: (value) => money.format(value), count: (value) => count.format(value) };
}

/** The same with our own words for thousand and million, right after the digits: `1,24M €`. */
function compactByWords(number: MakeNumber, currency: string, { compact }: Words): Compact {
  const digits = { minimumFractionDigits: 0, maximumSignificantDigits: 3 } as const;
  const write = (format: Intl.NumberFormat, value: number): string => {
    // Rounded first: 999,999 is a million.
    const rounded = Number(value.toPrecision(3));
    const [size, word] = SIZES.find(([least]) => Math.abs(rounded) >= least) ?? ([1, null] as const);
    const parts = format.formatToParts(rounded / size);
    const last = parts.findLastIndex(({ type }) => type === "integer" || type === "fraction");
    return parts
      .map((part, index) => (index === last && word !== null ? part.value + compact[word] : part.value))
      .join("");
  };
  const money = number({ style: "currency", currency, ...digits });
  const count = number(digits);
  return { money: (value) => write(money, value), count: (value) => write(count, value) };
}

const SIZES = [
  [1e9, "billion"],
  [1e6, "million"],
  [1e3, "thousand"],
] as const;

/** A locale that this machine does not know must not darken every screen. */
function safeLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll("_", "-"))[0] ?? "en";
  } catch {
    return "en";
  }
}
