import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fc } from "../../../test/support/properties.ts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  archive,
  book,
  bookOf,
  bookParts,
  serialOf,
  type BookOptions,
  type CellBytes,
  type SheetBytes,
} from "../../../test/support/workbook-bytes.ts";
import type { Cell } from "../../_rows/values.ts";
import { readWorkbookApart, type WorkbookLimits } from "./index.ts";
import { readWorkbook, type ChosenSheet, type WorkbookRow } from "./read.ts";

// Threads start and files are read: a machine that does much else takes its time.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "workbook-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SHEET = "xl/worksheets/sheet1.xml";
const SHARED = "xl/sharedStrings.xml";

let files = 0;
async function file(bytes: Buffer): Promise<string> {
  files += 1;
  const target = path.join(folder, `${files}.xlsx`);
  await writeFile(target, bytes);
  return target;
}

const SILENT = { onOpen: (): void => {}, log: (): void => {} };

type Read = { readonly rows: readonly WorkbookRow[]; readonly sheet: ChosenSheet | null };

/** In this thread: as fast as it goes. */
async function read(bytes: Buffer, sheet: string | null = null): Promise<Read> {
  const rows: WorkbookRow[] = [];
  let chosen: ChosenSheet | null = null;
  await readWorkbook(
    { path: await file(bytes), shown: "book.xlsx", sheet, headerRow: 1 },
    {
      opened: (one) => {
        chosen = one;
      },
      rows: async (batch) => void rows.push(...batch),
      warn: () => {},
    },
  );
  return { rows, sheet: chosen };
}

/** The cells of the first row of a workbook with these in it. */
async function cells(row: readonly CellBytes[], options: BookOptions = {}): Promise<readonly Cell[] | null> {
  const { rows } = await read(bookOf([row], options));
  return rows[0]?.cells ?? null;
}

