import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { z } from "zod";
import { TributaryError } from "../../base/errors.ts";
import { canEnter, serverUser } from "./server-user.ts";

/** What the data folder remembers of its database, in `postgres.json`. */
const REMEMBERED = z.object({ home: z.string(), port: z.int().min(1).max(65535).nullable() });
type Remembered = z.infer<typeof REMEMBERED>;

/** Where an embedded database lives. */
export type Place = {
  /** The folder that TRIBUTARY_DATA_DIR names. */
  readonly dataDir: string;
  /** What the server's user must reach: the cluster, perhaps a copy of the programs. The data folder itself wherever possible. */
  readonly home: string;
  /** PostgreSQL's own data folder. */
  readonly cluster: string;
};

const rememberedFile = (dataDir: string): string => path.join(dataDir, "postgres.json");
const passwordFile = (dataDir: string): string => path.join(dataDir, "postgres-password");

/**
 * Finds the place of the data folder's database, or chooses one. Makes the data folder when it is not there.
 *
 * @throws TributaryError `embedded.data_dir_unusable`, `embedded.no_place`
 */
export function findPlace(dataDir: string): Place {
  const absolute = path.resolve(dataDir);
  try {
    fs.mkdirSync(absolute, { recursive: true, mode: 0o700 });
    const remembered = readRemembered(absolute);
    const home = remembered?.home ?? chooseHome(absolute);
    if (remembered === null) writeRemembered(absolute, { home, port: null });
    return { dataDir: absolute, home, cluster: path.join(home, "postgres") };
  } catch (cause) {
    if (cause instanceof TributaryError) throw cause;
    throw new TributaryError({
      code: "embedded.data_dir_unusable",
      kind: "config",
      message: `The data folder ${absolute} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      mend: "Give the user that runs Tributary the folder (chown -R), or name another one in TRIBUTARY_DATA_DIR.",
      cause,
    });
  }
}

/** Folders that outlive a restart of the machine and that another user can enter, in order of preference. */
const SHARED_PARENTS = ["/var/lib/tributary", "/var/tmp/tributary"];

function chooseHome(dataDir: string): string {
  const user = serverUser(path.join(dataDir, "postgres"));
  if (user.uid === undefined) return dataDir;
  // Passing through is all that others get: what is secret in there has mode 0600.
  fs.chmodSync(dataDir, 0o711);
  if (canEnter(dataDir, user)) return dataDir;

  // Named for the data folder, and drawn anew for each: a data folder that was deleted must not come back with its old rows.
  const name = `${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}-${randomBytes(4).toString("hex")}`;
  for (const parent of SHARED_PARENTS) {
    const home = path.join(parent, name);
    try {
      fs.mkdirSync(home, { recursive: true });
      fs.chmodSync(home, 0o711);
    } catch {
      continue;
    }
    if (canEnter(home, user)) return home;
  }
  throw new TributaryError({
    code: "embedded.no_place",
    kind: "config",
    message: `PostgreSQL does not run as root, and no other user can enter ${dataDir} or ${SHARED_PARENTS.join(" or ")}.`,
    mend: "Set TRIBUTARY_DATA_DIR to a folder outside root's own, run Tributary as a plain user, or set DATABASE_URL.",
  });
}

function readRemembered(dataDir: string): Remembered | null {
  const file = rememberedFile(dataDir);
  return fs.existsSync(file) ? REMEMBERED.parse(JSON.parse(fs.readFileSync(file, "utf8"))) : null;
}

function writeRemembered(dataDir: string, value: Remembered): void {
  writePrivate(rememberedFile(dataDir), `${JSON.stringify(value)}\n`);
}

/** The port that the database listens on, or did when it last ran. Null before the first start. */
export function rememberedPort(place: Place): number | null {
  return readRemembered(place.dataDir)?.port ?? null;
}

export function rememberPort(place: Place, port: number): void {
  writeRemembered(place.dataDir, { home: place.home, port });
}

/** The password of the database user, drawn at the first call. */
export function databasePassword(place: Place): string {
  const file = passwordFile(place.dataDir);
  if (!fs.existsSync(file)) writePrivate(file, randomBytes(24).toString("base64url"));
  return fs.readFileSync(file, "utf8").trim();
}

/** Replaces the file in one step, readable by its owner alone: the data folder's owner, even when root writes it. */
function writePrivate(file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`;
  fs.writeFileSync(partial, text, { mode: 0o600 });
  const folder = fs.statSync(path.dirname(file));
  if (process.getuid?.() === 0) fs.chownSync(partial, folder.uid, folder.gid);
  fs.renameSync(partial, file);
}
