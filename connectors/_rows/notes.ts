import type { RunLog } from "../../core/connector/define.ts";

/** Something that was read, and that people should know how. */
export type Note = {
  readonly kind: "rounded" | "three_decimals" | "long_number" | "open_currency";
  /** The field and its column. */
  readonly field: string;
  readonly example: string;
};

/** Notes of the rows of one file, told once for each kind and field. */
export type Notes = {
  /** @param at the row, as problems name it. */
  add(notes: readonly Note[], at: string): void;
  /** Told notes are forgotten. */
  lines(): readonly string[];
};

const SAID: { readonly [kind in Note["kind"]]: (values: string) => string } = {
  rounded: (values) => `${values} had more decimals than the currency has and was rounded`,
  three_decimals: (values) =>
    `${values} was read with three decimals; if the mark groups digits, say so (decimal) in the mapping`,
  open_currency: (values) =>
    `${values} may be in several currencies: it is read where the workspace counts in one of them, else refused; say which (currency) in the mapping`,
  long_number: (values) =>
    `${values} has more than 15 digits: a spreadsheet keeps 15 of a number; format the column as text if it is an identifier`,
};

export function createNotes(): Notes {
  const told = new Map<string, { readonly note: Note; readonly at: string; times: number }>();
  return {
    add: (notes, at) => {
      for (const note of notes) {
        const key = `${note.kind} ${note.field}`;
        const known = told.get(key);
        if (known === undefined) told.set(key, { note, at, times: 1 });
        else known.times += 1;
      }
    },
    lines: () => {
      const lines = [...told.values()].map(({ note, at, times }) => {
        const values = times === 1 ? `"${note.example}"` : `"${note.example}" and ${times - 1} more like it`;
        return `${at}: ${note.field}: ${SAID[note.kind](values)}`;
      });
      told.clear();
      return lines;
    },
  };
}

/** Tells what was noted as warnings of the run. */
export function tellNotes(notes: Notes, log: RunLog): void {
  for (const line of notes.lines()) log("warn", line);
}
