import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortPage } from "./pages.ts";

const same = (row: string): string => row;

describe("a list that is read whole", () => {
  it("comes in pages of any size, each row once and in order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (rows, limit) => {
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let pages = 0; pages <= rows.length; pages += 1) {
          const page = shortPage(rows, { limit, cursor }, same, same);
          seen.push(...page.data);
          if (page.next_cursor === null) break;
          cursor = page.next_cursor;
        }
        expect(seen).toEqual(rows);
      }),
      { seed: 13 },
    );
  });

  it("goes on behind the last row that was given, also when rows have come or gone before it", () => {
    const { next_cursor: cursor } = shortPage(["b", "d", "f"], { limit: 2 }, same, same);
    const next = (rows: readonly string[]): string[] =>
      shortPage(rows, { limit: 2, cursor: cursor ?? undefined }, same, same).data;
    expect(next(["a", "b", "c", "d", "f"])).toEqual(["f"]);
    expect(next(["d", "f"])).toEqual(["f"]);
    // The row itself is gone: its place is what is left to go by.
    expect(next(["b", "e", "f"])).toEqual(["f"]);
  });

  it("refuses a cursor of another list", () => {
    const other = Buffer.from(JSON.stringify(["x"])).toString("base64url");
    expect(() => shortPage(["a"], { limit: 1, cursor: other }, same, same)).toThrow("`cursor` is not one");
  });
});
