import { z } from "zod";
import { isTimeZone } from "../../core/base/time.ts";
import { CANONICAL_STAGES } from "../../core/schema/canonical.ts";
import { FIELDS, TABLES, type Table } from "./fields.ts";

const decimal = z.enum([".", ","]);
const currency = z.string().regex(/^[A-Z]{3}$/, "expected an ISO 4217 code such as USD");
const dateFormat = z
  .string()
  .min(1)
  .max(60)
  // Looking for `dMdMdM…` in digits takes time beyond measure; a date has one day and one month.
  .refine((format) => !/([A-Za-z])\1*(?!\1).*\1/.test(format.replace(/'[^']*'/g, "")), {
    message: "expected each part of a date once, and other letters in 'quotes'",
  })
  .describe("Luxon tokens (M/d/yyyy, dd.MM.yyyy HH:mm), or iso: 2026-11-24 or 2026-11-24T14:15:00+01:00");

/** How one field is read. A text alone is the column's name. */
const columnOptions = z
  .strictObject({
    column: z.string().min(1).optional().describe("The column's name in the header"),
    constant: z.string().optional().describe("The same text for every row, instead of a column"),
    template: z.string().optional().describe("Columns put together, such as {First name} {Last name}"),
    values: z
      .record(z.string(), z.string().nullable())
      .optional()
      .describe("What a value of the sheet means here; null: nothing. Values that are not listed stay as they are"),
    filled: z
      .string()
      .optional()
      .describe(
        "What any filled cell means: a filled date of winning is the status won. With default: what an empty one means",
      ),
    default: z.string().optional().describe("Stands in for an empty cell"),
    trim: z.boolean().optional().describe("false keeps spaces around the value"),
    date_format: dateFormat.optional(),
    decimal: decimal.optional(),
    currency: currency.optional().describe("The currency of this column's amounts"),
    round: z
      .boolean()
      .optional()
      .describe(
        "Amounts written with more decimals than their currency has: true rounds them; default: they are refused",
      ),
    type: z.enum(["text", "number", "yes_no"]).optional().describe("For attributes: what the value is. Default: text"),
    unit: z
      .enum(["percent", "fraction", "seconds", "minutes", "hours", "money", "number"])
      .optional()
      .describe("probability: percent or fraction; duration: seconds, minutes or hours; target: money or number"),
  })
  .refine((spec) => [spec.column, spec.constant, spec.template].filter((one) => one !== undefined).length === 1, {
    message: "expected exactly one of column, constant and template",
  });

export const columnSpec = z.union([z.string().min(1), columnOptions]);
export type ColumnSpec = z.infer<typeof columnSpec>;

/** A mapping as the code reads it, the same for every table. */
export type Mapping = {
  readonly from?: string | undefined;
  readonly rows?: readonly { readonly [column: string]: string }[] | undefined;
  readonly name?: string | undefined;
  readonly format?: "csv" | "tsv" | "xlsx" | undefined;
  readonly sheet?: string | undefined;
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly header_row?: number | undefined;
  readonly key: string | readonly string[];
  readonly repeated_keys?: "report" | "first" | "last" | undefined;
  readonly latest_file?: "name" | "time" | undefined;
  readonly rows_that_disappear?: "keep" | "delete" | undefined;
  readonly date_format?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly currency?: string | undefined;
  readonly columns: { readonly [field: string]: ColumnSpec | undefined };
  readonly attributes?: { readonly [name: string]: ColumnSpec } | undefined;
};

function mappingOf(table: Table): z.ZodType<Mapping> {
  const { required, optional } = FIELDS[table];
  const fields: { [field: string]: z.ZodType } = {};
  for (const [field, about] of Object.entries(optional)) {
    const isRequired = (required as readonly string[]).includes(field);
    fields[field] = (isRequired ? columnSpec : columnSpec.optional()).describe(about);
  }
  const mapping = z
    .strictObject({
      from: z
        .string()
        .min(1)
        .optional()
        .describe(
          "A file, a folder (with an optional pattern: exports/*.csv), or an https address such as a published sheet's CSV link",
        ),
      rows: z
        .array(z.record(z.string(), z.string()))
        .optional()
        .describe("Instead of `from`: the rows themselves, each a map from column to text"),
      name: z
        .string()
        .min(1)
        .optional()
        .describe("Tells several sources of one table apart; default: its place in the list"),
      format: z.enum(["csv", "tsv", "xlsx"]).optional().describe("Default: by the name's ending, else by content"),
      sheet: z.string().optional().describe("xlsx: the sheet's name; default: the first that is not hidden"),
      encoding: z.string().optional().describe("utf-8, windows-1252, …; default: detected"),
      delimiter: z.string().length(1).optional().describe("Default: detected among comma, semicolon, tab and |"),
      header_row: z
        .number()
        .int()
        .min(0)
        .optional()
        .describe(
          "The line with the columns' names; default 1. 0: there is none, and the columns are called 1, 2, 3, …",
        ),
      key: z
        .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
        .describe("The column that identifies a row, or several that do so together"),
      repeated_keys: z
        .enum(["report", "first", "last"])
        .optional()
        .describe(
          "Rows that repeat a key: listed as unreadable; or the first one counts (teams out of a list of reps), or the last one of the latest file (snapshots). Default: report, and last between files whose names differ in digits alone (w1.csv, w2.csv)",
        ),
      latest_file: z
        .enum(["name", "time"])
        .optional()
        .describe(
          "Which of several snapshots is the latest: by name (default; 9 comes before 10), or by time of change",
        ),
      rows_that_disappear: z
        .enum(["keep", "delete"])
        .optional()
        .describe("Whether a row that is no longer there is a deletion; default keep"),
      date_format: dateFormat.optional(),
      decimal: decimal.optional().describe("The decimal point; default: the connection's"),
      currency: currency.optional().describe("Default: the connection's, else the workspace's"),
      columns: z.strictObject(fields).describe("Which column each field is read from"),
      attributes: z
        .record(z.string().regex(/^[a-z][a-z0-9_]*$/, "expected lower-case letters, digits and _"), columnSpec)
        .optional()
        .describe("Further columns to break down by"),
    })
    .refine((one) => (one.from === undefined) !== (one.rows === undefined), {
      message: "expected either from or rows",
      path: ["from"],
    });
  // The keys of `columns` are computed, so zod cannot know their names; they are exactly FIELDS[table].
  return mapping as unknown as z.ZodType<Mapping>;
}

