import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import type { JsonObject } from "../../core/base/json.ts";
import type { DealFact } from "../../core/schema/facts.ts";
import { createFiles } from "../../core/land/files.ts";
import { NO_UPLOADS, TEST_FOLDERS, pullRows, type PulledRows } from "../../test/support/pulled-rows.ts";
import { archive, book, bookOf, bookParts, serialOf, type CellBytes } from "../../test/support/workbook-bytes.ts";
import { csv } from "./index.ts";

// Spreadsheets that people really have, each of which once went wrong somewhere (or right, where the name says so).

// Threads start and files are read: a machine that does much else takes its time.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "csv-cases-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const HEAD = "ID,Deal,Stage,Amount,Owner,Created,Closed";
const HEAD_CELLS: readonly CellBytes[] = HEAD.split(",");
const JAN_5 = { value: String(serialOf("2026-01-05")), format: "m/d/yy" };
const JAN_8 = { value: String(serialOf("2026-01-08")), format: "m/d/yy" };
const row = (id: CellBytes, amount: CellBytes): readonly CellBytes[] => [
  id,
  "A deal",
  "Won",
  amount,
  "Kari",
  JAN_5,
  JAN_8,
];

/** One connection of a company in Oslo that counts in euros. */
function settingsOf(from: string, shared: JsonObject = {}, source: JsonObject = {}): JsonObject {
  const columns = {
    name: "Deal",
    stage: "Stage",
    value: "Amount",
    company: "Owner",
    created_at: "Created",
    closed_at: "Closed",
  };
  return {
    pipelines: { Sales: { stages: ["Lead", "Offer"], won: ["Won"], lost: ["Lost"] } },
    ...shared,
    tables: {
      deals: { from: path.join(folder, from), key: "ID", columns: { ...columns, rep: { constant: "x" } }, ...source },
    },
  };
}

async function read(
  files: { readonly [name: string]: string | Buffer },
  from: string,
  shared: JsonObject = {},
  source: JsonObject = {},
): Promise<PulledRows> {
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  return pullRows(settingsOf(from, shared, source), "deals");
}

const won = (pulled: PulledRows): readonly DealFact[] => pulled.deals.filter(({ status }) => status === "won");
/** In cents, of one currency. */
const wonMinor = (pulled: PulledRows): number => won(pulled).reduce((sum, deal) => sum + (deal.amountMinor ?? 0), 0);
const companies = (pulled: PulledRows): readonly (string | null)[] => [
  ...new Set(pulled.deals.map(({ company }) => company)),
];

it("01-xlsx-numbers-decimal-comma: a number cell is a number, whatever the setting about texts", async () => {
  const rows = [HEAD_CELLS, row("D-1", 1234.5), row("D-2", 12.345), row("D-3", 12_000)];
  const pulled = await read({ "deals.xlsx": bookOf(rows) }, "deals.xlsx", { decimal: "," });
  // 1,234.50 + 12.35 (12.345, rounded and told) + 12,000.00
  expect(wonMinor(pulled)).toBe(1_324_685);
  expect(pulled.problems).toEqual([]);
  expect(pulled.warnings).toEqual([
    expect.stringContaining('"12.345" had more decimals than the currency has') as string,
  ]);
});

it("03-group-dot-default-decimal: a dot that may group digits is asked about, never read as a decimal point", async () => {
  const text =
    "ID;Deal;Stage;Amount;Owner;Created;Closed\nD-1;A;Won;12.500;Kari;2026-01-05;2026-01-08\nD-2;B;Won;8.000;Kari;2026-01-05;2026-01-08\nD-3;C;Won;125.000;Kari;2026-01-05;2026-01-08\n";
  const asked = await read({ "deals.csv": text }, "deals.csv");
  expect(asked.deals).toEqual([]);
  expect(asked.problems).toHaveLength(3);
  expect(asked.problems[0]).toMatchObject({
    code: "csv.row.bad_amount",
    at: "deals.csv line 2",
    reason: expect.stringContaining('where "." groups digits say decimal: ","') as string,
  });
  expect(wonMinor(await read({}, "deals.csv", { decimal: "," }))).toBe(14_550_000);
  // Who says that it is the decimal point is believed, and told what was read.
  const believed = await read({}, "deals.csv", { decimal: "." });
  expect(wonMinor(believed)).toBe(14_550);
  expect(believed.warnings).toEqual([expect.stringContaining("was read with three decimals") as string]);
});

