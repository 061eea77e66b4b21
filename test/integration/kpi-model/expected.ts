import type { Figure, Row } from "./figures.ts";

/** What a KPI should say of March: by its dimensions, a number for each of their values. */
export type Expected = {
  readonly metric: string;
  readonly by: readonly string[];
  /** What it is of a row; if not said, its value. */
  readonly part?: "rank" | "previous_rank" | "movement";
  /** By the values in order, joined with " | "; "-" is none, and without dimensions "". */
  readonly values: ReadonlyMap<string, number | null>;
};

/** The numbers of rows, for each way to break them down. */
export function expected(
  metric: string,
  rows: readonly Row[],
  figure: Figure,
  slices: readonly (readonly string[])[],
  { hasValue = true }: { readonly hasValue?: boolean } = {},
): Expected[] {
  return slices.map((by) => {
    const groups = new Map<string, Row[]>();
    for (const row of rows) {
      const key = by.map((name) => row.of[name] ?? "-").join(" | ");
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    if (by.length === 0 && groups.size === 0) groups.set("", []);
    return { metric, by, values: new Map([...groups].map(([key, group]) => [key, hasValue ? figure(group) : null])) };
  });
}

/** A number that is not broken down. */
export function whole(metric: string, value: number | null): Expected {
  return { metric, by: [], values: new Map([["", value]]) };
}

/** Rows that are told apart by their amounts. */
export function byAmount(dimension: string, rows: readonly Row[]): Row[] {
  return rows.map((row) => ({ ...row, of: { ...row.of, [dimension]: String(row.amount) } }));
}
