import { currenciesOf } from "./currencies.ts";

/** The decimal point of a sheet. */
export type DecimalMark = "." | ",";

/** A number as a cell writes it. */
export type WrittenNumber = {
  /** In plain decimal form: `-1234.50`. */
  readonly plain: string;
  /** The sign or code of a currency beside it, as written; empty: none. */
  readonly currency: string;
  readonly isPercent: boolean;
  /**
   * One mark with exactly three digits after it and at most three before it: `12.500`. Where nobody has said which mark is the decimal
   * point, it may as well be twelve and a half thousand.
   */
  readonly isDoubtful: boolean;
};

export type NumberReading = WrittenNumber | { readonly refusal: string };

/** A longer text is no number that anybody wrote. It also bounds the work. */
const MAX_CHARACTERS = 64;

const PLAIN_NUMBER = /^-?\d+(?:\.(\d+))?$/;

/**
 * A number as people write it: `1,234.50`, `1.234,50 €`, `(12)`, `12-`, `R$ 25k`, `1'234.-`, `١٢٣`.
 *
 * @param mark the sheet's decimal point. The other one, spaces and apostrophes group digits; a mark that would have to be both is refused,
 *   with what to write in the mapping.
 */
export function readNumber(text: string, mark: DecimalMark): NumberReading {
  const plain = mark === "." && text.length <= MAX_CHARACTERS ? PLAIN_NUMBER.exec(text) : null;
  if (plain !== null) return written(text, plain[1]?.length === 3 && isDoubtfulWhole(text.slice(0, -4)));
  if (text.length > MAX_CHARACTERS) return { refusal: "is too long for a number" };
  // What a spreadsheet program writes so has often lost digits.
  if (/^[-+]?\d+(?:[.,]\d+)?e[-+]?\d+$/i.test(text.trim()))
    return {
      refusal: "is in scientific notation, which may have lost digits; format the column as a number before exporting",
    };
  // An apostrophe before it marks a text in spreadsheet programs, and is no part of it.
  const parts = split(inAscii(text).replace(/^'(?=[\d.,+-])/, ""));
  if (parts === null) return { refusal: "is no number" };
  const { before, body, after } = parts;
  const around = readAround(before, after, mark);
  if ("refusal" in around) return around;
  const digits = readDigits(body, mark, around.endsInDash);
  if ("refusal" in digits) return digits;
  const { whole, fraction, isDoubtful } = digits;
  const value = shifted(whole, fraction, around.power);
  return {
    plain: around.isNegative && /[1-9]/.test(value) ? `-${value}` : value,
    currency: around.currency,
    isPercent: around.isPercent,
    isDoubtful,
  };
}

function written(text: string, isDoubtful: boolean): WrittenNumber {
  const plain = text.startsWith("-") && !/[1-9]/.test(text) ? text.slice(1) : text;
  return { plain, currency: "", isPercent: false, isDoubtful };
}

/** Whether digits before a mark could be the first group of a larger number. */
function isDoubtfulWhole(whole: string): boolean {
  return /^-?[1-9]\d{0,2}$/.test(whole);
}

/** What stands before the digits, the digits with what divides them, and what comes after; null: it is not of that form. */
function split(text: string): { readonly before: string; readonly body: string; readonly after: string } | null {
  const first = text.search(/\d/);
  if (first < 0) return null;
  // `.5` begins with its mark; the mark of `Rs.500` ends a word.
  const start = /(?:^|[\s(+$€£¥-])[.,]$/.test(text.slice(0, first)) ? first - 1 : first;
  const end = text.search(/\d\D*$/) + 1;
  const body = text.slice(start, end);
  if (!/^[\d.,'٫٬ ]+$/.test(body)) return null;
  return { before: text.slice(0, start), body, after: text.slice(end) };
}

/** Digits, spaces, apostrophes, dashes and brackets of any script in their plain forms. */
function inAscii(text: string): string {
  return withPlainDigits(text)
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000\t]/g, " ")
    .replace(/[’‘ʼ′´`＇]/g, "'")
    .replace(/[−–—‒﹣－]/g, "-")
    .replace(/[（]/g, "(")
    .replace(/[）]/g, ")")
    .replace(/．/g, ".")
    .replace(/，/g, ",")
    .replace(/[٪％]/g, "%")
    .replace(/＄/g, "$")
    .replace(/￥/g, "¥")
    .replace(/[\u200b-\u200f\u2060\ufeff\u061c\u202a-\u202e\u2066-\u2069\u00ad]/g, "")
    .trim();
}

/** Digits of any script as 0 to 9. */
export function withPlainDigits(text: string): string {
  return /\P{ASCII}/u.test(text) ? text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit))) : text;
}

/** Every script's decimal digits stand in a row from 0 to 9 (Unicode, General_Category=Nd). */
function digitValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  if (point < 0x80) return point - 0x30;
  let zero = point;
  while (point - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  // Mathematical digits: five rows of ten without a gap.
  return point >= 0x1d7ce && point <= 0x1d7ff ? (point - 0x1d7ce) % 10 : point - zero;
}

type Around = {
  readonly isNegative: boolean;
  readonly isPercent: boolean;
  readonly currency: string;
  /** Of ten. */
  readonly power: number;
  /** The decimal mark of `1.234,-`; empty: there is none. */
  readonly endsInDash: string;
};

/** What a word makes of the number before it. `T`, `MM` and `M` in Latin mean different things to different people: only what is plain. */
const POWERS: ReadonlyMap<string, number> = new Map([
  ...["k", "tsd", "thousand", "mille", "teur", "tys", "tis", "тыс"].map((word) => [word, 3] as const),
  ...["m", "mio", "mln", "mn", "mill", "million", "millions", "millionen", "млн"].map((word) => [word, 6] as const),
  ...["b", "bn", "mrd", "mld", "billion", "billions", "milliarden", "млрд"].map((word) => [word, 9] as const),
  ...["lakh", "lakhs", "lac"].map((word) => [word, 5] as const),
  ...["crore", "crores"].map((word) => [word, 7] as const),
  ["万", 4],
  ["億", 8],
  ["亿", 8],
]);

function readAround(before: string, after: string, mark: DecimalMark): Around | { readonly refusal: string } {
  let [left, right] = [before.trim(), after];
  // `1,234.-`, `12,--`: no cents; in Sweden `12:-`, in India `12/-`, in East Africa `12/=`.
  const dash = /^(?:([.,:/])-{1,2}|\/=)/.exec(right);
  let endsInDash = "";
  if (dash !== null) {
    endsInDash = /[.,]/.test(dash[1] ?? "") ? (dash[1] ?? "") : mark;
    right = right.slice(dash[0].length);
  } else if (right === mark || right.startsWith(`${mark} `)) right = right.slice(1);
  right = right.trim();
  let signs = 0;
  const take = (pattern: RegExp, side: "left" | "right"): boolean => {
    const text = side === "left" ? left : right;
    if (!pattern.test(text)) return false;
    if (side === "left") left = text.replace(pattern, "").trim();
    else right = text.replace(pattern, "").trim();
    return true;
  };
  const opens = take(/\(/, "left");
  if (opens !== take(/\)/, "right")) return { refusal: "has one bracket" };
  if (opens) signs += 1;
  if (take(/^-|-$/, "left")) signs += 1;
  else take(/^\+|\+$/, "left");
  if (take(/^-|-$/, "right")) signs += 1;
  if (signs > 1) return { refusal: "is negative twice" };
  const isPercent = take(/^%|%$/, "right") || take(/^%|%$/, "left");
  // An amount of Zambia (`K 5`), or thousands? Letters that mean so stand behind.
  if (/^[kmb]$/i.test(left)) return { refusal: `"${left}" may be a currency, or thousands, millions or billions` };
  const words = [left, right].flatMap(wordsOf);
  let power = 0;
  let currency = "";
  for (const word of words) {
    const read = readWord(word);
    if (read === null) return { refusal: `"${word}" is neither a currency nor an order of magnitude` };
    if (read.power > 0 && power > 0) return { refusal: `"${word}" is an order of magnitude too many` };
    power += read.power;
    if (read.currency === "") continue;
    if (currency !== "" && !agree(currency, read.currency))
      return { refusal: `it says both "${currency}" and "${read.currency}"` };
    // `$ 12 USD`: the one that says more.
    if (currency === "" || currenciesOf(read.currency).length < currenciesOf(currency).length) currency = read.currency;
  }
  if (isPercent && (power > 0 || currency !== "")) return { refusal: "is a percentage of what?" };
  return { isNegative: signs === 1, isPercent, currency, power, endsInDash };
}

/** What stands on one side of the digits, word by word; `US $` is one. */
function wordsOf(side: string): readonly string[] {
  const joined = side.replace(/\s+/g, "");
  if (joined !== side && currenciesOf(joined).length > 0) return [joined];
  return side.split(/\s+/).filter((word) => word !== "");
}

function agree(one: string, other: string): boolean {
  const codes = currenciesOf(other);
  return currenciesOf(one).some((code) => codes.includes(code));
}

/** `k`, `EUR`, or both in one: `k€`, `TEUR`, `€m`. */
function readWord(word: string): { readonly power: number; readonly currency: string } | null {
  if (currenciesOf(word).length > 0) return { power: 0, currency: word };
  const plain = word.toLowerCase().replace(/\.$/, "");
  if (plain === "teur") return { power: 3, currency: "EUR" };
  const power = POWERS.get(plain);
  if (power !== undefined) return { power, currency: "" };
  for (const [name, value] of POWERS) {
    const [behind, before] = [plain.slice(name.length), plain.slice(0, -name.length)];
    if (plain.startsWith(name) && isJoined(name, behind)) return { power: value, currency: word.slice(name.length) };
    if (plain.endsWith(name) && isJoined(name, before)) return { power: value, currency: before };
  }
  // Thousands as people who keep accounts in Northern Europe write them: TSEK, tkr, T€.
  if (/^t(?:sek|nok|dkk|isk|kr|eur|chf|€)$/.test(plain))
    return { power: 3, currency: word.replace(/\.$/, "").slice(1) };
  return null;
}

/**
 * Of two letters nobody knows whether they are two words: `Br` is an amount of Ethiopia, not billions of rand. And billions are written with
 * one letter beside signs alone.
 */
function isJoined(power: string, currency: string): boolean {
  if (currenciesOf(currency).length === 0) return false;
  return power === "b" ? !/\p{L}/u.test(currency) : power.length > 1 || !/^\p{L}$/u.test(currency);
}

type Digits = { readonly whole: string; readonly fraction: string; readonly isDoubtful: boolean };

/** @param dashMark the mark of an ending such as `,-`: it is the decimal point of this text. Empty: there is none. */
function readDigits(body: string, mark: DecimalMark, dashMark: string): Digits | { readonly refusal: string } {
  const other = mark === "." ? "," : ".";
  const hint = `is no number with decimal "${mark}"; where "${other}" is the decimal point, say decimal: "${other}"`;
  if (dashMark === other) return { refusal: hint };
  // Arabic has marks of its own for both.
  const arabic = body.split("٫");
  if (arabic.length > 2 || (arabic.length === 2 && /[.]/.test(body))) return { refusal: "has two decimal points" };
  const at = arabic.length === 2 ? body.indexOf("٫") : body.indexOf(mark);
  const wholePart = at < 0 ? body : body.slice(0, at);
  const fraction = at < 0 ? "" : body.slice(at + 1);
  if (dashMark !== "" && at >= 0) return { refusal: hint };
  if (!/^\d*$/.test(fraction))
    return { refusal: fraction.includes(mark) || fraction.includes(other) ? hint : "has a gap in it" };
  const groups = wholePart.split(/[^\d]/);
  const separators = new Set(wholePart.replace(/\d/g, ""));
  if (separators.size > 1) return { refusal: "has two kinds of group separators" };
  if (groups.length > 1 && !areGroups(groups))
    return { refusal: separators.has(other) ? hint : "has digits in odd groups" };
  const whole = groups.join("");
  const isDoubtful = groups.length === 1 && fraction.length === 3 && arabic.length === 1 && isDoubtfulWhole(whole);
  return { whole: whole === "" ? "0" : whole, fraction, isDoubtful };
}

/** 1,234,567 or, in India, 12,34,567. The first digit of a group is no zero that fills up: `0,123` is a fraction. */
function areGroups(groups: readonly string[]): boolean {
  const [first = "", ...rest] = groups;
  if (!/^[1-9]\d{0,2}$/.test(first) || rest.at(-1)?.length !== 3) return false;
  const middle = rest.slice(0, -1);
  return (
    middle.every((group) => group.length === 3) || (first.length < 3 && middle.every((group) => group.length === 2))
  );
}

/** The decimal point moved to the right, without a float. */
function shifted(whole: string, fraction: string, power: number): string {
  const digits = whole + fraction.padEnd(power, "0");
  const at = whole.length + power;
  const rest = digits.slice(at);
  return `${digits.slice(0, at)}${rest === "" ? "" : `.${rest}`}`;
}
