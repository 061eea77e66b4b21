import { execFile } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { TributaryError } from "../../base/errors.ts";
import { diskFull, isDiskFull } from "../failures.ts";
import type { Binaries } from "./binaries.ts";
import { databasePassword, type Place, rememberedPort, rememberPort } from "./place.ts";
import { DATABASE_USER, probe } from "./probe.ts";
import type { ServerUser } from "./server-user.ts";

const run = promisify(execFile);

/** The major version of the packaged programs, and so of the clusters they can open. */
const MAJOR_VERSION = "18";

/** How long a server may need to come up. Recovery after a crash replays up to max_wal_size, which a slow disk takes minutes for. */
const START_TIMEOUT_S = 300;

/** PostgreSQL's settings by name. The product leaves `fsync`, `full_page_writes` and `synchronous_commit` on. */
export type Settings = Readonly<Record<string, string>>;

const SETTINGS: Settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "256MB",
  work_mem: "16MB",
  maintenance_work_mem: "128MB",
  // Bulk loads write much WAL; checkpoints forced by its volume would write every page again and again.
  max_wal_size: "2GB",
  min_wal_size: "256MB",
  checkpoint_timeout: "15min",
  wal_compression: "on",
  random_page_cost: "1.1",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // A week of logs, each weekday's file written anew.
  logging_collector: "on",
  log_directory: "log",
  log_filename: "postgresql-%a.log",
  log_rotation_age: "1d",
  log_truncate_on_rotation: "on",
  log_line_prefix: "%m [%p] %a ",
};

