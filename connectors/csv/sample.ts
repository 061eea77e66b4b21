import type { Problem, RunLog } from "../../core/connector/define.ts";
import type { Fact } from "../../core/schema/facts.ts";
import type { Table } from "../_rows/fields.ts";
import { sourceName } from "../_rows/mapping.ts";
import { createNotes, tellNotes } from "../_rows/notes.ts";
import { rowFacts } from "../_rows/row-facts.ts";
import { readKey } from "../_rows/row-reader.ts";
import { excerpt } from "../_rows/values.ts";
import type { LocalCopy, Location } from "./files.ts";
import type { Mapping, Settings } from "./settings.ts";
import { readRows, type SheetRow } from "./sheet-rows.ts";

export type SampledFile = {
  readonly table: Table;
  readonly mapping: Mapping;
  readonly index: number;
  readonly location: Location;
  readonly copy: LocalCopy;
};

/** A row as it stands there and as it is read. `facts` null: it cannot be read as a row. */
export type SampledRow = {
  readonly at: string;
  readonly row: SheetRow;
  readonly facts: readonly Fact[] | null;
  readonly problems: readonly Problem[];
};

/** The first rows of a file, read as a pull would read them; what was noted of them is told to `log` at the end. */
export async function* sampleRows(
  { table, mapping, index, location, copy }: SampledFile,
  settings: Settings,
  {
    rows: most,
    timeZone = "UTC",
    log,
    signal,
  }: { readonly rows: number; readonly timeZone?: string; readonly log: RunLog; readonly signal: AbortSignal },
): AsyncGenerator<SampledRow> {
  const notes = createNotes();
  const { shown } = location;
  let rows = 0;
  for await (const row of readRows({ path: copy.path, shown, mapping, log, signal })) {
    if ((rows += 1) > most) break;
    const at = `${shown} line ${row.line}`;
    const key = readKey(mapping, row.cells);
    const record = { id: key.kind === "key" ? key.id : "?", source: sourceName(mapping, index), columns: row.cells };
    const read =
      row.problem === null ? rowFacts(table, mapping, record, { settings, timeZone, currency: null }, at) : null;
    const problems: Problem[] = [];
    if (row.problem !== null) problems.push({ ...row.problem, at });
    else if (key.kind === "bad")
      problems.push({ code: "csv.row.bad_key", at, reason: `the key (column ${key.column}): ${key.reason}` });
    else if (key.kind === "empty")
      problems.push({
        code: "csv.row.missing_key",
        at,
        reason: `the key (column ${[mapping.key].flat().join(", ")}) is empty`,
      });
    problems.push(...(read?.skipped ?? []));
    notes.add([...(key.kind === "key" ? key.notes : []), ...(read?.notes ?? [])], at);
    yield { at, row, facts: key.kind === "key" ? (read?.facts ?? null) : null, problems };
  }
  tellNotes(notes, log);
}

/** A fact's fields that say something, as text. */
export function factFields(fact: Fact): readonly { readonly field: string; readonly value: string }[] {
  return Object.entries(fact).flatMap(([field, value]) => {
    if (field === "kind" || field === "isMention" || value === null || value === undefined) return [];
    const text = valueText(value);
    return text === "" ? [] : [{ field, value: text }];
  });
}

function valueText(value: unknown): string {
  if (typeof value === "string") return excerpt(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null && "day" in value) return String(value.day);
  if (typeof value === "object" && value !== null && "instant" in value && value.instant instanceof Date)
    return value.instant.toISOString();
  const json = JSON.stringify(value);
  return json === "{}" || json === "[]" ? "" : json;
}
