import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { fc } from "../../test/support/properties.ts";
import iconv from "iconv-lite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { archive } from "../../test/support/workbook-bytes.ts";
import type { Mapping } from "./settings.ts";
import { type RawRow, readRows, type SheetRow } from "./sheet-rows.ts";
import { readText, readTextApart } from "./text-rows.ts";
import type { Cell } from "../_rows/values.ts";

// Threads start and files are read: a machine that does much else takes its time.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "text-rows-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Read = {
  readonly rows: readonly SheetRow[];
  readonly warnings: readonly string[];
  readonly cells: readonly (readonly Cell[])[];
};

let files = 0;
async function read(content: string | Buffer, more: Partial<Mapping> = {}, name = "t.csv"): Promise<Read> {
  files += 1;
  const target = path.join(folder, `${files}-${name}`);
  await writeFile(target, content);
  const rows: SheetRow[] = [];
  const warnings: string[] = [];
  const mapping: Mapping = { from: target, key: "A", columns: { name: "B", title: "C" }, ...more };
  const log = (level: string, message: string): void => void (level === "warn" && warnings.push(message));
  const { signal } = new AbortController();
  for await (const row of readRows({ path: target, shown: name, mapping, log, signal })) rows.push(row);
  return { rows, warnings, cells: rows.map((row) => Object.values(row.cells)) };
}

/** Names as they are written where each encoding is used. */
const LETTERS = {
  "windows-1252": "aeiou äöüßéèñçøåÆ€œ",
  "windows-1250": "aeiou ąęłńśźżčřšžőű",
  "windows-1251": "абвгдежзийклмн ПРСТ",
  "iso-8859-7": "αβγδεζηθικ λμΠΡΣ",
  "iso-8859-9": "aeiou şğıİçöü",
  shift_jis: "日本東京会社カタナ ａ",
  "euc-jp": "日本東京会社カタナ",
  gb18030: "中国北京公司上海 网",
  big5: "中國台北公司網路",
  "euc-kr": "한국서울회사 가나다",
  "koi8-r": "абвгдежзийклмн ПРСТ",
  "utf-8": "aé 日ł🚀שع",
  "utf-16le": "aé 日ł🚀שع",
  "utf-16be": "aé 日ł🚀שع",
} as const;

const encodings = fc.constantFrom(...(Object.keys(LETTERS) as (keyof typeof LETTERS)[]));

/** Rows of three columns whose names are of the encoding's letters. */
const tables = encodings.chain((encoding) => {
  const word = fc
    .array(fc.constantFrom(...Array.from(LETTERS[encoding])), { minLength: 1, maxLength: 8 })
    .map((letters) => letters.join("").trim())
    .filter((text) => text !== "");
  return fc.record({
    encoding: fc.constant(encoding),
    rows: fc.array(fc.tuple(fc.integer({ min: 1, max: 9999 }).map(String), word, word), {
      minLength: 1,
      maxLength: 20,
    }),
  });
});

const text = (rows: readonly (readonly string[])[]): string =>
  ["A,B,C", ...rows.map((row) => row.join(","))].join("\n") + "\n";