it("04-one-bad-byte-flips-encoding: one pasted byte spoils its own name and no other", async () => {
  const lines = [
    HEAD,
    "D-1,Müller,Won,100,Jürgen Groß,2026-01-05,2026-01-08",
    "D-2,Åsen,Won,200,Åse Sørli,2026-01-05,2026-01-08",
  ];
  const bad = Buffer.concat([
    Buffer.from("D-3,C,Won,300,Jos"),
    Buffer.from([0xe9]),
    Buffer.from(",2026-01-05,2026-01-08\n"),
  ]);
  const pulled = await read({ "deals.csv": Buffer.concat([Buffer.from(`${lines.join("\n")}\n`), bad]) }, "deals.csv");
  expect(companies(pulled)).toEqual(["Jürgen Groß", "Åse Sørli", "Jos\ufffd"]);
  expect(won(pulled)).toHaveLength(3);
  expect(pulled.warnings).toEqual([expect.stringMatching(/^deals\.csv line 4: some bytes are no utf-8/) as string]);
});

it("05-trailing-empty-cells-left-out: a row may end before its empty cells", async () => {
  const text = `${HEAD}\nD-1,A,Won,100,Kari,2026-01-05,2026-01-08\nD-2,B,Lead,200,Kari,2026-01-05\nD-3,C,Lead,300,Kari\n`;
  const pulled = await read({ "deals.csv": text }, "deals.csv");
  expect(pulled.ids).toEqual(["D-1", "D-2", "D-3"]);
  expect(pulled.problems).toEqual([]);
});

it("06-nul-byte: zero bytes are left out and told", async () => {
  const text = `${HEAD}\nD-1,A\u0000cme,Won,100,Ka\u0000ri,2026-01-05,2026-01-08\nD-2,B,Won,200,Ola,2026-01-05,2026-01-08\n`;
  const pulled = await read({ "deals.csv": text }, "deals.csv");
  expect(won(pulled)).toMatchObject([
    { name: "Acme", company: "Kari" },
    { name: "B", company: "Ola" },
  ]);
  expect(pulled.warnings).toEqual(["deals.csv: 2 zero bytes, which no text has, were left out"]);
});

it("07-password-protected-xlsx: is called what it is", async () => {
  const marker = Buffer.concat([
    Buffer.from("d0cf11e0a1b11ae1", "hex"),
    Buffer.alloc(600),
    Buffer.from("EncryptedPackage", "utf16le"),
  ]);
  await expect(read({ "deals.xlsx": marker }, "deals.xlsx")).rejects.toMatchObject({
    code: "csv.file.unreadable",
    message: "deals.xlsx is protected by a password (or by the company's rights management).",
    mend: expect.not.stringContaining(".xlsx") as string,
  });
});

it("08-title-rows-then-semicolons: the delimiter is looked for below header_row", async () => {
  const text =
    "Pipeline report Q1\nGenerated 2026-04-01\n\nID;Deal;Stage;Amount;Owner;Created;Closed\nD-1;A;Won;1.234,50;Kari;2026-01-05;2026-01-08\nD-2;B;Won;1.000,00;Kari;2026-01-05;2026-01-08\n";
  const pulled = await read({ "deals.csv": text }, "deals.csv", { decimal: "," }, { header_row: 4 });
  expect(wonMinor(pulled)).toBe(223_450);
  expect(pulled.problems).toEqual([]);
  // Who forgot header_row is told the line.
  await expect(read({}, "deals.csv", { decimal: "," }, { delimiter: ";" })).rejects.toMatchObject({
    code: "csv.column.missing",
    mend: "Line 4 has all the columns: say header_row: 4 in the mapping.",
  });
});

it("09-duplicate-header: says that a column stands there twice, and which one is read", async () => {
  const text = "ID,Deal,Stage,Amount,Amount,Owner,Created,Closed\nD-1,A,Won,100,900,Kari,2026-01-05,2026-01-08\n";
  const pulled = await read({ "deals.csv": text }, "deals.csv");
  expect(wonMinor(pulled)).toBe(10_000);
  expect(pulled.warnings).toEqual([
    'deals.csv: the column "Amount" stands there more than once; the first one is read. The others are called "Amount (2)"',
  ]);
});

