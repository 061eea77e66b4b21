import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { TributaryError } from "../../core/base/errors.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";

/**
 * Keeps a second demo out of the folder: each would empty it under the other. A file beside the folder names the process that holds it; one
 * that has died holds nothing.
 *
 * @returns lets it go.
 * @throws TributaryError `demo.running`
 */
export function holdFolder(folder: string): () => void {
  const file = `${folder}.pid`;
  mkdirSync(path.dirname(file), { recursive: true });
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST") throw error;
      if (tries > 0 || isRunning(Number(readFileSync(file, "utf8")))) throw running(folder, file);
      rmSync(file, { force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one as well.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Removes everything in it. A database that a killed demo has left running there is stopped first. */
export async function emptyFolder(folder: string): Promise<void> {
  if (existsSync(path.join(folder, "postgres", "postmaster.pid"))) {
    const database = await openEmbedded({ dataDir: folder });
    await database.release();
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}

function running(folder: string, file: string): TributaryError {
  return new TributaryError({
    code: "demo.running",
    kind: "config",
    message: `A demo runs in ${folder} already.`,
    mend: `Stop it first, or name another folder with --data-dir. If none runs, remove ${file}.`,
  });
}