/** Makes the cluster when it is not there. A crash on the way leaves nothing that would be taken for a cluster. */
export async function initialise(place: Place, binaries: Binaries, user: ServerUser): Promise<void> {
  if (fs.existsSync(place.cluster)) return checkVersion(place);
  const partial = `${place.cluster}.partial`;
  const passwordFile = path.join(place.home, `postgres-pwfile.${process.pid}`);
  fs.rmSync(partial, { recursive: true, force: true });
  try {
    // A file of the server's user, because initdb runs as that user; gone as soon as initdb has read it.
    fs.writeFileSync(passwordFile, databasePassword(place), { mode: 0o600 });
    fs.mkdirSync(partial, { mode: 0o700 });
    if (user.uid !== undefined && user.gid !== undefined) {
      fs.chownSync(passwordFile, user.uid, user.gid);
      fs.chownSync(partial, user.uid, user.gid);
    }
    await run(
      binaries.initdb,
      [
        `--pgdata=${partial}`,
        `--username=${DATABASE_USER}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        // PostgreSQL's own collation: the same order on every machine, whatever its locales.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
      ],
      { ...user, cwd: partial },
    );
    fs.appendFileSync(path.join(partial, "postgresql.conf"), "include_if_exists 'tributary.conf'\n");
    fs.renameSync(partial, place.cluster);
  } catch (cause) {
    throw failure(cause, "made", place);
  } finally {
    fs.rmSync(passwordFile, { force: true });
  }
}

function checkVersion(place: Place): void {
  const version = fs.readFileSync(path.join(place.cluster, "PG_VERSION"), "utf8").trim();
  if (version === MAJOR_VERSION) return;
  throw new TributaryError({
    code: "embedded.cluster_version",
    kind: "config",
    message: `The database in ${place.cluster} was made by PostgreSQL ${version}; this Tributary brings PostgreSQL ${MAJOR_VERSION}.`,
    mend: `Run the Tributary that made it, or move it to PostgreSQL ${MAJOR_VERSION} with pg_dump and restore; to begin anew, name another TRIBUTARY_DATA_DIR.`,
  });
}

/**
 * Starts the server and waits until it takes connections; recovery after a crash included. The server leads a session
 * of its own (pg_ctl sees to it), so that Ctrl-C in our terminal reaches us and not it.
 *
 * @returns the port.
 * @throws TributaryError `embedded.start_failed`, `store.disk_full`
 */
export async function start(place: Place, binaries: Binaries, user: ServerUser, extra: Settings): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_S * 1000;
  let port = rememberedPort(place) ?? (await freePort());
  for (;;) {
    writeSettings(place, { ...SETTINGS, ...extra, port: String(port) });
    removeForeignPid(place);
    const firstLines = path.join(place.cluster, "start.log");
    fs.rmSync(firstLines, { force: true });
    const lengths = logLengths(place);
    const args = [
      "start",
      "--wait",
      `--timeout=${START_TIMEOUT_S}`,
      `--pgdata=${place.cluster}`,
      `--log=${firstLines}`,
    ];
    try {
      await run(binaries.pgCtl, args, { ...user, cwd: place.cluster });
      rememberPort(place, port);
      return port;
    } catch (cause) {
      const said = (fs.existsSync(firstLines) ? fs.readFileSync(firstLines, "utf8") : "") + newLogText(place, lengths);
      if (/Address already in use/.test(said)) port = await freePort();
      // Its processes outlive a killed postmaster by a moment, and a server that is stopping by a little more.
      else if (!/still in use|lock file "postmaster.pid" already exists/.test(said) || Date.now() > deadline)
        throw failure(cause, "started", place, said);
      if ((await probe(place, port)) === "ready") {
        rememberPort(place, port);
        return port;
      }
      await delay(200);
    }
  }
}

/** Stops the server and waits until it has; sessions that are still open are ended. */
export async function stop(place: Place, binaries: Binaries, user: ServerUser): Promise<void> {
  const args = ["stop", "--mode=fast", "--wait", "--timeout=120", `--pgdata=${place.cluster}`];
  try {
    await run(binaries.pgCtl, args, { ...user, cwd: place.cluster });
  } catch (cause) {
    // Gone already (killed, say) is as good as stopped.
    if (fs.existsSync(path.join(place.cluster, "postmaster.pid"))) throw failure(cause, "stopped", place);
  }
}

const logFolder = (place: Place): string => path.join(place.cluster, "log");

/** Bytes in each log file. */
function logLengths(place: Place): Map<string, number> {
  const files = fs.existsSync(logFolder(place)) ? fs.readdirSync(logFolder(place)) : [];
  return new Map(files.map((file) => [file, fs.statSync(path.join(logFolder(place), file)).size]));
}

/** What was logged since; a file that is shorter now was begun anew. */
function newLogText(place: Place, before: ReadonlyMap<string, number>): string {
  return [...logLengths(place)]
    .map(([file, length]) => {
      const known = before.get(file) ?? 0;
      const bytes = fs.readFileSync(path.join(logFolder(place), file));
      return bytes.subarray(length < known ? 0 : known).toString("utf8");
    })
    .join("");
}

function writeSettings(place: Place, settings: Settings): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  fs.writeFileSync(path.join(place.cluster, "tributary.conf"), lines.join(""));
}

/**
 * After a crash, the pid in postmaster.pid may by now be another program's (in a container it often is), and PostgreSQL
 * would refuse to start for fear of a second server. The file goes only when that process is certainly no PostgreSQL;
 * should processes of the old server still be about, its shared memory tells, and start is refused all the same.
 */
function removeForeignPid(place: Place): void {
  const file = path.join(place.cluster, "postmaster.pid");
  if (!fs.existsSync(file)) return;
  const pid = Number(fs.readFileSync(file, "utf8").split("\n")[0]);
  const commandLine = `/proc/${pid}/cmdline`;
  if (!Number.isInteger(pid) || !fs.existsSync(commandLine)) return;
  if (!fs.readFileSync(commandLine, "utf8").includes("postgres")) fs.rmSync(file, { force: true });
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a listening TCP server has no address");
  return address.port;
}

function failure(cause: unknown, what: "made" | "started" | "stopped", place: Place, log = ""): TributaryError {
  // What a program that was run has said (node:child_process).
  const output = (cause as { stderr?: string }).stderr ?? "";
  const said = (log.trim() || output.trim() || (cause instanceof Error ? cause.message : String(cause))).slice(-1000);
  // The hint comes where a part could still be written, without a word of the system's.
  if (isDiskFull(cause) || /No space left on device|Check free disk space/.test(said))
    return diskFull(place.home, cause);
  return new TributaryError({
    code: "embedded.start_failed",
    kind: "config",
    message: `The embedded database in ${place.cluster} could not be ${what}: ${said}`,
    mend: `PostgreSQL's own words are above; more may stand in ${logFolder(place)}. Its folder must belong to the user that runs it, and have room.`,
    cause,
  });
}