it("13-hidden-first-sheet: the first sheet that can be seen is read, and named", async () => {
  const bytes = book([
    { name: "Old 2024", state: "hidden", rows: [HEAD_CELLS, row("D-9", 99_999)] },
    { name: "Deals", rows: [HEAD_CELLS, row("D-1", 100)] },
  ]);
  const pulled = await read({ "deals.xlsx": bytes }, "deals.xlsx");
  expect(wonMinor(pulled)).toBe(10_000);
  expect(pulled.lines[0]).toBe('info deals.xlsx: reading its first visible sheet "Deals" (hidden: Old 2024)');
});

it("14-emoji-at-the-cut-of-a-message: right, and the message holds no half of a character", async () => {
  const text = `${HEAD}\nD-1,A,Won,100,Kari,2026-01-05,2026-01-08\nD-2,B,Closed after the long demo in spring an🚀 yes,200,Kari,2026-01-05,2026-01-08\nD-3,C,Won,300,Kari,2026-01-05,2026-01-08\n`;
  const pulled = await read({ "deals.csv": text }, "deals.csv");
  expect(pulled.ids).toEqual(["D-1", "D-3"]);
  expect(pulled.problems).toMatchObject([{ at: "deals.csv line 3", code: "csv.row.unknown_stage" }]);
  expect(pulled.problems[0]?.reason).not.toMatch(/[\ud800-\udfff](?![\udc00-\udfff])/);
});

it("15-placeholders-and-totals: right, rows with placeholders are refused unless the mapping says what they stand for", async () => {
  const text = `${HEAD}\nD-1,A,Won,100,Kari,2026-01-05,2026-01-08\nD-2,B,Won,-,N/A,2026-01-05,2026-01-08\nD-3,C,Lead,N/A,Kari,-,-\n\n,,,,,,\nTotal,,,100,,,\n`;
  const pulled = await read({ "deals.csv": text }, "deals.csv");
  expect(pulled.ids).toEqual(["D-1"]);
  expect([...new Set(pulled.problems.map(({ at }) => at))]).toEqual([
    "deals.csv line 3",
    "deals.csv line 4",
    "deals.csv line 7",
  ]);
  const values = { "-": null, "N/A": null };
  const column = (name: string): JsonObject => ({ column: name, values });
  const columns = {
    name: "Deal",
    stage: "Stage",
    value: column("Amount"),
    company: column("Owner"),
    created_at: column("Created"),
    closed_at: column("Closed"),
  };
  const mapped = await read({}, "deals.csv", {}, { columns });
  expect(won(mapped)).toHaveLength(2);
  expect(wonMinor(mapped)).toBe(10_000);
});

it("16-html-saved-as-xls: a web page is called one", async () => {
  const html =
    '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8"></head><body><table><tr><th>ID</th></tr></table></body></html>';
  await expect(read({ "deals.xls": html }, "deals.xls")).rejects.toMatchObject({
    code: "csv.file.unreadable",
    message: "deals.xls is a web page (HTML with a table), no sheet, whatever its name says.",
  });
});

it("17-weekly-snapshots-in-a-folder: the later export counts", async () => {
  const files = {
    "w1.csv": `${HEAD}\nD-1,A,Lead,100,Kari,2026-01-05,\nD-2,B,Lead,200,Kari,2026-01-05,\n`,
    "w2.csv": `${HEAD}\nD-1,A,Won,150,Kari,2026-01-05,2026-01-12\nD-2,B,Lead,200,Kari,2026-01-05,\n`,
  };
  const pulled = await read(files, "w*.csv");
  expect(wonMinor(pulled)).toBe(15_000);
  expect(pulled.ids).toEqual(["D-1", "D-2"]);
  expect(pulled.problems).toEqual([]);
  expect(pulled.lines).toContain("info deals: 2 rows stand again further down or in a later file, which counts");
});

it("18-xlsx-without-cell-refs: cells need not say where they are", async () => {
  const pulled = await read(
    { "deals.xlsx": bookOf([HEAD_CELLS, row("D-1", 100)], { withoutPlaces: true }) },
    "deals.xlsx",
  );
  expect(wonMinor(pulled)).toBe(10_000);
});

it("19-invisible-characters: what looks the same is the same", async () => {
  const text = `${HEAD}\nD-1,A,Won\u200b,100,Kari,2026-01-05,2026-01-08\nD-2,B,Won,200,Kari\u200b,2026-01-05,2026-01-08\nD-3,C,Won,300,Kari,2026-01-05,2026-01-08\n`;
  const pulled = await read({ "deals.csv": text }, "deals.csv");
  expect(won(pulled)).toHaveLength(3);
  expect(companies(pulled)).toEqual(["Kari"]);
});

