import type { ColumnType, Exported } from "./columns.ts";

/** Excel takes a file without it for one in the machine's old code page. */
const BYTE_ORDER_MARK = "\ufeff";

/** What a spreadsheet program takes for the beginning of a formula (OWASP, "CSV Injection"), in its wide forms too. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * RFC 4180 in UTF-8: a header, commas, CRLF. A text that a spreadsheet program would take for a formula gets an apostrophe before it; numbers stay
 * numbers. No value is an empty cell. Instants are ISO 8601 in UTC, lists of texts are joined by `; `, other JSON is written as JSON.
 */
export async function* csvText(
  { columns, batches }: Exported,
  { hasMark }: { readonly hasMark: boolean },
): AsyncGenerator<string> {
  yield `${hasMark ? BYTE_ORDER_MARK : ""}${columns.map(({ name }) => quoted(guarded(name))).join(",")}\r\n`;
  for await (const rows of batches)
    yield rows.map((row) => `${columns.map(({ name, type }) => cell(row[name], type)).join(",")}\r\n`).join("");
}

function cell(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (type === "json") return quoted(guarded(isTexts(value) ? value.join("; ") : JSON.stringify(value)));
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return type === "text" ? quoted(guarded(text)) : text;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** No program reads a NUL in CSV. */
function guarded(text: string): string {
  const clean = text.replaceAll("\u0000", "\ufffd");
  return FORMULA.test(clean) ? `'${clean}` : clean;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
