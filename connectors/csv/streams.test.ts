import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { pullRows, type PulledRows } from "../../test/support/pulled-rows.ts";
import { book, serialOf, type CellBytes } from "../../test/support/workbook-bytes.ts";
import { createFiles } from "../../core/land/files.ts";
import { csv } from "./index.ts";

// A thread starts where a workbook is read: a machine that does much else takes its time.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "csv-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SALES = { Sales: { stages: ["Lead", "Offer"], won: ["Won"], lost: ["Lost"] } };
const DEALS = { key: "Id", columns: { stage: "Stage", value: "Value", created_at: "Opened", closed_at: "Closed" } };

const pull = (settings: JsonObject, stream: string, checkpoint: Json = null): Promise<PulledRows> =>
  pullRows(settings, stream, { checkpoint, currency: "USD" });

async function file(name: string, content: string | Buffer): Promise<string> {
  const target = path.join(folder, name);
  await writeFile(target, content);
  return target;
}

const dayCell = (day: string): CellBytes => ({ value: String(serialOf(day)), format: "m/d/yy" });

const deals = (from: string, more: JsonObject = {}, settings: JsonObject = {}): JsonObject => ({
  pipelines: SALES,
  ...settings,
  tables: { deals: { from, ...DEALS, ...more } },
});

describe("a row that cannot be read", () => {
  const TEXT = [
    "Id,Stage,Value,Opened,Closed",
    "a,Won,10.50,2026-01-01,2026-01-05",
    "b,Negotiation,1,2026-01-01,",
    "c,Lost,1,01/02/2026,2026-01-05",
    'd,Lead,"1,5",2026-01-01,',
    ",Lead,1,2026-01-01,",
    "a,Lead,1,2026-01-01,",
    "e,Lead,1",
    '"f","Lead","1","2026-01-01","',
    'multi"',
    "g,Offer,3,2026-01-01,",
    "",
  ].join("\n");

  it("is named with file, line, column, value and reason, and the rest comes through", async () => {
    const { ids, problems } = await pull(deals(await file("deals.csv", TEXT)), "deals");
    // f: its Closed is a text with a line break, which an open deal's reading never looks at.
    // e: exports leave out empty cells at the end of a row.
    expect(ids).toEqual(["a", "e", "f", "g"]);
    expect(problems).toEqual([
      {
        code: "csv.row.unknown_stage",
        at: "deals.csv line 3",
        externalId: "b",
        reason:
          'stage (column "Stage"): "Negotiation" is none of Lead, Offer, Won, Lost; add it under settings.pipelines or map it under values',
      },
      {
        code: "csv.row.bad_date",
        at: "deals.csv line 4",
        externalId: "c",
        reason: 'created_at (column "Opened"): "01/02/2026" is no date of the form iso',
      },
      {
        code: "csv.row.bad_amount",
        at: "deals.csv line 5",
        externalId: "d",
        reason:
          'value (column "Value"): "1,5" is no number with decimal "."; where "," is the decimal point, say decimal: ","',
      },
      { code: "csv.row.missing_key", at: "deals.csv line 6", reason: "the key (column Id) is empty" },
      {
        code: "csv.row.duplicate_key",
        at: "deals.csv line 7",
        externalId: "a",
        reason: "the key a has occurred further up",
      },
    ]);
  });

  it("names the line a row starts on, below quoted line breaks and empty lines", async () => {
    const text = 'Id,Stage,Value,Opened,Closed\r\n"x\r\ny",Lead,1,,\r\n\r\nbad,Nope,1,,\r\n';
    const { ids, problems } = await pull(deals(await file("d.csv", text)), "deals");
    expect(ids).toEqual(["x\r\ny"]);
    expect(problems.map((problem) => problem.at)).toEqual(["d.csv line 5"]);
  });

  it("stops the pull where a quote is never closed, since the rows below cannot be told apart", async () => {
    const text = 'Id,Stage,Value,Opened,Closed\na,Lead,1,,\nb,"Lead,1,,\nc,Lead,1,,\n';
    await expect(pull(deals(await file("d.csv", text)), "deals")).rejects.toMatchObject({
      code: "csv.file.quotes",
      message: expect.stringContaining("line 3") as string,
    });
  });
});