it("20-long-numeric-ids-xlsx: no digit of an id changes, and what a spreadsheet may have lost is told", async () => {
  const long = (value: string): CellBytes => ({ value });
  const rows = [
    HEAD_CELLS,
    row(long("9007199254740993"), 100),
    row(long("9007199254740992"), 200),
    row({ value: "7", format: "00000" }, 300),
  ];
  const pulled = await read({ "deals.xlsx": bookOf(rows) }, "deals.xlsx");
  expect(pulled.ids).toEqual(["9007199254740993", "9007199254740992", "00007"]);
  expect(won(pulled)).toHaveLength(3);
  expect(pulled.warnings).toEqual([
    expect.stringMatching(/"9007199254740993" and 1 more like it has more than 15 digits/) as string,
  ]);
});

it("21-formula-error-amount: an error, or a formula without a result, is no empty amount", async () => {
  const rows = [
    HEAD_CELLS,
    row("D-1", { value: null, formula: "10*5" }),
    row("D-2", { value: "#DIV/0!", type: "e", formula: "A1/0" }),
    row("D-3", { value: "250", formula: "10*25" }),
  ];
  const pulled = await read({ "deals.xlsx": bookOf(rows) }, "deals.xlsx");
  expect(wonMinor(pulled)).toBe(25_000);
  expect(pulled.problems).toMatchObject([
    {
      at: "deals.xlsx line 2",
      code: "csv.row.error_cell",
      externalId: "D-1",
      reason: expect.stringContaining("a formula without a stored result") as string,
    },
    {
      at: "deals.xlsx line 3",
      code: "csv.row.error_cell",
      externalId: "D-2",
      reason: expect.stringContaining("#DIV/0!") as string,
    },
  ]);
});

it("22-excel-sep-line: a first line that names the delimiter is obeyed, and is no header", async () => {
  const text = "sep=;\r\nID;Deal;Stage;Amount;Owner;Created;Closed\r\nD-1;A;Won;100;Kari;2026-01-05;2026-01-08\r\n";
  expect(wonMinor(await read({ "deals.csv": text }, "deals.csv"))).toBe(10_000);
  expect(wonMinor(await read({}, "deals.csv", {}, { header_row: 2 }))).toBe(10_000);
});

it("23-utf16-without-bom: is told by where its zero bytes stand", async () => {
  const text = `${HEAD}\nD-1,Åse,Won,100,Kari,2026-01-05,2026-01-08\n`;
  const little = Buffer.from(text, "utf16le");
  for (const bytes of [little, Buffer.from(little).swap16()]) {
    const pulled = await read({ "deals.csv": bytes }, "deals.csv");
    expect(won(pulled)).toMatchObject([{ name: "Åse", amountMinor: 10_000 }]);
  }
});

it("24-wrong-date-order: right, a date that cannot be is refused and shown by test", async () => {
  const text = `${HEAD}\nD-1,A,Won,100,Kari,07/30/2026,07/31/2026\nD-2,B,Won,200,Kari,03/04/2026,05/06/2026\n`;
  const shared = { date_format: "dd/MM/yyyy" };
  const pulled = await read({ "deals.csv": text }, "deals.csv", shared);
  expect(pulled.ids).toEqual(["D-2"]);
  expect(pulled.problems).toMatchObject([{ at: "deals.csv line 2" }, { at: "deals.csv line 2" }]);
  const client = {
    files: createFiles(TEST_FOLDERS, NO_UPLOADS),
    allowPrivateNetworks: true,
    signal: new AbortController().signal,
  };
  const result = await csv.check(client, csv.settings.parse(settingsOf("deals.csv", shared)));
  expect(result.warnings[0]).toContain('deals.csv line 2: created_at (column "Created"): "07/30/2026" is no date');
});

