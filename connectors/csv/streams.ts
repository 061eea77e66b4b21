import { createHash } from "node:crypto";
import { z } from "zod";
import type { TributaryError } from "../../core/base/errors.ts";
import type { Json } from "../../core/base/json.ts";
import { defineStream, type Page, type Problem, type PullContext, type Stream } from "../../core/connector/define.ts";
import type { Measured } from "../../core/schema/canonical.ts";
import { createDamageWatch } from "./damage.ts";
import { fileError } from "./errors.ts";
import { TABLES, type Table } from "../_rows/fields.ts";
import {
  assertSettled,
  copyIfChanged,
  fileVersion,
  leftOut,
  letSettle,
  locate,
  type FileAccess,
  type FileVersion,
  type LocalCopy,
  type Location,
} from "./files.ts";
import { pipelineStream } from "../_rows/pipeline-stream.ts";
import { rowFacts } from "../_rows/row-facts.ts";
import { mappingsOf, sourceName } from "../_rows/mapping.ts";
import { normaliseTable } from "./normalise.ts";
import { partId, recordId, type RowRecord } from "./records.ts";
import { createNotes, tellNotes, type Notes } from "../_rows/notes.ts";
import {
  describeOrder,
  findLastRows,
  readingOrder,
  repeatsBetweenFiles,
  type LastRows,
  type RepeatedKeys,
} from "./repeats.ts";
import { readKey, type ReadingContext } from "../_rows/row-reader.ts";
import { createSeenIds, type SeenIds } from "./seen-ids.ts";
import type { Mapping, Settings } from "./settings.ts";
import { type FileFault, readRowBatches, readRows, type SheetFile, type SheetRow } from "./sheet-rows.ts";

/** How far a reading of files is, or was at its end. `rows` counts every row below the headers, in the order of the files. */
const progress = z.object({
  rows: z.number(),
  files: z.record(z.string(), fileVersion),
  /** The key of each file's last row. */
  last_rows: z.record(z.string(), z.string()).default({}),
});

/**
 * `complete` is the last reading that reached the end, `reading` one that has not yet. `mapping` is a fingerprint: another mapping reads
 * the same files anew.
 */
const checkpoint = z.object({ mapping: z.string(), complete: progress.nullable(), reading: progress.nullable() });
type Checkpoint = z.infer<typeof checkpoint>;
type Files = z.infer<typeof progress>["files"];

const ROWS_PER_PAGE = 250;

/** Moves on when files are read in another way: what was read before is then read again. */
const READING = 4;

type Context = PullContext<Settings, FileAccess>;

/**
 * A table's stream. A spreadsheet has no cursor: it is read from the top whenever one of its files has changed, and landing keeps only
 * the rows that differ. A pull that finds nothing changed gives no page. An interrupted reading goes on below the last row that landed,
 * as long as the files are still the same.
 */
export function tableStream(table: Table): Stream<Settings, FileAccess> {
  return defineStream<Settings, FileAccess>({
    title: TITLES[table],
    gives: (settings) => givenBy(table, mappingsOf(settings, table)),
    externalId: recordId,
    sourceTime: () => null,
    pull: (context) => pullTable(table, context),
    deletions: (settings) =>
      mappingsOf(settings, table).some((one) => one.rows_that_disappear === "delete") ? "absence" : "never",
    keepsVersions: table === "deals" || table === "people" || table === "companies",
    keysByHand: table === "deals" || table === "deal_changes",
    ...(table === "deals" ? { besides: otherParts } : {}),
    isActive: (settings) => mappingsOf(settings, table).length > 0,
    normalise: normaliseTable(table),
  });
}

/** The records that the other sources of deals have of the same key. */
function otherParts(externalId: string, settings: Settings): readonly string[] {
  const sources = mappingsOf(settings, "deals").length;
  const [id = ""] = externalId.split("\u001f", 1);
  return sources < 2
    ? []
    : Array.from({ length: sources }, (_, part) => partId(id, part)).filter((one) => one !== externalId);
}

