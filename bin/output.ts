import type { TributaryError } from "../core/base/errors.ts";
import { toVisible } from "../core/base/text.ts";

/** What a command says. stdout is for its answer alone; everything else goes to stderr. */
export type Output = {
  /** Whether a program reads it (`--json`). */
  readonly isJson: boolean;
  /** The answer of a command: the value for programs, the text for people. */
  result(value: unknown, humanText: () => string): void;
  json(value: unknown): void;
  text(text: string): void;
  /** The rows as aligned columns; for programs, as an array. The columns are the first row's fields. */
  table(rows: readonly Row[]): void;
  /** Something on the way (progress, a hint): stderr, and nothing at all for programs. */
  note(text: string): void;
};

export type Row = { readonly [column: string]: string | number | boolean | null };

type Streams = {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
};

/** @param isJson asked when something is said, because the option may stand anywhere in the command line. */
export function createOutput(isJson: () => boolean, { stdout, stderr }: Streams = process): Output {
  const json = (value: unknown): void => void stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  // What sources have sent stands in it: a terminal must not obey that.
  const shown = (line: string): string => `${toVisible(line).replace(/\n$/, "")}\n`;
  const text = (line: string): void => void stdout.write(shown(line));
  return {
    get isJson() {
      return isJson();
    },
    json,
    text,
    result: (value, humanText) => (isJson() ? json(value) : text(humanText())),
    table: (rows) => (isJson() ? json(rows) : text(tableText(rows))),
    note: (line) => {
      if (!isJson()) stderr.write(shown(line));
    },
  };
}

/** Aligned columns under their names; numbers to the right, what is missing as "–". */
export function tableText(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => cellText(row[column] ?? null)))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  const isNumber = columns.map((column) => rows.every((row) => typeof (row[column] ?? 0) === "number"));
  return cells
    .map((line) =>
      line
        .map((cell, index) =>
          isNumber[index] === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cellText(value: Row[string] | null): string {
  return value === null || value === undefined ? "–" : String(value);
}

/** A failure, on stderr: for people what is wrong and how to mend it; for programs the same as a problem object (RFC 9457), as the API gives it. */
export function reportError(error: TributaryError, isJson: boolean, stderr: Streams["stderr"] = process.stderr): void {
  if (isJson) {
    const { code, kind, message, mend } = error;
    const problem = { type: `/docs/errors#${code}`, title: "The command failed", detail: message, code, mend, kind };
    stderr.write(`${JSON.stringify(problem)}\n`);
    return;
  }
  stderr.write(`${error.message}\n  ${error.mend}\n  [${error.code}]\n`);
}