it("25-letters-as-currency: a sign is the currency, or a reason to refuse", async () => {
  const amounts = ['"R$ 1,234.50"', '"US$1,234"', '"kr 1 234"', '"1,234.-"', "25k"];
  const text = [
    HEAD,
    ...amounts.map((amount, index) => `D-${index + 1},A,Won,${amount},Kari,2026-01-05,2026-01-08`),
    "",
  ].join("\n");
  const pulled = await read({ "deals.csv": text }, "deals.csv");
  expect(pulled.deals.map(({ amountMinor, currency }) => [amountMinor, currency])).toEqual([
    [123_450, "BRL"],
    [123_400, "USD"],
    [123_400, "EUR"],
    [2_500_000, "EUR"],
  ]);
  expect(pulled.problems).toMatchObject([
    { at: "deals.csv line 4", reason: expect.stringContaining('"kr" may be NOK, SEK, DKK or ISK') as string },
  ]);
  const norwegian = await read({}, "deals.csv", { currency: "NOK" });
  expect(norwegian.deals[2]).toMatchObject({ amountMinor: 123_400, currency: "NOK" });
});

it("27-zip-named-xlsx: an archive with one file is read as the file, one with several is called what it is", async () => {
  const text = `${HEAD}\nD-1,A,Won,100,Kari,2026-01-05,2026-01-08\n`;
  for (const name of ["deals.zip", "deals.xlsx"])
    expect(wonMinor(await read({ [name]: archive({ "deals.csv": text, "__MACOSX/._deals.csv": "x" }) }, name))).toBe(
      10_000,
    );
  await expect(read({ "deals.zip": archive({ "a.csv": text, "b.csv": text }) }, "deals.zip")).rejects.toMatchObject({
    code: "csv.file.unreadable",
    message: "deals.zip is a zip archive with a.csv, b.csv in it.",
  });
});

it("29-nordic-utf16-excel-unicode-text: right, a spreadsheet program's own Unicode text", async () => {
  const text =
    "\ufeffID\tDeal\tStage\tAmount\tOwner\tCreated\tClosed\r\nD-1\tÅse\tWon\t100\tKåri 🚀\t2026-01-05\t2026-01-08\r\n";
  const pulled = await read({ "deals.txt": Buffer.from(text, "utf16le") }, "deals.txt");
  expect(won(pulled)).toMatchObject([{ amountMinor: 10_000, company: "Kåri 🚀" }]);
});

it("30-legacy-8bit-short-files: the encoding is a guess, and told as one", async () => {
  const bytes = Buffer.from(
    `${HEAD}\nD-1,Zak\u00b3ad \u00a3\u00f3d\u009f,Won,100,Pawe\u00b3 Wi\u009cniewski,2026-01-05,2026-01-08\n`,
    "latin1",
  );
  const pulled = await read({ "deals.csv": bytes }, "deals.csv");
  expect(companies(pulled)).toEqual(["Paweł Wiśniewski"]);
  expect(pulled.warnings).toEqual([expect.stringContaining("windows-1250 is a guess by its letters") as string]);
});

it("a folder is read with its packed sheets, and what else may have rows in it is named", async () => {
  await mkdir(path.join(folder, "in"));
  const text = (id: string): string => `${HEAD}\n${id},A,Won,100,Kari,2026-01-05,2026-01-08\n`;
  const files = {
    "in/a.csv": text("D-1"),
    "in/b.csv.gz": gzipSync(text("D-2")),
    "in/old.xls": "x",
    "in/notes.md": "y",
  };
  const pulled = await read(files, "in");
  expect(pulled.ids).toEqual(["D-1", "D-2"]);
  expect(pulled.warnings).toEqual([expect.stringContaining("of the folder in old.xls is not read") as string]);
});

it("a column's name may go over several lines, or have several spaces", async () => {
  const text = `ID,"Deal\nstage",Deal  value\nD-1,Won,100\n`;
  const columns = { stage: "Deal stage", value: "Deal value" };
  expect(wonMinor(await read({ "deals.csv": text }, "deals.csv", {}, { columns }))).toBe(10_000);
});

/** The cases as others have collected them, where they lie beside the checkout. */
const CASES = path.join(import.meta.dirname, "../../../shared/cases/spreadsheets");
type Expected = { readonly [fact: string]: unknown };

