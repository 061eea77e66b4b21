import path from "node:path";
import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";
import {
  defineConnector,
  type AnyConnector,
  type CheckResult,
  type Problem,
  type RunLog,
} from "../../core/connector/define.ts";
import type { Fact } from "../../core/schema/facts.ts";
import { TABLES, type Table } from "../_rows/fields.ts";
import { copyIfChanged, isLocal, locate, type FileAccess, type LocalCopy, type Location } from "./files.ts";
import { mappingsOf, sourceName } from "../_rows/mapping.ts";
import { rowFacts } from "../_rows/row-facts.ts";
import { createNotes, tellNotes } from "../_rows/notes.ts";
import { readKey } from "../_rows/row-reader.ts";
import { settings, type Mapping, type Settings } from "./settings.ts";
import { readRows } from "./sheet-rows.ts";
import { streams } from "./streams.ts";
import { excerpt } from "../_rows/values.ts";

/** Spreadsheets: files, folders and addresses, each mapped to tables of the shared schema. */
export const csv: AnyConnector = defineConnector<Settings, FileAccess>({
  key: "csv",
  title: "Spreadsheets (CSV, TSV, XLSX)",
  docs: "https://www.rfc-editor.org/rfc/rfc4180",
  settings,
  resolvePaths,
  auth: [{ kind: "none", credentials: z.strictObject({}) }],
  sendsCredentialsTo: () => [],
  everyS: 300,
  localPaths,
  createClient: ({ allowPrivateNetworks, files, signal }) => ({ allowPrivateNetworks, files, signal }),
  check,
  streams,
});

/** How many rows of each file `check` looks at. */
const ROWS_CHECKED = 100;
/** How many of them it shows. */
const ROWS_SHOWN = 3;
/** How many warnings of one file it gives. */
const WARNINGS_SHOWN = 20;

/** Opens every file, says how it is read, holds its columns against the mapping, and reads its first rows. */
async function check(access: FileAccess, value: Settings): Promise<CheckResult> {
  const warnings: string[] = [];
  const details: string[] = [];
  const files = new Set<string>();
  for (const table of TABLES) {
    for (const [index, mapping] of mappingsOf(value, table).entries()) {
      for (const location of await locate(mapping, access)) {
        files.add(location.shown);
        const copy = await copyIfChanged(location, null, access);
        if (copy === null) continue;
        try {
          const found = await checkFile({ table, mapping, index, location, copy }, value, access.signal);
          details.push(...found.details);
          warnings.push(...found.warnings);
        } finally {
          await copy.remove();
        }
      }
    }
  }
  const names = [...files];
  return { accountId: names.join(" "), accountName: names.join(", "), missingPermissions: [], warnings, details };
}

type CheckedFile = {
  readonly table: Table;
  readonly mapping: Mapping;
  readonly index: number;
  readonly location: Location;
  readonly copy: LocalCopy;
};

async function checkFile(
  { table, mapping, index, location, copy }: CheckedFile,
  settingsValue: Settings,
  signal: AbortSignal,
): Promise<{ readonly details: readonly string[]; readonly warnings: readonly string[] }> {
  const details: string[] = [];
  const warnings: string[] = [];
  const notes = createNotes();
  const { shown } = location;
  const log: RunLog = (level, message) => void (level === "info" ? details : warnings).push(message);
  let rows = 0;
  for await (const row of readRows({ path: copy.path, shown, mapping, log, signal })) {
    if ((rows += 1) > ROWS_CHECKED) break;
    const at = `${shown} line ${row.line}`;
    const key = readKey(mapping, row.cells);
    const record = { id: key.kind === "key" ? key.id : "?", source: sourceName(mapping, index), columns: row.cells };
    const context = { settings: settingsValue, timeZone: "UTC", currency: null };
    const read = row.problem === null ? rowFacts(table, mapping, record, context, at) : null;
    if (row.problem !== null) warnings.push(said({ ...row.problem, at }));
    else if (key.kind === "bad") warnings.push(`${at}: the key (column ${key.column}): ${key.reason}`);
    else if (key.kind === "empty") warnings.push(`${at}: the key (column ${[mapping.key].flat().join(", ")}) is empty`);
    warnings.push(...(read?.skipped.map(said) ?? []));
    notes.add([...(key.kind === "key" ? key.notes : []), ...(read?.notes ?? [])], at);
    if (rows <= ROWS_SHOWN && read !== null && read.skipped.length === 0)
      details.push(`${at}: ${describeFacts(read.facts[0])}`);
  }
  if (rows === 0) warnings.push(`${shown} has no rows`);
  tellNotes(notes, log);
  const more = warnings.length - WARNINGS_SHOWN;
  return {
    details,
    warnings: more > 0 ? [...warnings.slice(0, WARNINGS_SHOWN), `${shown}: and ${more} more`] : warnings,
  };
}

/** A row as it was read: the fields that say something. */
function describeFacts(fact: Fact | undefined): string {
  if (fact === undefined) return "nothing";
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fact)) {
    if (name === "kind" || name === "isMention" || value === null || value === undefined) continue;
    const text = describeValue(value);
    if (text !== "") parts.push(`${name} ${text}`);
  }
  return `${fact.kind} ${parts.join(", ")}`;
}

function describeValue(value: unknown): string {
  if (typeof value === "string") return excerpt(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null && "day" in value) return String(value.day);
  if (typeof value === "object" && value !== null && "instant" in value && value.instant instanceof Date)
    return value.instant.toISOString();
  const json = JSON.stringify(value);
  return json === "{}" || json === "[]" ? "" : json;
}

function said(problem: Problem): string {
  return `${problem.at}: ${problem.reason}`;
}

/** The files and folders of this machine that valid settings name; of a pattern, its folder. */
function localPaths(value: JsonObject): readonly string[] {
  const entries = Object.values(value["tables"] as JsonObject).flat() as JsonObject[];
  const named = entries.map(({ from }) => from).filter((from) => typeof from === "string");
  return named.filter(isLocal);
}

/** Paths in `from` start at the folder of the config file. */
function resolvePaths(value: JsonObject, folder: string): JsonObject {
  const resolve = (mapping: JsonObject): JsonObject => {
    const from = mapping["from"];
    return typeof from === "string" && isLocal(from) ? { ...mapping, from: path.resolve(folder, from) } : mapping;
  };
  const tables: { [table: string]: Json } = {};
  for (const [table, entry] of Object.entries(value["tables"] as JsonObject)) {
    // Valid settings, so each entry is a mapping or a list of them.
    tables[table] = Array.isArray(entry) ? (entry as JsonObject[]).map(resolve) : resolve(entry as JsonObject);
  }
  return { ...value, tables };
}
