import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MONEY_KPIS } from "../schema/money-kpis.ts";
import { describeMetric, METRICS } from "./registry.ts";

const PAGE = new URL("../../docs/kpis.md", import.meta.url);
const FRENCH = new URL("../../docs/kpis.fr.md", import.meta.url);
const [BEGIN, END] = ["<!-- the KPIs: written by core/metrics/registry.test.ts -->", "<!-- end of the KPIs -->"];

test("ids are unique and stable in form", () => {
  const ids = METRICS.map((metric) => metric.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9_]*$/);
});

test("goals are read as money for the KPIs that are amounts", () => {
  const money = METRICS.filter(({ unit }) => unit === "money" || unit === "money_per_day").map(({ id }) => id);
  expect([...MONEY_KPIS]).toEqual(money.toSorted());
});

test("every KPI has its title, question and formula in French; other languages get English", () => {
  const missing = METRICS.filter((metric) => {
    const french = describeMetric(metric, "fr-FR");
    const isOther = french.question !== metric.question && french.formula !== metric.formula;
    return french.title === "" || french.question === "" || french.formula === "" || !isOther;
  });
  expect(missing.map(({ id }) => id)).toEqual([]);
  for (const metric of METRICS) expect(describeMetric(metric, "de").title).toBe(metric.title);
});

test("docs/kpis.md has every KPI as the registry describes it (UPDATE=1 writes it anew)", () => {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = METRICS.map(
    ({ id, question, formula, unit, better }) =>
      `| \`${id}\` | ${cell(question)} | ${cell(formula)} | ${unit} | ${better ?? ""} |`,
  );
  const table = ["| id | question | formula | unit | better |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
  expect(tableOf(PAGE, table)).toBe(plain(table));
});

test("docs/kpis.fr.md has them in French", () => {
  const rows = METRICS.map((metric) => {
    const { title, question, formula } = describeMetric(metric, "fr");
    return `| \`${metric.id}\` | ${title} | ${question} | ${formula} |`;
  });
  const table = ["| id | titre | question | formule |", "| --- | --- | --- | --- |", ...rows].join("\n");
  expect(tableOf(FRENCH, table)).toBe(plain(table));
});

/** A page's table, once it is written anew where that is asked for. */
function tableOf(page: URL, table: string): string {
  const [before, , after] = parts(page);
  if (process.env["UPDATE"] === "1") writeFileSync(page, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
  return plain(parts(page)[1]);
}

/** The page before the table, the table, and the page after it. */
function parts(page: URL): readonly [string, string, string] {
  const [before = "", rest = ""] = readFileSync(page, "utf8").split(BEGIN);
  const [between = "", after = ""] = rest.split(END);
  return [before, between, after];
}

/** Without the widths that the formatter gives to a table's columns. */
function plain(text: string): string {
  return text.replaceAll(/ +/g, " ").replaceAll(/-+/g, "-").trim();
}
