import { useMemo } from "react";
import { useApi } from "../api/hooks.ts";
import { type Language, useLanguage } from "../words/index.ts";

/** Numbers and times in the language of the reader, in the workspace's currency and time zone. */
export type Format = {
  readonly value: (value: number | null, unit: string) => string;
  /** With at most four digits: `€1.2M`. */
  readonly short: (value: number | null, unit: string) => string;
  readonly count: (value: number) => string;
  readonly money: (value: number | null, currency?: string) => string;
  readonly change: (ratio: number) => string;
  readonly dateTime: (instant: string) => string;
  readonly date: (instant: string) => string;
  /** A calendar day, which has no time zone. */
  readonly day: (day: string) => string;
  readonly month: (day: string) => string;
  /** How long ago or ahead: `3 minutes ago`. */
  readonly ago: (instant: string, now: number) => string;
  readonly duration: (seconds: number) => string;
  /** Today in the workspace: `2026-11-30`. */
  readonly today: () => string;
  readonly locale: string;
  readonly currency: string;
  readonly timeZone: string;
};

export const NO_VALUE = "–";

export function useFormat(): Format {
  const { language } = useLanguage();
  const workspace = useApi("GET /workspace", {}).data;
  return useMemo(
    () => createFormat(language, workspace ?? { locale: language, currency: "EUR", time_zone: "UTC" }),
    [language, workspace],
  );
}

export function createFormat(
  language: Language,
  workspace: { readonly locale: string; readonly currency: string; readonly time_zone: string },
): Format {
  // The workspace's own way to write where it is one of the reader's language, so that no page has two.
  const locale = workspace.locale.toLowerCase().startsWith(language) ? workspace.locale : language;
  const timeZone = workspace.time_zone;
  const number = (options: Intl.NumberFormatOptions): Intl.NumberFormat => new Intl.NumberFormat(locale, options);
  const when = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat(locale, options);
  const money = (currency: string, isShort: boolean): Intl.NumberFormat =>
    number({
      style: "currency",
      currency,
      ...(isShort ? { notation: "compact", maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 }),
    });
  const unitOf = (unit: string, digits: number): Intl.NumberFormat =>
    number({ style: "unit", unit, unitDisplay: unit === "day" ? "long" : "short", maximumFractionDigits: digits });
  const write = (value: number | null, unit: string, isShort: boolean): string => {
    if (value === null) return NO_VALUE;
    switch (unit) {
      case "money":
      case "money_per_day":
        return money(workspace.currency, isShort && Math.abs(value) >= 10_000).format(value);
      case "ratio":
        return number({ style: "percent", maximumFractionDigits: 1 }).format(value);
      case "days":
        return unitOf("day", 1).format(value);
      case "hours":
        return unitOf("hour", 1).format(value);
      case "minutes":
        return unitOf("minute", 0).format(value);
      case "number":
        return number({ maximumFractionDigits: 2 }).format(value);
      default:
        return number(
          isShort && Math.abs(value) >= 10_000
            ? { notation: "compact", maximumSignificantDigits: 3 }
            : { maximumFractionDigits: Number.isInteger(value) ? 0 : 1 },
        ).format(value);
    }
  };
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return {
    value: (value, unit) => write(value, unit, false),
    short: (value, unit) => write(value, unit, true),
    count: (value) => number({ maximumFractionDigits: 0 }).format(value),
    money: (value, currency = workspace.currency) => (value === null ? NO_VALUE : money(currency, false).format(value)),
    change: (ratio) => number({ style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" }).format(ratio),
    dateTime: (instant) => when({ timeZone, dateStyle: "medium", timeStyle: "short" }).format(new Date(instant)),
    date: (instant) => when({ timeZone, dateStyle: "medium" }).format(new Date(instant)),
    day: (day) => when({ timeZone: "UTC", dateStyle: "medium" }).format(new Date(`${day}T00:00:00Z`)),
    month: (day) => when({ timeZone: "UTC", month: "short", year: "2-digit" }).format(new Date(`${day}T00:00:00Z`)),
    ago: (instant, now) => {
      const seconds = Math.round((new Date(instant).getTime() - now) / 1000);
      const [size, unit] = STEPS.find(([least]) => Math.abs(seconds) >= least) ?? [1, "second"];
      return relative.format(Math.trunc(seconds / size), unit);
    },
    duration: (seconds) => {
      if (seconds < 60)
        return number({ style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: 1 }).format(
          seconds,
        );
      if (seconds < 3600)
        return number({ style: "unit", unit: "minute", unitDisplay: "short", maximumFractionDigits: 1 }).format(
          seconds / 60,
        );
      return number({ style: "unit", unit: "hour", unitDisplay: "short", maximumFractionDigits: 1 }).format(
        seconds / 3600,
      );
    },
    today: () => new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date()),
    locale,
    currency: workspace.currency,
    timeZone,
  };
}

const STEPS: readonly (readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit])[] = [
  [86_400 * 60, "month"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
].map(([size, unit]) => [unit === "month" ? 86_400 * 30 : Number(size), unit as Intl.RelativeTimeFormatUnit]);
