import { expect, test } from "vitest";
import { isKeyOf, isOneOf, keysOf } from "./keys.ts";

test("names are those that are written down, not inherited ones", () => {
  const literal = { won: 1, lost: 2 };
  expect(keysOf(literal)).toEqual(["won", "lost"]);
  expect(["won", "toString", "__proto__"].map((name) => isKeyOf(literal, name))).toEqual([true, false, false]);
  expect(["won", "Won", ""].map((name) => isOneOf(["won", "lost"], name))).toEqual([true, false, false]);
});
