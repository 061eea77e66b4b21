import fc from "fast-check";
import { expect, test } from "vitest";
import { fromStorable, fromStorableJson, toStorable, toStorableJson, toVisible } from "./text.ts";

// The same examples each time: no test depends on chance.
fc.configureGlobal({ seed: 20_261_201 });

/** Any UTF-16, and much of what is hard: NUL, halves of pairs, the mark, backslashes that look like escapes. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\0",
        "\ud83d",
        "\ude00",
        "😀",
        "\u241b",
        "\u241b0000",
        "\\",
        "\\u0000",
        "\\u241b",
        "u0000",
        '"',
        "0000",
        "D83D",
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

test("any text comes back to the letter, and what is stored holds no NUL and no half of a pair", () => {
  fc.assert(
    fc.property(text, (said) => {
      const stored = toStorable(said);
      expect(stored).not.toContain("\0");
      expect(Buffer.from(stored, "utf8").toString("utf8")).toBe(stored);
      expect(fromStorable(stored)).toBe(said);
    }),
  );
});

test("any JSON comes back to the letter, and what is stored holds no escape that jsonb refuses", () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.integer())), (said) => {
      const json = JSON.stringify(said);
      const stored = toStorableJson(json);
      expect(stored.replaceAll("\\\\", "")).not.toMatch(/\\u(0000|d[89a-f])/i);
      expect(toStorableJson(stored)).toBe(stored);
      expect(JSON.parse(fromStorableJson(stored))).toEqual(said);
      // `jsonb` writes every character that needs no escape as itself.
      expect(JSON.parse(fromStorableJson(JSON.stringify(JSON.parse(stored))))).toEqual(said);
    }),
  );
});

test("ordinary text stays as it is: emoji, tabs, lines, other scripts", () => {
  for (const said of ["", "Fjord\tSupplies\nA/S", "😀 ünï 日本", "\\u0000 as six letters"]) {
    expect(toStorable(said)).toBe(said);
    expect(toVisible(said)).toBe(said);
  }
});

test("what cannot be seen is shown by its number, so that no terminal obeys it", () => {
  expect(toVisible("A\0B\u001b[31m \ud83d😀")).toBe("A␛0000B␛001B[31m ␛D83D😀");
});