/** What holds of a case's own files, by its number; `expected` is what they say of themselves. */
const OWN_FILES: { readonly [number: string]: (read: Reading, expected: Expected) => Promise<void> } = {
  "01": all("won_value_eur", "won", "rejected"),
  "03": async (read) => {
    const { deals, problems } = await read();
    expect([deals, problems.length]).toEqual([[], 3]);
  },
  "04": async (read, expected) => {
    const pulled = await read();
    expect(companies(pulled)).toEqual(expect.arrayContaining(expected["companies"] as string[]));
    expect(won(pulled)).toHaveLength(expected["won"] as number);
    expect(pulled.warnings).toHaveLength(1);
  },
  "05": all("deals", "rejected"),
  "06": all("won"),
  "07": refused(/protected by a password/),
  "08": all("won_value_eur", "rejected"),
  "09": warned(/"Amount" stands there more than once/),
  // The second file of 10 and of 12 tells something only beside the first (test/integration/damage.test.ts).
  "10": async (read, expected) => hold(await read(), expected["first"] as Expected, ["won_value_eur", "won"]),
  "12": async (read, expected) => hold(await read(), expected["first"] as Expected, ["won"]),
  "13": all("won_value_eur"),
  // By its notes; its list of what is expected counts one of the two deals alone.
  "14": async (read, expected) => {
    const pulled = await read();
    hold(pulled, expected, ["rejected"]);
    expect(pulled.ids).toEqual(["D-1", "D-3"]);
  },
  "15": async (read) => {
    const { ids, problems } = await read();
    expect([ids, new Set(problems.map(({ at }) => at)).size]).toEqual([["D-1"], 3]);
  },
  "16": refused(/a web page \(HTML/),
  "17": all("won", "won_value_eur"),
  "18": all("won_value_eur"),
  "19": all("won", "companies"),
  "20": all("won"),
  "21": async (read) => {
    const { deals, problems } = await read();
    expect([deals.map(({ amountMinor }) => amountMinor), problems.length]).toEqual([[25_000], 2]);
  },
  "22": all("won_value_eur"),
  "23": all("won_value_eur"),
  "24": async (read) => {
    const { ids, problems } = await read();
    expect([ids, problems.every(({ at }) => at.endsWith("line 2"))]).toEqual([["D-2"], true]);
  },
  "25": async (read) => {
    const { deals, problems } = await read();
    expect([deals.length, problems.length]).toEqual([4, 1]);
  },
  // An archive with one file is read as the file.
  "27": async (read) => expect(won(await read()).length).toBeGreaterThan(0),
  "29": async (read, expected) => {
    const pulled = await read();
    hold(pulled, expected, ["won_value_eur"]);
    expect(companies(pulled)).toEqual([expected["company"]]);
  },
  "30": async (read, expected) => {
    const pulled = await read();
    expect(companies(pulled)).toEqual([expected["company"]]);
    expect(pulled.warnings).toEqual([expect.stringContaining("is a guess") as string]);
  },
};
type Reading = () => Promise<PulledRows>;

function hold(pulled: PulledRows, expected: Expected, facts: readonly string[]): void {
  const found: Expected = {
    won: won(pulled).length,
    won_value_eur: wonMinor(pulled) / 100,
    deals: pulled.deals.length,
    rejected: new Set(pulled.problems.map(({ at }) => at)).size,
    companies: companies(pulled),
  };
  for (const fact of facts) expect([fact, found[fact]]).toEqual([fact, expected[fact]]);
}

function all(...facts: readonly string[]): (read: Reading, expected: Expected) => Promise<void> {
  return async (read, expected) => hold(await read(), expected, facts);
}

function warned(pattern: RegExp): (read: Reading) => Promise<void> {
  return async (read) => expect((await read()).warnings).toEqual([expect.stringMatching(pattern) as string]);
}

function refused(pattern: RegExp): (read: Reading) => Promise<void> {
  return (read) => expect(read()).rejects.toThrow(pattern);
}

describe.skipIf(!existsSync(CASES))("the files of the cases themselves", async () => {
  const folders = existsSync(CASES) ? await readdir(CASES) : [];

  it("are all held against something", () => {
    expect(folders.map((name) => name.slice(0, 2))).toEqual(Object.keys(OWN_FILES).toSorted());
  });

  it.each(folders)("%s", async (name) => {
    expect.hasAssertions();
    const own = path.join(CASES, name);
    const config = parse(await readFile(path.join(own, "tributary.yaml"), "utf8")) as {
      readonly connections: readonly [{ readonly settings: JsonObject }];
    };
    const expected = JSON.parse(await readFile(path.join(own, "expected.json"), "utf8")) as Expected;
    const settings = csv.resolvePaths?.(config.connections[0].settings, own) ?? {};
    await OWN_FILES[name.slice(0, 2)]?.(() => pullRows(settings, "deals"), expected);
  });
});

describe("other files of these kinds", () => {
  const shown = (pulled: PulledRows): readonly string[] =>
    pulled.deals.map(({ externalId, name, company, amountMinor }) =>
      [externalId, name, company, amountMinor === null ? "-" : amountMinor / 100].join("|"),
    );
  const oneRow = (cells: string): string => `${HEAD}\n${cells}\nD-2,B,Won,7,Ola,2026-01-05,2026-01-08\n`;

  it.each([
    ["texts written as formulas", '="0012",="Acme",Won,="5",Kari,2026-01-05,2026-01-08', "0012|Acme|Kari|5"],
    ["such texts in quotes", '"=""D-1""",A,Won,"=""1,000""",Kari,2026-01-05,2026-01-08', "D-1|A|Kari|1000"],
    [
      "spaces before quotes",
      'D-1, "Smith, Inc", Won, "1,000", "Kari" , 2026-01-05, 2026-01-08',
      "D-1|Smith, Inc|Kari|1000",
    ],
  ])("%s are read", async (_name, cells, expected) => {
    const pulled = await read({ "deals.csv": oneRow(cells) }, "deals.csv");
    expect(shown(pulled)).toEqual([expected, "D-2|B|Ola|7"]);
    expect([pulled.problems, pulled.warnings]).toEqual([[], []]);
  });

  it.each([
    ["windows-1251", "Иванов Пётр"],
    ["koi8-r", "Иванов Пётр"],
    ["iso-8859-7", "Γιώργος Παπαδόπουλος"],
    ["iso-8859-8", "ישראל כהן"],
    ["windows-1256", "محمد علي"],
    ["windows-1252", "ÉÈÀ SOCIÉTÉ"],
    ["windows-1252", "Øystein Ærø"],
  ])("a short file in %s is read by its alphabet, and told as a guess: %s", async (encoding, company) => {
    const text = oneRow(`D-1,A,Won,5,${company},2026-01-05,2026-01-08`);
    const pulled = await read({ "deals.csv": iconv.encode(text, encoding) }, "deals.csv");
    expect(companies(pulled)).toEqual([company, "Ola"]);
    expect(pulled.warnings).toEqual([expect.stringContaining("is a guess by its letters") as string]);
  });

  it("the mark that ends a text under DOS is no row, and no missing end", async () => {
    const pulled = await read(
      { "deals.csv": `${oneRow("D-1,A,Won,5,Kari,2026-01-05,2026-01-08")}\u001a` },
      "deals.csv",
    );
    expect(shown(pulled)).toEqual(["D-1|A|Kari|5", "D-2|B|Ola|7"]);
    expect(pulled.problems).toEqual([]);
  });

  it("a long number that a spreadsheet program has shortened is no key, also where it ends in zeros", async () => {
    const pulled = await read({ "deals.csv": oneRow("1E+10,A,Won,5,Kari,2026-01-05,2026-01-08") }, "deals.csv");
    expect(pulled.problems).toMatchObject([{ code: "csv.row.bad_key", at: "deals.csv line 2" }]);
  });

  it("a header below a title is found to be named, whatever divides the title", async () => {
    const text = `Pipeline, as of today\n\n${oneRow("D-1,A,Won,5,Kari,2026-01-05,2026-01-08").replaceAll(",", ";")}`;
    await expect(read({ "deals.csv": text }, "deals.csv")).rejects.toMatchObject({
      code: "csv.column.missing",
      mend: "Line 3 has all the columns: say header_row: 3 in the mapping.",
    });
    expect(shown(await read({}, "deals.csv", {}, { header_row: 3 }))).toEqual(["D-1|A|Kari|5", "D-2|B|Ola|7"]);
  });

  it("cells that are merged over several rows are told of, a merged title is not", async () => {
    const parts = bookParts([
      { name: "Deals", rows: [["Deals of 2026"], HEAD_CELLS, row("D-1", 1), row("D-2", 2), row("D-3", 3)] },
    ]);
    const sheet = "xl/worksheets/sheet1.xml";
    const merges = '<mergeCells><mergeCell ref="A1:G1"/><mergeCell ref="E3:E4"/></mergeCells>';
    const withMerges = (parts[sheet] ?? "").replace("</sheetData>", `</sheetData>${merges}`);
    const pulled = await read(
      { "deals.xlsx": archive({ ...parts, [sheet]: withMerges }) },
      "deals.xlsx",
      {},
      { header_row: 2 },
    );
    expect(pulled.warnings).toEqual([expect.stringContaining("merged over several rows (E3:E4)") as string]);
  });
});
