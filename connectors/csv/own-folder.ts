import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const PREFIX = "tributary-csv-";
/** Longer than any pull may read a file. */
const LEFT_AFTER_MS = 24 * 60 * 60 * 1000;

export type OwnFolder = {
  readonly folder: string;
  /** Removes it with what is in it; more than once is once. */
  readonly remove: () => Promise<void>;
};

let cleared: Promise<void> | null = null;

/**
 * A folder for the copy of one file. Its user removes it; of a process that was killed, it goes when another one begins to read files a day
 * later.
 */
export async function ownFolder(): Promise<OwnFolder> {
  cleared ??= clearLeft(tmpdir(), new Date());
  await cleared;
  const folder = await mkdtemp(path.join(tmpdir(), PREFIX));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Removes the folders that nobody can be reading any more. What cannot be removed is another user's, and stays. */
export async function clearLeft(parent: string, now: Date): Promise<void> {
  const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const folder = path.join(parent, name);
    const made = await stat(folder).catch(() => null);
    if (made?.isDirectory() !== true || now.getTime() - made.mtimeMs < LEFT_AFTER_MS) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
