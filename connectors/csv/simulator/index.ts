import type { Json, JsonObject } from "../../../core/base/json.ts";
import type { ConnectorHarness, Harness, HarnessOptions } from "../../_check/harness.ts";
import { startSheetServer } from "./server.ts";
import { companySheets, sheetSettings, type Sheet } from "./sheets.ts";

/** Spreadsheets behind addresses: what the acceptance checks pull. */
export const harness: ConnectorHarness = { start };

/** A column of each table that can be changed without meaning anything else. */
const FREE_COLUMN: { readonly [table: string]: string } = {
  teams: "Manager",
  reps: "Name",
  companies: "Industry",
  deals: "Name",
};

async function start(options: HarnessOptions): Promise<Harness> {
  const sheets = companySheets(options);
  const server = await startSheetServer(sheets);
  const settings = sheetSettings(server.origin, options);
  const tables = settings["tables"] as { readonly [table: string]: { readonly key: string } };
  let changes = 0;

  /** A row in the middle, another one each time. */
  const pick = ({ rows }: Sheet): number => (changes * 13 + 5) % Math.max(1, rows.length);
  const change = (stream: string, how: (sheet: Sheet, at: number, key: string) => string | null): string | null => {
    const sheet = sheets[stream];
    const key = tables[stream]?.key;
    if (sheet === undefined || key === undefined || sheet.rows.length === 0) return null;
    changes += 1;
    return how(sheet, pick(sheet), key);
  };

  return {
    settings,
    credentials: {},
    secrets: [],
    streams: ["pipelines", "teams", "reps", "companies", "deals"],
    expected: (stream) =>
      stream === "pipelines" ? expectedPipelines(settings) : expectedRows(sheets[stream], tables[stream]?.key),
    digest: (_stream, record) => {
      // Records of this connector, which are maps.
      const { columns, pipeline } = record as JsonObject;
      return JSON.stringify(columns ?? pipeline);
    },
    mutate: (stream) =>
      change(stream, (sheet, at, key) => {
        const row = sheet.rows[at];
        const column = FREE_COLUMN[stream];
        if (row === undefined || column === undefined) return null;
        row[column] = `Changed ${changes}`;
        return row[key] ?? null;
      }),
    add: (stream) =>
      change(stream, (sheet, at, key) => {
        const id = `new-${changes}`;
        sheet.rows.splice(at, 0, { ...sheet.rows[at], [key]: id });
        return id;
      }),
    remove: (stream) =>
      change(stream, (sheet, at, key) => {
        // The last row stays: a sheet that has lost all of them is taken for a failed export.
        if (sheet.rows.length === 1) return null;
        const [row] = sheet.rows.splice(at, 1);
        return row?.[key] ?? null;
      }),
    spoil: (stream, how) => {
      // Cells are texts: they have no other type to be in.
      if (how === "mistyped") return null;
      return change(stream, (sheet, at, key) => {
        sheet.columns.push("Unknown");
        const row = sheet.rows[at];
        if (row !== undefined) row["Unknown"] = "?";
        return row?.[key] ?? null;
      });
    },
    onRequest: server.onRequest,
    fail: (fault, times = 1) => server.fail(fault, times),
    disorder: server.shuffle,
    permit: () => false,
    revoke: () => {},
    requestCount: server.requestCount,
    stop: server.stop,
  };
}

function expectedRows(sheet: Sheet | undefined, key: string | undefined): ReadonlyMap<string, string> {
  if (sheet === undefined || key === undefined) return new Map();
  const columns = (row: Sheet["rows"][number]): Json =>
    Object.fromEntries(sheet.columns.map((name) => [name, row[name] ?? ""]));
  return new Map(sheet.rows.map((row) => [row[key] ?? "", JSON.stringify(columns(row))]));
}

function expectedPipelines(settings: JsonObject): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(settings["pipelines"] as JsonObject).map(([name, pipeline]) => [name, JSON.stringify(pipeline)]),
  );
}
