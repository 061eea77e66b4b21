import { fc } from "../../test/support/properties.ts";
import { describe, expect, it } from "vitest";
import { csv } from "./index.ts";
import { createRowReader, readKey, type Cells, type RowReader } from "../_rows/row-reader.ts";
import type { Mapping, Settings } from "./settings.ts";
import type { Cell } from "../_rows/values.ts";

const COLUMNS = {
  value: "Value",
  created_at: "At",
  probability: "Share",
  name: "Name",
  status: "Yes",
  currency: "Money",
};

function readerOf(cells: Cells, shared: object = {}, source: object = {}, currency: string | null = "EUR"): RowReader {
  const deals = { from: "x.csv", key: "Id", columns: COLUMNS, ...source };
  // What the schema gives back is what the connector works with.
  const settings = csv.settings.parse({ tables: { deals }, ...shared }) as Settings;
  const mapping = settings.tables.deals as Mapping;
  return createRowReader(mapping, cells, { settings, timeZone: "UTC", currency }, "x.csv line 2");
}

/** Whatever a connection or a source may say about texts. */
const textSettings = fc.record({
  decimal: fc.constantFrom(undefined, ".", ","),
  date_format: fc.constantFrom("iso", "dd.MM.yyyy", "M/d/yyyy", "yyyyMMdd", "d MMMM yyyy HH:mm"),
  locale: fc.constantFrom("en", "de", "fr", "nb"),
});

