import { z } from "zod";
import { isTimeZone } from "../../core/base/time.ts";
import { CANONICAL_STAGES } from "../../core/schema/canonical.ts";
import type { Table } from "./fields.ts";

export const decimal = z.enum([".", ","]);
export const currency = z.string().regex(/^[A-Z]{3}$/, "expected an ISO 4217 code such as USD");
export const dateFormat = z
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

/** How a source's rows are read, the same for every table: which column each field is read from, and how it is written there. */
export type RowMapping = {
  readonly name?: string | undefined;
  readonly key: string | readonly string[];
  readonly date_format?: string | undefined;
  readonly decimal?: "." | "," | undefined;
  readonly currency?: string | undefined;
  readonly columns: { readonly [field: string]: ColumnSpec | undefined };
  readonly attributes?: { readonly [name: string]: ColumnSpec } | undefined;
};

export const attributesOption = z
  .record(z.string().regex(/^[a-z][a-z0-9_]*$/, "expected lower-case letters, digits and _"), columnSpec)
  .optional()
  .describe("Further columns to break down by");

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

/** What a connection's settings say of all its rows. */
export const rowDefaults = {
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
};

/** Settings of a connection whose rows are mapped. */
export type RowSettings<Mapping extends RowMapping = RowMapping> = {
  readonly currency?: string | undefined;
  readonly time_zone?: string | undefined;
  readonly locale: string;
  readonly date_format: string;
  readonly decimal?: "." | "," | undefined;
  readonly pipelines?: { readonly [name: string]: PipelineSettings } | undefined;
  readonly tables: { readonly [table in Table]?: Mapping | readonly Mapping[] | undefined };
};

/** The sources of a table, in the order of the settings; none where the table is not mapped. */
export function mappingsOf<Mapping extends RowMapping>(
  value: Pick<RowSettings<Mapping>, "tables">,
  table: Table,
): readonly Mapping[] {
  const entry = value.tables[table];
  if (entry === undefined) return [];
  // What is no list is one mapping: a mapping is never an array.
  return Array.isArray(entry) ? (entry as readonly Mapping[]) : [entry as Mapping];
}

/** What tells a source apart from the table's others; part of each raw record, so that it is read by its own mapping. */
export function sourceName(mapping: RowMapping, index: number): string {
  return mapping.name ?? String(index);
}

/** The columns of the header that a mapping needs. */
export function columnsNeeded(mapping: RowMapping): readonly string[] {
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
