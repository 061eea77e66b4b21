import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type EmbeddedDatabase, openEmbedded } from "../../core/store/embedded/index.ts";
import { until } from "../support/until.ts";

// One cluster for all of these, durable as in the product; every test leaves it stopped.
let dataDir: string;
const cluster = (): string => path.join(dataDir, "postgres");

beforeAll(() => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), "tributary-embedded-"));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
beforeEach(() => {
  if (serverPid() !== null) throw new Error("the test before this one has left the server running");
});

/** The server's process, null when there is none. */
function serverPid(): number | null {
  const file = path.join(cluster(), "postmaster.pid");
  if (!existsSync(file)) return null;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  return isAlive(pid) ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function query<Row extends pg.QueryResultRow>(database: EmbeddedDatabase, text: string): Promise<Row[]> {
  const client = new pg.Client({ ...database.target, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Another process that holds the database until it is killed. */
async function holder(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../support/hold-embedded.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`the holder ended with ${code}`)));
  });
  return child;
}

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

test("it is made at the first start, durable, and reached from this machine alone, with a password", async () => {
  const database = await openEmbedded({ dataDir });
  const settings = "'fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'listen_addresses'";
  const rows = await query<{ name: string; setting: string }>(
    database,
    `select name, setting from pg_settings where name in (${settings})`,
  );
  expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: "on",
    full_page_writes: "on",
    synchronous_commit: "on",
    data_checksums: "on",
    listen_addresses: "127.0.0.1",
  });
  const wrong = new pg.Client({ ...database.target, password: "guess" });
  await expect(wrong.connect()).rejects.toThrow("password authentication failed");
  await query(database, "create table kept (n integer)");
  await database.release();
  expect(serverPid()).toBeNull();
});

test("the password is in a file that its owner alone can read, and in no file beside it", () => {
  expect(statSync(path.join(dataDir, "postgres-password")).mode & 0o777).toBe(0o600);
  const password = readFileSync(path.join(dataDir, "postgres-password"), "utf8");
  expect(password.length).toBeGreaterThanOrEqual(32);
  expect(readFileSync(path.join(dataDir, "postgres.json"), "utf8")).not.toContain(password);
});

test("those who open it at once share one server, and the last to release it stops it", async () => {
  const [one, two] = await Promise.all([openEmbedded({ dataDir }), openEmbedded({ dataDir })]);
  expect(one.target).toEqual(two.target);
  await one.release();
  expect(serverPid()).not.toBeNull();
  await query(two, "insert into kept values (1)");
  await two.release();
  expect(serverPid()).toBeNull();
});

test("a process that was killed leaves no claim: the next to come and go stops the server", async () => {
  const child = await holder();
  const pid = serverPid();
  await killed(child, "SIGKILL");
  const database = await openEmbedded({ dataDir });
  expect(serverPid()).toBe(pid);
  await database.release();
  expect(serverPid()).toBeNull();
});

test("another process's claim keeps the server running", async () => {
  const database = await openEmbedded({ dataDir });
  const child = await holder();
  await database.release();
  expect(serverPid()).not.toBeNull();
  await killed(child, "SIGTERM");
  await until(() => serverPid() === null);
});

test("a server that is killed is started again under who holds it, with what was committed, on the same port", async () => {
  const database = await openEmbedded({ dataDir });
  await query(database, "insert into kept values (2)");
  process.kill(serverPid() ?? 0, "SIGKILL");
  await until(() =>
    query(database, "select 1").then(
      () => true,
      () => false,
    ),
  );
  expect(await query(database, "select n from kept order by n")).toEqual([{ n: 1 }, { n: 2 }]);
  await database.release();
});

test("a pid file whose number is another program's by now does not keep it from starting", async () => {
  const file = path.join(cluster(), "postmaster.pid");
  writeFileSync(file, [process.pid, cluster(), 0, 5432, "", "127.0.0.1", "0 0", "ready", ""].join("\n"));
  const database = await openEmbedded({ dataDir });
  expect(await query(database, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]);
  await database.release();
});

test("a port that somebody else has taken meanwhile is given up for a free one", async () => {
  const first = await openEmbedded({ dataDir });
  const { port } = first.target as { port: number };
  await first.release();
  const { createServer } = await import("node:net");
  const squatter = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));
  const second = await openEmbedded({ dataDir });
  expect(second.target).not.toEqual(first.target);
  expect(await query(second, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]);
  await second.release();
  await new Promise((resolve) => squatter.close(resolve));
});

test("a start that died half way through making the cluster is begun anew", async () => {
  const other = mkdtempSync(path.join(os.tmpdir(), "tributary-embedded-"));
  mkdirSync(path.join(other, "postgres.partial"));
  writeFileSync(path.join(other, "postgres.partial", "PG_VERSION"), "18\n");
  const database = await openEmbedded({ dataDir: other });
  expect(await query(database, "select 1 as n")).toEqual([{ n: 1 }]);
  await database.release();
  rmSync(other, { recursive: true });
});

test("a cluster of another PostgreSQL is left alone, and named", async () => {
  const other = mkdtempSync(path.join(os.tmpdir(), "tributary-embedded-"));
  mkdirSync(path.join(other, "postgres"));
  writeFileSync(path.join(other, "postgres", "PG_VERSION"), "17\n");
  await expect(openEmbedded({ dataDir: other })).rejects.toMatchObject({ code: "embedded.cluster_version" });
  rmSync(other, { recursive: true });
});
