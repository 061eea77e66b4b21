import { domainToASCII } from "node:url";
import mailProviders from "email-providers";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import type { OtherId } from "../schema/facts.ts";

/** Lower case, without blanks around it. Plus-tags stay: they can be different people at some providers. Null when it is none. */
export function emailKey(text: string): string | null {
  const email = text.trim().toLowerCase();
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? email : null;
}

/**
 * E.164. A number without a country code names nobody for sure, so it is no key: the workspace has a language and a currency but no
 * country, and most teams call several.
 */
export function phoneKey(text: string): string | null {
  const compact = text.trim().replace(/^tel:/i, "");
  if (/^\+[1-9]\d{7,14}$/.test(compact)) return compact;
  if (!compact.startsWith("+")) return null;
  const parsed = parsePhoneNumberFromString(compact);
  return parsed?.isPossible() === true ? parsed.number : null;
}

/** A company's own host name, lower case, ASCII, without `www.`; null for the domains of mail providers, which say nothing of a company. */
export function domainKey(text: string): string | null {
  const written = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/[/?#:].*$/, "")
    .replace(/^www\./, "");
  if (!/^[^\s@.]+(\.[^\s@.]+)+$/.test(written)) return null;
  const domain = domainToASCII(written);
  return domain === "" || MAIL_PROVIDERS.has(domain) ? null : domain;
}

/**
 * Another tool's id with whose it is: `close:cont_1`, `*:cont_1` where nobody says. A plain number of nobody knows whom is no key: every
 * tool has a number 42.
 */
export function otherIdKey({ system, id }: OtherId): string | null {
  const said = id.trim();
  if (said === "") return null;
  if (system !== null) return `${system.trim().toLowerCase()}:${said}`;
  return /^\d+$/.test(said) ? null : `*:${said}`;
}

/**
 * Names are compared without case, blanks only as one, and by what is seen: composed or not, full width or not, without invisible
 * characters. Two equal names of people or companies are never enough by themselves; of teams and pipelines they are.
 */
export function nameKey(text: string): string {
  const seen = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  return seen.trim().replace(/\s+/g, " ").toLocaleLowerCase("en");
}

/** Providers that anyone can have an address at: the package's list, and what it does not have yet (November 2026). */
const MAIL_PROVIDERS: ReadonlySet<string> = new Set([
  ...mailProviders,
  "duck.com",
  "fastmail.com",
  "gmx.ch",
  "kolabnow.com",
  "mailfence.com",
  "mozmail.com",
  "passmail.net",
  "posteo.de",
  "simplelogin.com",
  "tuta.io",
  "tutanota.com",
]);
