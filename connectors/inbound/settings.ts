import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { FIELDS, TABLES, type Table } from "../_rows/fields.ts";
import {
  attributesOption,
  type ColumnSpec,
  columnSpec,
  currency,
  dateFormat,
  decimal,
  rowDefaults,
  type RowMapping,
  type RowSettings,
} from "../_rows/mapping.ts";
import { unusedIn } from "../_rows/unused.ts";

const path = z.string().min(1).max(200);

/** A table's mapping as it is written. What it does not name is read from where it stands under the field's own name. */
type WrittenMapping = {
  readonly key?: string | readonly string[] | undefined;
  readonly source_time?: ColumnSpec | undefined;
  readonly date_format?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly currency?: string | undefined;
  readonly columns?: { readonly [field: string]: ColumnSpec | undefined } | undefined;
  readonly attributes?: { readonly [name: string]: ColumnSpec } | undefined;
};

function tableEntry(table: Table): z.ZodType<WrittenMapping | undefined> {
  const fields: { [field: string]: z.ZodType } = {};
  for (const [field, about] of Object.entries(FIELDS[table].optional))
    fields[field] = columnSpec.optional().describe(about);
  const mapping = z.strictObject({
    key: z
      .union([path, z.array(path).min(1)])
      .optional()
      .describe("Where the row's own id stands, or several values that are one together; default: id"),
    source_time: columnSpec
      .optional()
      .describe("When the row last changed where it comes from: an older one then never replaces a newer one"),
    date_format: dateFormat.optional(),
    decimal: decimal.optional().describe("The decimal point of amounts in texts; default: the connection's"),
    currency: currency.optional().describe("Default: the connection's, else the workspace's"),
    columns: z
      .strictObject(fields)
      .optional()
      .describe(
        "Where each field stands: a name, or a path such as contact.email. Fields that are not listed: under their own name",
      ),
    attributes: attributesOption,
  });
  // The keys of `columns` are computed, so zod cannot know their names; they are exactly the table's fields.
  return (mapping as unknown as z.ZodType<WrittenMapping>)
    .optional()
    .describe(`Rows of ${table} are taken; {} reads each field under its own name`);
}

// Written out rather than built in a loop, so that the type keeps each table's name.
const tables = z.strictObject({
  deals: tableEntry("deals"),
  deal_changes: tableEntry("deal_changes"),
  activities: tableEntry("activities"),
  people: tableEntry("people"),
  companies: tableEntry("companies"),
  reps: tableEntry("reps"),
  teams: tableEntry("teams"),
  tickets: tableEntry("tickets"),
  spend: tableEntry("spend"),
  goals: tableEntry("goals"),
});

export const settings = z
  .strictObject({ ...rowDefaults, tables: tables.describe("By table: how the rows that are posted to it are read") })
  .superRefine((value, context) => {
    if (TABLES.every((table) => value.tables[table] === undefined))
      context.addIssue({ code: "custom", path: ["tables"], message: `expected at least one of ${TABLES.join(", ")}` });
    if (value.tables.deals?.columns?.["stage"] !== undefined && Object.keys(value.pipelines ?? {}).length === 0)
      context.addIssue({
        code: "custom",
        path: ["tables", "deals", "columns", "stage"],
        message: "expected `pipelines` with the stages' names",
      });
    for (const table of TABLES)
      for (const unused of unusedIn(table, value.tables[table] ?? {}, false))
        context.addIssue({ code: "custom", path: ["tables", table, ...unused.path], message: unused.message });
  });

export type WrittenSettings = z.infer<typeof settings>;

/** How the rows of a table are read; undefined: it is not taken. */
export function mappingOf(value: WrittenSettings, table: Table): RowMapping | undefined {
  const written = value.tables[table];
  if (written === undefined) return undefined;
  const { key = "id", columns = {}, source_time: _when, ...rest } = written;
  const own = Object.keys(FIELDS[table].optional).filter((field) => isReadUnasked(table, field));
  return { ...rest, key, columns: { ...Object.fromEntries(own.map((field) => [field, field])), ...columns } };
}

/** How a row of the hub's own API is read: every field under its own name, dates by ISO 8601. */
export function ownNames(table: Table, row: JsonObject): RowMapping {
  const fields = Object.keys(FIELDS[table].optional).filter(
    (field) => isReadUnasked(table, field) || Object.hasOwn(row, field),
  );
  const columns = Object.fromEntries(fields.map((field) => [field, field]));
  return { key: "id", date_format: "iso", decimal: ".", columns };
}

/** That a goal's row has a currency says that its target is an amount: only who maps it means so. */
function isReadUnasked(table: Table, field: string): boolean {
  return !(table === "goals" && field === "currency");
}

/** The tables that are taken. */
export function tablesOf(value: WrittenSettings): readonly Table[] {
  return TABLES.filter((table) => value.tables[table] !== undefined);
}

/** The same settings as the reading of rows wants them. */
export function completeSettings(value: WrittenSettings): RowSettings {
  const complete = Object.fromEntries(tablesOf(value).map((table) => [table, mappingOf(value, table)]));
  return { ...value, tables: complete };
}
