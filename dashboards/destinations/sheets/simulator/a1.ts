import { invalid } from "../../google-account/simulator/index.ts";

/** A block of cells of a tab, from 0; ends are exclusive. Null: as far as the grid goes. */
export type A1Range = {
  readonly title: string;
  readonly row: number;
  readonly column: number;
  readonly endRow: number | null;
  readonly endColumn: number | null;
};

/** Sheets API, "A1 notation": `'Q4 ''26'!A1:B2`, `KPIs!A1:Z`, `KPIs!A:B`, `KPIs`. @throws Refusal in Google's words */
export function parseA1(text: string): A1Range {
  const match = /^(?:'((?:[^']|'')+)'|([^'!]+))(?:!([A-Za-z]{0,3})(\d*)(?::([A-Za-z]{0,3})(\d*))?)?$/.exec(text);
  const title = match?.[1]?.replaceAll("''", "'") ?? match?.[2];
  if (match === null || title === undefined) return invalid(`Unable to parse range: ${text}`);
  const [fromColumn = "", fromRow = "", toColumn, toRow = ""] = match.slice(3);
  if (fromColumn === "" && fromRow === "" && toColumn === undefined)
    return { title, row: 0, column: 0, endRow: null, endColumn: null };
  const row = fromRow === "" ? 0 : Number(fromRow) - 1;
  const column = fromColumn === "" ? 0 : columnOf(fromColumn);
  if (toColumn === undefined) return { title, row, column, endRow: row + 1, endColumn: column + 1 };
  return {
    title,
    row,
    column,
    endRow: toRow === "" ? null : Number(toRow),
    endColumn: toColumn === "" ? null : columnOf(toColumn) + 1,
  };
}

function columnOf(letters: string): number {
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}
