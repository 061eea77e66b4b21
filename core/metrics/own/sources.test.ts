import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SOURCES } from "./sources.ts";

const PAGE = new URL("../../../docs/own-kpis.md", import.meta.url);
const [BEGIN, END] = [
  "<!-- the records: written by core/metrics/own/sources.test.ts -->",
  "<!-- end of the records -->",
];

test("docs/own-kpis.md names the records, their amounts and dimensions (UPDATE=1 writes it anew)", () => {
  const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");
  const rows = Object.entries(SOURCES).map(([name, { words, amounts, subject }]) => {
    const added = Object.entries(amounts).map(([amount, { unit }]) => `\`${amount}\` (${unit})`);
    return `| \`${name}\` | ${words} | ${added.join(", ")} | ${list(Object.keys(subject.dimensions))} |`;
  });
  const table = ["| over | which | amounts | dimensions |", "| --- | --- | --- | --- |", ...rows].join("\n");
  const [before = "", rest = ""] = readFileSync(PAGE, "utf8").split(BEGIN);
  const [between = "", after = ""] = rest.split(END);
  const isUpdate = process.env["UPDATE"] === "1";
  if (isUpdate) writeFileSync(PAGE, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
  expect(isUpdate ? plain(table) : plain(between)).toBe(plain(table));
});

/** Without the widths that the formatter gives to a table's columns. */
function plain(text: string): string {
  return text.replaceAll(/ +/g, " ").replaceAll(/-+/g, "-").trim();
}