/** People and companies are leads where a column says since when. */
function givenBy(table: Table, mappings: readonly Mapping[]): readonly Measured[] {
  switch (table) {
    case "deals":
    case "deal_changes":
      return ["deal"];
    case "activities":
      return ["activity"];
    case "tickets":
      return ["ticket"];
    case "spend":
      return ["spend"];
    case "goals":
      return ["goal"];
    case "people":
    case "companies":
      return mappings.some(({ columns }) => columns["lead_created_at"] !== undefined) ? ["lead"] : [];
    case "reps":
    case "teams":
      return [];
    default:
      return table satisfies never;
  }
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

type Source = {
  readonly mapping: Mapping;
  readonly name: string;
  readonly location: Location;
  /** Sources of deals join on the key: each speaks of the deal in a record of its own. 0: the first, and every source of other tables. */
  readonly part: number;
};

async function* pullTable(table: Table, context: Context): AsyncGenerator<Page> {
  const fingerprint = fingerprintOf(table, context);
  const parsed = checkpoint.safeParse(context.checkpoint);
  const isKnown = parsed.success && parsed.data.mapping === fingerprint;
  const last: Checkpoint = isKnown ? parsed.data : { mapping: fingerprint, complete: null, reading: null };
  const sources = await locateAll(table, context);
  const copies: LocalCopy[] = [];
  try {
    if (
      last.reading === null &&
      !(await takeCopiesIfChanged(sources, last.complete?.files ?? {}, context.client, copies))
    ) {
      context.log("info", `${table}: no file has changed since the last pull (${last.complete?.rows ?? 0} rows)`);
      return;
    }
    for (const { mapping } of sources.filter((one, index) => sources[index - 1]?.mapping !== one.mapping))
      for (const line of await leftOut(mapping, context.client)) context.log("warn", `${table}: ${line}`);
    await takeRest(sources, context.client, copies);
    yield* readAll(table, context, { sources, copies, last });
  } finally {
    // Holes are files of which no copy was taken yet.
    for (const copy of Object.values(copies)) await copy.remove();
  }
}

async function locateAll(table: Table, { settings, client }: Context): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const [index, mapping] of mappingsOf(settings, table).entries()) {
    for (const location of await locate(mapping, client)) {
      sources.push({ mapping, name: sourceName(mapping, index), location, part: table === "deals" ? index : 0 });
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

/** A file in its turn, with what its keys are held against. */
type Turn = Source & {
  readonly copy: LocalCopy;
  readonly mtimeMs: number | null;
  readonly file: SheetFile;
  /** What was found to be wrong with it, once it has been read. */
  readonly faults: ReadonlySet<FileFault>;
  /** Tells the files apart. */
  readonly index: number;
  readonly betweenFiles: RepeatedKeys;
};

function turnsOf(context: Context, { sources, copies }: Reading): readonly Turn[] {
  const all = sources.flatMap((source, index) => {
    const copy = copies[index];
    if (copy === undefined) return [];
    const { mapping, location } = source;
    const { log, signal } = context;
    const faults = new Set<FileFault>();
    const tell = (fault: FileFault): void => void faults.add(fault);
    const file = { path: copy.path, shown: location.shown, mapping, log, signal, tell };
    return [{ ...source, copy, mtimeMs: copy.version.mtime_ms, file, faults, index }];
  });
  return readingOrder(all).map((turn) => ({
    ...turn,
    betweenFiles: repeatsBetweenFiles(
      turn.mapping,
      all.filter(({ mapping }) => mapping === turn.mapping),
    ),
  }));
}

/** Pages over every row of every file, or over those below where an interrupted reading of the same files had come to. */
async function* readAll(table: Table, context: Context, reading: Reading): AsyncGenerator<Page> {
  const { last } = reading;
  const turns = turnsOf(context, reading);
  for (const line of describeOrder(turns)) context.log("info", `${table}: ${line}`);
  const files: { [key: string]: FileVersion } = {};
  for (const turn of turns) files[fileKey(turn)] = turn.copy.version;
  const rowsDone = last.reading !== null && isSameContent(last.reading.files, files) ? last.reading.rows : 0;
  const seen = createSeenIds();
  const notes = createNotes();
  const watch = createDamageWatch(last.complete?.last_rows ?? {});
  let startsListing = rowsDone === 0;
  let rows = 0;
  let readable = 0;
  let outdated = 0;
  let records: Json[] = [];
  let problems: Problem[] = [];
  const firstProblems: Problem[] = [];
  const takePage = (next: Checkpoint, total: number | null): Page => {
    const page = { records, problems, checkpoint: next, progress: { done: rows, total }, startsListing };
    [records, problems, startsListing] = [[], [], false];
    return page;
  };
  for (const turn of turns) {
    const lastRows = turn.mapping.repeated_keys === "last" ? await findLastRows(keysOf(turn)) : null;
    let row = -1;
    for await (const batch of settledRows(turn, context.client)) {
      for (const read of batch) {
        context.signal.throwIfAborted();
        rows += 1;
        row += 1;
        // Rows that landed already are read all the same: a key that repeats one of theirs is a repetition.
        const result = readRecord(table, turn, read, context, { seen, lastRows, row, notes });
        if (result === "outdated") outdated += 1;
        const isReadable = result === "outdated" || result.problems.length === 0;
        if (isReadable) readable += 1;
        else if (firstProblems.length < 3) firstProblems.push(...result.problems);
        watch.see(fileKey(turn), read, turn.mapping, idOf(result));
        if (rows <= rowsDone || result === "outdated") continue;
        records.push(...result.records);
        problems.push(...result.problems);
        if (records.length + problems.length >= ROWS_PER_PAGE)
          yield takePage({ ...last, reading: { rows, files, last_rows: {} } }, null);
      }
    }
    tellNotes(notes, context.log);
    watch.ended(fileKey(turn), turn.location.shown, turn.faults.has("holes"));
  }
  if (outdated > 0)
    context.log("info", `${table}: ${outdated} rows stand again further down or in a later file, which counts`);
  if (rows > 0 && readable === 0) {
    // The reasons land; where the next pull begins does not move.
    yield takePage(last, rows);
    throw nothingReadable(table, rows, firstProblems);
  }
  const listingDoubt = watch.doubt(seen);
  yield {
    ...takePage({ ...last, complete: { rows, files, last_rows: watch.lastRows() }, reading: null }, rows),
    ...(listingDoubt === null ? {} : { listingDoubt }),
  };
}

/**
 * The rows of a file that did not change while it was read. One that lacks its end and was written a moment ago is looked at once more after a while:
 * whatever writes it may do so piece by piece.
 *
 * @throws TributaryError `csv.file.changed_while_read`, also instead of what the half of a file looks like.
 */
async function* settledRows(turn: Turn, access: FileAccess): AsyncGenerator<readonly SheetRow[]> {
  let isCut = true;
  try {
    yield* readRowBatches(turn.file);
    isCut = turn.faults.has("open_end");
  } finally {
    if (isCut) await letSettle(turn.copy.version, access.signal);
    await assertSettled(turn.location, turn.copy.version, access);
  }
}

function idOf(result: ReadRow | "outdated"): string | null {
  const record = result === "outdated" ? undefined : result.records[0];
  return record === undefined ? null : recordId(record);
}

async function* keysOf({ file, mapping }: Turn): AsyncGenerator<string | null> {
  // What there is to say of the file is said when it is read.
  for await (const { cells, problem } of readRows({ ...file, log: () => {} })) {
    const key = readKey(mapping, cells);
    yield key.kind === "key" && problem === null ? key.id : null;
  }
}

function isSameContent(one: Files, other: Files): boolean {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    // By the time of change snapshots are put in order.
    keys.every((key) => one[key]?.hash === other[key]?.hash && one[key]?.mtime_ms === other[key]?.mtime_ms)
  );
}

type ReadRow = { readonly records: readonly RowRecord[]; readonly problems: readonly Problem[] };

type Repeats = {
  /** By key: the file it stood in. */
  readonly seen: SeenIds;
  readonly lastRows: LastRows | null;
  readonly row: number;
  readonly notes: Notes;
};

/** The raw record of a row; or none, and what is wrong with the row, by its line; or that a later row counts instead. */
function readRecord(table: Table, turn: Turn, row: SheetRow, context: Context, repeats: Repeats): ReadRow | "outdated" {
  const at = `${turn.location.shown} line ${row.line}`;
  const { mapping, betweenFiles } = turn;
  const { seen, lastRows } = repeats;
  const key = readKey(mapping, row.cells);
  const id = key.kind === "key" ? partId(key.id, turn.part) : null;
  // A row that names its record is there, however broken: it must not count as one that disappeared.
  const named = id === null ? {} : { externalId: id };
  const refused = (...all: readonly Omit<Problem, "at">[]): ReadRow => {
    // What an earlier snapshot says of it no longer holds.
    if (id !== null && betweenFiles === "last" && seen.get(id) === null) seen.set(id, turn.index);
    return { records: [], problems: all.map((problem) => ({ at, ...named, ...problem })) };
  };
  const seenIn = id === null ? null : seen.get(id);
  if (betweenFiles === "last" && seenIn !== null && seenIn !== turn.index) return "outdated";
  if (key.kind === "key" && row.problem === null && lastRows?.isLast(key.id, repeats.row) === false) return "outdated";
  if (row.problem !== null) return refused(row.problem);
  if (key.kind === "bad")
    return refused({ code: "csv.row.bad_key", reason: `the key (column ${key.column}): ${key.reason}` });
  if (key.kind === "empty") {
    const columns = [mapping.key].flat().join(", ");
    return refused({ code: "csv.row.missing_key", reason: `the key (column ${columns}) is empty` });
  }
  const part = turn.part === 0 ? {} : { part: turn.part };
  const record = { id: key.id, source: turn.name, columns: row.cells, ...part };
  const { skipped, notes } = rowFacts(table, mapping, record, readingContext(context), at);
  if (skipped.length > 0) return refused(...skipped);
  repeats.notes.add([...key.notes, ...notes], at);
  if (seenIn === null) {
    seen.set(partId(key.id, turn.part), turn.index);
    return { records: [record], problems: [] };
  }
  if (mapping.repeated_keys === "first") return { records: [], problems: [] };
  return refused({ code: "csv.row.duplicate_key", reason: `the key ${key.id} has occurred further up` });
}

/** Rows are read once here only to name their lines. */
function readingContext({ settings, workspace }: Context): ReadingContext {
  return { settings, ...workspace };
}

/** Where not one row can be read, the mapping or the file is wrong, not the rows. */
function nothingReadable(table: Table, rows: number, problems: readonly Problem[]): TributaryError {
  const first = problems.slice(0, 3).map(({ at, reason }) => `${at}: ${reason}`);
  return fileError({
    code: "csv.file.nothing_readable",
    message: `${table}: none of the ${rows} rows can be read. ${first.join("; ")}.`,
    mend: "Correct the mapping (date_format, decimal, pipelines, key) or the file, and sync again. What was read before stays.",
  });
}

/** Of all that decides how a row is read. */
function fingerprintOf(table: Table, { settings, workspace }: Context): string {
  const { tables: _tables, ...shared } = settings;
  return createHash("sha256")
    .update(JSON.stringify([READING, workspace.currency, shared, mappingsOf(settings, table)]))
    .digest("hex")
    .slice(0, 16);
}

export const streams: { readonly [stream: string]: Stream<Settings, FileAccess> } = {
  pipelines: pipelineStream(),
  ...Object.fromEntries(TABLES.map((table) => [table, tableStream(table)])),
};
