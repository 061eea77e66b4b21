import { expect, it } from "vitest";
import { z } from "zod";
import { fieldsOf, problemsOf, readFields, renderFields } from "./form.ts";

const settings = z.object({
  region: z.enum(["us", "eu"]).describe("Where the account is"),
  address: z.url().optional(),
  page_size: z.number().int().default(100),
  is_deep: z.boolean().default(false),
  skip: z.array(z.string()).default([]),
  mapping: z.record(z.string(), z.string()),
});

it("has a field for every property of the schema, of the kind that fits", () => {
  expect(fieldsOf(settings).map(({ name, kind, isRequired }) => [name, kind.type, isRequired])).toEqual([
    ["region", "select", true],
    ["address", "text", false],
    ["page_size", "number", false],
    ["is_deep", "checkbox", false],
    ["skip", "lines", false],
    ["mapping", "json", true],
  ]);
});

it("reads back what was typed, and leaves out what was left empty", () => {
  const body = {
    "settings.region": "eu",
    "settings.address": "",
    "settings.page_size": "50",
    "settings.skip": "a\r\n b \n\n",
    "settings.mapping": '{"x": "y"}',
    "settings.unknown": "1",
  };
  expect(readFields(fieldsOf(settings), "settings", body)).toEqual({
    region: "eu",
    page_size: 50,
    is_deep: false,
    skip: ["a", "b"],
    mapping: { x: "y" },
  });
});

it("says at the field what is wrong with it", () => {
  const problems = problemsOf(settings, { region: "mars", page_size: 1.5, mapping: { a: 1 } });
  expect([...problems.keys()].toSorted()).toEqual(["mapping", "page_size", "region"]);
  expect(problems.get("mapping")).toMatch(/^a: /);
});

it("never shows a secret back, and escapes what it shows", () => {
  const schema = z.object({ api_key: z.string(), note: z.string() });
  const state = { group: "g", values: { api_key: "hunter2", note: '"><script>' }, problems: new Map() };
  expect(renderFields(fieldsOf(schema), { ...state, isSecret: true }).markup).not.toContain("hunter2");
  const shown = renderFields(fieldsOf(schema), { ...state, isSecret: false }).markup;
  expect(shown).not.toContain("<script>");
  expect(shown).toContain("&quot;&gt;&lt;script&gt;");
});
