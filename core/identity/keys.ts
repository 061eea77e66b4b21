import { parsePhoneNumberFromString } from "libphonenumber-js/min";

/** Lower case, without blanks around it. Plus-tags stay: they can be different people at some providers. Null when it is none. */
export function emailKey(text: string): string | null {
  const email = text.trim().toLowerCase();
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? email : null;
}

/** E.164. A number without a country code names nobody for sure, so it is no key. */
export function phoneKey(text: string): string | null {
  const compact = text.trim();
  if (/^\+[1-9]\d{7,14}$/.test(compact)) return compact;
  if (!compact.startsWith("+")) return null;
  const parsed = parsePhoneNumberFromString(compact);
  return parsed?.isPossible() === true ? parsed.number : null;
}

/** A company's own host name, lower case, without `www.`; null for the domains of mail providers, which say nothing of a company. */
export function domainKey(text: string): string | null {
  const domain = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/[/?#:].*$/, "")
    .replace(/^www\./, "");
  if (!/^[^\s@.]+(\.[^\s@.]+)+$/.test(domain)) return null;
  return FREE_MAIL.has(domain) ? null : domain;
}

/** Names are compared without case, and blanks only as one. Two equal names are never enough by themselves. */
export function nameKey(text: string): string {
  return text.trim().replace(/\s+/g, " ").toLocaleLowerCase("en");
}

/** Mail providers that anyone can have an address at. */
const FREE_MAIL: ReadonlySet<string> = new Set([
  "aol.com",
  "fastmail.com",
  "free.fr",
  "gmail.com",
  "gmx.at",
  "gmx.ch",
  "gmx.com",
  "gmx.de",
  "gmx.net",
  "googlemail.com",
  "hotmail.co.uk",
  "hotmail.com",
  "hotmail.fr",
  "icloud.com",
  "laposte.net",
  "libero.it",
  "live.com",
  "mac.com",
  "mail.com",
  "mail.ru",
  "me.com",
  "msn.com",
  "orange.fr",
  "outlook.com",
  "outlook.de",
  "posteo.de",
  "proton.me",
  "protonmail.com",
  "qq.com",
  "t-online.de",
  "web.de",
  "yahoo.co.uk",
  "yahoo.com",
  "yahoo.de",
  "yahoo.fr",
  "yandex.ru",
  "ymail.com",
  "zoho.com",
  "163.com",
  "126.com",
]);
