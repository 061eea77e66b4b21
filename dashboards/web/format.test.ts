import { describe, expect, it } from "vitest";
import { comparisonOf } from "../../core/metrics/ask/comparison.ts";
import { createFormat } from "./format.ts";

const formatOf = (locale: string): ReturnType<typeof createFormat> =>
  createFormat({
    name: "W",
    timeZone: "Europe/Berlin",
    weekStart: 1,
    yearStart: 1,
    currency: "EUR",
    locale,
    working: null,
  });
const now = new Date("2026-11-23T12:42:00Z");
/** Blanks that do not break are blanks. */
const plain = (text: string): string => text.replaceAll(/[\u00A0\u202F]/g, " ");

/** One of each thing that is written beside the others on a screen. */
function all(locale: string): string[] {
  const format = formatOf(locale);
  const { previous } = comparisonOf("today", now, { timeZone: "Europe/Berlin", weekStart: 1 });
  return [
    format.short(1_243_000, "money"),
    format.short(12_400, "count"),
    format.short(3.5, "days"),
    format.full(0.125, "ratio"),
    format.clock(now, now),
    format.clock(new Date("2026-10-21T12:03:00Z"), now),
    format.period("2026-10-01", "month"),
    format.period("2026-07-01", "quarter"),
    previous === null ? "" : format.comparison(previous, now),
    format.words.asOf(format.clock(now, now)),
  ].map(plain);
}

describe("numbers, times and words", () => {
  it("are of one language, as its people write them", () => {
    expect(all("en-US")).toEqual([
      "€1.24M",
      "12.4K",
      "3.5 days",
      "12.5%",
      "1:42 PM",
      "Oct 21, 2:03 PM",
      "Oct",
      "Q3",
      "Friday, until 1:40 PM",
      "as of 1:42 PM",
    ]);
    expect(all("fr-FR")).toEqual([
      "1,24 M €",
      "12,4 k",
      "3,5 jours",
      "12,5 %",
      "13:42",
      "21 oct., 14:03",
      "oct.",
      "T3",
      "vendredi, jusqu’à 13:40",
      "état à 13:42",
    ]);
  });

  it("are English with the locale's own digits and clock where its language is not spoken", () => {
    expect(all("de-DE")).toEqual([
      "1,24M €",
      "12,4K",
      "3,5 days",
      "12,5 %",
      "13:42",
      "21 Oct, 14:03",
      "Oct",
      "Q3",
      "Friday, until 13:40",
      "as of 13:42",
    ]);
  });

  it("do not depend on a locale that nobody knows", () => {
    expect(formatOf("not a locale").short(3.5, "days")).toBe("3.5 days");
    expect(formatOf("xx").short(999_999, "money")).toBe("€1.00M".replace(".00", ""));
  });

  it("round before they choose a size", () => {
    expect(formatOf("de").short(999_999, "count")).toBe("1M");
    expect(plain(formatOf("de").short(-12_345_678, "money"))).toBe("-12,3M €");
  });
});