describe("a text in any encoding", () => {
  it("is read letter by letter where the mapping names the encoding", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ({ encoding, rows }) => {
        const { cells } = await read(iconv.encode(text(rows), encoding), { encoding });
        expect(cells).toEqual(rows);
      }),
      { numRuns: 80 },
    );
  });

  it("is read letter by letter where it is one of Unicode's, with and without a mark, or the guess is told", async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.boolean(), async ({ encoding, rows }, addBOM) => {
        const isUnicode = encoding.startsWith("utf");
        const { cells, warnings } = await read(iconv.encode(text(rows), encoding, { addBOM: isUnicode && addBOM }));
        const isRight = JSON.stringify(cells) === JSON.stringify(rows);
        const isGuess = warnings.some((line) => line.includes("is a guess by its letters"));
        const isDamage = warnings.some((line) => line.includes("some bytes are no utf-8"));
        // Where nothing says what it is, a wrong reading is never silent.
        expect({ encoding, isRight: isRight || (!isUnicode && (isGuess || isDamage)) }).toEqual({
          encoding,
          isRight: true,
        });
        expect(isUnicode && (isGuess || isDamage)).toBe(false);
      }),
      { numRuns: 80 },
    );
  });

  it("is read in four bytes a letter, also without a mark", async () => {
    for (const name of ["utf-32le", "utf-32be"])
      expect(await read(iconv.encode("A,B,C\n1,日本🚀,é\n", name))).toMatchObject({
        cells: [["1", "日本🚀", "é"]],
        warnings: [],
      });
  });

  it("is told to be UTF-8 where the mapping says another encoding, which counts all the same", async () => {
    const { cells, warnings } = await read("A,B,C\n1,Åse,x\n", { encoding: "windows-1252" });
    expect(cells).toEqual([["1", "Ã…se", "x"]]);
    expect(warnings).toEqual([expect.stringContaining("its letters are those of UTF-8") as string]);
    expect((await read("A,B,C\n1,Ase,x\n", { encoding: "windows-1252" })).warnings).toEqual([]);
  });

  it("keeps every good line of UTF-8 with some bad ones among them", async () => {
    const good = fc.array(fc.constantFrom("Åse", "Jürgen", "Łódź", "日本"), { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(good, fc.nat(7), async (names, at) => {
        const lines = names.map((name, index) => Buffer.from(`${index},${name},x\n`));
        lines.splice(
          at % (names.length + 1),
          0,
          Buffer.concat([Buffer.from("99,Jos"), Buffer.from([0xe9]), Buffer.from(",x\n")]),
        );
        const { cells, warnings } = await read(Buffer.concat([Buffer.from("A,B,C\n"), ...lines]));
        expect(cells.filter(([id]) => id !== "99").map(([, name]) => name)).toEqual(names);
        expect(warnings).toHaveLength(1);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a text in any layout", () => {
  const cell = fc.string({ unit: fc.constantFrom(..."ab1 ,;\t|\"'\n\ré".split("")), maxLength: 6 });
  const layouts = fc.record({
    rows: fc.array(fc.tuple(fc.integer({ min: 1, max: 99 }).map(String), cell, cell), { minLength: 1, maxLength: 12 }),
    delimiter: fc.constantFrom(",", ";", "\t", "|"),
    ends: fc.array(fc.constantFrom("\n", "\r\n", "\r"), { minLength: 1, maxLength: 3 }),
    isQuoted: fc.boolean(),
    hasMark: fc.boolean(),
    hasSep: fc.boolean(),
    titles: fc.constantFrom(0, 1, 3),
    isShort: fc.boolean(),
    hasLastEnd: fc.boolean(),
  });

  it("gives the cells that were written", async () => {
    await fc.assert(
      fc.asyncProperty(layouts, async (layout) => {
        const { rows, delimiter, ends, isQuoted, hasMark, titles, isShort } = layout;
        const quoted = (value: string): string =>
          isQuoted || /[,;\t|"\n\r]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;
        let [out, line] = ["", 0];
        const add = (content: string): void => {
          out += content + (ends[line % ends.length] ?? "\n");
          line += 1;
        };
        const hasSep = layout.hasSep && titles === 0;
        if (hasSep) add(`sep=${delimiter}`);
        for (let title = 0; title < titles; title += 1) add('A report, of "things');
        add(["A", "B", "C"].map(quoted).join(delimiter));
        for (const row of rows) {
          const filled = isShort && !isQuoted ? row.slice(0, row.findLastIndex((value) => value !== "") + 1) : row;
          add(filled.map(quoted).join(delimiter));
        }
        // A file may end without an end of its last line, unless that line is the only one cut short.
        const isWhole = layout.hasLastEnd || isShort;
        const content = isWhole ? out : out.replace(/(\r\n|\n|\r)$/, "");
        const { cells, rows: got } = await read(
          (hasMark ? "\ufeff" : "") + content,
          titles === 0 ? {} : { header_row: titles + 1 },
        );
        // A row that has run over lines and lacks its end cannot be told from a damaged one.
        const expected = got.map((one, index) => (one.problem === null ? rows[index] : cells[index]));
        expect(cells).toEqual(expected);
        expect(got).toHaveLength(rows.length);
        expect(
          got.filter((one) => one.problem !== null).every((one) => /several lines/.test(one.problem?.reason ?? "")),
        ).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("names lines as an editor does, whatever ends them", async () => {
    const { rows } = await read('A,B,C\r\n"x\r\ny",1,2\n\n3,4,5\r6,7,8\r\n9,"a\nb",c\n10,11,12');
    expect(rows.map(({ line }) => line)).toEqual([2, 5, 6, 7, 9]);
  });

  it("takes a row that the end of the file cuts for unfinished, unless rows without their ends are this file's habit", async () => {
    const cut = await read("A,B,C\n1,2,3\n4,5");
    expect(cut.rows.map(({ problem }) => problem?.code ?? null)).toEqual([null, "csv.row.ragged"]);
    const habit = await read("A,B,C\n1,2\n4,5");
    expect(habit.rows.map(({ problem }) => problem)).toEqual([null, null]);
    expect((await read("A,B,C\n1,2,3\n4,5\n")).rows.map(({ problem }) => problem)).toEqual([null, null]);
  });

  it("refuses rows that a stray quote has run together, also where the count of cells is right by chance", async () => {
    const { rows } = await read('A,B,C,D\n1,"x,3,4\n5,6,7,8\n9,y",11,12\n13,14,15,16\n');
    expect(rows.map(({ line, problem }) => [line, problem?.code ?? null])).toEqual([
      [2, "csv.row.ragged"],
      [5, null],
    ]);
  });
});

describe("a file in its packing", () => {
  const content = "A,B,C\n1,2,3\n";
  const packed: readonly (readonly [string, Buffer])[] = [
    ["t.csv.gz", gzipSync(content)],
    ["t.zip", archive({ "folder/t.csv": content, "__MACOSX/folder/._t.csv": "x", "folder/.DS_Store": "y" })],
    ["t.csv", gzipSync(content)],
  ];

  it.each(packed)("%s is read as the file in it, and leaves nothing behind", async (name, bytes) => {
    expect((await read(bytes, {}, name)).cells).toEqual([["1", "2", "3"]]);
  });

  const wide = (name: string): Buffer =>
    Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(2000), Buffer.from(name, "utf16le")]);
  it.each([
    ["an old workbook", wide("Workbook"), "an old kind (xls)"],
    ["a protected workbook", wide("EncryptedPackage"), "protected by a password"],
    ["a text document", wide("WordDocument"), "a text document (doc)"],
    ["an archive of several files", archive({ "a.csv": "x", "b.csv": "y" }), "a zip archive with a.csv, b.csv in it"],
    ["an empty archive", archive({}), "a zip archive with nothing in it"],
    ["a protected archive", archive({ "a.csv": "x" }, { encrypted: true }), "protected by a password (in it: a.csv)"],
    ["an archive in an archive", archive({ "a.zip": archive({ "a.csv": "x,y" }) }), "packed twice"],
    [
      "an OpenDocument sheet",
      archive({ mimetype: "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>" }),
      "OpenDocument file (ods)",
    ],
    [
      "a binary workbook",
      archive({ "[Content_Types].xml": "<x/>", "xl/workbook.bin": "x" }),
      "a binary workbook (xlsb)",
    ],
    ["a docx", archive({ "[Content_Types].xml": "<x/>", "word/document.xml": "<x/>" }), "a text document (docx)"],
    ["a PDF", Buffer.from("%PDF-1.7\n…"), "a PDF document"],
    ["a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]), "a picture"],
    [
      "a web page",
      Buffer.from("\ufeff \n<!DOCTYPE html><html><table><tr><td>A</td></tr></table></html>"),
      "a web page (HTML with a table)",
    ],
    ["a web page in UTF-16", Buffer.from("\ufeff<html><body>x</body></html>", "utf16le"), "a web page (HTML)"],
    [
      "a sign-in page",
      Buffer.from('<html><title>Sign in - Google Accounts</title><input type="password"></html>'),
      "a sign-in page (HTML)",
    ],
    [
      "an XML spreadsheet",
      Buffer.from(
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
      ),
      "an XML spreadsheet of 2003",
    ],
    ["JSON", Buffer.from('[{"A": 1}]'), "JSON"],
    ["JSON with nothing in it", Buffer.from("[]\n"), "JSON"],
    ["a packed tar archive", gzipSync(Buffer.from(`a.csv${"\0".repeat(252)}ustar`)), "a tar archive"],
    ["a cut gz", gzipSync(content.repeat(500)).subarray(0, 30), "cannot be unpacked"],
  ])("%s is called what it is", async (_what, bytes, reason) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: "csv.file.unreadable",
      message: expect.stringContaining(reason) as string,
    });
  });

  it("is empty where there is nothing in it", async () => {
    await expect(read("")).rejects.toMatchObject({
      code: "csv.file.header",
      message: "t.csv is empty: there is nothing in it.",
    });
  });

  it("gives rows or the reason for any bytes", async () => {
    const heads = fc.constantFrom(
      "",
      "PK\u0003\u0004",
      "\u001f\u008b",
      "\u00d0\u00cf\u0011\u00e0",
      "<html>",
      "A,B,C\n",
      "\u00ff\u00fe",
      '"',
      "sep=",
    );
    await fc.assert(
      fc.asyncProperty(heads, fc.uint8Array({ maxLength: 200 }), async (head, bytes) => {
        const outcome = await read(Buffer.concat([Buffer.from(head, "latin1"), bytes])).catch(
          (error: unknown) => error,
        );
        expect(outcome).toSatisfy(
          (one: { rows?: unknown; code?: string }) =>
            Array.isArray(one.rows) || /^csv\.(file|column)\./.test(one.code ?? ""),
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe("a text of any size", () => {
  const LIMITS = { heapMb: 384, openMs: 600_000, bytesPerMs: 10 };
  /** Read by a thread where there is more than `smallBytes`. */
  async function apart(
    content: string,
    { smallBytes = 0, limits = LIMITS, signal = new AbortController().signal } = {},
  ): Promise<{ readonly rows: readonly RawRow[]; readonly lines: readonly string[] }> {
    files += 1;
    const target = path.join(folder, `${files}-apart.csv`);
    await writeFile(target, content);
    const lines: string[] = [];
    const rows: RawRow[] = [];
    const log = (level: string, message: string): void => void lines.push(`${level} ${message}`);
    const mapping: Mapping = { from: target, key: "A", columns: { name: "B" } };
    const file = { path: target, shown: "t.csv", mapping, log, signal };
    for await (const batch of readTextApart(file, target, "t.csv", { smallBytes, limits })) rows.push(...batch);
    return { rows, lines };
  }
  const reasonOf = async (content: string, options = {}): Promise<unknown> =>
    apart(content, options).then(
      () => "read",
      (error: { readonly code?: string; readonly message: string }) => error.code ?? error.message,
    );

  it("is read the same by a thread of its own, notes and failure included", async () => {
    const many = `A,B\n${Array.from({ length: 4000 }, (_unused, at) => `${at},"x ""${at}""\n"`).join("\n\n")}`;
    expect(await apart(many)).toEqual(await apart(many, { smallBytes: 1e9 }));
    expect(await reasonOf('A,B\n1,"' + "x".repeat(3_000_000))).toBe("csv.file.quotes");
    const stray = await apart(`A;B\n1;\u0000x${"x".repeat(50)}\n`);
    expect(stray.lines).toContain("warn t.csv: 1 zero bytes, which no text has, were left out");
  });

  it("has rows as wide as a sheet: empty cells beyond are nothing, and others are no row", async () => {
    const { rows } = await apart(`A,B\n1,2${",".repeat(100_000)}\n3,4${",".repeat(20_000)}x\n5,6\n`);
    expect(rows.map(({ cells, reason }) => [cells?.slice(0, 2), cells?.length, reason])).toEqual([
      [["A", "B"], 2, ""],
      [["1", "2"], 16_384, ""],
      [undefined, undefined, "it has 20002 columns, where a sheet has 16384 at most"],
      [["5", "6"], 2, ""],
    ]);
  });

  it("that has an endless line says so, and blames no quote", async () => {
    const told = (content: string): Promise<unknown> =>
      apart(content).catch(({ message }: { readonly message: string }) => message);
    expect(await told(`A,B\n1,${"x".repeat(1_500_000)}`)).toContain("line 2 has more than 1048576 characters");
    expect(await told(`A,B\n1,"${"x".repeat(1_500_000)}`)).toContain("a quote that opens at about line 2");
    expect(await told(`A,B\n1,"${"x\n".repeat(700_000)}`)).toContain("a quote that opens at about line 2");
  });

  it("that goes on with nothing but line ends is refused as soon as that is plain", async () => {
    const target = path.join(folder, "empty.csv");
    const most = async (emptyLines: number): Promise<unknown> => {
      await writeFile(target, `A,B\n1,2${"\n".repeat(emptyLines)}3,4`);
      const mapping: Mapping = { from: target, key: "A", columns: { name: "B" } };
      let rows = 0;
      try {
        const file = { mapping, shown: "t.csv", log: () => {} };
        for await (const batch of readText(file, target, "t.csv", 1000)) rows += batch.length;
        return rows;
      } catch (error) {
        return (error as { readonly code: string }).code;
      }
    };
    expect([await most(900), await most(1100)]).toEqual([3, "csv.file.unreadable"]);
  });

  it("that takes too long is given up with the reason, and one that nobody wants ends", async () => {
    expect(await reasonOf("A,B\n1,2\n", { limits: { ...LIMITS, openMs: 1, bytesPerMs: 1e9 } })).toBe(
      "csv.file.too_large",
    );
    const stop = new AbortController();
    stop.abort(new Error("stopped"));
    expect(await reasonOf("A,B\n1,2\n", { signal: stop.signal })).toBe("stopped");
    // Nor is the time that somebody gave it a vendor's.
    const late = new AbortController();
    const target = path.join(folder, "late.csv");
    await writeFile(target, "A,B\n" + "1,2\n".repeat(50_000));
    const mapping: Mapping = { from: target, key: "A", columns: { name: "B" } };
    const file = { path: target, shown: "t.csv", mapping, log: () => {}, signal: late.signal };
    const rows = readTextApart(file, target, "t.csv", { smallBytes: 0, limits: LIMITS });
    await rows.next();
    late.abort(new DOMException("over", "TimeoutError"));
    const rest = async (): Promise<void> => {
      for await (const _batch of rows);
    };
    await expect(rest()).rejects.toMatchObject({ code: "csv.file.too_large" });
  });
});
