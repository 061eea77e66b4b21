import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { type Files, type FoundFile, type FoundFolder, UPLOAD } from "../../core/connector/files.ts";
import { download, shown } from "./download.ts";
import { fileError } from "./errors.ts";
import { globMatcher } from "./globs.ts";
import { tidyText } from "../_rows/names.ts";
import { ownFolder } from "./own-folder.ts";
import type { Mapping } from "./settings.ts";
import { isSignInPage } from "./web-pages.ts";

/** What tells one state of a file from another; kept in the stream's checkpoint. */
export const fileVersion = z.object({
  size: z.number(),
  hash: z.string(),
  mtime_ms: z.number().nullable(),
  etag: z.string().nullable(),
  last_modified: z.string().nullable(),
});
export type FileVersion = z.infer<typeof fileVersion>;

/** The connector's client: what reaching files takes. */
export type FileAccess = {
  readonly files: Files;
  readonly allowPrivateNetworks: boolean;
  readonly signal: AbortSignal;
};

/** A file or address that a source names (a folder: one for each of its files), or rows that are written in the mapping itself. */
export type Location =
  | { readonly kind: "file"; readonly path: string; readonly shown: string }
  | { readonly kind: "address"; readonly url: string; readonly shown: string }
  | { readonly kind: "rows"; readonly hash: string; readonly shown: string };

/** A location's content on this machine's disk, ready to be read; rows of the mapping itself have no path. */
export type LocalCopy = { readonly path: string; readonly version: FileVersion; remove(): Promise<void> };

const SHEET_NAME = /\.(csv|tsv|tab|txt|xlsx|xlsm)(\.gz|\.zip)?$/i;
/** What people keep rows in that is not read, or not out of a folder. */
const OTHER_SHEET_NAME = /\.(xls|xlsb|ods|numbers|zip|gz|7z|rar|json|xml|html?|pdf|parquet)$/i;
const BY_NAME = new Intl.Collator("en", { numeric: true });

/**
 * The files and addresses that a source's `from` stands for now, a folder's in the order of their names.
 *
 * @throws TributaryError `csv.file.missing` when there is none.
 */
export async function locate(mapping: Mapping, { files }: FileAccess): Promise<readonly Location[]> {
  const { from } = mapping;
  if (from === undefined) {
    const hash = createHash("sha256").update(JSON.stringify(mapping.rows)).digest("hex");
    return [{ kind: "rows", hash, shown: "rows" }];
  }
  if (/^https?:\/\//i.test(from)) {
    if (!URL.canParse(from)) throw missing(from, "is no valid address");
    return [{ kind: "address", url: from, shown: shown(new URL(from)) }];
  }
  if (from.startsWith(UPLOAD)) {
    await lookOrThrow(files, from);
    return [{ kind: "file", path: from, shown: from.slice(UPLOAD.length) }];
  }
  const pattern = path.basename(from);
  if (/[*?]/.test(pattern)) return listFolder(files, path.dirname(from), globMatcher(pattern), from);
  const file = await asSpelt(files, from);
  const found = await lookOrThrow(files, file);
  if (found.kind === "folder") return listFolder(files, file, (name) => SHEET_NAME.test(name), from);
  return [fileAt(file)];
}

/** What lies in a source's folder and is not read, though there may be rows in it: in a line, or nothing. */
export async function leftOut({ from = "" }: Mapping, { files }: FileAccess): Promise<readonly string[]> {
  if (from === "" || !isLocal(from) || /[*?]/.test(path.basename(from))) return [];
  const found = await files.look(await asSpelt(files, from));
  if (found?.kind !== "folder") return [];
  const names = found.names.filter((name) => !isIgnored(name) && !SHEET_NAME.test(name) && OTHER_SHEET_NAME.test(name));
  const some =
    names.length > 5 ? [...names.toSorted(BY_NAME.compare).slice(0, 5), "…"] : names.toSorted(BY_NAME.compare);
  return names.length === 0
    ? []
    : [
        `of the folder ${path.basename(from)} ${some.join(", ")} ${names.length === 1 ? "is" : "are"} not read: ${FOLDER_KINDS} are`,
      ];
}

const FOLDER_KINDS = "csv, tsv, txt and xlsx files, also as .gz,";

/** `.x` is hidden; `~$x.xlsx` is the lock file of an open workbook. */
function isIgnored(name: string): boolean {
  return /^(\.|~\$)/.test(name);
}

/** Whether `from` names a path of this machine, rather than an address or an upload. */
export function isLocal(from: string): boolean {
  return !/^https?:\/\//i.test(from) && !from.startsWith(UPLOAD);
}

/** The path as the file system spells it: `é` may be one character or two, and both look the same in a mapping. */
async function asSpelt(files: Files, file: string): Promise<string> {
  const folder = path.dirname(file);
  if ((await files.look(file)) !== null) return file;
  const wanted = tidyText(path.basename(file));
  const beside = await files.look(folder).catch(() => null); // It may lie above the folder that was named.
  const name = beside?.kind === "folder" ? beside.names.find((one) => tidyText(one) === wanted) : undefined;
  return name === undefined ? file : path.join(folder, name);
}

async function listFolder(
  files: Files,
  folder: string,
  fits: (name: string) => boolean,
  from: string,
): Promise<readonly Location[]> {
  const found = await lookOrThrow(files, folder);
  const entries = found.kind === "folder" ? found.names : [];
  const names = entries
    .filter((name) => !isIgnored(name) && fits(name))
    // Week 10 comes after week 9.
    .toSorted((a, b) => BY_NAME.compare(a, b) || (a < b ? -1 : 1));
  if (names.length === 0) throw missing(from, "holds no csv, tsv, txt or xlsx file that fits");
  return names.map((name) => fileAt(path.join(folder, name)));
}

