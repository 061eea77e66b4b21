import { offsetPage } from "../../_simulator/paging.ts";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import type { Faults } from "../../_simulator/faults.ts";
import { ok, refusal, sparse } from "./answers.ts";
import type { CloseObject, Fields, Kind } from "./objects.ts";
import { timeOf, type CloseStore } from "./store.ts";

/** The lists that are paged by offset: where, how large a page may be, and what they can be filtered by. */
export const LISTS: readonly { readonly path: string; readonly kind: Kind; readonly maxLimit: number }[] = [
  { path: "lead", kind: "lead", maxLimit: 200 },
  { path: "contact", kind: "contact", maxLimit: 100 },
  { path: "opportunity", kind: "opportunity", maxLimit: 250 },
  { path: "task", kind: "task", maxLimit: 1000 },
  { path: "activity/call", kind: "call", maxLimit: 100 },
  { path: "activity/email", kind: "email", maxLimit: 100 },
  { path: "activity/emailthread", kind: "emailThread", maxLimit: 100 },
  { path: "activity/sms", kind: "sms", maxLimit: 100 },
  { path: "activity/whatsapp_message", kind: "whatsapp", maxLimit: 100 },
  { path: "activity/meeting", kind: "meeting", maxLimit: 100 },
  { path: "activity/note", kind: "note", maxLimit: 100 },
  { path: "activity/task_completed", kind: "taskCompleted", maxLimit: 100 },
  { path: "activity/status_change/opportunity", kind: "opportunityStatusChange", maxLimit: 100 },
  { path: "activity/status_change/lead", kind: "leadStatusChange", maxLimit: 100 },
  { path: "activity/created", kind: "created", maxLimit: 100 },
  { path: "activity/form_submission", kind: "formSubmission", maxLimit: 100 },
  { path: "activity/custom", kind: "custom", maxLimit: 100 },
  { path: "activity/lead_merge", kind: "leadMerge", maxLimit: 100 },
];

export const ACTIVITY_KINDS: readonly Kind[] = LISTS.filter(({ path }) => path.startsWith("activity/")).map(
  ({ kind }) => kind,
);

/** Compared as text; what is not listed is ignored, as unknown parameters are (unverified). */
const EQUALS = ["lead_id", "contact_id", "user_id", "opportunity_id", "status_id", "status_type", "status_label"];
const MORE_EQUALS = ["value_period", "assigned_to", "id", "organization_id"];
const FIELD_OF_TIME = {
  opportunity: ["date_created", "date_updated", "date_won"],
  task: ["date_created", "date_updated", "date"],
};
const COMPARE = {
  gt: (a: number, b: number) => a > b,
  gte: (a: number, b: number) => a >= b,
  lt: (a: number, b: number) => a < b,
  lte: (a: number, b: number) => a <= b,
};

export type ListOptions = {
  readonly store: CloseStore;
  readonly faults: Faults;
  readonly maxSkip: number;
  /** Whether the caller may see a row. */
  readonly sees: (row: CloseObject) => boolean;
};

export function answerList(list: (typeof LISTS)[number], request: SimRequest, options: ListOptions): SimAnswer {
  const paging = readPaging(request.query, list.maxLimit, options.maxSkip);
  if ("status" in paging) return paging;
  const rows = filtered(list.kind, request.query, options);
  const page = offsetPage(rows, paging.skip, paging.limit);
  const fields = request.query.get("_fields");
  const data = disturbed(page.data, request, options.faults).map((row) => {
    return sparse(list.kind === "lead" ? wholeLead(row, options.store) : row, fields);
  });
  return ok({ data, has_more: page.hasMore, ...envelope(list.kind, rows) });
}

export function readPaging(
  query: URLSearchParams,
  maxLimit: number,
  maxSkip: number,
): { readonly limit: number; readonly skip: number } | SimAnswer {
  const limit = Number(query.get("_limit") ?? 100);
  const skip = Number(query.get("_skip") ?? 0);
  if (limit > maxLimit) return refusal(400, `The _limit must be at most ${maxLimit}, you asked for ${limit}.`);
  if (skip <= maxSkip) return { limit, skip };
  return refusal(400, `The skip you set is larger than the maximum skip for this resource (max_skip = ${maxSkip})`);
}

function filtered(kind: Kind, query: URLSearchParams, { store, sees }: ListOptions): readonly CloseObject[] {
  const tests = [...equalTests(query), ...timeTests(kind, query)];
  if (kind === "lead") tests.push(...leadQueryTests(query.get("query")));
  if (kind === "task") tests.push(...taskTests(query));
  const rows = store.newestFirst(kind).filter((row) => sees(row) && tests.every((test) => test(row)));
  return ordered(rows, query.get("_order_by"));
}

type Test = (row: CloseObject) => boolean;

function equalTests(query: URLSearchParams): Test[] {
  return [...EQUALS, ...MORE_EQUALS].flatMap((field) => {
    const one = query.get(field);
    const many = query.getAll(`${field}__in`).flatMap((value) => value.split(","));
    return [
      ...(one === null ? [] : [(row: CloseObject) => row[field] === one]),
      ...(many.length === 0 ? [] : [(row: CloseObject) => many.includes(String(row[field]))]),
    ];
  });
}

