import { z } from "zod";
import { readCursor, writeCursor } from "../../_simulator/paging.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { ok, refusal, sparse } from "./answers.ts";
import { wholeLead, type ListOptions } from "./lists.ts";
import type { CloseObject } from "./objects.ts";
import { timeOf } from "./store.ts";

/** Sorted results are capped, pages too; both numbers are remembered by people and written nowhere. */
const MOST_RESULTS = 10_000;
const MOST_PER_PAGE = 200;

const body = z.object({
  query: z.unknown(),
  _fields: z.record(z.string(), z.array(z.string())).optional(),
  _limit: z.int().default(100),
  cursor: z.string().nullish(),
  sort: z
    .array(z.object({ direction: z.enum(["asc", "desc"]), field: z.object({ field_name: z.string() }) }))
    .default([]),
  results_limit: z.int().nullish(),
});

type Cursor = { readonly skip: number; readonly issued: number };

/** `POST /data/search/`: leads or contacts, by the parts of a query that a connector needs; unknown nodes are refused. */
export function answerSearch(
  request: SimRequest,
  options: ListOptions & { readonly now: Date; readonly cursorLifeMs: number },
): SimAnswer {
  const parsed = body.safeParse(JSON.parse(request.body.toString("utf8") || "{}"));
  if (!parsed.success) return refusal(400, z.prettifyError(parsed.error));
  const { query, _fields: fields, _limit: limit, cursor, sort } = parsed.data;
  if (limit > MOST_PER_PAGE) return refusal(400, `The _limit must be at most ${MOST_PER_PAGE}`);
  const from = typeof cursor === "string" ? (readCursor(cursor) as Cursor | null) : { skip: 0, issued: Infinity };
  if (from === null || options.now.getTime() - from.issued > options.cursorLifeMs) {
    return refusal(400, "The cursor is invalid or has expired");
  }
  const objectType = objectTypeOf(query);
  if (objectType !== "lead" && objectType !== "contact") return refusal(400, "The query names no object type");
  const found = [...options.store.all(objectType)].filter((row) => options.sees(row) && matches(query, row));
  const [by] = sort;
  if (by !== undefined) {
    const factor = by.direction === "asc" ? 1 : -1;
    found.sort((a, b) => factor * (timeOf(a, by.field.field_name) - timeOf(b, by.field.field_name)));
  }
  const reachable = found.slice(0, MOST_RESULTS);
  const data = reachable.slice(from.skip, from.skip + limit).map((row) => {
    const whole = objectType === "lead" ? wholeLead(row, options.store) : row;
    const wanted = ["id", ...(fields?.[objectType] ?? [])].join(",");
    return { __object_type: objectType, ...sparse(whole, wanted) };
  });
  const next: Cursor = { skip: from.skip + limit, issued: options.now.getTime() };
  return ok({ data, cursor: next.skip < reachable.length ? writeCursor(next) : null });
}

type Node = { readonly [key: string]: unknown };

function objectTypeOf(query: unknown): unknown {
  const node = query as Node;
  if (node["type"] === "object_type") return node["object_type"];
  if (!Array.isArray(node["queries"])) return null;
  return (node["queries"] as unknown[]).map(objectTypeOf).find((type) => type !== null) ?? null;
}

function matches(query: unknown, row: CloseObject): boolean {
  const node = query as Node;
  const parts = (node["queries"] ?? []) as readonly unknown[];
  switch (node["type"]) {
    case "object_type":
    case "match_all":
      return true;
    case "and":
      return parts.every((part) => matches(part, row));
    case "or":
      return parts.some((part) => matches(part, row));
    case "field_condition":
      return isInRange(node, row);
    default:
      throw new RangeError(`unknown query node ${String(node["type"])}`);
  }
}

function isInRange(node: Node, row: CloseObject): boolean {
  const field = (node["field"] as Node)["field_name"] as string;
  const condition = node["condition"] as Node;
  const from = momentOf(condition["on_or_after"]);
  const to = momentOf(condition["before"]);
  const at = timeOf(row, field);
  return (from === null || at >= from) && (to === null || at < to);
}

function momentOf(moment: unknown): number | null {
  const value = (moment as Node | null | undefined)?.["value"];
  return typeof value === "string" ? Date.parse(value) : null;
}
