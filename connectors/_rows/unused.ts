import type { Table } from "./fields.ts";
import type { ColumnSpec, RowMapping } from "./mapping.ts";

/** What a field's value is, and so which options of its column say something. Fields that are not listed here are texts. */
type Kind = "text" | "date" | "amount" | "number" | "share" | "span" | "target";

const KINDS: { readonly [table in Table]: { readonly [field: string]: Kind } } = {
  deals: { value: "amount", created_at: "date", closed_at: "date", expected_close_on: "date", probability: "share" },
  deal_changes: { changed_at: "date", value: "amount", expected_close_on: "date", probability: "share" },
  activities: { occurred_at: "date", booked_at: "date", duration: "span" },
  people: { lead_created_at: "date", lead_status_since: "date" },
  companies: { lead_created_at: "date", lead_status_since: "date" },
  reps: {},
  teams: {},
  tickets: { opened_at: "date", first_reply_at: "date", solved_at: "date", reopens: "number" },
  spend: { day: "date", amount: "amount" },
  goals: { from: "date", to: "date", target: "target" },
};

const KIND_NAMES: { readonly [kind in Kind]: string } = {
  text: "a text",
  date: "a date",
  amount: "an amount",
  number: "a number",
  share: "a probability",
  span: "a duration",
  target: "a target",
};

const OPTIONS = ["date_format", "decimal", "currency", "round", "unit", "type"] as const;
const USED: { readonly [kind in Kind]: readonly (typeof OPTIONS)[number][] } = {
  text: [],
  date: ["date_format"],
  amount: ["decimal", "currency", "round"],
  number: ["decimal"],
  share: ["decimal", "unit"],
  span: ["decimal", "unit"],
  target: ["decimal", "currency", "round", "unit"],
};
const UNITS: { readonly [kind in Kind]?: readonly string[] } = {
  share: ["percent", "fraction"],
  span: ["seconds", "minutes", "hours"],
  target: ["money", "number"],
};

/** Fields that say something only beside another one. */
const BESIDE: { readonly [table in Table]?: { readonly [field: string]: readonly string[] } } = {
  deals: { currency: ["value"], value_period: ["value"] },
  deal_changes: { currency: ["value"], pipeline: ["stage", "stage_before"] },
  people: { lead_status_since: ["lead_status"] },
  companies: { lead_status_since: ["lead_status"] },
};

/** Tables whose rows are no more than their fields. */
const WITHOUT_ATTRIBUTES: readonly Table[] = ["reps", "teams", "goals"];

/** A source's mapping as it is written; its key is always used. */
type Written = {
  readonly [option in keyof Omit<RowMapping, "key" | "name">]?: RowMapping[option] | undefined;
};

/** A setting that was written and says nothing. `path`: from the source's mapping on. */
export type Unused = { readonly path: readonly string[]; readonly message: string };

/**
 * What a source's mapping says that would not count: whoever wrote it believes that it does.
 *
 * @param mapping as it was written.
 * @param isWhole whether fields that are not listed are not read.
 */
export function unusedIn(table: Table, mapping: Written, isWhole: boolean): readonly Unused[] {
  const { columns = {}, attributes = {} } = mapping;
  const found: Unused[] = [];
  const kinds = new Set<Kind>(isWhole ? [] : Object.values(KINDS[table]));
  for (const [field, spec] of Object.entries(columns)) {
    if (spec === undefined) continue;
    const kind = KINDS[table][field] ?? "text";
    kinds.add(kind);
    found.push(...unusedOptions(["columns", field], spec, kind, ["type"]));
    const needs = BESIDE[table]?.[field];
    if (isWhole && needs !== undefined && needs.every((other) => columns[other] === undefined))
      found.push({ path: ["columns", field], message: `says nothing without a column for ${needs.join(" or ")}` });
  }
  for (const [name, spec] of Object.entries(attributes)) {
    const kind = typeof spec !== "string" && spec.type === "number" ? "number" : "text";
    kinds.add(kind);
    found.push(...unusedOptions(["attributes", name], spec, kind, []));
  }
  if (WITHOUT_ATTRIBUTES.includes(table) && Object.keys(attributes).length > 0)
    found.push({ path: ["attributes"], message: `is not used: ${table} have none; leave it out` });
  for (const option of ["date_format", "decimal", "currency"] as const)
    if (mapping[option] !== undefined && ![...kinds].some((kind) => USED[kind].includes(option)))
      found.push({ path: [option], message: `is not used: no column of this source has one; leave it out` });
  return found;
}

function unusedOptions(
  path: readonly string[],
  spec: ColumnSpec,
  kind: Kind,
  never: readonly (typeof OPTIONS)[number][],
): readonly Unused[] {
  if (typeof spec === "string") return [];
  const found: Unused[] = [];
  const add = (option: string, message: string): void => void found.push({ path: [...path, option], message });
  for (const option of OPTIONS) {
    const isOwn = option === "type" && !never.includes("type");
    if (spec[option] === undefined || isOwn || USED[kind].includes(option)) continue;
    add(option, `is not used by ${KIND_NAMES[kind]}; leave it out`);
  }
  const units = UNITS[kind];
  if (spec.unit !== undefined && units !== undefined && !units.includes(spec.unit))
    add("unit", `expected ${units.join(" or ")}: it is ${KIND_NAMES[kind]}`);
  if (spec.constant !== undefined && spec.constant !== "" && spec.default !== undefined)
    add("default", "is not used: a constant is never empty; leave it out");
  if (spec.column === undefined && spec.trim !== undefined)
    add("trim", "is not used: only the value of a column has spaces around it; leave it out");
  return found;
}