describe("a deal", () => {
  it("opens, closes, and names its rep, company and stage as the mapping says", async () => {
    const from = await file(
      "d.csv",
      "Id;Stage;Value;Opened;Closed;Who;Firm;Item\n7;Gewonnen;1.054,50 €;20.10.2016;1.3.2017; Ada ;;GTXPro\n",
    );
    const { facts } = await pull(
      deals(
        from,
        {
          date_format: "d.M.yyyy",
          decimal: ",",
          currency: "EUR",
          columns: {
            ...DEALS.columns,
            stage: { column: "Stage", values: { Gewonnen: "Won" } },
            rep: "Who",
            company: "Firm",
          },
          attributes: { product: { column: "Item", values: { GTXPro: "GTX Pro" } } },
        },
        {},
      ),
      "deals",
    );
    expect(facts).toHaveLength(2);
    expect(facts[0]).toMatchObject({
      kind: "deal",
      externalId: "7",
      status: "won",
      pipeline: "Sales",
      stage: "Sales/Won",
      amountMinor: 105_450,
      currency: "EUR",
      rep: "Ada",
      company: null,
      createdAt: { day: "2016-10-20" },
      closedAt: { day: "2017-03-01" },
      attributes: { product: "GTX Pro" },
    });
    expect(facts[1]).toMatchObject({ kind: "rep", externalId: "Ada", isMention: true, name: "Ada" });
  });

  it("says of a change only what its cells say", async () => {
    const from = await file("c.csv", "Deal,At,To,Amount\n7,2026-01-05,Offer,\n7,2026-01-09,,99\n");
    const tables = {
      deal_changes: {
        from,
        key: ["Deal", "At"],
        columns: { deal: "Deal", changed_at: "At", stage: "To", value: "Amount" },
      },
    };
    const { ids, facts } = await pull({ pipelines: SALES, tables }, "deal_changes");
    expect(ids).toEqual(["7|2026-01-05", "7|2026-01-09"]);
    expect(facts).toMatchObject([
      {
        deal: "7",
        changedAt: { day: "2026-01-05" },
        after: { status: "open", pipeline: "Sales", stage: "Sales/Offer" },
      },
      { deal: "7", changedAt: { day: "2026-01-09" }, after: { amountMinor: 9900, currency: "USD" } },
    ]);
    expect(Object.keys((facts[1] as { after: object }).after).toSorted()).toEqual(["amountMinor", "currency"]);
  });
});