const tableEntry = (table: Table): z.ZodType<Mapping | Mapping[] | undefined> => {
  const mapping = mappingOf(table);
  return z
    .union([mapping, z.array(mapping).min(1)])
    .optional()
    .describe(`Where rows of ${table} come from; one source or a list`);
};

const stage = z.union([
  z.string().min(1),
  z.strictObject({
    name: z.string().min(1),
    canonical: z.enum(CANONICAL_STAGES).optional().describe("The shared stage it stands for"),
    probability: z.number().min(0).max(1).optional(),
  }),
]);

const pipeline = z.strictObject({
  stages: z.array(stage).min(1).describe("The open stages in their order"),
  won: z.array(z.string().min(1)).default(["Won"]).describe("What a won deal's stage is called"),
  lost: z.array(z.string().min(1)).default(["Lost"]).describe("What a lost deal's stage is called"),
});
export type PipelineSettings = z.infer<typeof pipeline>;

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
  .strictObject({
    currency: currency.optional().describe("Of amounts whose mapping names none; default: the workspace's"),
    time_zone: z
      .string()
      .refine(isTimeZone, "expected an IANA name such as Europe/Berlin")
      .optional()
      .describe("Of times without an offset; default: the workspace's"),
    locale: z
      .string()
      .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "expected a language tag such as de or pt-BR")
      .default("en")
      .describe("Of month names in dates"),
    date_format: dateFormat.default("iso"),
    decimal: decimal
      .optional()
      .describe("The decimal point; default ., and then what may be a group (12.500) is asked about, not read"),
    pipelines: z
      .record(z.string().min(1), pipeline)
      .optional()
      .describe("By name: the stages that deals go through, in order, and the names of won and lost"),
    tables: tables.describe("By table: which file fills it and what its columns mean"),
  })
  .superRefine((value, context) => {
    if (TABLES.every((table) => value.tables[table] === undefined))
      context.addIssue({ code: "custom", path: ["tables"], message: `expected at least one of ${TABLES.join(", ")}` });
    for (const table of TABLES) {
      const sources = mappingsOf(value, table);
      const names = sources.map(sourceName);
      if (new Set(sources.map((source) => source.rows_that_disappear ?? "keep")).size > 1)
        context.addIssue({
          code: "custom",
          path: ["tables", table],
          message: "expected the same rows_that_disappear for every source of a table",
        });
      if (new Set(names).size < names.length)
        context.addIssue({
          code: "custom",
          path: ["tables", table],
          message: "expected a different name for each source",
        });
      if (table !== "deals" && table !== "deal_changes") continue;
      for (const [index, source] of sources.entries()) {
        const path = ["tables", table, ...(Array.isArray(value.tables[table]) ? [index] : []), "columns"];
        const tellsStatus = (one: Mapping): boolean =>
          one.columns["stage"] !== undefined || one.columns["status"] !== undefined;
        if (table === "deals" && !sources.some(tellsStatus))
          context.addIssue({ code: "custom", path, message: "expected a column for stage or for status" });
        if (source.columns["stage"] !== undefined && Object.keys(value.pipelines ?? {}).length === 0)
          context.addIssue({
            code: "custom",
            path: [...path, "stage"],
            message: "expected `pipelines` with the stages' names",
          });
      }
    }
  });
export type Settings = z.infer<typeof settings>;

/** The sources of a table, in the order of the settings; none where the table is not mapped. */
export function mappingsOf(value: Pick<Settings, "tables">, table: Table): readonly Mapping[] {
  const entry = value.tables[table];
  if (entry === undefined) return [];
  return Array.isArray(entry) ? entry : [entry];
}

/** What tells a source apart from the table's others; part of each raw record, so that it is read by its own mapping. */
export function sourceName(mapping: Mapping, index: number): string {
  return mapping.name ?? String(index);
}

/** The columns of the header that a mapping needs. */
export function columnsNeeded(mapping: Mapping): readonly string[] {
  const needed = new Set<string>(typeof mapping.key === "string" ? [mapping.key] : mapping.key);
  for (const spec of [...Object.values(mapping.columns), ...Object.values(mapping.attributes ?? {})]) {
    if (spec === undefined) continue;
    if (typeof spec === "string") needed.add(spec);
    else if (spec.column !== undefined) needed.add(spec.column);
    else for (const match of (spec.template ?? "").matchAll(TEMPLATE_COLUMN)) needed.add(match[1] ?? "");
  }
  return [...needed];
}

/** A column in a template: `{First name}`. */
export const TEMPLATE_COLUMN = /\{([^{}]+)\}/g;
