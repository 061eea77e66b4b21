import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { close } from "../../connectors/close/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { runPull } from "../../core/land/run.ts";
import { createSecrets, credentialsOf, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { migrate } from "../../core/store/migrate.ts";
import { createPullDeps } from "../../workers/pull.ts";

/**
 * How fast a first load is: calls from a simulated Close (in a process of its own, over HTTP) to rows of the shared schema, on an embedded
 * PostgreSQL with the settings of the product. Compared with what the database alone needs for the same rows: a bare COPY of all that was
 * written, into equal tables with the same indexes, by one client, in the same run.
 */
export type BenchResult = {
  readonly records: number;
  readonly pullS: number;
  /** CPU time of the worker during the pull; unlike its duration it hardly depends on what else the machine does. */
  readonly workerCpuS: number;
  readonly copyS: number;
  readonly ratio: number;
  /** Rows that were copied, by table. */
  readonly rows: { readonly [table: string]: number };
};

export type PeakMemory = { readonly records: number; readonly peakRssMb: number };

const COMMAND = fileURLToPath(new URL("../../bin/tributary.js", import.meta.url));
const CONNECTION = "bench";
const API_KEY = "api_simulated.administrator";

/** Runs until stdin is closed; the first line on stdout is the address. */
export async function serveSimulator(records: number): Promise<void> {
  const simulator = await startCloseSimulator({ company: null, bulkCalls: records, limits: "off" });
  process.stdout.write(`${simulator.baseUrl}\n`);
  process.stdin.resume();
  await once(process.stdin, "end");
  await simulator.close();
}

/** @param options `isBare`: without the comparison, which holds all rows in memory. */
export async function benchPull(
  folder: string,
  records: number,
  options: { readonly isBare?: boolean } = {},
): Promise<BenchResult> {
  const embedded = await openEmbedded({ dataDir: path.join(folder, `data-${records}`) });
  const store = openStore(embedded.target);
  const simulator = spawn(process.execPath, [COMMAND, "bench", "simulator", String(records)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await migrate(store.db);
    const pull = await timedPull(store, await addressOf(simulator), records);
    if (options.isBare === true) return { records, ...pull, copyS: 0, ratio: 0, rows: {} };
    const { copyS, rows } = await timedCopy(store);
    return { records, ...pull, copyS, ratio: copyS / pull.pullS, rows };
  } finally {
    simulator.stdin?.end();
    await store.close();
    await embedded.release();
  }
}

async function addressOf(simulator: ChildProcess): Promise<string> {
  if (simulator.stdout === null) throw new Error("the simulator has no stdout");
  const [chunk] = (await once(simulator.stdout, "data")) as [Buffer];
  return chunk.toString().trim();
}

async function timedPull(
  store: Store,
  baseUrl: string,
  records: number,
): Promise<{ readonly pullS: number; readonly workerCpuS: number }> {
  const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
  await store.db
    .insertInto("connections")
    .values({
      id: CONNECTION,
      connector: close.key,
      title: CONNECTION,
      settings: JSON.stringify({ base_url: baseUrl, requests_per_second: 1000 }),
      credentials: secrets.seal(JSON.stringify({ api_key: API_KEY }), credentialsOf(CONNECTION)),
      inbound_token: CONNECTION,
    })
    .execute();
  const deps = createPullDeps({
    store,
    secrets,
    clock: systemClock,
    log: silentLog,
    connectors: [close],
    allowPrivateNetworks: true,
  });
  const request = { connectionId: CONNECTION, stream: "calls", kind: "pull", trigger: "manual", since: null } as const;
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const outcome = await runPull(deps, request, new AbortController().signal);
  const pullS = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (outcome.kind !== "ended" || outcome.error !== null) throw new Error("the pull failed", { cause: outcome });
  if (outcome.run.counts.added !== records) throw new Error(`${outcome.run.counts.added} of ${records} records landed`);
  return { pullS, workerCpuS: (user + system) / 1e6 };
}

/** Everything that the pull wrote, copied once more. The rows are read into memory first, so that only the writing is timed. */
async function timedCopy(store: Store): Promise<{ copyS: number; rows: Record<string, number> }> {
  const tables = await store.pool.query<{ name: string; columns: string }>(`
    select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = 'tributary'::regnamespace and c.relkind = 'r'
      and c.relname in ('raw_records', 'raw_versions', 'activities', 'people', 'companies', 'reps', 'teams', 'identities', 'labels')
    group by c.relname`);
  await store.pool.query("create schema bench");
  const data: { readonly name: string; readonly columns: string; readonly chunks: Buffer[] }[] = [];
  const client = await store.pool.connect();
  try {
    for (const { name, columns } of tables.rows) {
      const chunks: Buffer[] = [];
      const source = client.query(copyTo(`copy (select ${columns} from ${name}) to stdout`));
      for await (const chunk of source) chunks.push(chunk as Buffer);
      if (chunks.length > 0) data.push({ name, columns, chunks });
      await client.query(`create table bench.${name} (like tributary.${name} including all)`);
    }
    await client.query("checkpoint");
    const rows: Record<string, number> = {};
    const start = performance.now();
    for (const { name, columns, chunks } of data) {
      const target = client.query(copyFrom(`copy bench.${name} (${columns}) from stdin`));
      await pipeline(Readable.from(chunks), target);
      rows[name] = target.rowCount;
    }
    return { copyS: (performance.now() - start) / 1000, rows };
  } finally {
    client.release();
  }
}

/** The peak resident memory of a process that does a first load of so many records, the database and the vendor not counted. */
export async function peakMemory(folder: string, records: number): Promise<PeakMemory> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    COMMAND,
    "bench",
    "pull",
    path.join(folder, `memory-${records}`),
    String(records),
  ]);
  return { records, ...(JSON.parse(stdout) as { readonly peakRssMb: number }) };
}
