import * as numfmt from "numfmt";
import { currenciesOf } from "../../_rows/currencies.ts";

/** What a cell's number format says of its number. */
export type NumberFormat = {
  /** `elapsed`: hours that may pass 24. `none`: a number like any other. */
  readonly kind: "none" | "date" | "datetime" | "time" | "elapsed" | "percent";
  /** The sign or code of a currency that it puts beside the number; null: none. */
  readonly currency: string | null;
  /** The format, where it fills up digits or puts text around a number that is an identifier: `00000`, `"D-"0000`. */
  readonly identifier: string | null;
};

export const PLAIN_FORMAT: NumberFormat = { kind: "none", currency: null, identifier: null };

/**
 * Formats that files name by a number alone (ECMA-376 part 1, 18.8.30; those from 27 on are dates and times of East Asia). The currency of 5 to 8
 * and 37 to 44 is that of whoever looks, so it says nothing.
 */
const BUILT_IN: ReadonlyMap<number, NumberFormat["kind"]> = new Map([
  ...[9, 10].map((id) => [id, "percent"] as const),
  ...[14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58].map((id) => [id, "date"] as const),
  ...[18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56].map((id) => [id, "time"] as const),
  [22, "datetime"],
  [46, "elapsed"],
]);

/** Formats are short; a longer one is no format. */
const MAX_FORMAT_CHARACTERS = 1000;

/** Windows' language ids in formats (`[$kr-414]`) that tell whose `kr`, `$` or `¥` it is (MS-LCID). */
const BY_LANGUAGE: ReadonlyMap<string, string> = new Map(
  "409 USD, 1009 CAD, c0c CAD, c09 AUD, 1409 NZD, 4809 SGD, 1004 SGD, c04 HKD, 404 TWD, 80a MXN, 2c0a ARS, 340a CLP, 240a COP, 414 NOK, 814 NOK, 41d SEK, 406 DKK, 40f ISK, 411 JPY, 804 CNY, 809 GBP"
    .split(", ")
    .map((pair) => {
      const [language = "", currency = ""] = pair.split(" ");
      return [language, currency] as const;
    }),
);

/** @param written the format as the file writes it out; null: it only names the id. */
export function numberFormat(id: number, written: string | null): NumberFormat {
  if (written === null) return { ...PLAIN_FORMAT, kind: BUILT_IN.get(id) ?? "none" };
  if (written.length > MAX_FORMAT_CHARACTERS) return PLAIN_FORMAT;
  // Some versions name the language of a date so: `[ENG][$-409]d-mmm-yyyy`. It is no part of the format language.
  const code = written.replace(/^\[[A-Z]{3}\](?=\[\$-)/, "");
  try {
    const kind = kindOf(code);
    if (kind !== "none") return { ...PLAIN_FORMAT, kind };
    const first = sectionOf(code);
    return { kind, currency: currencyIn(first), identifier: isIdentifier(first) ? code : null };
  } catch {
    // No format that anybody knows: the number alone counts.
    return PLAIN_FORMAT;
  }
}

/** The number as the format of an identifier shows it. */
export function showIdentifier(format: string, value: number): string {
  return numfmt.format(format, value);
}

function kindOf(code: string): NumberFormat["kind"] {
  const { type, isPercent } = numfmt.getFormatInfo(code);
  const bare = withoutLiterals(code);
  // The library takes `[m]` alone for a month.
  if (/\[(h+|m+|s+)\]/i.test(bare) && !/[yd]/i.test(bare.replace(/\[[^\]]*\]/g, ""))) return "elapsed";
  if (type === "date" || type === "datetime") return type;
  if (type === "time") return "time";
  return isPercent ? "percent" : "none";
}

/** What the format says of positive numbers. */
function sectionOf(code: string): string {
  return /^(?:"[^"]*"|\\.|[^";\\])*/s.exec(code)?.[0] ?? code;
}

function withoutLiterals(section: string): string {
  return section.replace(/"[^"]*"|\\.|[_*]./gs, "");
}

function currencyIn(section: string): string | null {
  const tagged = /\[\$([^\]-]*)(?:-([0-9A-Fa-f]+))?\]/.exec(section);
  const byLanguage = BY_LANGUAGE.get((tagged?.[2] ?? "").toLowerCase().replace(/^0+/, ""));
  const written = [
    tagged?.[1] ?? "",
    ...[...section.replace(/\[[^\]]*\]|[_*]./gs, "").matchAll(/"([^"]*)"|\\(.)|([\p{Sc}])/gsu)].map(
      ([, quoted, escaped, bare]) => quoted ?? escaped ?? bare ?? "",
    ),
  ]
    .join("")
    .replace(/[\s\u00a0()-]/g, "");
  const codes = currenciesOf(written);
  if (codes.length === 0) return null;
  return byLanguage !== undefined && codes.includes(byLanguage) ? byLanguage : written;
}

/** Nothing but digits that are always shown, and text around them: at least two, or text. */
function isIdentifier(section: string): boolean {
  const places = withoutLiterals(section.replace(/\[[^\]]*\]/g, "")).replace(/[\s()+/-]/g, "");
  if (!/^0+$/.test(places)) return false;
  // `"Q"0000` is a number of quotes, though Q stands for a currency: amounts are not filled up.
  return places.length > 1 || (/["\\]/.test(section) && currencyIn(section) === null);
}
