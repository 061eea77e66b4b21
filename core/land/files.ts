import { createHash } from "node:crypto";
import { constants, createWriteStream, type Stats } from "node:fs";
import { type FileHandle, open as openFile, readdir, readlink, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TributaryError } from "../base/errors.ts";
import { type CopiedFile, type Files, type FoundFile, type FoundFolder, UPLOAD } from "../connector/files.ts";

/** Files that were uploaded, by name; null: there is none. */
export type Uploads = {
  find(name: string): Promise<{ readonly size: number; readonly createdAt: Date } | null>;
  read(name: string): Promise<Buffer | null>;
};

/**
 * The door to this machine's files. A path is held against the folders twice: as it is written, and, once it is open, as it really is
 * (symbolic links followed). What was opened and checked is what is read, so that a path which changes in between gains nothing.
 *
 * What is hidden below a folder (a name that begins with a dot) is no spreadsheet: keys of programs, the environment, the history of a shell.
 *
 * @param open absolute; folders below which files may be read.
 * @param closed absolute; folders in which nothing is read although they lie below an open one: the hub's own data, with its key.
 */
export function createFiles(open: readonly string[], uploads: Uploads, closed: readonly string[] = []): Files {
  const roots = { open, closed };
  return {
    async look(file) {
      if (file.startsWith(UPLOAD)) return lookUpload(uploads, file);
      return withOpen(file, roots, async ({ handle, found, real }): Promise<FoundFile | FoundFolder> => {
        if (found.isFile()) return { kind: "file", size: found.size, mtimeMs: found.mtimeMs };
        const entries = await readdir((await ownName(handle)) ?? real, { withFileTypes: true });
        return { kind: "folder", names: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name) };
      });
    },
    async copy(file, to, signal) {
      if (file.startsWith(UPLOAD)) return copyUpload(uploads, file, to, signal);
      return withOpen(file, roots, async ({ handle, found }): Promise<CopiedFile> => {
        if (!found.isFile()) throw notRegular(file);
        const { size, mtimeMs } = found;
        // One that grows while it is read ends where it ended when it was opened.
        const content =
          size === 0 ? Readable.from([]) : handle.createReadStream({ autoClose: false, start: 0, end: size - 1 });
        return { kind: "file", mtimeMs, ...(await save(content, file, to, signal)) };
      });
    },
  };
}

type Opened = { readonly handle: FileHandle; readonly found: Stats; readonly real: string };

/** @returns null when there is nothing at the path. */
async function withOpen<T>(
  file: string,
  roots: { readonly open: readonly string[]; readonly closed: readonly string[] },
  use: (opened: Opened) => Promise<T>,
): Promise<T | null> {
  assertNamed(file, roots.open);
  let handle: FileHandle;
  try {
    // Looked at before: opening a pipe or a device may already do something.
    const before = await stat(file);
    if (!before.isFile() && !before.isDirectory()) throw notRegular(file);
    // Without waiting: what has become a pipe since would hold us until somebody writes into it.
    handle = await openFile(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error instanceof TributaryError ? error : unreadable(file, error);
  }
  try {
    const found = await handle.stat();
    if (!found.isFile() && !found.isDirectory()) throw notRegular(file);
    const real = await realPathOf(handle, file, found);
    const open = (await realPaths(roots.open)).filter((root) => isBelow(real, root));
    if (open.length === 0 || OF_THE_SYSTEM.some((folder) => isBelow(real, folder))) throw notAllowed(file);
    const closed = (await realPaths(roots.closed)).filter((folder) => isBelow(real, folder));
    // A folder inside a closed one that was named for itself is meant.
    const isMeant = (root: string): boolean => !isHidden(real, root) && !closed.some((folder) => isBelow(folder, root));
    if (!open.some(isMeant)) throw notShown(file);
    return await use({ handle, found, real });
  } catch (error) {
    throw error instanceof TributaryError || isAborted(error) ? error : unreadable(file, error);
  } finally {
    await handle.close();
  }
}

/** Not even where a folder above them was named: what is in them is the machine's own state, not files. */
const OF_THE_SYSTEM = ["/proc", "/sys", "/dev"];

/** As it is written, or below a folder as it really is: a root that is a link may be named either way. */
function assertNamed(file: string, roots: readonly string[]): void {
  const isNamed =
    path.isAbsolute(file) && !file.includes("\0") && roots.some((root) => isBelow(path.resolve(file), root));
  if (!isNamed) throw notAllowed(file);
}

/** Whether a path is the folder itself or lies in it; both absolute. */
export function isBelow(file: string, folder: string): boolean {
  const way = path.relative(folder, file);
  return way === "" || (way !== ".." && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way));
}

