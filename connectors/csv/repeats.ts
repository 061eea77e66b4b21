import path from "node:path";
import type { Location } from "./files.ts";
import { createSeenIds } from "./seen-ids.ts";
import type { Mapping } from "./settings.ts";

/** One file of a source, with the time of its content. */
export type DatedFile = { readonly mapping: Mapping; readonly location: Location; readonly mtimeMs: number | null };

/**
 * Which row of several with one key counts:
 *
 * - `report`  the first; the others are listed as unreadable.
 * - `first`   the first.
 * - `last`    the last one of the last file: the files are snapshots, or lines are added below.
 */
export type RepeatedKeys = "report" | "first" | "last";

/**
 * What holds between the files of a source. Where nothing is said, files whose names differ in their digits alone (`w1.csv`, `w2.csv`;
 * `deals-2026-01-05.csv`) are snapshots of one sheet, so the later one counts.
 */
export function repeatsBetweenFiles(mapping: Mapping, files: readonly DatedFile[]): RepeatedKeys {
  if (mapping.repeated_keys !== undefined) return mapping.repeated_keys;
  const names = files.map(({ location }) =>
    location.kind === "file" ? path.basename(location.path).replace(/\d+/g, "0") : location.shown,
  );
  return names.length > 1 && new Set(names).size === 1 ? "last" : "report";
}

/** The files in the order in which they are read: of snapshots the latest first, so that the first row of a key is the one that counts. */
export function readingOrder<File extends DatedFile>(files: readonly File[]): readonly File[] {
  const ordered: File[] = [];
  for (const mapping of new Set(files.map((file) => file.mapping))) {
    const own = files.filter((file) => file.mapping === mapping);
    if (repeatsBetweenFiles(mapping, own) !== "last") ordered.push(...own);
    else if (mapping.latest_file === "time")
      // Of files of one moment the one whose name comes last.
      ordered.push(...own.toReversed().toSorted((a, b) => (b.mtimeMs ?? 0) - (a.mtimeMs ?? 0)));
    else ordered.push(...own.toReversed());
  }
  return ordered;
}

/** The number of the last row of each key. */
export type LastRows = { readonly isLast: (id: string, row: number) => boolean };

/** Reads a file for its keys alone, where a later row of it may count instead of an earlier one. */
export async function findLastRows(ids: AsyncIterable<string | null>): Promise<LastRows> {
  const last = createSeenIds();
  let row = 0;
  for await (const id of ids) {
    if (id !== null) last.set(id, row);
    row += 1;
  }
  return { isLast: (id, at) => last.get(id) === at };
}
