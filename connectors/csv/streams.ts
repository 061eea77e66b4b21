import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { defineStream, type Page, type Problem, type PullContext, type Stream } from "../../core/connector/define.ts";
import { fileError } from "./errors.ts";
import { TABLES, type Table } from "./fields.ts";
import {
  assertSettled,
  copyIfChanged,
  fileVersion,
  locate,
  type FileAccess,
  type FileVersion,
  type LocalCopy,
  type Location,
} from "./files.ts";
import { normalisePipeline, normaliseTable, rowFacts } from "./normalise.ts";
import { recordId, type RowRecord } from "./records.ts";
import { rowId, type ReadingContext } from "./row-reader.ts";
import { createSeenIds, type SeenIds } from "./seen-ids.ts";
import { mappingsOf, sourceName, type Mapping, type Settings } from "./settings.ts";
import { readRows, type SheetRow } from "./sheet-rows.ts";

/** What the last complete reading saw. `mapping` is a fingerprint: another mapping reads the same files anew. */
const checkpoint = z.object({ mapping: z.string(), rows: z.number(), files: z.record(z.string(), fileVersion) });
type Checkpoint = z.infer<typeof checkpoint>;

const ROWS_PER_PAGE = 1000;

type Context = PullContext<Settings, FileAccess>;

/**
 * A table's stream. A spreadsheet has no cursor: it is read from the top whenever one of its files has changed, and landing keeps only
 * the rows that differ. A pull that finds nothing changed gives no page.
 */
export function tableStream(table: Table): Stream<Settings, FileAccess> {
  return defineStream<Settings, FileAccess>({
    title: TITLES[table],
    externalId: recordId,
    sourceTime: () => null,
    pull: (context) => pullTable(table, context),
    deletions: (settings) =>
      mappingsOf(settings, table).some((one) => one.rows_that_disappear === "delete") ? "absence" : "never",
    keepsVersions: table === "deals",
    isActive: (settings) => mappingsOf(settings, table).length > 0,
    normalise: normaliseTable(table),
  });
}

const TITLES: { readonly [table in Table]: string } = {
  deals: "Deals",
  deal_changes: "Changes of deals",
  activities: "Activities",
  people: "People",
  companies: "Companies",
  reps: "Reps",
  teams: "Teams",
  tickets: "Tickets",
  spend: "Spend",
  goals: "Goals",
};

type Source = { readonly mapping: Mapping; readonly name: string; readonly location: Location };

async function* pullTable(table: Table, context: Context): AsyncGenerator<Page> {
  const fingerprint = fingerprintOf(table, context.settings);
  const parsed = checkpoint.safeParse(context.checkpoint);
  const last = parsed.success && parsed.data.mapping === fingerprint ? parsed.data : null;
  const sources = await locateAll(table, context.settings);
  const copies = await copiesIfChanged(sources, last, context.client);
  if (copies === null) {
    context.log("info", `${table}: no file has changed since the last pull (${last?.rows ?? 0} rows)`);
    return;
  }
  try {
    yield* readAll(table, context, { sources, copies, last, fingerprint });
  } finally {
    await removeAll(copies);
  }
}

async function locateAll(table: Table, settings: Settings): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const [index, mapping] of mappingsOf(settings, table).entries()) {
    for (const location of await locate(mapping)) {
      sources.push({ mapping, name: sourceName(mapping, index), location });
    }
  }
  return sources;
}

/** Where a file's state is kept in the checkpoint. */
function fileKey(source: Source): string {
  const { location } = source;
  if (location.kind === "rows") return `${source.name} rows`;
  return `${source.name} ${location.kind === "file" ? location.path : location.url}`;
}

/** The content of every file that changed (null for the others); null when none did, and none came or went. */
async function copiesIfChanged(
  sources: readonly Source[],
  last: Checkpoint | null,
  access: FileAccess,
): Promise<(LocalCopy | null)[] | null> {
  const copies: (LocalCopy | null)[] = [];
  try {
    for (const source of sources) {
      copies.push(await copyIfChanged(source.location, last?.files[fileKey(source)] ?? null, access));
    }
  } catch (error) {
    await removeAll(copies);
    throw error;
  }
  const isSameSet = last !== null && Object.keys(last.files).length === sources.length;
  return isSameSet && copies.every((copy) => copy === null) ? null : copies;
}

async function removeAll(copies: readonly (LocalCopy | null)[]): Promise<void> {
  for (const copy of copies) await copy?.remove();
}

type Reading = {
  readonly sources: readonly Source[];
  readonly copies: (LocalCopy | null)[];
  readonly last: Checkpoint | null;
  readonly fingerprint: string;
};

