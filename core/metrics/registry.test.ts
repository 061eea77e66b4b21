import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METRICS } from "./registry.ts";

const PAGE = new URL("../../docs/kpis.md", import.meta.url);
const [BEGIN, END] = ["<!-- the KPIs: written by core/metrics/registry.test.ts -->", "<!-- end of the KPIs -->"];

test("ids are unique and stable in form", () => {
  const ids = METRICS.map((metric) => metric.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9_]*$/);
});

test("docs/kpis.md has every KPI as the registry describes it (UPDATE=1 writes it anew)", () => {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = METRICS.map(
    ({ id, question, formula, unit, better }) =>
      `| \`${id}\` | ${cell(question)} | ${cell(formula)} | ${unit} | ${better ?? ""} |`,
  );
  const table = ["| id | question | formula | unit | better |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
  if (process.env["UPDATE"] === "1") {
    const [before, , after] = parts();
    writeFileSync(PAGE, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
  }
  const [, between] = parts();
  expect(plain(between)).toBe(plain(table));
});

/** The page before the table, the table, and the page after it. */
function parts(): readonly [string, string, string] {
  const [before = "", rest = ""] = readFileSync(PAGE, "utf8").split(BEGIN);
  const [between = "", after = ""] = rest.split(END);
  return [before, between, after];
}

/** Without the widths that the formatter gives to a table's columns. */
function plain(text: string): string {
  return text.replaceAll(/ +/g, " ").replaceAll(/-+/g, "-").trim();
}