describe("a cell is what it is in the workbook", () => {
  it("a number in plain form, exactly", async () => {
    const written = [
      "1234.5",
      "12.345",
      "-0.5",
      "1E3",
      "1.5e-7",
      "9007199254740993",
      "19.989999999999998",
      "0.30000000000000004",
      "1e21",
      "-0",
      "007",
    ];
    expect(await cells(written.map((value) => ({ value })))).toEqual(
      [
        "1234.5",
        "12.345",
        "-0.5",
        "1000",
        "0.00000015",
        "9007199254740993",
        "19.99",
        "0.3",
        "1000000000000000000000",
        "0",
        "7",
      ].map((number) => ({ number })),
    );
  });

  it("a date, a time of a day or a span, by its number format, in both date systems", async () => {
    const at = (iso: string, format: string): CellBytes => ({ value: String(serialOf(iso)), format });
    const row = [
      at("2026-01-05", "dd.mm.yyyy"),
      at("2026-01-05T14:30:00", "yyyy-mm-dd hh:mm"),
      at("2026-01-05", "yyyy-mm-dd hh:mm"),
      at("2026-01-05T23:59:59", "[$-409]d-mmm-yy;@"),
      { value: "0.604166666666667", format: "h:mm" },
      { value: "1.5", format: "[h]:mm" },
      { value: "0.0625", format: "[m]" },
      { value: String(serialOf("2026-01-05")), format: "[ENG][$-409]d\\-mmm\\-yyyy;@" },
      { value: "1", format: "d/m/yyyy" },
      { value: "59", format: "d/m/yyyy" },
      { value: "61", format: "d/m/yyyy" },
      { value: "2026-01-05T00:00:00", type: "d" },
    ];
    expect(await cells(row)).toEqual([
      { date: "2026-01-05" },
      { date: "2026-01-05T14:30:00" },
      { date: "2026-01-05T00:00:00" },
      { date: "2026-01-05T23:59:59" },
      { time: "14:30:00" },
      { time: "36:00:00" },
      { time: "01:30:00" },
      { date: "2026-01-05" },
      { date: "1900-01-01" },
      { date: "1900-02-28" },
      { date: "1900-03-01" },
      { date: "2026-01-05" },
    ]);
    // 1,462 days lie between the two systems' starts.
    const serial = String(serialOf("2026-01-05") - 1462);
    expect(
      await cells(
        [
          { value: serial, format: "m/d/yy" },
          { value: "0", format: "m/d/yy" },
        ],
        { date1904: true },
      ),
    ).toEqual([{ date: "2026-01-05" }, { date: "1904-01-01" }]);
  });

  it("a percentage, a truth value, a text, an error", async () => {
    const row = [
      { value: "0.45", format: "0%" },
      { value: "0.125", format: "0.0%" },
      { value: "1", type: "b" },
      { value: "0", type: "b" },
      { value: "ab_x000D_c", type: "str", formula: "A1" },
      { value: "", type: "str", formula: '""' },
      { value: "#REF!", type: "e" },
      { value: null, formula: "1+1" },
      { value: "12", type: "s" },
      { value: "60", format: "m/d/yy" },
      { value: "-1", format: "m/d/yy" },
      { value: "3000000", format: "m/d/yy" },
      { value: "twelve" },
    ];
    const error = expect.any(String) as string;
    expect(await cells(row)).toEqual([
      { percent: "0.45" },
      { percent: "0.125" },
      { flag: true },
      { flag: false },
      "ab\rc",
      "",
      { error: "#REF!" },
      { error: "a formula without a stored result" },
      ...[1, 2, 3, 4, 5].map(() => ({ error })),
    ]);
  });

  it("with the currency of its number format, and filled up where that makes an identifier", async () => {
    const formats = [
      '#,##0.00\\ "€"',
      "[$kr-414] #,##0",
      '"USD" 0.00',
      "[$$-409]#,##0",
      "#,##0",
      '0 "pcs"',
      "00000",
      '"D-"0000',
      // Q stands for quetzales too, but nobody fills up an amount.
      '"Q"0000',
      "0.00",
      "000-000",
    ];
    const row = formats.map((format) => ({ value: "1234", format }));
    expect(await cells(row)).toEqual([
      { number: "1234", currency: "€" },
      { number: "1234", currency: "NOK" },
      { number: "1234", currency: "USD" },
      { number: "1234", currency: "USD" },
      { number: "1234" },
      { number: "1234", shown: "1234 pcs" },
      { number: "1234", shown: "01234" },
      { number: "1234", shown: "D-1234" },
      { number: "1234", currency: "Q", shown: "Q1234" },
      { number: "1234" },
      { number: "1234", shown: "001-234" },
    ]);
  });

  it("for any values, however the workbook is written", async () => {
    const days = fc
      .date({ min: new Date("1900-03-02"), max: new Date("2199-12-31"), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    const cell: fc.Arbitrary<readonly [CellBytes, Cell]> = fc.oneof(
      fc.integer({ min: -1e15, max: 1e15 }).map((minor) => {
        const value = minor / 100;
        return [value, { number: /e/.test(String(value)) ? value.toFixed(2) : String(value) }] as const;
      }),
      days.map((day) => [{ value: String(serialOf(day)), format: "yyyy\\-mm\\-dd" }, { date: day }] as const),
      fc
        .tuple(days, fc.integer({ min: 0, max: 86_399 }))
        .map(([day, second]) => [day, new Date(second * 1000).toISOString().slice(11, 19)] as const)
        .map(
          ([day, time]) =>
            [
              { value: String(serialOf(`${day}T${time}`)), format: "d.m.yyyy h:mm:ss" },
              { date: `${day}T${time}` },
            ] as const,
        ),
      fc
        .integer({ min: 0, max: 100 })
        .map((part) => [{ value: String(part / 100), format: "0%" }, { percent: String(part / 100) }] as const),
      fc.boolean().map((flag) => [{ value: flag ? "1" : "0", type: "b" }, { flag }] as const),
      fc.constantFrom("#DIV/0!", "#N/A", "#VALUE!").map((error) => [{ value: error, type: "e" }, { error }] as const),
      fc
        .string({
          unit: fc.constantFrom(..."aé ß日🚀<&>\"'0,;".split(/(?=[^\udc00-\udfff])/)),
          minLength: 1,
          maxLength: 8,
        })
        .map((text) => [text, text] as const),
    );
    const options = fc.record({
      withoutPlaces: fc.boolean(),
      shared: fc.boolean(),
      prefix: fc.constantFrom(undefined, "x"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 30 }), options, async (row, { prefix, ...rest }) => {
        const written = row.map(([one]) => one);
        const got = await cells(written, prefix === undefined ? rest : { ...rest, prefix });
        expect(got).toEqual(row.map(([, expected]) => expected));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a sheet", () => {
  it("has its rows where they say they are, empty ones left out, cells anywhere", async () => {
    const parts = bookParts([{ name: "S", rows: [] }]);
    const xml =
      '<worksheet><sheetData><row r="3"><c r="C3"><v>1</v></c><c r="A3"><v>2</v></c></row><row r="5"/><row><c><v>3</v></c><c r="d7"><v>4</v></c><c><v>5</v></c></row></sheetData></worksheet>';
    const { rows } = await read(archive({ ...parts, [SHEET]: xml }));
    const one = (number: string): Cell => ({ number });
    expect(rows).toEqual([
      { line: 3, cells: [one("2"), "", one("1")], reason: "" },
      { line: 6, cells: [one("3"), "", "", one("4"), one("5")], reason: "" },
    ]);
  });

  it("is the first visible one, or the one that is named, in any case", async () => {
    const sheets: SheetBytes[] = [
      { name: "Secret", state: "veryHidden", rows: [["a"]] },
      { name: "Deals 2026", rows: [["b"]] },
      { name: "Notes", rows: [["c"]] },
    ];
    expect(await read(book(sheets))).toMatchObject({
      sheet: { name: "Deals 2026", visible: ["Deals 2026", "Notes"], hidden: ["Secret"] },
      rows: [{ cells: ["b"] }],
    });
    expect((await read(book(sheets), "notes")).rows).toMatchObject([{ cells: ["c"] }]);
    expect((await read(book(sheets), "Secret")).rows).toMatchObject([{ cells: ["a"] }]);
    await expect(read(book(sheets), "Deal")).rejects.toMatchObject({
      code: "csv.file.sheet",
      message: 'book.xlsx has no sheet "Deal". Its sheets: Secret (hidden), Deals 2026, Notes.',
    });
  });

  it("is found in workbooks of the strict edition, with backslashes, without what is usual", async () => {
    const parts = bookParts([{ name: "S", rows: [["x"]] }]);
    const strict = Object.fromEntries(
      Object.entries(parts).map(([name, text]) => [
        name.replaceAll("/", "\\"),
        text.replaceAll(
          "http://schemas.openxmlformats.org/officeDocument/2006",
          "http://purl.oclc.org/ooxml/officeDocument",
        ),
      ]),
    );
    expect((await read(archive(strict))).rows).toMatchObject([{ cells: ["x"] }]);
    const { "xl/styles.xml": _styles, "_rels/.rels": _rels, ...bare } = parts;
    expect((await read(archive(bare))).rows).toMatchObject([{ cells: ["x"] }]);
  });

  it("has texts with several formats whole, and without how they are read aloud", async () => {
    const parts = bookParts([{ name: "S", rows: [[{ value: "0", type: "s" }]] }]);
    const list = "<sst><si><r><t>東</t></r><r><t>京</t></r><rPh><t>とうきょう</t></rPh></si></sst>";
    expect((await read(archive({ ...parts, [SHARED]: list }))).rows).toMatchObject([{ cells: ["東京"] }]);
  });
});

describe("a workbook that somebody made to do harm", () => {
  const parts = bookParts([{ name: "S", rows: [["x"]] }]);
  const withSheet = (data: string): Buffer =>
    archive({ ...parts, [SHEET]: `<worksheet><sheetData>${data}</sheetData></worksheet>` });

  it("is refused at once when its directory says that it unpacks to gigabytes", async () => {
    await expect(read(archive(parts, { says: { [SHEET]: 3_000_000_000 } }))).rejects.toMatchObject({
      code: "csv.file.too_large",
      message: "book.xlsx unpacks to more than 1024 MB.",
    });
  });

  it("is refused when more comes out than its directory says", async () => {
    const large = { ...parts, [SHEET]: `<worksheet><sheetData>${"<row/>".repeat(200_000)}</sheetData></worksheet>` };
    await expect(read(archive(large, { says: { [SHEET]: 500 } }))).rejects.toMatchObject({
      code: "csv.file.unreadable",
    });
  });

  it.each([
    ["elements nested without end", "<a>".repeat(100_000), "nested more than 100 deep"],
    ["a row of a million columns", '<row r="1"><c r="BDWGN1"><v>1</v></c></row>', "more than 16384 columns"],
    ["cells without end in a row", `<row>${"<c><v>1</v></c>".repeat(20_000)}</row>`, "more than 16384 columns"],
    ["a row beyond the last one", '<row r="2000000"><c><v>1</v></c></row>', "has a row 2000000"],
    ["a value of megabytes", `<row><c t="str"><v>${"x".repeat(20_000_000)}</v></c></row>`, "a value of more than 8 MB"],
    ["an attribute of megabytes", `<row x="${"x".repeat(20_000_000)}"/>`, "a value of more than 8 MB"],
    ["a comment of megabytes", `<!--${"x".repeat(20_000_000)}-->`, "a value of more than 8 MB"],
    ["elements that are never closed", "<row><c></row>", "xl/worksheets/sheet1.xml"],
    ["an entity of its own", "<row><c><v>&lol;</v></c></row>", "xl/worksheets/sheet1.xml"],
  ])("is refused for %s", async (_what, data, reason) => {
    await expect(read(withSheet(data))).rejects.toMatchObject({
      code: "csv.file.unreadable",
      message: expect.stringContaining(reason) as string,
    });
  });

  it("is refused for declaring entities that multiply", async () => {
    const laughs = `<!DOCTYPE x [<!ENTITY a "${"ha".repeat(100)}"><!ENTITY b "${"&a;".repeat(100)}">]><worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>`;
    await expect(read(archive({ ...parts, [SHEET]: laughs }))).rejects.toMatchObject({
      message: expect.stringContaining("declares a document type") as string,
    });
  });

  it("has a row refused whose cells repeat a long text", async () => {
    const texts = `<sst><si><t>${"x".repeat(30_000)}</t></si></sst>`;
    const data = `<row>${'<c t="s"><v>0</v></c>'.repeat(200)}</row><row><c><v>1</v></c></row>`;
    const bytes = archive({
      ...parts,
      [SHARED]: texts,
      [SHEET]: `<worksheet><sheetData>${data}</sheetData></worksheet>`,
    });
    expect((await read(bytes)).rows).toEqual([
      { line: 1, cells: null, reason: "it holds more than a million characters" },
      { line: 2, cells: [{ number: "1" }], reason: "" },
    ]);
  });

  it("is an incomplete archive where its end is missing", async () => {
    const bytes = archive(parts);
    await expect(read(bytes.subarray(0, bytes.length - 40))).rejects.toMatchObject({
      code: "csv.file.unreadable",
      message: "book.xlsx is an incomplete archive: its end is missing.",
    });
  });

  it("gives rows or the reason, wherever it is damaged", async () => {
    const whole = bookOf(
      [
        ["ID", "Amount"],
        ["a", 1],
        ["b", { value: "0.5", format: "0%" }],
      ],
      { shared: true },
    );
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        const outcome = await read(length % 5 === 0 ? bytes.subarray(0, length) : bytes).catch(
          (error: unknown) => error,
        );
        expect(outcome).toSatisfy(
          (one: { rows?: unknown; code?: string }) =>
            Array.isArray(one.rows) || one.code?.startsWith("csv.file.") === true,
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe("the thread that reads a workbook", () => {
  const LIMITS: WorkbookLimits = { heapMb: 384, openMs: 600_000, bytesPerMs: 10 };

  async function readApart(
    bytes: Buffer,
    limits: WorkbookLimits,
    signal = new AbortController().signal,
  ): Promise<number> {
    let count = 0;
    const request = { path: await file(bytes), shown: "book.xlsx", sheet: null, headerRow: 1 };
    for await (const rows of readWorkbookApart(request, signal, SILENT, limits)) count += rows.length;
    return count;
  }

  const many = (rows: number): Buffer =>
    bookOf(Array.from({ length: rows }, (_unused, index) => [`text ${index} ${"x".repeat(40)}`, index]));

  it("gives every row in order, however slowly they are taken", async () => {
    const request = { path: await file(many(2000)), shown: "book.xlsx", sheet: null, headerRow: 1 };
    const lines: number[] = [];
    for await (const rows of readWorkbookApart(request, new AbortController().signal, SILENT, LIMITS)) {
      lines.push(...rows.map(({ line }) => line));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lines).toEqual(Array.from({ length: 2000 }, (_unused, index) => index + 1));
  });

  it("ends with the reason, and nothing else does, when it takes too much memory", async () => {
    const list = Array.from({ length: 600_000 }, (_unused, index) => `<si><t>${index} ${"y".repeat(20)}</t></si>`).join(
      "",
    );
    const parts = { ...bookParts([{ name: "S", rows: [["x"]] }]), [SHARED]: `<sst>${list}</sst>` };
    await expect(readApart(archive(parts), { ...LIMITS, heapMb: 24 })).rejects.toMatchObject({
      code: "csv.file.too_large",
      message: "book.xlsx needs more than 24 MB of memory to be read as a workbook.",
    });
  });

  it("ends with the reason when it takes too long", async () => {
    await expect(readApart(many(10), { ...LIMITS, openMs: 1, bytesPerMs: 1e9 })).rejects.toMatchObject({
      code: "csv.file.too_large",
      message: "book.xlsx takes too long to be read as a workbook.",
    });
  });

  it("ends with the pull, also in the middle of what it does", async () => {
    const stop = new AbortController();
    const request = { path: await file(many(5000)), shown: "book.xlsx", sheet: null, headerRow: 1 };
    const rows = readWorkbookApart(request, stop.signal, SILENT, LIMITS);
    await rows.next();
    stop.abort(new Error("stopped"));
    // What has been handed over already may still be looked at.
    const rest = async (): Promise<void> => {
      for await (const _batch of rows);
    };
    await expect(rest()).rejects.toThrow("stopped");
    await expect(readApart(many(10), LIMITS, stop.signal)).rejects.toThrow("stopped");
  });

  it("ends when nobody wants more rows, and leaves its place to the next", async () => {
    for (let times = 0; times < 4; times += 1) {
      const request = { path: await file(many(3000)), shown: "book.xlsx", sheet: null, headerRow: 1 };
      for await (const rows of readWorkbookApart(request, new AbortController().signal, SILENT, LIMITS)) {
        expect(rows[0]?.line).toBe(1);
        break;
      }
    }
  });
});
