import { sql } from "kysely";
import { z } from "zod";
import { TributaryError } from "../../base/errors.ts";
import { majorUnits } from "../../base/money.ts";
import type { Json } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { Db } from "../../store/db.ts";
import { slicedRows, withRows, type Slicing } from "../engine/aggregate.ts";
import { slicingOfPart } from "../engine/compute.ts";
import { asKnown } from "../engine/as-of.ts";
import type { AggregateMetric, Scope, Unit } from "../engine/define.ts";
import type { MetricQuery } from "../engine/query.ts";
import { prepare, recordParts } from "./evaluate.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import { type Dated, entrySchema, entryText, exceptionText, localText } from "./record-words.ts";

/** One record behind a number. */
export type MetricRecord = {
  /** What the record is: `deal`, `activity`, … */
  readonly kind: string;
  readonly id: string;
  readonly connection: string;
  /** The source's own id. */
  readonly external_id: string;
  readonly name: string | null;
  /** Back to the tool. */
  readonly url: string | null;
  /** The KPI whose rule counted it: a number that is worked out from others has records of several. */
  readonly metric: string;
  readonly period: Day | null;
  readonly dimensions: { readonly [dimension: string]: string | null };
  /** The ISO instant that dates it for this KPI: of closing, creating, entering, happening; null when the source does not say. */
  readonly at: string | null;
  /** The same by the workspace's clock, with its offset; the day alone where no more is known. */
  readonly at_local: string | null;
  readonly created_at: string | null;
  readonly status: string | null;
  readonly rep: string | null;
  /** What it adds: money in main units of the workspace's currency, or days; null when it only counts. */
  readonly value: number | null;
  /** Of a value that is money. */
  readonly currency: string | null;
  /** Whether it is in the number; of a ratio: in the denominator. */
  readonly counted: boolean;
  /** Null where the number is no ratio. */
  readonly in_numerator: boolean | null;
  /** What happened to it, when by the workspace's clock, and whose it was; of one that is left out, why. */
  readonly why: string;
  /** What it is counted as, in the KPI's own words. */
  readonly rule: string;
  /** Of an activity: the deal it belongs to, and by what; `source` where the tool itself names it. */
  readonly deal: { readonly id: string; readonly name: string | null; readonly rule: string } | null;
  /** Of an activity: the same touch as other tools tell of it, not counted again, and by which rule it is the same. */
  readonly duplicates: readonly DuplicateRecord[];
  /** Why it is left out of the amount or the number: `no_rate`, `no_probability`, `no_creation_time`, `created_after_closed`, `no_entry_time`, `no_closing_date`; or a remark on one that counts: `odd_closing_date`, `no_closing_date`. */
  readonly exception: string | null;
};

export type DuplicateRecord = {
  readonly id: string;
  readonly connection: string;
  readonly external_id: string;
  readonly url: string | null;
  readonly rule: string;
};

export type MetricRecords = {
  readonly metric: string;
  readonly unit: Unit;
  readonly currency: string;
  readonly as_of: string;
  readonly timezone: string;
  /** Newest first. */
  readonly records: readonly MetricRecord[];
  /** Ask again with this to go on; null at the end. */
  readonly next_cursor: string | null;
};

/** Which part of the number, and the last row that was given out (at, id, period_no, sub). */
const cursorSchema = z.object({
  part: z.int().nonnegative(),
  after: z.tuple([z.string(), z.uuid(), z.int(), z.string()]).nullable(),
});
type Cursor = z.infer<typeof cursorSchema>;

type RecordRow = {
  readonly id: string;
  readonly connection_id: string;
  readonly external_id: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly period_no: number;
  readonly labels: readonly (string | null)[];
  readonly at: Date | number;
  readonly at_is_day: boolean;
  readonly entry: Json;
  /** With all its digits, for the cursor: a Date has milliseconds only. */
  readonly at_text: string;
  readonly sub: string;
  readonly created: Date | number | null;
  readonly status: string | null;
  readonly rep: string | null;
  readonly amount: number | null;
  readonly counted: boolean;
  readonly in_numerator: boolean;
  readonly exception: string | null;
  readonly deal: MetricRecord["deal"];
  readonly duplicates: readonly DuplicateRecord[];
};

/**
 * The records that a number was counted from, with those that were left out and why, a page at a time.
 *
 * @throws TributaryError what {@link prepare} throws, and `kpi.bad_cursor`
 */
export async function metricRecords(
  db: Db,
  query: MetricQuery,
  page: { readonly limit: number; readonly cursor: string | null },
): Promise<MetricRecords> {
  return asKnown(db, query.asOf, (then) => recordsNow(then, query, page));
}

