import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import type { Preview, PreviewAccess, PreviewRow, RunLog } from "../../core/connector/define.ts";
import { TABLES, type Table } from "../_rows/fields.ts";
import { cellText } from "../_rows/values.ts";
import { copyIfChanged, type LocalCopy, locate, type Location } from "./files.ts";
import { factFields, sampleRows } from "./sample.ts";
import { type Mapping, type Settings, settings } from "./settings.ts";
import { readRows } from "./sheet-rows.ts";

/** How many rows of a file are shown. */
const ROWS_SHOWN = 20;

/** What reading the rows themselves takes; what they mean may not be known yet. */
const readable = z.object({
  from: z.string().min(1),
  format: z.enum(["csv", "tsv", "xlsx"]).optional(),
  sheet: z.string().optional(),
  encoding: z.string().optional(),
  delimiter: z.string().length(1).optional(),
  header_row: z.number().int().min(0).optional(),
});
const drafted = z.object({ tables: z.partialRecord(z.enum(TABLES), readable.loose()) });

/**
 * The first rows of every file that a draft names, and what each becomes once the draft is whole.
 *
 * @throws TributaryError `config` where a file cannot be read.
 */
export async function preview(access: PreviewAccess, draft: JsonObject): Promise<readonly Preview[]> {
  const named = drafted.safeParse(draft);
  if (!named.success) return [];
  const whole = settings.safeParse(draft);
  const unfinished = whole.success
    ? []
    : whole.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const previews: Preview[] = [];
  for (const [name, mapping] of Object.entries(named.data.tables)) {
    // Its keys are these.
    const table = name as Table;
    // Rows alone need no key and no columns.
    const bare: Mapping = { ...readable.parse(mapping), key: [], columns: {} };
    for (const location of await locate(bare, access)) {
      const copy = await copyIfChanged(location, null, access);
      if (copy === null) continue;
      const file = { table, location, copy, unfinished };
      try {
        previews.push(whole.success ? await asRead(file, whole.data, access) : await asTheyStand(file, bare, access));
      } finally {
        await copy.remove();
      }
    }
  }
  return previews;
}

type Previewed = {
  readonly table: Table;
  readonly location: Location;
  readonly copy: LocalCopy;
  readonly unfinished: readonly string[];
};

async function asTheyStand(file: Previewed, mapping: Mapping, { signal }: PreviewAccess): Promise<Preview> {
  const { notes, log } = noting();
  const rows: PreviewRow[] = [];
  const { shown } = file.location;
  for await (const row of readRows({ path: file.copy.path, shown, mapping, log, signal })) {
    const problems = row.problem === null ? [] : [row.problem.reason];
    rows.push({ line: row.line, cells: texts(row.cells), becomes: null, problems });
    if (rows.length >= ROWS_SHOWN) break;
  }
  return shownAs(file, rows, notes);
}

async function asRead(file: Previewed, whole: Settings, { signal, timeZone }: PreviewAccess): Promise<Preview> {
  const { notes, log } = noting();
  const rows: PreviewRow[] = [];
  const mapping = [whole.tables[file.table]].flat()[0];
  if (mapping === undefined) return shownAs(file, [], notes);
  for await (const { row, facts, problems } of sampleRows({ ...file, mapping, index: 0 }, whole, {
    rows: ROWS_SHOWN,
    timeZone,
    log,
    signal,
  }))
    rows.push({
      line: row.line,
      cells: texts(row.cells),
      becomes: facts === null || facts.length === 0 ? null : facts.slice(0, 1).flatMap(factFields),
      problems: problems.map(({ reason }) => reason),
    });
  return shownAs(file, rows, notes);
}

function shownAs(
  { table, location, unfinished }: Previewed,
  rows: readonly PreviewRow[],
  notes: readonly string[],
): Preview {
  const columns = Object.keys(rows.find(({ cells }) => Object.keys(cells).length > 0)?.cells ?? {});
  return { table, file: location.shown, columns, rows, notes, unfinished };
}

function noting(): { readonly notes: string[]; readonly log: RunLog } {
  const notes: string[] = [];
  return { notes, log: (_level, message) => void notes.push(message) };
}

function texts(cells: { readonly [column: string]: Parameters<typeof cellText>[0] }): {
  readonly [column: string]: string;
} {
  return Object.fromEntries(Object.entries(cells).map(([column, cell]) => [column, cellText(cell)]));
}