describe("reading again", () => {
  const HEAD = "Id,Stage,Value,Opened,Closed\n";

  it("gives no page and says so while nothing has changed, also when the file was only touched", async () => {
    const from = await file("d.csv", `${HEAD}a,Lead,1,,\n`);
    const first = await pull(deals(from), "deals");
    expect(first.ids).toEqual(["a"]);
    const second = await pull(deals(from), "deals", first.checkpoint);
    expect(second.pages).toEqual([]);
    expect(second.lines).toEqual(["info deals: no file has changed since the last pull (1 rows)"]);
    await writeFile(from, `${HEAD}a,Lead,1,,\n`);
    expect((await pull(deals(from), "deals", first.checkpoint)).pages).toEqual([]);
  });

  it("gives the same record for a row that only moved down", async () => {
    const from = await file("d.csv", `${HEAD}a,Lead,1,,\n`);
    const before = (await pull(deals(from), "deals")).pages.flatMap((page) => page.records);
    await writeFile(from, `${HEAD}new,Lead,2,,\na,Lead,1,,\n`);
    const after = (await pull(deals(from), "deals")).pages.flatMap((page) => page.records);
    expect(after[1]).toEqual(before[0]);
  });

  it("begins a new listing and lists everything when one of several files has changed or gone", async () => {
    await file("north.csv", `${HEAD}a,Lead,1,,\n`);
    const two = await file("south.csv", `${HEAD}b,Lead,1,,\n`);
    const first = await pull(deals(folder), "deals");
    await appendFile(two, "c,Lead,1,,\n");
    const second = await pull(deals(folder), "deals", first.checkpoint);
    expect(second.ids).toEqual(["a", "b", "c"]);
    expect(second.pages.map((page) => page.startsListing)).toEqual([true]);
    await rm(two);
    expect((await pull(deals(folder), "deals", second.checkpoint)).ids).toEqual(["a"]);
  });

  it("reads again when the mapping has changed", async () => {
    const from = await file("d.csv", `${HEAD}a,Lead,1,,\n`);
    const first = await pull(deals(from), "deals");
    expect((await pull(deals(from, { currency: "EUR" }), "deals", first.checkpoint)).ids).toEqual(["a"]);
  });

  it("goes on below the last row that landed when it was interrupted, unless the file is another by now", async () => {
    const rows = Array.from({ length: 600 }, (_unused, index) => `d${index},Lead,1,,\n`).join("");
    // A repetition of a row of the first page, on the last one.
    const from = await file("d.csv", `${HEAD}${rows}d0,Lead,2,,\n`);
    const whole = await pull(deals(from), "deals");
    expect(whole.pages.map((page) => page.records.length)).toEqual([250, 250, 100]);
    const rest = await pull(deals(from), "deals", whole.pages[0]?.checkpoint ?? null);
    expect(rest.ids).toEqual(whole.ids.slice(250));
    expect(rest.problems).toEqual(whole.problems);
    expect(rest.pages.map((page) => page.startsListing)).toEqual([false, false]);
    await appendFile(from, "new,Lead,1,,\n");
    const anew = await pull(deals(from), "deals", whole.pages[0]?.checkpoint ?? null);
    expect(anew.ids).toHaveLength(601);
    expect(anew.pages.map((page) => page.startsListing)).toEqual([true, false, false]);
  });
});

describe("files of any kind", () => {
  const expected = [{ kind: "company", externalId: "Zürich Łódź", name: "Zürich Łódź" }];
  const companies = (from: string, more: JsonObject = {}): JsonObject => ({
    tables: { companies: { from, key: "Firma", columns: { name: "Firma", url: "Seite" }, ...more } },
  });

  it("reads UTF-8 with and without a byte-order mark, and UTF-16", async () => {
    const text = "Firma\tSeite\nZürich Łódź\thttps://x.example\n";
    const names = ["a.csv", "b.csv", "c.txt"];
    const contents = [Buffer.from(text), Buffer.from(`\ufeff${text}`), Buffer.from(`\ufeff${text}`, "utf16le")];
    for (const [index, name] of names.entries()) {
      const { facts } = await pull(companies(await file(name, contents[index] ?? "")), "companies");
      expect(facts).toMatchObject(expected);
    }
  });

  it("tells an 8-bit encoding from UTF-8, and believes a named one", async () => {
    const latin = Buffer.from("Firma;Seite\nMüller & Söhne, Zürich;x\nCafé Größe;y\n", "latin1");
    const from = await file("l.csv", latin);
    const { ids, lines } = await pull(companies(from), "companies");
    expect(ids).toEqual(["Müller & Söhne, Zürich", "Café Größe"]);
    expect(lines[0]).toContain('windows-1252, delimiter ";"');
    const cp1250 = await file(
      "p.csv",
      Buffer.from([...Buffer.from("Firma;Seite\n"), 0xa3, 0xf3, 0x64, 0x9f, ...Buffer.from(";x\n")]),
    );
    expect((await pull(companies(cp1250, { encoding: "windows-1250" }), "companies")).ids).toEqual(["Łódź"]);
  });

  it("finds the delimiter that divides the rows evenly, though others occur in them", async () => {
    const text = "Firma;Seite;Umsatz\nA, B, C;x;1,5\nD;y;2,5\nE, F;z;3,5\n";
    expect((await pull(companies(await file("s.csv", text)), "companies")).ids).toEqual(["A, B, C", "D", "E, F"]);
  });

  it("reads a sheet of a workbook: numbers exactly, date cells as days", async () => {
    const from = await file(
      "book.xlsx",
      book([
        { name: "Notes", rows: [["nothing"]] },
        {
          name: "Deals",
          rows: [
            ["Id", "Stage", "Value", "Opened", "Closed"],
            [1, "Won", 1054.1, dayCell("2016-10-20"), dayCell("2017-03-01")],
            ["2", "Lead", null, "soon", null],
          ],
        },
      ]),
    );
    const { facts, problems } = await pull(deals(from, { sheet: "Deals", date_format: "M/d/yyyy" }), "deals");
    expect(facts).toMatchObject([
      { externalId: "1", amountMinor: 105_410, createdAt: { day: "2016-10-20" }, closedAt: { day: "2017-03-01" } },
    ]);
    expect(problems.map((problem) => problem.at)).toEqual(["book.xlsx line 3"]);
    await expect(pull(deals(from, { sheet: "Deal" }), "deals")).rejects.toMatchObject({ code: "csv.file.sheet" });
  });

  it("skips lines above the header, and numbers the columns where there is none", async () => {
    const above = await file("a.csv", "Report of today\n\nFirma,Seite\nA,x\n");
    expect((await pull(companies(above, { header_row: 3 }), "companies")).ids).toEqual(["A"]);
    const none = await file("n.csv", "A,x\nB,y\n");
    const { ids } = await pull(companies(none, { header_row: 0, key: "1", columns: { name: "1" } }), "companies");
    expect(ids).toEqual(["A", "B"]);
  });

  it("names the file and its columns when one is missing, and the path when the file is", async () => {
    await expect(pull(companies(await file("m.csv", "Firm,Site\nA,x\n")), "companies")).rejects.toMatchObject({
      code: "csv.column.missing",
      kind: "config",
      message: 'm.csv has no column "Firma", "Seite". Its columns: Firm, Site.',
    });
    const gone = path.join(folder, "gone.csv");
    await expect(pull(companies(gone), "companies")).rejects.toMatchObject({
      code: "csv.file.missing",
      message: `${gone} does not exist.`,
    });
  });
});

