import { hash } from "node:crypto";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Prefixes of the newer, shorter ids. */
const SHORT = new Set(["pipe", "ev", "req", "whsub", "actitype", "outcome", "group"]);

/** An id as Close makes them: prefix, `_`, base62; 43 characters after the prefix on old resources, 22 on newer ones. Equal seeds, equal ids. */
export function closeId(prefix: string, seed: string): string {
  const length = SHORT.has(prefix) ? 22 : 43;
  const bytes = hash("sha512", `${prefix}|${seed}`, "buffer");
  let text = "";
  for (let at = 0; at < length; at += 1) text += BASE62[(bytes[at] ?? 0) % 62];
  return `${prefix}_${text}`;
}

/** Core objects: six digits, none at all when the fraction is zero, an offset. */
export function coreTime(date: Date): string {
  const [seconds = "", fraction = ""] = date.toISOString().slice(0, -1).split(".");
  return fraction === "000" ? `${seconds}+00:00` : `${seconds}.${fraction}000+00:00`;
}

/** Events, pipelines, subscriptions: the same in UTC without saying so. */
export function naiveTime(date: Date): string {
  return `${date.toISOString().slice(0, -1)}000`;
}

export function formattedValue(value: number | null): string | null {
  return value === null ? null : `$${Math.round(value / 100).toLocaleString("en-US")}`;
}
