import path from "node:path";
import { z } from "zod";
import { type Json, type JsonObject, isList, isObject } from "../../core/base/json.ts";
import {
  defineConnector,
  type AnyConnector,
  type CheckResult,
  type Problem,
  type RunLog,
} from "../../core/connector/define.ts";
import type { Fact } from "../../core/schema/facts.ts";
import { TABLES } from "../_rows/fields.ts";
import { copyIfChanged, isLocal, leftOut, locate, type FileAccess } from "./files.ts";
import { mappingsOf } from "../_rows/mapping.ts";
import { preview } from "./preview.ts";
import { factFields, sampleRows, type SampledFile } from "./sample.ts";
import { settings, type Settings } from "./settings.ts";
import { streams } from "./streams.ts";

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
  isReadWhole: true,
  localPaths,
  createClient: ({ allowPrivateNetworks, files, signal }) => ({ allowPrivateNetworks, files, signal }),
  check,
  preview,
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
      warnings.push(...(await leftOut(mapping, access)));
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

async function checkFile(
  file: SampledFile,
  settingsValue: Settings,
  signal: AbortSignal,
): Promise<{ readonly details: readonly string[]; readonly warnings: readonly string[] }> {
  const details: string[] = [];
  const warnings: string[] = [];
  const { shown } = file.location;
  const log: RunLog = (level, message) => void (level === "info" ? details : warnings).push(message);
  let rows = 0;
  for await (const { at, facts, problems } of sampleRows(file, settingsValue, { rows: ROWS_CHECKED, log, signal })) {
    rows += 1;
    warnings.push(...problems.map(said));
    if (rows <= ROWS_SHOWN && facts !== null && problems.length === 0)
      details.push(`${at}: ${describeFacts(facts[0])}`);
  }
  if (rows === 0) warnings.push(`${shown} has no rows`);
  const more = warnings.length - WARNINGS_SHOWN;
  return {
    details,
    warnings: more > 0 ? [...warnings.slice(0, WARNINGS_SHOWN), `${shown}: and ${more} more`] : warnings,
  };
}

/** A row as it was read: the fields that say something. */
function describeFacts(fact: Fact | undefined): string {
  if (fact === undefined) return "nothing";
  return `${fact.kind} ${factFields(fact)
    .map(({ field, value }) => `${field} ${value}`)
    .join(", ")}`;
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
  // Valid settings, so each entry is a mapping or a list of them.
  for (const [table, entry] of Object.entries(isObject(value["tables"]) ? value["tables"] : {})) {
    tables[table] = isList(entry) ? entry.filter(isObject).map(resolve) : isObject(entry) ? resolve(entry) : entry;
  }
  return { ...value, tables };
}
