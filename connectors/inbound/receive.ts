import { isObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { Problem, ReceiveContext, Received, InboundRequest } from "../../core/connector/define.ts";
import type { Table } from "../_rows/fields.ts";
import { columnsNeeded, type RowMapping } from "../_rows/mapping.ts";
import { rowFacts } from "../_rows/row-facts.ts";
import { createRowReader, readKey, type ReadingContext } from "../_rows/row-reader.ts";
import { type Posted, readBody } from "./body.ts";
import { cellsOf } from "./cells.ts";
import type { KeptDelivery, PostedRecord } from "./records.ts";
import { completeSettings, mappingOf, ownNames, tablesOf, type WrittenSettings } from "./settings.ts";

/** Why a row was not taken. `row`: its place in the delivery, from 0. */
type Refusal = { readonly row: number; readonly id: string | null; readonly code: string; readonly reason: string };

/** So many refusals are told, and so many names of fields that nobody reads. */
const MOST_TOLD = 100;
const MOST_NAMES = 20;
/** A row from further ahead has a wrong clock: it would keep every later one out. */
const MOST_AHEAD_MS = 24 * 60 * 60_000;

/** Reads each row as the mapping says: those that can be read are kept, and the sender is told of the others. */
export function receive(request: InboundRequest, context: ReceiveContext<WrittenSettings>): Received {
  const { settings } = context;
  const posted = readBody(request, tablesOf(settings));
  const mapping = mappingOf(settings, posted.table);
  if (mapping === undefined) throw new Error(`rows of ${posted.table} are taken without a mapping`);
  return take(posted, {
    ...readingOf(posted.table, context),
    mapping,
    when: settings.tables[posted.table]?.source_time,
  });
}

/** One row of the hub's own API. */
export function receiveRow(
  { table, row }: { readonly table: string; readonly row: JsonObject },
  context: ReceiveContext<WrittenSettings>,
): Received {
  const known = tablesOf(context.settings).find((one) => one === table);
  if (known === undefined) throw new Error(`rows of ${table} are not taken`);
  const reading = { ...readingOf(known, context), mapping: ownNames(known, row), when: undefined, own: true } as const;
  return take({ table: known, rows: [row], deleted: [] }, reading);
}

function readingOf(
  table: Table,
  { settings, timeZone, currency, now }: ReceiveContext<WrittenSettings>,
): Pick<Reading, "table" | "context" | "now"> {
  return { table, context: { settings: completeSettings(settings), timeZone, currency, isPosted: true }, now };
}

function take({ table, rows, deleted }: Posted, reading: Reading): Received {
  const records: PostedRecord[] = [];
  const refused: Refusal[] = [];
  for (const [at, row] of rows.entries()) {
    const read = readRow(reading, row, at);
    if ("refused" in read) refused.push(...read.refused);
    else records.push(read);
  }
  const answer: JsonObject = {
    table,
    accepted: records.length,
    deleted: deleted.length,
    refused: refused.slice(0, MOST_TOLD),
    refused_rows: rows.length - records.length,
    ignored: unreadNames(reading, rows),
  };
  if (records.length + deleted.length === 0) return { kept: null, answer };
  const kept: KeptDelivery = { table, records, deleted };
  return { kept: { headers: {}, body: Buffer.from(JSON.stringify(kept)) }, answer };
}

type Reading = {
  readonly table: Table;
  readonly mapping: RowMapping;
  /** Where the row's own time of change stands. */
  readonly when: RowMapping["columns"][string];
  readonly context: ReadingContext;
  readonly now: Date;
  readonly own?: true;
};

function readRow(reading: Reading, row: Json, at: number): PostedRecord | { readonly refused: readonly Refusal[] } {
  const { table, mapping, context } = reading;
  const refuse = (id: string | null, problems: readonly Pick<Problem, "code" | "reason">[]) => ({
    refused: problems.map(({ code, reason }) => ({ row: at, id, code, reason })),
  });
  if (!isObject(row)) return refuse(null, [{ code: "csv.row.unreadable", reason: "a row is a JSON object" }]);
  const columns = cellsOf(row, pathsOf(reading));
  const key = readKey(mapping, columns);
  const where = [mapping.key].flat().join(", ");
  if (key.kind === "empty")
    return refuse(null, [{ code: "csv.row.missing_key", reason: `the key (${where}) is empty` }]);
  if (key.kind === "bad")
    return refuse(null, [{ code: "csv.row.bad_key", reason: `the key (${where}): ${key.reason}` }]);
  const { id } = key;
  const { skipped } = rowFacts(table, mapping, { id, columns }, context, `row ${at}`);
  if (skipped.length > 0) return refuse(id, skipped);
  const time = sourceTime(reading, columns);
  if (!(time instanceof Date) && time !== null) return refuse(id, time);
  return { id, row, ...(time === null ? {} : { at: time.toISOString() }), ...(reading.own ? { own: true } : {}) };
}

function pathsOf({ mapping, when }: Reading): readonly string[] {
  return [...columnsNeeded(mapping), ...(when === undefined ? [] : columnsNeeded({ key: [], columns: { when } }))];
}

/** When the row last changed at its source; null: the mapping does not say where that stands. */
function sourceTime(
  { mapping, when, context, now }: Reading,
  columns: ReturnType<typeof cellsOf>,
): Date | null | readonly Problem[] {
  if (when === undefined) return null;
  const row = createRowReader({ ...mapping, columns: { source_time: when } }, columns, context, "");
  const time = row.require("source_time", row.instant("source_time"));
  if (time !== null && time.getTime() > now.getTime() + MOST_AHEAD_MS)
    row.refuse({ code: "csv.row.bad_date", field: "source_time", reason: "is more than a day ahead" });
  return row.problems.length > 0 ? row.problems : time;
}

/** Top-level names of the rows that no field is read from: a misspelt one stands out. */
function unreadNames(reading: Reading, rows: readonly Json[]): readonly string[] {
  const paths = pathsOf(reading);
  const read = new Set(paths.flatMap((path) => [path, path.split(".")[0] ?? path]));
  const names = new Set(rows.flatMap((row) => (isObject(row) ? Object.keys(row) : [])));
  return [...names].filter((name) => !read.has(name)).slice(0, MOST_NAMES);
}
