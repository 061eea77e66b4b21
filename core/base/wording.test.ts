import { expect, test } from "vitest";
import { z } from "zod";
import "./wording.ts";

const cases: readonly (readonly [z.ZodType, unknown, string])[] = [
  [z.string().max(60), "x".repeat(61), "expected at most 60 characters"],
  [z.string().min(1), "", "expected a text that is not empty"],
  [z.number().int().min(1), 0, "expected at least 1"],
  [z.number().positive(), 0, "expected more than 0"],
  [z.int(), 1.5, "expected a whole number"],
  [z.array(z.string()).max(1), ["a", "b"], "expected at most 1 entries"],
  [z.string(), 5, "expected a text"],
  [z.boolean(), "yes", "expected true or false"],
  [z.record(z.string(), z.string()), [], "expected a map"],
  [z.enum(["day", "week", "month"]), "hour", "expected one of day, week, month"],
  [z.email(), "me", "expected an e-mail address"],
  [z.uuid(), "me", "expected an id (a UUID)"],
  [z.iso.datetime(), "me", "expected an instant such as 2026-01-31T09:00:00Z"],
  [z.strictObject({ a: z.string() }), { a: "", b: 1 }, "unknown: b"],
  [z.union([z.string(), z.number()]), true, "it has none of the forms that are allowed"],
];

test.each(cases.map(([schema, value, said], index) => ({ index, schema, value, said })))(
  "says what was expected, in words: $said",
  ({ schema, value, said }) => {
    expect(schema.safeParse(value).error?.issues[0]?.message).toBe(said);
  },
);

test("what a schema says itself goes before it", () => {
  expect(z.string("a name, please").safeParse(1).error?.issues[0]?.message).toBe("a name, please");
});
