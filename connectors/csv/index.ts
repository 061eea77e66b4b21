import path from "node:path";
import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { defineConnector, type AnyConnector, type CheckResult, type Problem } from "../../core/connector/define.ts";
import { TABLES } from "./fields.ts";
import { copyIfChanged, locate, type FileAccess } from "./files.ts";
import { rowFacts } from "./normalise.ts";
import { rowId } from "./row-reader.ts";
import { mappingsOf, settings, sourceName, type Settings } from "./settings.ts";
import { readRows } from "./sheet-rows.ts";
import { streams } from "./streams.ts";

/** Spreadsheets: files, folders and addresses, each mapped to tables of the shared schema. */
export const csv: AnyConnector = defineConnector<Settings, FileAccess>({
  key: "csv",
  title: "Spreadsheets (CSV, TSV, XLSX)",
  docs: "https://www.rfc-editor.org/rfc/rfc4180",
  settings,
  resolvePaths,
  auth: [{ kind: "none", credentials: z.strictObject({}) }],
  everyS: 300,
  createClient: ({ allowPrivateNetworks, signal }) => ({ allowPrivateNetworks, signal }),
  check,
  streams,
});

/** How many rows of each file `check` looks at. */
const ROWS_CHECKED = 100;

/** Opens every file, holds its columns against the mapping, and reads its first rows. */
async function check(access: FileAccess, value: Settings): Promise<CheckResult> {
  const warnings: string[] = [];
  const files = new Set<string>();
  for (const table of TABLES) {
    for (const [index, mapping] of mappingsOf(value, table).entries()) {
      for (const location of await locate(mapping)) {
        files.add(location.shown);
        const copy = await copyIfChanged(location, null, access);
        if (copy === null) continue;
        let rows = 0;
        try {
          for await (const row of readRows({ path: copy.path, shown: location.shown, mapping, log: () => {} })) {
            if ((rows += 1) > ROWS_CHECKED) break;
            const at = `${location.shown} line ${row.line}`;
            if (row.problem !== null) {
              warnings.push(said({ ...row.problem, at }));
              continue;
            }
            const record = {
              id: rowId(mapping, row.cells) ?? "?",
              source: sourceName(mapping, index),
              columns: row.cells,
            };
            const context = { settings: value, timeZone: "UTC", currency: "USD" };
            warnings.push(...rowFacts(table, mapping, record, context, at).skipped.map(said));
          }
        } finally {
          await copy.remove();
        }
        if (rows === 0) warnings.push(`${location.shown} has no rows`);
      }
    }
  }
  const names = [...files];
  return { accountId: names.join(" "), accountName: names.join(", "), missingPermissions: [], warnings };
}

function said(problem: Problem): string {
  return `${problem.at}: ${problem.reason}`;
}

/** Paths in `from` start at the folder of the config file. */
function resolvePaths(value: JsonObject, folder: string): JsonObject {
  const resolve = (mapping: JsonObject): JsonObject => {
    const from = mapping["from"];
    return typeof from !== "string" || /^https?:\/\//i.test(from)
      ? mapping
      : { ...mapping, from: path.resolve(folder, from) };
  };
  const tables: { [table: string]: Json } = {};
  for (const [table, entry] of Object.entries(value["tables"] as JsonObject)) {
    // Valid settings, so each entry is a mapping or a list of them.
    tables[table] = Array.isArray(entry) ? (entry as JsonObject[]).map(resolve) : resolve(entry as JsonObject);
  }
  return { ...value, tables };
}