async function recordsNow(
  db: Db,
  query: MetricQuery,
  page: { readonly limit: number; readonly cursor: string | null },
): Promise<MetricRecords> {
  const { definition, metric, scope, slicing, dimensions } = await prepare(db, query);
  const { locale } = await readWorkspace(db);
  const parts: AggregateMetric[] = [];
  for (const part of recordParts(metric)) parts.push(await withRows(db, part));
  const records: MetricRecord[] = [];
  let cursor: Cursor | null = page.cursor === null ? { part: 0, after: null } : readCursor(page.cursor);
  while (cursor !== null && records.length < page.limit) {
    const { part: partNo, after }: Cursor = cursor;
    const part = parts[partNo];
    if (part === undefined) break;
    const wanted = page.limit - records.length;
    const rows = await pageOf(db, part, scope, slicingOfPart(part, slicing), after, wanted + 1);
    const taken = rows.slice(0, wanted);
    const last = taken.at(-1);
    for (const row of taken) {
      records.push(dressRecord(part, row, dimensions, { ...scope, locale }));
    }
    if (rows.length > wanted && last !== undefined) {
      cursor = { part: partNo, after: [last.at_text, last.id, last.period_no, last.sub] };
    } else {
      cursor = partNo + 1 < parts.length ? { part: partNo + 1, after: null } : null;
    }
  }
  return {
    metric: definition.id,
    unit: metric.unit,
    currency: scope.currency,
    as_of: scope.cutoff.toISOString(),
    timezone: scope.timeZone,
    records,
    next_cursor: cursor === null ? null : Buffer.from(JSON.stringify(cursor)).toString("base64url"),
  };
}

async function pageOf(
  db: Db,
  metric: AggregateMetric,
  scope: Scope,
  slicing: Slicing,
  after: Cursor["after"],
  limit: number,
): Promise<RecordRow[]> {
  const { table, columns, entry, deal, duplicates } = metric.subject.records;
  const touch = sql`${deal ?? sql`null::json`} as deal, ${duplicates ?? sql`'[]'::json`} as duplicates`;
  const joins = sql`${table}
    left join reps credit_own on credit_own.id = r.rep_id
    left join reps credit on credit.id = coalesce(credit_own.merged_into, r.rep_id)`;
  const seek =
    after === null
      ? sql`true`
      : sql`(page.at, page.id, page.period_no, page.sub) < (${after[0]}::timestamptz, ${after[1]}::uuid, ${after[2]}::int, ${after[3]}::text)`;
  const { rows } = await sql<RecordRow>`
    select page.*, page.at::text as at_text
    from (
      select r.id, r.connection_id, record.external_id, ${columns}, ${touch}, ${entry ?? sql`null::json`} as entry, r.period_no, r.at, r.at_is_day, r.amount::float8 as amount,
        json_build_array(${sql.join(slicing.by.map((dimension) => dimension.label))}) as labels,
        r.counted, r.in_numerator, r.exception, coalesce(credit.name, credit.email, credit.external_id) as rep
      ${slicedRows(metric, scope, slicing, joins)} and (r.counted or r.exception is not null)
    ) page
    where ${seek}
    order by page.at desc, page.id desc, page.period_no desc, page.sub desc
    limit ${limit}`.execute(db);
  return rows;
}

function dressRecord(
  metric: AggregateMetric,
  row: RecordRow,
  dimensions: readonly string[],
  { periods, currency, timeZone, locale }: Scope & { readonly locale: string },
): MetricRecord {
  const dated = { at: row.at instanceof Date ? row.at : null, isDay: row.at_is_day, timeZone, locale };
  const isRatio = metric.kind === "share" || metric.kind === "share_of_sum";
  const isMoney = metric.unit === "money" || metric.isOfMoney === true;
  return {
    kind: metric.subject.records.kind,
    id: row.id,
    connection: row.connection_id,
    external_id: row.external_id,
    name: row.name,
    url: row.url,
    metric: metric.id,
    period: periods[row.period_no]?.label ?? null,
    dimensions: Object.fromEntries(dimensions.map((name, index) => [name, row.labels[index] ?? null])),
    at: isoInstant(row.at),
    at_local: localText(dated),
    created_at: isoInstant(row.created),
    status: row.status,
    rep: row.rep,
    value: row.amount === null || !isMoney ? row.amount : majorUnits(row.amount, currency),
    currency: row.amount === null || !isMoney ? null : currency,
    counted: row.counted,
    in_numerator: isRatio ? row.in_numerator : null,
    why: whyCounted(row, dated),
    rule: (row.in_numerator ? metric.numerator : null) ?? metric.denominator ?? metric.formula,
    deal: row.deal,
    duplicates: row.duplicates,
    exception: row.exception,
  };
}

function whyCounted(row: RecordRow, dated: Dated): string {
  // Written by the subject's own SQL.
  const entry = entryText(row.entry === null ? null : entrySchema.parse(row.entry), dated, row.rep);
  if (row.exception === null) return entry;
  return `${entry}; ${exceptionText(row.exception, row.counted)}`;
}

/** The driver gives an infinite instant, of what has no beginning, as a number. */
function isoInstant(at: Date | number | null): string | null {
  return at instanceof Date ? at.toISOString() : null;
}

function readCursor(text: string): Cursor {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return cursorSchema.parse(value);
  } catch (error) {
    throw new TributaryError({
      code: "kpi.bad_cursor",
      kind: "config",
      message: "The cursor is not one that this list gave out.",
      mend: "Use next_cursor of the page before as it is, or start without one.",
      cause: error,
    });
  }
}
