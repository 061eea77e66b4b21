import type { Exported } from "./columns.ts";

/** An object a line, in UTF-8, with every column; no value is null (jsonlines.org). */
export async function* jsonLines({ columns, batches }: Exported): AsyncGenerator<string> {
  for await (const rows of batches)
    yield rows
      .map((row) => `${JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])))}\n`)
      .join("");
}
