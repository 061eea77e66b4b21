import { createHash, hash } from "node:crypto";
import type { SimAnswer } from "../../_simulator/server.ts";

/** An object as Mailchimp sends it. */
export type Row = { readonly [field: string]: unknown };

/** Ten hexadecimal digits, as lists and campaigns have. Equal seeds, equal ids. */
export function shortId(kind: string, seed: string): string {
  return hash("sha256", `${kind}|${seed}`).slice(0, 10);
}

export function longId(kind: string, seed: string): string {
  return hash("sha256", `${kind}|${seed}`).slice(0, 32);
}

export function numberOf(kind: string, seed: string): number {
  return Number.parseInt(shortId(kind, seed).slice(0, 7), 16);
}

const emailIds = new Map<string, string>();

/** `subscriber_hash`, `email_id`. Each is asked for with every row of every list. */
export function emailId(email: string): string {
  const known = emailIds.get(email);
  if (known !== undefined) return known;
  const made = createHash("md5").update(email.toLowerCase()).digest("hex");
  emailIds.set(email, made);
  return made;
}

/** Whole seconds with an offset. */
export function time(date: Date): string {
  return `${date.toISOString().slice(0, 19)}+00:00`;
}

/** `fired_at`: without a zone. */
export function firedAt(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}

const PROBLEM = { "content-type": "application/problem+json; charset=utf-8" };

/** A problem document (RFC 9457) as all of Mailchimp's errors are. */
export function problem(status: number, title: string, detail: string, more: Row = {}): SimAnswer {
  const type = "https://mailchimp.com/developer/marketing/docs/errors/";
  const body = { type, title, status, detail, instance: longId("instance", detail), ...more };
  return { status, headers: PROBLEM, body };
}

export const NOT_FOUND = (): SimAnswer =>
  problem(404, "Resource Not Found", "The requested resource could not be found.");

/** A tree of the dotted paths that `fields` or `exclude_fields` names. */
type Paths = Map<string, Paths>;

/** Comma list without spaces: a name with one before it names nothing. */
function pathsOf(list: string): Paths {
  const root: Paths = new Map();
  for (const path of list.split(",")) {
    let at = root;
    for (const part of path.split(".")) {
      const next: Paths = at.get(part) ?? new Map<string, Paths>();
      at.set(part, next);
      at = next;
    }
  }
  return root;
}

/** A partial response, as `fields` and `exclude_fields` ask for it. */
export function partial(body: unknown, query: URLSearchParams): unknown {
  const [fields, excluded] = [query.get("fields"), query.get("exclude_fields")];
  const kept = fields === null || fields === "" ? body : pick(body, pathsOf(fields));
  return excluded === null || excluded === "" ? kept : omit(kept, pathsOf(excluded));
}

function pick(value: unknown, paths: Paths): unknown {
  if (paths.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => pick(each, paths));
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const below = paths.get(key);
    return below === undefined ? [] : [[key, pick(inner, below)] as const];
  });
  return Object.fromEntries(entries);
}

function omit(value: unknown, paths: Paths): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => omit(each, paths));
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const below = paths.get(key);
    if (below === undefined) return [[key, inner] as const];
    return below.size === 0 ? [] : [[key, omit(inner, below)] as const];
  });
  return Object.fromEntries(entries);
}