/** Of those that are there. */
async function realPaths(folders: readonly string[]): Promise<readonly string[]> {
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => null)));
  return real.filter((one) => one !== null);
}

function isHidden(file: string, root: string): boolean {
  return path
    .relative(root, file)
    .split(path.sep)
    .some((step) => step.startsWith("."));
}

/** The path under which the kernel knows what is open; null where there is no /proc. */
async function ownName(handle: FileHandle): Promise<string | null> {
  const name = `/proc/self/fd/${handle.fd}`;
  return (await readlink(name).catch(() => null)) === null ? null : name;
}

/** Where what is open really is. Without /proc the path is asked, which has to lead to the same file. */
async function realPathOf(handle: FileHandle, file: string, found: Opened["found"]): Promise<string> {
  const name = await ownName(handle);
  if (name !== null) return readlink(name);
  const real = await realpath(file);
  const there = await stat(real);
  if (there.dev !== found.dev || there.ino !== found.ino) throw notAllowed(file);
  return real;
}

async function save(
  content: Readable,
  file: string,
  to: string,
  signal: AbortSignal,
): Promise<{ readonly size: number; readonly hash: string }> {
  const hash = createHash("sha256");
  let size = 0;
  const meter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(content, meter, createWriteStream(to, { mode: 0o600, flags: "wx" }), { signal });
  } catch (error) {
    if (codeOf(error) === "ENOSPC") throw noRoom(file, error);
    throw error;
  }
  return { size, hash: hash.digest("hex") };
}

async function lookUpload(uploads: Uploads, file: string): Promise<FoundFile | null> {
  const found = await uploads.find(file.slice(UPLOAD.length));
  return found === null ? null : { kind: "file", size: found.size, mtimeMs: found.createdAt.getTime() };
}

async function copyUpload(uploads: Uploads, file: string, to: string, signal: AbortSignal): Promise<CopiedFile | null> {
  const name = file.slice(UPLOAD.length);
  const [found, content] = [await uploads.find(name), await uploads.read(name)];
  if (found === null || content === null) return null;
  return {
    kind: "file",
    mtimeMs: found.createdAt.getTime(),
    ...(await save(Readable.from([content]), file, to, signal)),
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : null;
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(String(codeOf(error)));
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Also said of what is set up, before anything is read. */
export function notAllowed(file: string): TributaryError {
  return new TributaryError({
    code: "files.not_allowed",
    kind: "config",
    message: `${file} is in none of the folders that files may be read from${/^[a-z][a-z0-9+.-]+:/i.test(file) ? "; of addresses, only those that begin with https:// or http:// are fetched" : ""}.`,
    mend: "Upload the file (POST /api/v1/uploads) and name it upload:NAME; or, on the machine of the hub, name its folder in TRIBUTARY_FILES, or put it below the config file's folder and apply the config file.",
  });
}

function notShown(file: string): TributaryError {
  return new TributaryError({
    code: "files.not_allowed",
    kind: "config",
    message: `${file} is hidden, or of the hub's own data; such files are not read, whichever folders are named.`,
    mend: "Put the file into a folder for spreadsheets; no name on the way to it may begin with a dot.",
  });
}

function notRegular(file: string): TributaryError {
  return new TributaryError({
    code: "files.not_regular",
    kind: "config",
    message: `${file} is no ordinary file.`,
    mend: "Name a file or a folder of files; pipes, devices and sockets are not read.",
  });
}

function unreadable(file: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "files.unreadable",
    kind: "config",
    message: `${file} cannot be read: ${cause instanceof Error ? cause.message : "unknown reason"}.`,
    mend: "Give the user that Tributary runs as the right to read it.",
    cause,
  });
}

function noRoom(file: string, cause: unknown): TributaryError {
  return new TributaryError({
    code: "files.no_room",
    kind: "transient",
    message: `There is no room on the disk for a copy of ${file} while it is read.`,
    mend: "Free some space in the folder for temporary files (TMPDIR); the next try comes by itself.",
    cause,
  });
}
