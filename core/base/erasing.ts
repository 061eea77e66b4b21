import { createHmac } from "node:crypto";
import { isObject, type Json } from "./json.ts";

/**
 * Taking a person out of texts: where they are known in plain (while they are erased), and where only marks of them are left (when a source
 * sends them again).
 */

/** By what a person is known. Addresses and names in lower case. */
export type Subject = {
  readonly emails: readonly string[];
  readonly names: readonly string[];
  readonly phones: readonly string[];
  /** What tools call them: ids of their rows. */
  readonly ids: readonly string[];
};

/** What stands in their place. */
export const ERASED = "(erased)";

/** One of these for each address, so that what was one person's stays one nobody's. The domain can never exist (RFC 2606). */
function erasedAddress(mark: Buffer): string {
  return `erased-${mark.toString("hex").slice(0, 12)}@erased.invalid`;
}

export type MarkKind = "email" | "name" | "phone" | "id" | "record";

/** @param text as {@link emailText} and its kin give it. */
export function markOf(salt: Buffer, kind: MarkKind, text: string): Buffer {
  return createHmac("sha256", salt).update(`${kind}:${text}`).digest();
}

/** How a name is compared: in lower case, with single spaces. */
export function nameText(name: string): string {
  return name.normalize("NFC").toLowerCase().trim().replace(/\s+/g, " ");
}

/** Enough digits of a number to know it, however it is written; null: too few. */
export function phoneText(phone: string): string | null {
  const digits = phone.replace(/\D/g, "");
  return digits.length >= 8 ? digits.slice(-8) : null;
}

/** A name of one word may be anybody's. */
export function isFullName(name: string): boolean {
  return nameText(name).includes(" ") && name.length >= 5;
}

/** A plain number is anything's id. */
export function isTellingId(id: string): boolean {
  return id.length >= 6 && !/^\d+$/.test(id);
}

const EMAIL = /[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;
const PHONE = /\+?\d[\d\s().\-/]{6,}\d/g;
const WORD = /[\p{L}\p{M}\p{N}'’-]+/gu;

/** Which texts stand for the person. */
export type Known = {
  email(text: string): string | null;
  isName(text: string): boolean;
  isPhone(text: string): boolean;
  isId(text: string): boolean;
  /** How many words their names have. */
  readonly nameWords: readonly number[];
};

/** Knows them by what is known in plain. @param salt what the places of addresses are made with. */
export function knownBy(subject: Subject, salt: Buffer): Known {
  const emails = new Map(subject.emails.map((email) => [email, erasedAddress(markOf(salt, "email", email))]));
  const names = new Set(subject.names);
  const phones = new Set(subject.phones.flatMap((phone) => phoneText(phone) ?? []));
  const ids = new Set(subject.ids);
  return {
    email: (text) => emails.get(text) ?? null,
    isName: (text) => names.has(text),
    isPhone: (text) => phones.has(phoneText(text) ?? ""),
    isId: (text) => ids.has(text),
    nameWords: [...new Set(subject.names.map((name) => name.split(" ").length))],
  };
}

/** A name has so many words at most, where only its mark is known. */
const NAME_WORDS = [2, 3, 4];

/** Knows them by their marks alone. */
export function knownByMarks(salt: Buffer, marks: ReadonlySet<string>): Known {
  const has = (kind: MarkKind, text: string): boolean => marks.has(markOf(salt, kind, text).toString("hex"));
  return {
    email: (text) => (has("email", text) ? erasedAddress(markOf(salt, "email", text)) : null),
    isName: (text) => has("name", text),
    isPhone: (text) => has("phone", phoneText(text) ?? ""),
    isId: (text) => isTellingId(text) && has("id", text),
    nameWords: NAME_WORDS,
  };
}

/** Whether a value speaks of the person beyond doubt: by an address or an id of theirs, or as a whole text by their number. */
export function speaksOf(known: Known, value: Json): boolean {
  let isSaid = false;
  walk(value, (text) => {
    isSaid ||=
      known.isId(text) || hasEmail(known, text) || (/\d{8}/.test(text.replace(/\D/g, "")) && known.isPhone(text));
    return text;
  });
  return isSaid;
}

function hasEmail(known: Known, text: string): boolean {
  if (!/@|%40/i.test(text)) return false;
  return [...text.matchAll(EMAIL)].some(([found]) => knownPart(known, found) !== null);
}

/** An address as it is compared. */
export function emailText(found: string): string {
  return found
    .replace(/%40/i, "@")
    .toLowerCase()
    .replace(/^[.'`]+|\.+$/g, "");
}

/** The text without the person. @param withNames also without their names and numbers: where it is sure that they are meant. */
export function erasedText(known: Known, text: string, withNames: boolean): string {
  let left = text;
  if (/@|%40/i.test(left)) left = left.replace(EMAIL, (found) => replaceEmail(known, found));
  if (!withNames) return left;
  if (/\d{3}/.test(left)) left = left.replace(PHONE, (found) => (known.isPhone(found) ? ERASED : found));
  return withoutNames(known, left);
}

function replaceEmail(known: Known, found: string): string {
  const part = knownPart(known, found);
  if (part === null) return found;
  return found.slice(0, part.from) + (/%40/i.test(found) ? encodeURIComponent(part.place) : part.place);
}

/** An address may hold `/`, `?`, `=` and `&`: in a web address it begins after the last of them. Null: it is not the person's. */
function knownPart(known: Known, found: string): { readonly from: number; readonly place: string } | null {
  const at = found.search(/@|%40/i);
  const last = Math.max(...["/", "?", "=", "&", "'", "`", "{", "|"].map((one) => found.lastIndexOf(one, at)));
  for (const from of [0, last + 1]) {
    const place = known.email(emailText(found.slice(from)));
    if (place !== null) return { from, place };
  }
  return null;
}

function withoutNames(known: Known, text: string): string {
  const words = [...text.matchAll(WORD)].map((match) => ({ from: match.index, to: match.index + match[0].length }));
  const cuts: { readonly from: number; readonly to: number }[] = [];
  for (let at = 0; at < words.length; at += 1) {
    for (const count of known.nameWords.toSorted((a, b) => b - a)) {
      const [first, last] = [words[at], words[at + count - 1]];
      if (first === undefined || last === undefined) continue;
      if (!known.isName(nameText(text.slice(first.from, last.to)))) continue;
      cuts.push({ from: first.from, to: last.to });
      at += count - 1;
      break;
    }
  }
  return cuts.toReversed().reduce((left, { from, to }) => left.slice(0, from) + ERASED + left.slice(to), text);
}

/** The same value without the person; the value itself where nothing of it changed. */
export function erasedJson<Value extends Json>(known: Known, value: Value, withNames: boolean): Value {
  // `walk` keeps the shape of what it is given.
  return walk(value, (text) => erasedText(known, text, withNames)) as Value;
}

function walk(value: Json, change: (text: string) => string): Json {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const changed: readonly Json[] = items.map((item) => walk(item, change));
    return changed.every((item, at) => item === items[at]) ? value : changed;
  }
  if (!isObject(value)) return value;
  let isChanged = false;
  const entries = Object.entries(value).map(([name, item]): [string, Json] => {
    const entry: [string, Json] = [change(name), walk(item, change)];
    isChanged ||= entry[0] !== name || entry[1] !== item;
    return entry;
  });
  return isChanged ? Object.fromEntries(entries) : value;
}
