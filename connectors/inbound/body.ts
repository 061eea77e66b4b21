import { TributaryError, type TributaryErrorOptions } from "../../core/base/errors.ts";
import { isObject, type Json, type JsonObject, parseJson } from "../../core/base/json.ts";
import type { InboundRequest } from "../../core/connector/define.ts";
import type { Table } from "../_rows/fields.ts";

/** What a delivery holds, before its rows are read. */
export type Posted = {
  readonly table: Table;
  readonly rows: readonly Json[];
  /** Ids of rows that are gone. */
  readonly deleted: readonly string[];
};

/** So many rows in one delivery: they are read while the sender waits. */
export const MOST_ROWS = 1000;
const MOST_LEVELS = 50;

/**
 * One row, a list of rows, or `{ "rows": […], "deleted": […] }`. The table is the address's last part or the member `table`; where only
 * one table is taken it may be left out. A form's fields are one row.
 *
 * @throws TributaryError `inbound.body.unreadable`, `inbound.body.too_many_rows`, `inbound.unknown_table`
 */
export function readBody(request: InboundRequest, tables: readonly Table[]): Posted {
  const body = parse(request);
  const envelope = isEnvelope(body) ? body : null;
  const rows =
    envelope === null ? (Array.isArray(body) ? (body as readonly Json[]) : [body]) : listOf(envelope, "rows");
  const deleted = envelope === null ? [] : listOf(envelope, "deleted").map(idOf);
  if (rows.length + deleted.length > MOST_ROWS)
    throw bodyError({
      code: "inbound.body.too_many_rows",
      message: `The delivery has ${rows.length + deleted.length} rows; ${MOST_ROWS} are taken at once.`,
      mend: "Send them in several deliveries.",
    });
  if (rows.length + deleted.length === 0) throw unreadable("holds no row");
  return { table: tableOf(request.path ?? envelope?.["table"] ?? null, tables), rows, deleted };
}

const MEMBERS = new Set(["table", "rows", "deleted"]);

/** A row may itself have a field `rows`: only what holds nothing else is the envelope. */
function isEnvelope(body: Json): body is JsonObject {
  if (!isObject(body)) return false;
  const isList = Array.isArray(body["rows"]) || Array.isArray(body["deleted"]);
  return isList && Object.keys(body).every((name) => MEMBERS.has(name));
}

function listOf(envelope: JsonObject, name: string): readonly Json[] {
  const list = envelope[name] ?? [];
  if (Array.isArray(list)) return list as readonly Json[];
  throw unreadable(`has something else than a list under \`${name}\``);
}

function idOf(value: Json): string {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  throw unreadable("has something else than texts or whole numbers under `deleted`");
}

function tableOf(named: Json, tables: readonly Table[]): Table {
  const [only] = tables;
  if (named === null && tables.length === 1 && only !== undefined) return only;
  const found = tables.find((table) => table === named);
  if (found !== undefined) return found;
  throw bodyError({
    code: "inbound.unknown_table",
    message:
      named === null
        ? "The delivery does not say which table its rows are of."
        : "The delivery is for a table that the connection does not take.",
    mend: `Add the table to the address (…/${tables[0] ?? "deals"}), one of ${tables.join(", ")}; the connection's setting \`tables\` says which are taken.`,
  });
}

function parse({ headers, body }: InboundRequest): Json {
  const text = decode(body);
  if (/^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? ""))
    return Object.fromEntries(new URLSearchParams(text));
  let parsed: Json;
  try {
    parsed = parseJson(text);
  } catch (error) {
    throw unreadable("is no JSON", error);
  }
  if (isDeeper(parsed, MOST_LEVELS)) throw unreadable(`is nested more than ${MOST_LEVELS} levels deep`);
  return parsed;
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (error) {
    throw unreadable("is not in UTF-8", error);
  }
}

function isDeeper(value: Json, levels: number): boolean {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? (Object.values(one) as Json[]) : []));
  }
  return false;
}

function unreadable(what: string, cause?: unknown): TributaryError {
  return bodyError({
    code: "inbound.body.unreadable",
    message: `The delivery ${what}.`,
    mend: 'Send a row as a JSON object, several as a list, or {"rows": […], "deleted": […]}, in UTF-8.',
    cause,
  });
}

function bodyError(options: Omit<TributaryErrorOptions, "kind">): TributaryError {
  return new TributaryError({ ...options, kind: "config" });
}
