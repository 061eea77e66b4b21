import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exportedTable } from "../../core/export/table.ts";
import { EXPORT_TABLES, type ExportTable } from "../../core/store/exports.ts";
import { SheetHub } from "../support/sheets.ts";
import { isThere } from "../support/programs.ts";
import { newKey, type Running, startServer } from "./server-support.ts";

/** What is taken out of the hub: read from the API by parsers that are not ours. */

const CONFIG = `
workspace: { timezone: Europe/Berlin, currency: EUR }
connections:
  - id: crm
    connector: csv
    settings:
      pipelines: { Sales: { stages: [Lead, Offer], won: [Won], lost: [Lost] } }
      tables:
        deals:
          from: deals.csv
          key: Id
          columns: { name: Name, stage: Stage, value: Value, rep: Rep, created_at: Opened, closed_at: Closed }
          attributes: { product: Product }
          rows_that_disappear: delete
        goals:
          from: goals.csv
          key: Id
          columns: { metric: Metric, from: From, to: To, target: Target }
`;

const folder = await mkdtemp(path.join(os.tmpdir(), "tributary-export-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
let hub: SheetHub;
let running: Running;
let key: string;
const cleaning: (() => Promise<void>)[] = [];
beforeAll(async () => {
  hub = await SheetHub.open("2026-11-24T12:00:00Z", (clean) => cleaning.push(clean));
  await hub.write(
    "deals.csv",
    [
      "Id,Name,Stage,Value,Rep,Opened,Closed,Product",
      'd1,"=HYPERLINK(""http://evil.example"")",Won,1200.50,Ada,2026-11-01,2026-11-10,Kayak',
      "d2,Zoë,Won,99.99,Bo,2026-11-02,2026-11-12,",
      "d3,Gone,Lead,5,Bo,2026-11-02,,",
      "d4,Open,Offer,,Ada,2026-11-03,,",
    ].join("\n"),
  );
  await hub.write(
    "goals.csv",
    "Id,Metric,From,To,Target\ng1,won_value,2026-11-01,2026-11-30,5000\ng2,deals_won,2026-11-01,2026-11-30,3\n",
  );
  await hub.apply(CONFIG);
  await hub.sync();
  await hub.write(
    "deals.csv",
    [
      "Id,Name,Stage,Value,Rep,Opened,Closed,Product",
      'd1,"=HYPERLINK(""http://evil.example"")",Won,1200.50,Ada,2026-11-01,2026-11-10,Kayak',
      "d2,Zoë,Won,99.99,Bo,2026-11-02,2026-11-12,",
      "d4,Open,Offer,,Ada,2026-11-03,,",
    ].join("\n"),
  );
  await hub.sync("crm", { acceptDeletions: true });
  running = await startServer(hub.store);
  key = await newKey(hub.store, "read");
});
afterAll(async () => {
  await running.close();
  for (const clean of cleaning) await clean();
});

const byFirst = (a: readonly unknown[], b: readonly unknown[]): number => String(a[0]).localeCompare(String(b[0]));
const get = (path: string, as: string | null = key): Promise<Response> =>
  running.fetch(`/api/v1/exports/${path}`, as === null ? {} : { as });
async function csvOf(path: string): Promise<Record<string, string>[]> {
  const response = await get(path);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/csv")]);
  return parse(await response.text(), { bom: true, columns: true });
}

it("a table has names beside ids, amounts in main units, formulas as text, and nothing that was deleted", async () => {
  const rows = await csvOf("deals");
  expect(
    rows
      .map(({ external_id, name, stage, rep, amount, currency, status }) => [
        external_id,
        name,
        stage,
        rep,
        amount,
        currency,
        status,
      ])
      .toSorted(byFirst),
  ).toEqual([
    ["d1", `'=HYPERLINK("http://evil.example")`, "Won", "Ada", "1200.5", "EUR", "won"],
    ["d2", "Zoë", "Won", "Bo", "99.99", "EUR", "won"],
    ["d4", "Open", "Offer", "Ada", "", "", "open"],
  ]);
  expect(rows.find((row) => row["external_id"] === "d1")?.["attributes"]).toBe('{"product":"Kayak"}');
  expect((await csvOf("deals?deleted=true")).length).toBe(4);
  expect((await csvOf("goals")).map((row) => [row["metric"], row["target"]]).toSorted(byFirst)).toEqual([
    ["deals_won", "3"],
    ["won_value", "5000"],
  ]);
});

it("a KPI's answer says its unit, its freshness and what was left out", async () => {
  const rows = await csvOf("won_value?by=rep&grain=month&from=2026-11-01&to=2026-11-30");
  expect(
    rows.map(({ metric, unit, currency, period, rep, value, left_out }) => [
      metric,
      unit,
      currency,
      period,
      rep,
      value,
      left_out,
    ]),
  ).toEqual([
    ["won_value", "money", "EUR", "2026-11-01", "Ada", "1200.5", "0"],
    ["won_value", "money", "EUR", "2026-11-01", "Bo", "99.99", "0"],
  ]);
  expect(Date.parse(rows[0]?.["fresh_as_of"] ?? "")).not.toBeNaN();
});

it("is the same as JSON Lines and as Parquet", async () => {
  const jsonl = await get("deals?format=jsonl");
  expect(jsonl.headers.get("content-disposition")).toBe("attachment; filename=deals-2026-11-24.jsonl");
  const lines = (await jsonl.text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const file = await (await get("deals?format=parquet")).arrayBuffer();
  const rows = await parquetReadObjects({ file });
  const told = (row: Record<string, unknown>): unknown[] => [
    row["external_id"],
    row["name"],
    row["amount"],
    row["rep"],
    row["attributes"],
  ];
  expect(rows.map(told)).toEqual(lines.map(told));
  expect(lines.map((line) => line["name"])).toContain('=HYPERLINK("http://evil.example")');
});

it("is read by DuckDB as Parquet: amounts are numbers, times are times, and no value is none", async () => {
  const file = path.join(folder, "deals.parquet");
  await writeFile(file, Buffer.from(await (await get("deals?format=parquet")).arrayBuffer()));
  const duck = await DuckDBInstance.create(":memory:");
  const connection = await duck.connect();
  const asked = `select name, amount, rep, typeof(amount) as number, typeof(created_at) as time, deleted_at is null as kept
    from read_parquet('${file}') order by name`;
  const rows = (await connection.runAndReadAll(asked)).getRowObjectsJson();
  connection.closeSync();
  duck.closeSync();
  const types = { number: "DOUBLE", time: "TIMESTAMP WITH TIME ZONE", kept: true };
  expect(rows).toEqual([
    { name: '=HYPERLINK("http://evil.example")', amount: 1200.5, rep: "Ada", ...types },
    { name: "Open", amount: null, rep: "Ada", ...types },
    { name: "Zoë", amount: 99.99, rep: "Bo", ...types },
  ]);
});

// LibreOffice is on few machines; where it is missing the run says that this was skipped.
it.skipIf(!isThere("soffice"))("is read by LibreOffice as CSV: names stay texts, amounts are numbers", async () => {
  await writeFile(path.join(folder, "deals.csv"), Buffer.from(await (await get("deals?format=csv")).arrayBuffer()));
  const home = `-env:UserInstallation=${pathToFileURL(path.join(folder, "office")).href}`;
  // Fields by comma, quotes, UTF-8 (documentation.libreoffice.org, "CSV filter parameters").
  const options = ["--infilter=CSV:44,34,76", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76"];
  const out = path.join(folder, "read");
  execFileSync("soffice", [home, "--headless", ...options, "--outdir", out, path.join(folder, "deals.csv")]);
  const rows: Record<string, string>[] = parse(await readFile(path.join(out, "deals.csv")), {
    bom: true,
    columns: true,
  });
  expect(rows.map(({ name, amount }) => [name, Number(amount)]).toSorted(byFirst)).toEqual([
    ['\'=HYPERLINK("http://evil.example")', 1200.5],
    ["Open", 0],
    ["Zoë", 99.99],
  ]);
});

it.each(Object.keys(EXPORT_TABLES) as ExportTable[])(
  "%s can be taken out, in every column's own type",
  async (table) => {
    const { columns, batches } = await exportedTable(hub.store.db, table);
    for await (const rows of batches)
      for (const row of rows)
        for (const { name, type } of columns) {
          const value = row[name] ?? null;
          const is = value === null ? type : value instanceof Date ? "time" : typeof value;
          const fits = {
            text: "string",
            day: "string",
            yes_no: "boolean",
            integer: "number",
            number: "number",
            time: "time",
            json: "object",
          }[type];
          expect([table, name, is === type || is === fits]).toEqual([table, name, true]);
        }
    expect(columns.length).toBeGreaterThan(2);
    expect(columns.map(({ name }) => name)).not.toContain("landed_from");
  },
);

it("is refused without a key, for what there is not, and for what belongs to a KPI", async () => {
  expect((await get("deals", null)).status).toBe(401);
  expect((await get("users")).status).toBe(404);
  expect((await get("raw_records")).status).toBe(404);
  expect((await get("deals?by=rep")).status).toBe(400);
  expect((await get("won_value?by=nothing")).status).toBe(422);
  expect((await get("deals?format=xlsx")).status).toBe(400);
});

it("leaves no transaction behind, also when its reader goes away", async () => {
  const reader = (await get("deals?format=jsonl")).body?.getReader();
  await reader?.cancel();
  for (let round = 0; round < 12; round += 1) expect((await get("deals")).status === 200).toBe(true);
});