/** Pages over every row of every file. Only the last page moves the checkpoint: an interrupted reading starts at the top again. */
async function* readAll(table: Table, context: Context, reading: Reading): AsyncGenerator<Page> {
  const files: { [key: string]: FileVersion } = {};
  const seen = createSeenIds();
  let rows = 0;
  let page: Json[] = [];
  let problems: Problem[] = [];
  let isFirstPage = true;
  const take = (next: Json, total: number | null): Page => {
    const startsListing = isFirstPage;
    isFirstPage = false;
    const taken = { records: page, problems };
    page = [];
    problems = [];
    return { ...taken, checkpoint: next, progress: { done: rows, total }, startsListing };
  };
  for (const [index, source] of reading.sources.entries()) {
    const copy = reading.copies[index] ?? (await copyIfChanged(source.location, null, context.client));
    // Without a known version, a copy always comes.
    if (copy === null) continue;
    reading.copies[index] = copy;
    const { mapping, location } = source;
    for await (const row of readRows({ path: copy.path, shown: location.shown, mapping, log: context.log })) {
      context.signal.throwIfAborted();
      rows += 1;
      const read = readRecord(table, source, row, context.settings, seen);
      page.push(...read.records);
      problems.push(...read.problems);
      if (page.length + problems.length < ROWS_PER_PAGE) continue;
      yield take(context.checkpoint, null);
    }
    await assertSettled(location, copy.version);
    files[fileKey(source)] = copy.version;
    await copy.remove();
  }
  assertNotEmptied(table, rows, reading);
  const next: Checkpoint = { mapping: reading.fingerprint, rows, files };
  yield take(next, rows);
}

type ReadRow = { readonly records: readonly RowRecord[]; readonly problems: readonly Problem[] };

/** The raw record of a row; or none, and what is wrong with the row, by its line. */
function readRecord(table: Table, source: Source, row: SheetRow, settings: Settings, seen: SeenIds): ReadRow {
  const at = `${source.location.shown} line ${row.line}`;
  const { mapping } = source;
  const id = rowId(mapping, row.cells);
  // A row that names its record is there, however broken: it must not count as one that disappeared.
  const named = id === null ? {} : { externalId: id };
  const refused = (problem: Omit<Problem, "at">): ReadRow => ({
    records: [],
    problems: [{ at, ...named, ...problem }],
  });
  if (row.problem !== null) return refused(row.problem);
  if (id === null) {
    const columns = [mapping.key].flat().join(", ");
    return refused({ code: "csv.row.missing_key", reason: `the key (column ${columns}) is empty` });
  }
  const record = { id, source: source.name, columns: row.cells };
  const { skipped } = rowFacts(table, mapping, record, validating(settings), at);
  if (skipped.length > 0) return { records: [], problems: skipped.map((problem) => ({ ...problem, ...named })) };
  if (seen.add(id)) return { records: [record], problems: [] };
  if (mapping.repeated_keys === "first") return { records: [], problems: [] };
  return refused({ code: "csv.row.duplicate_key", reason: `the key ${id} has occurred further up` });
}

/**
 * Rows are read once here only to name their lines. Whether a value can be read does not depend on the workspace's zone or currency, which
 * a pull does not know.
 */
function validating(settings: Settings): ReadingContext {
  return { settings, timeZone: "UTC", currency: "USD" };
}

/** A file that lost all its rows is more often a failed export than a wish to delete everything. */
function assertNotEmptied(table: Table, rows: number, reading: Reading): void {
  const deletes = reading.sources.some(
    ({ mapping, location }) => mapping.rows_that_disappear === "delete" && location.kind !== "rows",
  );
  if (rows > 0 || !deletes || (reading.last?.rows ?? 0) === 0) return;
  throw fileError({
    code: "csv.file.empty",
    message: `${table}: every row has disappeared (${reading.last?.rows} at the last pull); nothing was deleted.`,
    mend: "Export the file again. If all rows are to go, set rows_that_disappear: keep, or remove the connection.",
  });
}

function fingerprintOf(table: Table, settings: Settings): string {
  const { tables: _tables, ...shared } = settings;
  return createHash("sha256")
    .update(JSON.stringify([shared, mappingsOf(settings, table)]))
    .digest("hex")
    .slice(0, 16);
}

/** The pipelines that the settings declare, as records: stored, compared and replayed like those of a tool that has some. */
const pipelines = defineStream<Settings, FileAccess>({
  title: "Pipelines",
  externalId: recordId,
  sourceTime: () => null,
  pull: pullPipelines,
  deletions: "absence",
  isActive: (settings) => Object.keys(settings.pipelines ?? {}).length > 0,
  normalise: normalisePipeline,
});

async function* pullPipelines(context: Context): AsyncGenerator<Page> {
  const records = Object.entries(context.settings.pipelines ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    // Settings come from JSON, so what they hold goes back to it.
    .map(([id, pipeline]) => ({ id, pipeline: pipeline as unknown as JsonObject }));
  const next = createHash("sha256").update(JSON.stringify(records)).digest("hex").slice(0, 16);
  if (context.checkpoint === next) return;
  const progress = { done: records.length, total: records.length };
  yield { records, checkpoint: next, progress, startsListing: true };
}

export const streams: { readonly [stream: string]: Stream<Settings, FileAccess> } = {
  pipelines,
  ...Object.fromEntries(TABLES.map((table) => [table, tableStream(table)])),
};