describe("a cell with a type, whatever the settings say about texts", () => {
  it("is its amount where it is a number, to the cent", () => {
    fc.assert(
      fc.property(textSettings, fc.integer({ min: -1e12, max: 1e12 }), (shared, minor) => {
        const sign = minor < 0 ? "-" : "";
        const digits = String(Math.abs(minor)).padStart(3, "0");
        const number = `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
        const row = readerOf({ Value: { number } }, shared);
        expect(row.money("value")).toEqual({ amountMinor: minor === 0 ? 0 : minor, currency: "EUR" });
        expect([row.problems, row.notes]).toEqual([[], []]);
      }),
    );
  });

  it("is its fraction where it is a percentage, and its day or time where it is one", () => {
    const day = fc.date({ min: new Date("1900-03-01"), max: new Date("2199-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(textSettings, fc.integer({ min: 0, max: 1000 }), day, (shared, part, date) => {
        const iso = date.toISOString();
        const cells = { Share: { percent: String(part / 1000) }, At: { date: iso.slice(0, 10) } };
        const row = readerOf(cells, shared);
        expect(row.number("probability")).toBe(part / 1000);
        expect(row.isPercentage("probability")).toBe(true);
        expect(row.moment("created_at")).toEqual({ day: iso.slice(0, 10) });
        const timed = readerOf({ At: { date: iso.slice(0, 19) } }, shared);
        expect(timed.moment("created_at")).toEqual({ instant: new Date(`${iso.slice(0, 19)}Z`) });
        expect([...row.problems, ...timed.problems]).toEqual([]);
      }),
    );
  });

  it("is refused in a field of another kind, with what it is", () => {
    const cells: readonly Cell[] = [{ date: "2026-01-05" }, { time: "14:30:00" }, { percent: "0.45" }, { flag: true }];
    fc.assert(
      fc.property(textSettings, fc.constantFrom(...cells), (shared, cell) => {
        const row = readerOf({ Value: cell }, shared);
        expect(row.money("value")).toBeNull();
        expect(row.problems).toMatchObject([{ code: "csv.row.bad_amount" }]);
      }),
    );
    const row = readerOf({ At: { time: "14:30:00" } });
    expect(row.moment("created_at")).toBeNull();
    expect(row.problems[0]?.reason).toBe('created_at (column "At"): "14:30:00" is a time without a date');
    const plain = readerOf({ At: { number: "46027" } });
    expect(plain.moment("created_at")).toBeNull();
    expect(plain.problems[0]?.reason).toContain("format the column as a date");
  });

  it("is no value of any field where it is an error, also as a text", () => {
    const errors: readonly Cell[] = [
      "#DIV/0!",
      "#N/A",
      "#REF!",
      "########",
      { error: "#VALUE!" },
      { error: "a formula without a stored result" },
    ];
    for (const error of errors) {
      const row = readerOf({ Value: error, At: error, Share: error, Name: error });
      const read = [row.money("value"), row.moment("created_at"), row.number("probability"), row.text("name")];
      expect(read).toEqual([null, null, null, null]);
      expect(row.problems.map(({ code }) => code)).toEqual([1, 2, 3, 4].map(() => "csv.row.error_cell"));
    }
    const mapped = readerOf(
      { Name: { error: "#N/A" } },
      {},
      { columns: { ...COLUMNS, name: { column: "Name", values: { "#N/A": null } } } },
    );
    expect([mapped.text("name"), mapped.problems]).toEqual([null, []]);
  });

  it("is refused as a number where digits of it would change", () => {
    for (const cell of ["9007199254740993", { number: "9007199254740993" }]) {
      const row = readerOf({ Share: cell });
      expect(row.number("probability")).toBeNull();
      expect(row.problems).toMatchObject([{ code: "csv.row.bad_number" }]);
      expect(readerOf({ Name: cell }).text("name")).toBe("9007199254740993");
    }
  });

  it("is rounded and told where a number has more decimals than the currency", () => {
    const row = readerOf({ Value: { number: "12.345" } });
    expect(row.money("value")).toEqual({ amountMinor: 1235, currency: "EUR" });
    expect(row.notes).toMatchObject([{ kind: "rounded", example: "12.345" }]);
    expect(readerOf({ Value: { number: "12.34" } }, {}, {}, "JPY").money("value")).toEqual({
      amountMinor: 12,
      currency: "JPY",
    });
  });
});

describe("an amount as text", () => {
  it("is refused where digits would be rounded away, unless the mapping says so", () => {
    const row = readerOf({ Value: "1234.5678" });
    expect(row.money("value")).toBeNull();
    expect(row.problems[0]?.reason).toContain('"1234.5678" has more decimals than EUR (2); round: true');
    expect(readerOf({ Value: "1234.5000" }).money("value")).toEqual({ amountMinor: 123_450, currency: "EUR" });
    const columns = { ...COLUMNS, value: { column: "Value", round: true } };
    const rounded = readerOf({ Value: "1234.5678" }, {}, { columns });
    expect(rounded.money("value")).toEqual({ amountMinor: 123_457, currency: "EUR" });
    expect(rounded.notes).toMatchObject([{ kind: "rounded" }]);
  });

  it("is asked about where its mark may group digits, in a currency with two decimals", () => {
    expect(readerOf({ Value: "12.500" }).money("value")).toBeNull();
    expect(readerOf({ Value: "12.500" }, {}, {}, "KWD").money("value")).toEqual({
      amountMinor: 12_500,
      currency: "KWD",
    });
    expect(readerOf({ Value: "12.500" }, {}, { decimal: "," }).money("value")).toEqual({
      amountMinor: 1_250_000,
      currency: "EUR",
    });
    expect(readerOf({ Value: "0.500" }).money("value")).toEqual({ amountMinor: 50, currency: "EUR" });
  });

  it("has the currency that the cell, the row or the mapping says, in that order, or is refused", () => {
    expect(readerOf({ Value: "US$ 5" }).money("value")).toEqual({ amountMinor: 500, currency: "USD" });
    expect(readerOf({ Value: "5", Money: "NOK" }).money("value")).toEqual({ amountMinor: 500, currency: "NOK" });
    expect(readerOf({ Value: "kr 5", Money: "SEK" }).money("value")).toEqual({ amountMinor: 500, currency: "SEK" });
    expect(readerOf({ Value: "5", Money: "€" }).money("value")).toEqual({ amountMinor: 500, currency: "EUR" });
    expect(readerOf({ Value: { number: "5", currency: "NOK" } }).money("value")).toEqual({
      amountMinor: 500,
      currency: "NOK",
    });
    for (const cells of [
      { Value: "€ 5", Money: "USD" },
      { Value: { number: "5", currency: "€" }, Money: "USD" },
      { Value: "kr 5" },
    ]) {
      const row = readerOf(cells);
      expect(row.money("value")).toBeNull();
      expect(row.problems).toHaveLength(1);
    }
    // Where the workspace is not known, the test of a connection says that it matters.
    const open = readerOf({ Value: "kr 5" }, {}, {}, null);
    open.money("value");
    expect(open.notes).toMatchObject([{ kind: "open_currency" }]);
    const contradiction = readerOf({ Value: "US$ 5" }, {}, { currency: "EUR" });
    expect(contradiction.money("value")).toBeNull();
    expect(contradiction.problems[0]?.reason).toContain('it says "US$", and the mapping or the row says EUR');
  });

  it("of forty-five percent is 0.45 as a number, and no amount", () => {
    for (const text of ["45 %", "45%", "٤٥٪", "４５％"]) {
      expect(readerOf({ Share: text }).number("probability")).toBe(0.45);
      expect(readerOf({ Value: text }).money("value")).toBeNull();
    }
  });
});

describe("a key", () => {
  const key = (cell: Cell): unknown => {
    const read = readKey({ key: "Id", columns: {} }, { Id: cell });
    return read.kind === "key" ? read.id : read.kind;
  };

  it("is what is seen", () => {
    expect(key(" a\u200b\u00a0b\ufeff ")).toBe("a b");
    expect(key("Cafe\u0301")).toBe("Caf\u00e9");
    expect(key({ number: "7", shown: "00007" })).toBe("00007");
    expect(key("می\u200cخواهم")).toBe("می\u200cخواهم");
    expect(key("👩\u200d💻")).toBe("👩\u200d💻");
  });

  it("is refused where digits are lost, or it is an error", () => {
    expect(["1.23457E+15", "1,23E+05", "#N/A", "Jos\ufffd"].map(key)).toEqual(["bad", "bad", "bad", "bad"]);
    expect(["", " \u200b ", "12E", "1E5"].map(key)).toEqual(["empty", "empty", "12E", "1E5"]);
  });
});
