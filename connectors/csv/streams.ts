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

/** How far a reading of files is, or was at its end. `rows` counts every row below the headers, in the order of the files. */
const progress = z.object({ rows: z.number(), files: z.record(z.string(), fileVersion) });

/**
 * `complete` is the last reading that reached the end, `reading` one that has not yet. `mapping` is a fingerprint: another mapping reads
 * the same files anew.
 */
const checkpoint = z.object({ mapping: z.string(), complete: progress.nullable(), reading: progress.nullable() });
type Checkpoint = z.infer<typeof checkpoint>;
type Files = z.infer<typeof progress>["files"];

const ROWS_PER_PAGE = 250;

type Context = PullContext<Settings, FileAccess>;

/**
 * A table's stream. A spreadsheet has no cursor: it is read from the top whenever one of its files has changed, and landing keeps only
 * the rows that differ. A pull that finds nothing changed gives no page. An interrupted reading goes on below the last row that landed,
 * as long as the files are still the same.
 */
export function tableStream(table: Table): Stream<Settings, FileAccess> {
  return defineStream<Settings, FileAccess>({
    title: TITLES[table],
    externalId: recordId,
    sourceTime: () => null,
    pull: (context) => pullTable(table, context),
    deletions: (settings) =>
      mappingsOf(settings, table).some((one) => one.rows_that_disappear === "delete") ? "absence" : "never",
    keepsVersions: table === "deals" || table === "people" || table === "companies",
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
  const isKnown = parsed.success && parsed.data.mapping === fingerprint;
  const last: Checkpoint = isKnown ? parsed.data : { mapping: fingerprint, complete: null, reading: null };
  const sources = await locateAll(table, context.settings);
  const copies: LocalCopy[] = [];
  try {
    if (
      last.reading === null &&
      !(await takeCopiesIfChanged(sources, last.complete?.files ?? {}, context.client, copies))
    ) {
      context.log("info", `${table}: no file has changed since the last pull (${last.complete?.rows ?? 0} rows)`);
      return;
    }
    await takeRest(sources, context.client, copies);
    yield* readAll(table, context, { sources, copies, last });
  } finally {
    // Holes are files of which no copy was taken yet.
    for (const copy of Object.values(copies)) await copy.remove();
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

/**
 * Takes a copy of every file that changed.
 *
 * @param copies is added to, at the place of the source; holes are files that did not change.
 * @returns false when none changed, and none came or went.
 */
async function takeCopiesIfChanged(
  sources: readonly Source[],
  known: Files,
  access: FileAccess,
  copies: LocalCopy[],
): Promise<boolean> {
  for (const [index, source] of sources.entries()) {
    const copy = await copyIfChanged(source.location, known[fileKey(source)] ?? null, access);
    if (copy !== null) copies[index] = copy;
  }
  return Object.keys(known).length !== sources.length || Object.keys(copies).length > 0;
}

/** The files that did not change are needed too, once one of them did: what is no longer in any of them has disappeared. */
async function takeRest(sources: readonly Source[], access: FileAccess, copies: LocalCopy[]): Promise<void> {
  for (const [index, source] of sources.entries()) {
    const copy = copies[index] ?? (await copyIfChanged(source.location, null, access));
    // Without a known version there always is a copy.
    if (copy !== null) copies[index] = copy;
  }
}

type Reading = {
  readonly sources: readonly Source[];
  readonly copies: readonly LocalCopy[];
  readonly last: Checkpoint;
};

/** Pages over every row of every file, or over those below where an interrupted reading of the same files had come to. */
async function* readAll(table: Table, context: Context, { sources, copies, last }: Reading): AsyncGenerator<Page> {
  const files: { [key: string]: FileVersion } = {};
  for (const [index, source] of sources.entries()) {
    const copy = copies[index];
    if (copy !== undefined) files[fileKey(source)] = copy.version;
  }
  const rowsDone = last.reading !== null && isSameContent(last.reading.files, files) ? last.reading.rows : 0;
  const seen = createSeenIds();
  let startsListing = rowsDone === 0;
  let rows = 0;
  let records: Json[] = [];
  let problems: Problem[] = [];
  const takePage = (next: Checkpoint, total: number | null): Page => {
    const page = { records, problems, checkpoint: next, progress: { done: rows, total }, startsListing };
    [records, problems, startsListing] = [[], [], false];
    return page;
  };
  for (const [index, source] of sources.entries()) {
    const copy = copies[index];
    if (copy === undefined) continue;
    const { mapping, location } = source;
    for await (const row of readRows({ path: copy.path, shown: location.shown, mapping, log: context.log })) {
      context.signal.throwIfAborted();
      rows += 1;
      // Rows that landed already are read all the same: a key that repeats one of theirs is a repetition.
      const read = readRecord(table, source, row, context.settings, seen);
      if (rows <= rowsDone) continue;
      records.push(...read.records);
      problems.push(...read.problems);
      if (records.length + problems.length >= ROWS_PER_PAGE)
        yield takePage({ ...last, reading: { rows, files } }, null);
    }
    await assertSettled(location, copy.version);
  }
  assertNotEmptied(table, rows, sources, last);
  yield takePage({ ...last, complete: { rows, files }, reading: null }, rows);
}

function isSameContent(one: Files, other: Files): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key]?.hash === other[key]?.hash);
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
function assertNotEmptied(table: Table, rows: number, sources: readonly Source[], last: Checkpoint): void {
  const deletes = sources.some(
    ({ mapping, location }) => mapping.rows_that_disappear === "delete" && location.kind !== "rows",
  );
  const rowsBefore = last.complete?.rows ?? 0;
  if (rows > 0 || !deletes || rowsBefore === 0) return;
  throw fileError({
    code: "csv.file.empty",
    message: `${table}: every row has disappeared (${rowsBefore} at the last pull); nothing was deleted.`,
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
