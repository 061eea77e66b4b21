import type { Cells } from "../_rows/row-reader.ts";
import type { SeenIds } from "./seen-ids.ts";
import type { Mapping } from "./settings.ts";
import { cellText, excerpt } from "../_rows/values.ts";

/**
 * Looks for what damage to a file leaves behind, so that rows it has lost are not taken for deleted:
 *
 * - a cell that has swallowed rows: a quote that was never meant stands before them, and they are lines of its text;
 * - a quote or a line break in a key;
 * - an end that is missing: the row that was the file's last is nowhere any more (a file half written, or cut off), or no row is left in it;
 * - a hole: zero bytes where something else stood.
 *
 * Rows that cannot be read are told apart from this, as problems.
 */
export type DamageWatch = {
  /** @param id of a row that counts; null of one that does not. */
  see(file: string, row: { readonly line: number; readonly cells: Cells }, mapping: Mapping, id: string | null): void;
  /** A file that was read to its end, whether or not it has rows. */
  ended(file: string, shown: string, hasHoles: boolean): void;
  /** Why the reading may be damaged; null: nothing speaks for it. */
  doubt(seen: SeenIds): string | null;
  /** The last row of each file, to be held against the next reading. */
  lastRows(): { readonly [file: string]: string };
};

/** @param before the last row of each file, as the reading before has met it. */
export function createDamageWatch(before: { readonly [file: string]: string }): DamageWatch {
  const last: { [file: string]: string } = {};
  const read = new Map<string, string>();
  let found: string | null = null;
  return {
    see(file, { line, cells }, mapping, id) {
      if (id !== null) last[file] = id;
      found ??= swallowed(cells, line) ?? brokenKey(cells, mapping, line);
    },
    ended(file, shown, hasHoles) {
      read.set(file, shown);
      if (hasHoles) found ??= `${shown} has zero bytes where something else may have stood`;
    },
    doubt(seen) {
      if (found !== null) return found;
      for (const [file, id] of Object.entries(before)) {
        // A file that is gone was taken away.
        const shown = read.get(file);
        if (shown === undefined || seen.get(id) !== null) continue;
        if (last[file] === undefined) return `${shown} has no row any more that can be read`;
        return `the end is missing: the last row was "${excerpt(id)}" before (a file half written, or cut off)`;
      }
      return null;
    },
    lastRows: () => last,
  };
}

/** A text of several lines of which a later one looks like a row: it has as many separators as the table, less the few at its ends. */
function swallowed(cells: Cells, line: number): string | null {
  const columns = Object.keys(cells).length;
  for (const [column, cell] of Object.entries(cells)) {
    const text = cellText(cell);
    if (!text.includes("\n")) continue;
    const lines = text.split("\n").slice(1);
    if (lines.some((part) => (part.match(/[,;\t|]/g) ?? []).length >= Math.max(1, Math.floor((columns - 1) / 2))))
      return `the cell "${column}" of line ${line} holds what looks like further rows (a stray quote?)`;
  }
  return null;
}

function brokenKey(cells: Cells, mapping: Mapping, line: number): string | null {
  for (const column of [mapping.key].flat())
    if (/["\r\n]/.test(cellText(cells[column] ?? ""))) return `the key of line ${line} holds a quote or a line break`;
  return null;
}
