import { createHash } from "node:crypto";
import { constants, createWriteStream, type Stats } from "node:fs";
import { type FileHandle, open, readdir, readlink, realpath, stat } from "node:fs/promises";
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
 * @param roots absolute; folders below which files may be read.
 */
export function createFiles(roots: readonly string[], uploads: Uploads): Files {
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
  roots: readonly string[],
  use: (opened: Opened) => Promise<T>,
): Promise<T | null> {
  assertNamed(file, roots);
  let handle: FileHandle;
  try {
    // Looked at before: opening a pipe or a device may already do something.
    const before = await stat(file);
    if (!before.isFile() && !before.isDirectory()) throw notRegular(file);
    // Without waiting: what has become a pipe since would hold us until somebody writes into it.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error instanceof TributaryError ? error : unreadable(file, error);
  }
  try {
    const found = await handle.stat();
    if (!found.isFile() && !found.isDirectory()) throw notRegular(file);
    const real = await realPathOf(handle, file, found);
    const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
    const isBelowRoot = realRoots.some((root) => root !== null && isBelow(real, root));
    if (!isBelowRoot || OF_THE_SYSTEM.some((folder) => isBelow(real, folder))) throw notAllowed(file);
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
    message: `${file} is in none of the folders that files may be read from.`,
    mend: "Upload the file (POST /api/v1/uploads) and name it upload:NAME; or, on the machine of the hub, name its folder in TRIBUTARY_FILES, or put it below the config file's folder and apply the config file.",
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