it("makes teams out of a list of reps, one for each, and reads rows that are written in the mapping", async () => {
  const from = await file("r.csv", "Rep,Boss\nAda,Grace\nLin,Grace\nMae,Rosa\n");
  const tables = {
    reps: {
      rows: [{ mail: "Ada@example.com", squad: "north" }],
      key: "mail",
      columns: { email: "mail", team: "squad" },
    },
    teams: { from, key: "Boss", repeated_keys: "first", columns: { manager: "Boss" } },
  };
  expect((await pull({ tables }, "teams")).ids).toEqual(["Grace", "Rosa"]);
  expect((await pull({ tables }, "reps")).facts).toMatchObject([
    { kind: "rep", email: "ada@example.com", team: "north" },
    { kind: "team", externalId: "north", isMention: true },
  ]);
});

it("has a different state of files while one is being replaced, and says so rather than mixing two", async () => {
  const from = await file("d.csv", `Id,Stage,Value,Opened,Closed\n${"x,Lead,1,,\n".repeat(1)}`);
  const settings = csv.settings.parse(deals(from));
  const { signal } = new AbortController();
  const log = (_level: string, message: string): void => {
    // The parser is about to read: another process puts a new file in its place.
    if (message.includes("reading as")) swapped = appendFile(from, "y,Lead,1,,\n").then(() => rename(from, from));
  };
  let swapped: Promise<void> = Promise.resolve();
  const pages = csv.streams["deals"]?.pull({
    client: {
      files: createFiles([folder], { find: () => Promise.resolve(null), read: () => Promise.resolve(null) }),
      allowPrivateNetworks: true,
      signal,
    },
    settings,
    workspace: { timeZone: "UTC", currency: "USD" },
    checkpoint: null,
    since: null,
    startedAt: new Date(),
    signal,
    log,
  });
  const drain = async (): Promise<void> => {
    for await (const _page of pages ?? []) await swapped;
    await swapped;
  };
  await expect(drain()).rejects.toMatchObject({ code: "csv.file.changed_while_read", kind: "transient" });
});