function fileAt(file: string): Location {
  return { kind: "file", path: file, shown: path.basename(file) };
}

async function lookOrThrow(files: Files, file: string): Promise<FoundFile | FoundFolder> {
  const found = await files.look(file);
  if (found !== null) return found;
  throw missing(file, "does not exist");
}

function missing(from: string, what: string): TributaryError {
  return fileError({
    code: "csv.file.missing",
    message: `${from} ${what}.`,
    mend: "Put the file there or correct `from`; relative paths start at the config file's folder. Workers on other machines need it too.",
  });
}

/**
 * The location's content if it differs from `known`, else null. Local files are compared by size and time, then by content; addresses by
 * their validators (ETag, Last-Modified), then by content. The caller removes the copy when it has read it.
 */
export async function copyIfChanged(
  location: Location,
  known: FileVersion | null,
  access: FileAccess,
): Promise<LocalCopy | null> {
  if (location.kind === "address") {
    const copy = await fetchCopy(location.url, known, access);
    if (copy === null || copy.version.hash !== known?.hash) return copy;
    await copy.remove();
    return null;
  }
  if (location.kind === "rows") {
    if (location.hash === known?.hash) return null;
    const version = { size: 0, hash: location.hash, mtime_ms: null, etag: null, last_modified: null };
    return { path: "", version, remove: async () => {} };
  }
  return localCopy(location.path, known, access);
}

/** Of a folder of its own, which goes with the copy. */
async function inOwnFolder(
  fill: (folder: string, remove: () => Promise<void>) => Promise<LocalCopy | null>,
): Promise<LocalCopy | null> {
  const { folder, remove } = await ownFolder();
  try {
    const copy = await fill(folder, remove);
    if (copy === null) await remove();
    return copy;
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Read in one go from what was opened and checked: nothing that becomes of the path meanwhile gets into the copy. */
async function localCopy(file: string, known: FileVersion | null, access: FileAccess): Promise<LocalCopy | null> {
  const found = await lookOrThrow(access.files, file);
  const isSame =
    known !== null && found.kind === "file" && found.size === known.size && found.mtimeMs === known.mtime_ms;
  if (isSame) return null;
  return inOwnFolder(async (folder, remove) => {
    // Its ending says what it is.
    const to = path.join(folder, path.basename(file));
    const copied = await access.files.copy(file, to, access.signal);
    if (copied === null) throw missing(file, "does not exist");
    const { size, hash, mtimeMs } = copied;
    if (hash === known?.hash) return null;
    return { path: to, version: { size, hash, mtime_ms: mtimeMs, etag: null, last_modified: null }, remove };
  });
}

async function fetchCopy(url: string, known: FileVersion | null, access: FileAccess): Promise<LocalCopy | null> {
  return inOwnFolder(async (folder, remove) => {
    const to = path.join(folder, "download");
    const ifChangedFrom = known === null ? null : { etag: known.etag, lastModified: known.last_modified };
    const got = await download({ url, ifChangedFrom, to, ...access });
    if (got === null) return null;
    if (/text\/html/i.test(got.contentType))
      throw notASheet(url, isSignInPage((await headOf(to, PAGE_BYTES)).toString("latin1")));
    const version = { size: got.size, hash: got.hash, mtime_ms: null, etag: got.etag, last_modified: got.lastModified };
    return { path: to, version, remove };
  });
}

/** Enough of a web page to see what it asks for. */
const PAGE_BYTES = 64 * 1024;

function notASheet(url: string, isSignIn: boolean): TributaryError {
  return new TributaryError({
    code: "csv.address.not_a_sheet",
    kind: "contract",
    message: `${shown(new URL(url))} answers with a ${isSignIn ? "sign-in page: the sheet is not shared with everybody who has the link" : "web page, not with a sheet"}.`,
    mend: "Use the sheet's published CSV link (for a Google Sheet: File, Share, Publish to web, Comma-separated values).",
  });
}

/**
 * Makes sure that a local file did not change while it was read; what was read of it may be half of one state and half of another.
 *
 * @throws TributaryError `transient`: the next try reads it again.
 */
export async function assertSettled(location: Location, version: FileVersion, { files }: FileAccess): Promise<void> {
  if (location.kind !== "file") return;
  const now = await lookOrThrow(files, location.path);
  if (now.kind === "file" && now.size === version.size && now.mtimeMs === version.mtime_ms) return;
  throw new TributaryError({
    code: "csv.file.changed_while_read",
    kind: "transient",
    message: `${location.path} changed while it was read.`,
    mend: "Nothing to do: it is read again. Programs that write it should write to another name and rename it at the end.",
  });
}

/** A file that was written so long ago is taken for whole. */
const FRESH_MS = 5_000;
const PAUSE_MS = 300;

/** Gives whatever writes a fresh file some time for its next piece. */
export async function letSettle({ mtime_ms: mtimeMs }: FileVersion, signal: AbortSignal): Promise<void> {
  // By the machine's clock, which dates files.
  if (mtimeMs === null || Date.now() - mtimeMs > FRESH_MS) return;
  await setTimeout(PAUSE_MS, null, { signal });
}

/** The first bytes of a file. */
export async function headOf(file: string, length: number): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
