import { listOf } from "../../../core/base/json.ts";
import { dayOf } from "../../../core/base/time.ts";
import { readCursor, writeCursor } from "../../_simulator/paging.ts";
import type { DatedObject } from "./store.ts";

/** How dates are compared: conversations' to the second, contacts' by calendar days in the workspace's time zone. */
export type Dates = { readonly by: "second" } | { readonly by: "day"; readonly timeZone: string };

type Search = { readonly rows: readonly DatedObject[]; readonly next: string | null; readonly total: number };

/** Why a search is refused. */
export class BadSearch extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const MOST_FILTERS = 15;
const DATE_FIELDS = new Set(["updated_at", "created_at"]);

/**
 * A search as Intercom does it.
 *
 * @param isLoose whether `>` and `<` include their bound, as the vendor's table of operators has it.
 * @throws BadSearch
 */
export function search(rows: Iterable<DatedObject>, body: unknown, dates: Dates, isLoose: boolean): Search {
  const asked = body as {
    readonly query?: unknown;
    readonly sort?: { readonly field?: string; readonly order?: string };
    readonly pagination?: { readonly per_page?: number; readonly starting_after?: string | null };
  };
  const perPage = asked.pagination?.per_page ?? 20;
  if (!(perPage >= 1 && perPage <= 150)) throw new BadSearch("parameter_invalid");
  const matches = matcher(asked.query, dates, isLoose, 1);
  const found = [...rows].filter(matches);
  const sign = asked.sort?.order === "ascending" ? 1 : -1;
  found.sort((a, b) => sign * (a.updated_at - b.updated_at || compare(a.id, b.id)));
  const after = asked.pagination?.starting_after ?? null;
  const rest = after === null ? found : found.filter((row) => isAfter(row, after, sign));
  const page = rest.slice(0, perPage);
  const last = page.at(-1);
  // What the vendor's cursors hold as well: the sort values of the last row.
  const next = last !== undefined && rest.length > page.length ? writeCursor([last.updated_at, last.id]) : null;
  return { rows: page, next, total: found.length };
}

function isAfter(row: DatedObject, cursor: string, sign: 1 | -1): boolean {
  const place = readCursor(cursor);
  const [at, id] = listOf(place);
  if (typeof at !== "number" || typeof id !== "string") throw new BadSearch("parameter_invalid");
  return sign * (row.updated_at - at || compare(row.id, id)) > 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Matches = (row: DatedObject) => boolean;

function matcher(query: unknown, dates: Dates, isLoose: boolean, depth: number): Matches {
  const { operator, value, field } = query as {
    readonly operator?: string;
    readonly value?: unknown;
    readonly field?: string;
  };
  if (field === undefined) {
    if (depth > 2 || !Array.isArray(value) || value.length > MOST_FILTERS) throw new BadSearch("parameter_invalid");
    const parts = value.map((one: unknown) => matcher(one, dates, isLoose, depth + 1));
    return operator === "OR" ? (row) => parts.some((is) => is(row)) : (row) => parts.every((is) => is(row));
  }
  if (!DATE_FIELDS.has(field)) return (row) => row[field] === value;
  if (typeof value !== "number") throw new BadSearch("parameter_invalid");
  return dates.by === "day"
    ? dayMatcher(field, operator, value, dates.timeZone)
    : secondMatcher(field, operator, value, isLoose);
}

function secondMatcher(field: string, operator: string | undefined, value: number, isLoose: boolean): Matches {
  switch (operator) {
    case "=":
      return (row) => row[field] === value;
    case ">":
      return (row) => Number(row[field]) > value - (isLoose ? 1 : 0);
    case "<":
      return (row) => Number(row[field]) < value + (isLoose ? 1 : 0);
    default:
      throw new BadSearch("parameter_invalid");
  }
}

function dayMatcher(field: string, operator: string | undefined, value: number, timeZone: string): Matches {
  const dayAt = (at: number): string => dayOf(new Date(at * 1000), timeZone);
  const asked = dayAt(value);
  switch (operator) {
    case "=":
      return (row) => dayAt(Number(row[field])) === asked;
    case ">":
      return (row) => dayAt(Number(row[field])) > asked;
    case "<":
      return (row) => dayAt(Number(row[field])) < asked;
    default:
      throw new BadSearch("parameter_invalid");
  }
}
