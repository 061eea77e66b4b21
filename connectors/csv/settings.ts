import { z } from "zod";
import { FIELDS, TABLES, type Table } from "../_rows/fields.ts";
import {
  attributesOption,
  columnSpec,
  currency,
  dateFormat,
  decimal,
  mappingsOf,
  rowDefaults,
  sourceName,
  type RowMapping,
} from "../_rows/mapping.ts";
import { unusedIn, type Unused } from "../_rows/unused.ts";
import { isLocal } from "./files.ts";

/** A mapping as the code reads it, the same for every table. */
export type Mapping = RowMapping & {
  readonly from?: string | undefined;
  readonly rows?: readonly { readonly [column: string]: string }[] | undefined;
  readonly format?: "csv" | "tsv" | "xlsx" | undefined;
  readonly sheet?: string | undefined;
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly header_row?: number | undefined;
  readonly repeated_keys?: "report" | "first" | "last" | undefined;
  readonly latest_file?: "name" | "time" | undefined;
  readonly rows_that_disappear?: "keep" | "delete" | undefined;
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
      delimiter: z
        .string()
        .regex(/^[^"\r\n]$/, "expected one character that is no quote")
        .optional()
        .describe("Default: detected among comma, semicolon, tab and |"),
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
          "Rows that repeat a key: listed as unreadable; or the first one counts (teams out of a list of reps), or the last one of the latest file (snapshots). Default: report, and last between files whose names differ in numbers alone (w1.csv, w2.csv)",
        ),
      latest_file: z
        .enum(["name", "time"])
        .optional()
        .describe(
          "Which of several snapshots is the latest: by the numbers and dates in their names (9 comes before 10, 31.01.2026 before 01.02.2026), or by time of change. Default: name, and time where the names do not tell",
        ),
      rows_that_disappear: z
        .enum(["keep", "delete"])
        .optional()
        .describe("Whether a row that is no longer there is a deletion; default keep"),
      date_format: dateFormat.optional(),
      decimal: decimal.optional().describe("The decimal point; default: the connection's"),
      currency: currency.optional().describe("Default: the connection's, else the workspace's"),
      columns: z.strictObject(fields).describe("Which column each field is read from"),
      attributes: attributesOption,
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

/** How a file is read, of rows that stand in none. */
const OF_FILES = ["format", "sheet", "encoding", "delimiter", "header_row", "latest_file"] as const;
const TEXT_NAME = /\.(csv|tsv|tab|txt)(\.(gz|zip))?$/i;
const WORKBOOK_NAME = /\.xls[xm](\.(gz|zip))?$/i;

/** What a source says of its files that would not count. */
function unusedOfFiles(source: Mapping): readonly Unused[] {
  const { from = "", format } = source;
  const unused = (options: readonly (keyof Mapping)[], because: string): readonly Unused[] =>
    options
      .filter((option) => source[option] !== undefined)
      .map((option) => ({ path: [option], message: `is not used: ${because}; leave it out` }));
  if (source.rows !== undefined) return unused(OF_FILES, "the rows are written here, not in a file");
  const isText = format === undefined ? TEXT_NAME.test(from) : format !== "xlsx";
  const isWorkbook = format === "xlsx" || (format === undefined && WORKBOOK_NAME.test(from));
  // A pattern, or a folder: its name has no ending.
  const isOne = !isLocal(from) || (!/[*?]/.test(from) && (TEXT_NAME.test(from) || WORKBOOK_NAME.test(from)));
  const found = [
    ...(isText ? unused(["sheet"], "a text has no sheets") : []),
    ...(isWorkbook ? unused(["encoding", "delimiter"], "a workbook has none") : []),
    ...(isOne ? unused(["latest_file"], "there is one file") : []),
  ];
  if (source.repeated_keys !== undefined && source.repeated_keys !== "last" && !isOne)
    found.push(...unused(["latest_file"], `with repeated_keys: ${source.repeated_keys} no file is the latest`));
  if (format === "tsv" && source.delimiter !== undefined && source.delimiter !== "\t")
    found.push({ path: ["delimiter"], message: "expected none beside format: tsv, which says that it is a tab" });
  return found;
}

export const settings = z
  .strictObject({
    ...rowDefaults,
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
      for (const [index, source] of sources.entries()) {
        const path = ["tables", table, ...(Array.isArray(value.tables[table]) ? [index] : [])];
        for (const unused of [...unusedIn(table, source, true), ...unusedOfFiles(source)])
          context.addIssue({ code: "custom", path: [...path, ...unused.path], message: unused.message });
      }
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
