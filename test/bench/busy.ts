import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { openStore } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { kill, start } from "../support/spawn.ts";

/** How the demo comes up beside programs that never rest. */
export type BusyResult = {
  readonly loops: number;
  /** Whether `pgbench -c 4 -j 1` at scale 10 ran beside it, too. Not where there is no pgbench. */
  readonly withPgbench: boolean;
  readonly readyAfterS: number;
  /** Runs that did not succeed until it was ready, by connection, stream and code. */
  readonly failedRuns: readonly string[];
  /** What the demo said while it waited. */
  readonly said: readonly string[];
};

/** @param folder for the demo and for the database that pgbench keeps busy. Everything that is started is ended. */
export async function benchBusy(folder: string, loops: number): Promise<BusyResult> {
  const ends: (() => Promise<void>)[] = [];
  try {
    const withPgbench = await keepDatabaseBusy(path.join(folder, "other"), ends);
    for (let nth = 0; nth < loops; nth += 1) {
      const child = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
      ends.push(() => kill(child, "SIGKILL"));
    }
    const data = path.join(folder, "demo");
    const demo = start(["demo", "--json", "--port", "0", "--data-dir", data], {});
    let said = "";
    demo.child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    ends.push(() => kill(demo.child, "SIGTERM"));
    const startedMs = performance.now();
    await demo.said("ready_after_s");
    const readyAfterS = (performance.now() - startedMs) / 1000;
    const failedRuns = await failuresIn(data);
    return { loops, withPgbench, readyAfterS, failedRuns, said: said.split("\n").filter((line) => line !== "") };
  } finally {
    // The demo last, when it has the machine to itself again: the others were started before it.
    for (const end of ends) await end();
  }
}

async function keepDatabaseBusy(folder: string, ends: (() => Promise<void>)[]): Promise<boolean> {
  const isThere = await promisify(execFile)("pgbench", ["--version"]).then(
    () => true,
    () => false,
  );
  if (!isThere) return false;
  const embedded = await openEmbedded({ dataDir: folder });
  ends.push(() => embedded.release());
  const { target } = embedded;
  if (!("host" in target)) throw new Error("an embedded database is on this machine");
  const place = ["-h", target.host, "-p", String(target.port), "-U", target.user, target.database];
  const env = { ...process.env, PGPASSWORD: target.password };
  await promisify(execFile)("pgbench", ["-q", "-i", "-s", "10", ...place], { env });
  const child = spawn("pgbench", ["-c", "4", "-j", "1", "-T", "3600", ...place], { env, stdio: "ignore" });
  // Before its database goes.
  ends.unshift(() => kill(child, "SIGTERM"));
  return true;
}

async function failuresIn(dataDir: string): Promise<readonly string[]> {
  const embedded = await openEmbedded({ dataDir });
  const store = openStore(embedded.target);
  try {
    const runs = await store.db
      .selectFrom("runs")
      .select(["connection_id", "stream", "state", "error_code"])
      .where("state", "in", ["failed", "interrupted"])
      .execute();
    return runs.map((one) => `${one.connection_id}/${one.stream}: ${one.state} ${one.error_code ?? ""}`.trim());
  } finally {
    await store.close();
    await embedded.release();
  }
}
