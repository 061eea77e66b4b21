import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { beforeAll, expect, test } from "vitest";
import { minorUnitDigits } from "../../core/base/money.ts";
import { dumpCatalogue } from "../../core/store/catalogue.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";

const SCHEMA = fileURLToPath(new URL("../../core/store/schema.sql", import.meta.url));
const DECLARED = fileURLToPath(new URL("../../core/schema/", import.meta.url));

let store: Store;
beforeAll(async () => {
  store = await testDatabase();
});

test("schema.sql is the migrated database (UPDATE=1 writes it anew)", async () => {
  const dump = `-- Written by test/integration/schema.test.ts. Change the database by a migration.\n\n${await dumpCatalogue(store.db)}`;
  if (process.env["UPDATE"] === "1") writeFileSync(SCHEMA, dump);
  expect(dump).toBe(readFileSync(SCHEMA, "utf8"));
});

test("tables.ts, with the files of tables/, has every table and column of the database, with the same null or not null, and no other", async () => {
  const { rows } = await sql<{ table: string; column: string; nullable: boolean }>`
    select table_name as table, column_name as column, is_nullable = 'YES' as nullable
    from information_schema.columns where table_schema = 'tributary' and table_name !~ '^kysely_'
  `.execute(store.db);
  const live = rows.map(({ table, column, nullable }) => `${table}.${column}${nullable ? " | null" : ""}`);
  expect(declaredColumns(declarations())).toEqual(live.toSorted());
});

test("the database and the program agree on what the minor unit of a currency is", async () => {
  const currencies = Intl.supportedValuesOf("currency");
  const { rows } = await sql<{ currency: string; digits: number }>`
    select currency, minor_digits(currency) as digits from unnest(${currencies}::text[]) currency
  `.execute(store.db);
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter(({ currency, digits }) => digits !== minorUnitDigits(currency))).toEqual([]);
});

function declarations(): string {
  const families = readdirSync(path.join(DECLARED, "tables")).map((file) => path.join("tables", file));
  return ["tables.ts", ...families].map((file) => readFileSync(path.join(DECLARED, file), "utf8")).join("\n");
}

/** Every column that the types declare, as `table.column`, with ` | null` where it may be. */
function declaredColumns(source: string): string[] {
  const code = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, "");
  const types = new Map<string, string>();
  for (const statement of split(code, ";")) {
    const [, name = "", text = ""] = /^(?:export )?type (\w+) = ([^]*)$/.exec(statement) ?? [];
    types.set(name, text);
  }
  const fieldsOf = (text: string): [string, string][] =>
    split(text, "&").flatMap((part) => {
      if (!part.startsWith("{")) return fieldsOf(types.get(part) ?? "");
      return split(part.slice(1, -1), ";").map((field): [string, string] => {
        const [, name = "", type = ""] = /^(?:readonly )?(\w+): ([^]*)$/.exec(field) ?? [];
        return [name, type];
      });
    });
  return fieldsOf("Database")
    .flatMap(([table, type]) =>
      fieldsOf(type).map(([column, columnType]) => `${table}.${column}${isNullable(columnType) ? " | null" : ""}`),
    )
    .toSorted();
}

/** Parts of a text between separators that stand outside of all brackets. */
function split(text: string, separator: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if ("{(<[".includes(character)) depth += 1;
    if ("})>]".includes(character)) depth -= 1;
    if (character === separator && depth === 0) parts.push("");
    else parts.push(`${parts.pop() ?? ""}${character}`);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** Whether what is selected may be null: of `ColumnType<S, I, U>`, `Generated<S>` and `JSONColumnType<S>` that is S. `Json` has null in it. */
function isNullable(type: string): boolean {
  const [, wrapped] = /^(?:ColumnType|Generated|GeneratedAlways|JSONColumnType)<([^]*)>$/.exec(type) ?? [];
  const selected = split(split(wrapped ?? type, ",")[0] ?? "", "|");
  return selected.includes("null") || selected.includes("Json");
}
