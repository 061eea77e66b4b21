import { parse } from "csv-parse/sync";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import type { Column, ExportRow, Exported } from "./columns.ts";
import { fileOf, type Format } from "./index.ts";

const COLUMNS: readonly Column[] = [
  { name: "name", type: "text" },
  { name: "count", type: "integer" },
  { name: "value", type: "number" },
  { name: "at", type: "time" },
  { name: "on", type: "day" },
  { name: "won", type: "yes_no" },
  { name: "emails", type: "json" },
  { name: "more", type: "json" },
];
const AT = new Date("2026-03-29T00:59:59.999Z");
const row = (name: string | null, change: ExportRow = {}): ExportRow => ({
  name,
  count: -3,
  value: -12.5,
  at: AT,
  on: "2026-03-29",
  won: false,
  emails: ["a@b.example", "=c@d.example"],
  more: { z: [1, "é"] },
  ...change,
});
const NOTHING = Object.fromEntries(COLUMNS.map(({ name }) => [name, null]));

async function* batched(rows: readonly ExportRow[], size: number): AsyncGenerator<readonly ExportRow[]> {
  for (let at = 0; at < rows.length; at += size) yield await Promise.resolve(rows.slice(at, at + size));
}
async function bytesOf(rows: readonly ExportRow[], format: Format, options = {}): Promise<Buffer> {
  const exported: Exported = { columns: COLUMNS, batches: batched(rows, 700) };
  const chunks: Buffer[] = [];
  for await (const chunk of fileOf(exported, format, options)) chunks.push(Buffer.from(chunk as string | Uint8Array));
  return Buffer.concat(chunks);
}
async function parquetRows(bytes: Buffer): Promise<readonly Record<string, unknown>[]> {
  return parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  });
}

/** Whatever a customer may be called, and what spreadsheet programs run. */
const NAMES = [
  'Zoë "the\nvoice", GmbH;',
  "=IMPORTXML(1)",
  "+47 22 00 00 00",
  "-2+3",
  "@sum",
  "\tTab",
  "＝1",
  "🚀 naïve",
  " plain ",
  "a\u0000b",
  "",
];

describe("CSV", () => {
  it("is read back by another's parser cell by cell, formulas as text", async () => {
    const rows: string[][] = parse(await bytesOf([...NAMES.map((name) => row(name)), NOTHING], "csv"), { bom: true });
    expect(rows[0]).toEqual(COLUMNS.map(({ name }) => name));
    expect(rows.slice(1, -1).map((cells) => cells[0])).toEqual([
      'Zoë "the\nvoice", GmbH;',
      "'=IMPORTXML(1)",
      "'+47 22 00 00 00",
      "'-2+3",
      "'@sum",
      "'\tTab",
      "'＝1",
      "🚀 naïve",
      " plain ",
      "a\ufffdb",
      "",
    ]);
    // Numbers are no formulas: a loss stays a number.
    expect(rows[1]?.slice(1)).toEqual([
      "-3",
      "-12.5",
      "2026-03-29T00:59:59.999Z",
      "2026-03-29",
      "false",
      "a@b.example; =c@d.example",
      '{"z":[1,"é"]}',
    ]);
    expect(rows.at(-1)).toEqual(COLUMNS.map(() => ""));
  });

  it("begins with a byte-order mark unless it is not wanted, and ends each line as RFC 4180 says", async () => {
    expect((await bytesOf([], "csv")).toString("hex").startsWith("efbbbf")).toBe(true);
    expect((await bytesOf([row("x")], "csv", { hasMark: false })).toString()).toMatch(/^name,.*\r\nx,.*\r\n$/s);
  });
});

describe("JSON Lines", () => {
  it("has every column in every line, texts as they are", async () => {
    const lines = (await bytesOf([...NAMES.map((name) => row(name)), NOTHING], "jsonl"))
      .toString()
      .trimEnd()
      .split("\n");
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.map((one) => one["name"])).toEqual([...NAMES, null]);
    expect(objects[0]).toEqual({ ...row(NAMES[0] ?? ""), at: AT.toISOString() });
    expect(objects.at(-1)).toEqual(NOTHING);
  });
});

describe("Parquet", () => {
  it("is read back with the types and the nulls that it had", async () => {
    const rows = await parquetRows(await bytesOf([...NAMES.map((name) => row(name)), NOTHING], "parquet"));
    expect(rows.map((one) => one["name"])).toEqual([...NAMES, null]);
    expect(rows[0]).toEqual({ ...row(NAMES[0] ?? ""), count: -3n, on: new Date("2026-03-29T00:00:00Z") });
    expect(rows.at(-1)).toEqual(NOTHING);
  });

  it("holds more rows than a group, in order, and none at all", async () => {
    const many = Array.from({ length: 45_000 }, (_, at) =>
      row(`n${at % 97}`, { count: at, won: at % 3 === 0 ? null : true }),
    );
    const bytes = await bytesOf(many, "parquet");
    const { row_groups: groups } = parquetMetadata(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
    );
    expect(groups.length).toBeGreaterThan(1);
    const rows = await parquetRows(bytes);
    expect(rows.length).toBe(many.length);
    expect(rows.findIndex((one, at) => one["count"] !== BigInt(at))).toBe(-1);
    expect(rows[44_999]).toMatchObject({ name: `n${44_999 % 97}`, won: true });
    expect(await parquetRows(await bytesOf([], "parquet"))).toEqual([]);
  });
});