function timeTests(kind: Kind, query: URLSearchParams): Test[] {
  const fields =
    kind === "opportunity" || kind === "task"
      ? FIELD_OF_TIME[kind]
      : kind === "lead" || kind === "contact"
        ? []
        : ["date_created"];
  return fields.flatMap((field) =>
    (Object.keys(COMPARE) as (keyof typeof COMPARE)[]).flatMap((operator) => {
      const value = query.get(`${field}__${operator}`);
      if (value === null) return [];
      const bound = Date.parse(/[Zz]|[+-]\d\d:?\d\d$/.test(value) || value.length === 10 ? value : `${value}Z`);
      return [(row: CloseObject) => row[field] !== null && COMPARE[operator](timeOf(row, field), bound)];
    }),
  );
}

/** The old text search, as far as connectors use it: `date_updated>="2026-03-01T00:00" sort:date_updated`, to the minute. */
function leadQueryTests(query: string | null): Test[] {
  const since = /date_updated>="?([0-9T:+-]+)"?/.exec(query ?? "")?.[1];
  if (since === undefined) return [];
  const bound = Date.parse(`${since.slice(0, 16)}${since.length > 10 ? "Z" : ""}`);
  return [(row) => timeOf(row, "date_updated") >= bound];
}

function taskTests(query: URLSearchParams): Test[] {
  const type = query.get("_type") ?? "lead";
  const isComplete = query.get("is_complete");
  return [
    ...(type === "all" ? [] : [(row: CloseObject) => row["_type"] === type]),
    ...(isComplete === null ? [] : [(row: CloseObject) => String(row["is_complete"]) === isComplete]),
  ];
}

function ordered(rows: readonly CloseObject[], order: string | null): readonly CloseObject[] {
  if (order === null) return rows;
  const field = order.replace(/^-/, "");
  const factor = order.startsWith("-") ? -1 : 1;
  const key = (row: CloseObject): number =>
    field.startsWith("date") ? timeOf(row, field) : Number(row[field] ?? Number.NEGATIVE_INFINITY);
  return rows.toSorted((a, b) => factor * (key(a) - key(b)));
}

/** A lead as the API shows it: with its contacts and deals, and the tasks that are left to do. */
export function wholeLead(row: CloseObject, store: CloseStore): CloseObject {
  const contacts = related(store, "contact", row.id);
  return {
    ...row,
    contact_ids: contacts.map((contact) => contact.id),
    contacts,
    opportunities: related(store, "opportunity", row.id),
    tasks: related(store, "task", row.id).filter((task) => task["is_complete"] === false),
  };
}

const byLead = new WeakMap<readonly CloseObject[], Map<unknown, CloseObject[]>>();

function related(store: CloseStore, kind: Kind, leadId: string): readonly CloseObject[] {
  const all = store.newestFirst(kind);
  let index = byLead.get(all);
  if (index === undefined) {
    index = new Map();
    for (const row of all) index.set(row["lead_id"], [...(index.get(row["lead_id"]) ?? []), row]);
    byLead.set(all, index);
  }
  return index.get(leadId) ?? [];
}

function disturbed(rows: readonly CloseObject[], request: SimRequest, faults: Faults): readonly CloseObject[] {
  const name = `${request.method} ${request.path}`;
  const page = [...rows];
  if (page.length > 0 && faults.strikes("duplicate", name)) page.push(faults.random.pick(page));
  if (faults.strikes("reorder", name)) {
    for (let at = page.length - 1; at > 0; at -= 1) {
      const other = faults.random.int(0, at);
      // Both indexes are inside the page.
      [page[at], page[other]] = [page[other] as CloseObject, page[at] as CloseObject];
    }
  }
  return page;
}

/** Totals over the whole filter, on leads and opportunities. */
function envelope(kind: Kind, rows: readonly CloseObject[]): Fields {
  if (kind === "lead") return { total_results: rows.length };
  if (kind !== "opportunity") return {};
  const byPeriod = { one_time: 0, monthly: 0, annual: 0 };
  const totals: { [name: string]: number } = { total_results: rows.length };
  for (const name of ["one_time", "monthly", "annual", "annualized"]) {
    totals[`total_value_${name}`] = 0;
    totals[`expected_value_${name}`] = 0;
  }
  const add = (name: string, amount: unknown): void => {
    totals[name] = (totals[name] ?? 0) + (typeof amount === "number" ? amount : 0);
  };
  for (const row of rows) {
    const period = row["value_period"] as keyof typeof byPeriod;
    byPeriod[period] += 1;
    add(`total_value_${period}`, row["value"]);
    add(`expected_value_${period}`, row["expected_value"]);
    add("total_value_annualized", row["annualized_value"]);
    add("expected_value_annualized", row["annualized_expected_value"]);
  }
  return { ...totals, count_by_value_period: byPeriod };
}
