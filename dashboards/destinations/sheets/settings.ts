import { z } from "zod";
import { EXPORT_TABLES, type ExportTable } from "../../../core/export/table.ts";
import { filtersOf, question, questionFields, type Question } from "../../../core/metrics/ask/question.ts";
import { accountFields, hasOneAccount, ONE_ACCOUNT } from "../google-account/settings.ts";

/** Rows of a tab at most. Google holds ten million cells in a spreadsheet (unverified); people read a screenful. */
const MOST_ROWS = 10_000;

/** What came from vendors as it came is for whoever has the hub's own machine. */
const TABLES = Object.keys(EXPORT_TABLES).filter((name) => name !== "raw_records") as [ExportTable, ...ExportTable[]];

/** Names that Google takes for a tab, in 100 characters. */
const tabName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^[\]*?:/\\\p{Cc}]+$/u, "expected a name without [ ] * ? : / \\");

const tab = z
  .strictObject({
    tab: tabName.describe("Its name when it is made. People may rename and move it: it stays the hub's"),
    ...questionFields,
    metric: questionFields.metric.optional().describe("The KPI that it shows"),
    table: z.enum(TABLES).optional().describe("Instead of a KPI: a table, as `tributary export` gives it"),
    by: z.array(z.string()).max(7).default([]).describe("Of a KPI: broken down by these dimensions"),
    grain: questionFields.grain.optional(),
    limit: z.int().min(1).max(MOST_ROWS).default(1_000).describe("Rows at most; how many are left out is said"),
    append: z
      .boolean()
      .default(false)
      .describe(
        "Of a KPI: keep what was written before, so that a history grows: rows of the same period (or day) and dimensions are replaced, others stay",
      ),
  })
  .refine(({ metric, table }) => (metric === undefined) !== (table === undefined), "Give either metric or table")
  .refine(({ table, append, by, grain }) => table === undefined || !(append || by.length > 0 || grain !== undefined), {
    message: "by, grain and append are for KPIs: a table is shown as it is",
  });

const spreadsheet = z
  .strictObject({
    id: z
      .string()
      .regex(/^[\w-]{20,100}$/, "expected the part of its address between /d/ and /edit")
      .describe("The spreadsheet's id: the part of its address between /d/ and /edit"),
    tabs: z.array(tab).max(50).default([]),
    forecast: tabName
      .optional()
      .describe("The tab of the forecast template, whose inputs people edit and the forecast takes as its plans"),
  })
  .refine(({ tabs }) => new Set(tabs.map((one) => one.tab.toLowerCase())).size === tabs.length, {
    message: "Two tabs have one name",
  })
  .refine(({ tabs, forecast }) => !tabs.some((one) => one.tab.toLowerCase() === forecast?.toLowerCase()), {
    message: "The forecast template needs a tab of its own",
  });

/** Section `sheets` of the config file: which KPIs and tables are written to which Google spreadsheets. */
export const sheetsSettings = z
  .strictObject({
    ...accountFields,
    base_url: z
      .url({ protocol: /^https?$/ })
      .default("https://sheets.googleapis.com")
      .describe("Google's address"),
    spreadsheets: z
      .array(spreadsheet)
      .max(50)
      .refine((all) => all.filter(({ forecast }) => forecast !== undefined).length <= 1, {
        message: "One spreadsheet alone can have the forecast template: there is one set of plans",
      })
      .default([]),
  })
  .refine(hasOneAccount, ONE_ACCOUNT);

export type SheetsSettings = z.output<typeof sheetsSettings>;
export type SpreadsheetConfig = SheetsSettings["spreadsheets"][number];
export type TabConfig = SpreadsheetConfig["tabs"][number];

/** What a tab asks; null: it shows a table. */
export function questionOf({ metric, of, by, period, grain, filters }: TabConfig): Question | null {
  return metric === undefined ? null : question({ metric, of, by, period, grain, filters: filtersOf(filters) });
}

/** What all of them ask. */
export function questionsOf({ spreadsheets }: SheetsSettings): readonly Question[] {
  return spreadsheets.flatMap(({ tabs }) => tabs.flatMap((one) => questionOf(one) ?? []));
}
