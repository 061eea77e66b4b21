import { expect, test } from "vitest";
import { describeOrder, readingOrder, repeatsBetweenFiles, type DatedFile } from "./repeats.ts";
import type { Mapping } from "./settings.ts";

/** @param names in the order of their change. */
function files(names: readonly string[], more: Partial<Mapping> = {}): readonly DatedFile[] {
  const mapping: Mapping = { from: "x", key: "id", columns: {}, ...more };
  const byName = new Intl.Collator("en", { numeric: true });
  return names
    .map((name, index) => ({
      mapping,
      location: { kind: "file", path: `/sheets/${name}`, shown: name } as const,
      mtimeMs: index,
    }))
    .toSorted((a, b) => byName.compare(a.location.shown, b.location.shown));
}

test.each([
  ["weeks, the tenth after the ninth", ["w9.csv", "w10.csv"]],
  ["days from the year on", ["deals-2025-12-29.csv", "deals-2026-01-05.csv"]],
  ["days with the year at the end, as in Europe", ["deals-31.01.2026.csv", "deals-01.02.2026.csv"]],
  ["days with the year at the end, as in the United States", ["deals-01-31-2026.csv", "deals-02-01-2026.csv"]],
  ["days with the year at the end, in one number", ["deals-31012026.csv", "deals-01022026.csv"]],
  ["days in one number", ["d20251231.csv", "d20260105.csv"]],
  ["weeks before their year", ["w52-2025.csv", "w1-2026.csv"]],
  ["months before their year, with a time after it", ["12-2025 0900.csv", "01-2026 0700.csv"]],
  ["copies that a browser has numbered", ["export.csv", "export (2).csv", "export (10).csv"]],
  ["packed files", ["w9.csv.gz", "w10.csv.gz"]],
])("of %s the last one is the latest, whatever the times of their change say", (_, names) => {
  const own = files([...names].reverse());
  expect(own[0] === undefined ? null : repeatsBetweenFiles(own[0].mapping, own)).toBe("last");
  expect(readingOrder(own).map(({ location }) => location.shown)).toEqual([...names].reverse());
  expect(describeOrder(own)).toEqual([`of ${names.length} snapshots the latest is ${names.at(-1)}, by name`]);
});

test("where names do not tell which is later, the time of change does, and it is said", () => {
  for (const [names, more] of [
    [["export-02-01-2026.csv", "export-01-02-2026.csv"], {}],
    [["old.csv", "new.csv"], { repeated_keys: "last" }],
    [["w2.csv", "w1.csv"], { latest_file: "time" }],
  ] as const) {
    const own = files(names, more);
    expect(readingOrder(own)[0]?.location.shown).toBe(names[1]);
    expect(describeOrder(own)).toEqual([`of 2 snapshots the latest is ${names[1]}, by time of change`]);
  }
  expect(
    readingOrder(files(["b.csv", "a.csv"], { repeated_keys: "last", latest_file: "name" }))[0]?.location.shown,
  ).toBe("b.csv");
});

test("files of different names are no snapshots unless somebody says so", () => {
  const own = files(["north.csv", "south.csv"]);
  expect(own[0] === undefined ? null : repeatsBetweenFiles(own[0].mapping, own)).toBe("report");
  expect(readingOrder(own)).toEqual(own);
  expect(describeOrder(own)).toEqual([]);
});
