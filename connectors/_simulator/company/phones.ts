import type { Random } from "./random.ts";

/**
 * Telephone numbers that ring nobody: each regulator's range for film and fiction. `#` is a free digit.
 * Sources: ATIS 555 line number guidelines (US, CA); Ofcom, "Telephone numbers for use in TV and radio drama programmes" (GB); ARCEP
 * decision 2018-0881 (FR); Bundesnetzagentur, "Rufnummern für Medienproduktionen" (DE); PTS, "Telefonnummer för användning i film" (SE);
 * ACMA, "Phone numbers for use in TV shows, films and creative works" (AU).
 */
const NORTH_AMERICA = ["201", "206", "212", "213", "214", "215", "216", "303", "305", "312", "313", "314", "404", "408"]
  .concat([
    "412",
    "415",
    "503",
    "504",
    "512",
    "602",
    "612",
    "614",
    "617",
    "619",
    "702",
    "704",
    "713",
    "801",
    "816",
    "919",
  ])
  .map((area) => `+1${area}55501##`);

const RANGES: { readonly [country: string]: readonly string[] } = {
  US: NORTH_AMERICA,
  CA: ["416", "514", "604", "613", "403", "902"].map((area) => `+1${area}55501##`),
  GB: ["20 7946", "121 496", "131 496", "141 496", "161 496", "113 496"].map(
    (area) => `+44${area.replace(" ", "")}0###`,
  ),
  FR: ["+3319900####", "+3363998####"],
  DE: ["+493023125###", "+496990009###", "+494066969###", "+492214710###", "+498999998###"],
  SE: ["+463139006##", "+468465004##", "+464062804##"],
  AU: ["+6125550####", "+6127010####", "+6135550####", "+6137010####", "+6175550####", "+6177010####"],
};

/** Hands out each number once. */
export type PhoneBook = {
  /** E.164; null for a country without such a range, or when its range has run out. */
  take(country: string): string | null;
};

export function createPhoneBook(random: Random): PhoneBook {
  const used = new Map<string, number>();
  const offsets = new Map<string, number>();
  return {
    take(country) {
      const ranges = RANGES[country];
      if (ranges === undefined) return null;
      const taken = used.get(country) ?? 0;
      used.set(country, taken + 1);
      const range = ranges[taken % ranges.length] ?? "";
      const digits = range.split("#").length - 1;
      const size = 10 ** digits;
      const nth = Math.floor(taken / ranges.length);
      if (nth >= size) return null;
      // Any start and a step without a common factor with 10 visits every number of the range once, in no visible order.
      const start = offsets.get(range) ?? random.int(0, size - 1);
      offsets.set(range, start);
      const number = String((start + nth * 37) % size).padStart(digits, "0");
      return range.slice(0, range.length - digits) + number;
    },
  };
}
