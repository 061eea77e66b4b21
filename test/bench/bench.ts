import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { close } from "../../connectors/close/index.ts";
import { csv } from "../../connectors/csv/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { runPull } from "../../core/land/run.ts";
import { replay } from "../../core/normalise/replay.ts";
import { createSecrets, credentialsOf, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { migrate } from "../../core/store/migrate.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
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
  /** The vendor is read once more, nothing has changed; and the facts are made anew from what is stored. Null: not asked for. */
  readonly again: { readonly resyncS: number; readonly replayS: number } | null;
  readonly copyS: number;
  readonly ratio: number;
  /** Rows that were copied, by table. */
  readonly rows: { readonly [table: string]: number };
};

/** The peak is that of this process, the database not counted; it is to be one that has done nothing before. */
export type SheetResult = {
  readonly rows: number;
  readonly pullS: number;
  readonly peakRssMb: number;
  readonly copyS: number;
  readonly ratio: number;
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
    const { deps, ...pull } = await timedPull(store, await addressOf(simulator), records);
    if (options.isBare === true) return { records, ...pull, again: null, copyS: 0, ratio: 0, rows: {} };
    const { copyS, rows } = await timedCopy(store);
    const again = await timedAgain(deps, records);
    return { records, ...pull, again, copyS, ratio: copyS / pull.pullS, rows };
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
): Promise<{ readonly pullS: number; readonly workerCpuS: number; readonly deps: PullDeps }> {
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
  return { pullS, workerCpuS: (user + system) / 1e6, deps };
}

async function timedAgain(
  deps: PullDeps,
  records: number,
): Promise<{ readonly resyncS: number; readonly replayS: number }> {
  const { signal } = new AbortController();
  const request = { connectionId: CONNECTION, stream: "calls", kind: "full", trigger: "manual", since: null } as const;
  const resyncMs = performance.now();
  const outcome = await runPull(deps, request, signal);
  const resyncS = (performance.now() - resyncMs) / 1000;
  if (outcome.kind !== "ended" || outcome.error !== null) throw new Error("the re-sync failed", { cause: outcome });
  const { added, changed } = outcome.run.counts;
  if (added + changed > 0) throw new Error(`${added + changed} of ${records} records were taken for changed`);
  const connection = await readConnection(deps.store.db, CONNECTION);
  if (connection === null) throw new Error("the connection is gone");
  const replayMs = performance.now();
  await replay(deps, { connection, connector: close, stream: "calls" }, { trigger: "manual", signal });
  return { resyncS, replayS: (performance.now() - replayMs) / 1000 };
}

/** Deals of a spreadsheet, from the file to rows of the shared schema, beside a bare COPY of the same rows. */
export async function benchSheet(folder: string, rows: number): Promise<SheetResult> {
  const embedded = await openEmbedded({ dataDir: path.join(folder, `sheet-${rows}`) });
  const store = openStore(embedded.target);
  try {
    await migrate(store.db);
    await writeDeals(path.join(folder, "deals.csv"), rows);
    const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
    const settings = {
      currency: "EUR",
      pipelines: { Sales: { stages: ["Lead", "Offer", "Close"], won: ["Won"], lost: ["Lost"] } },
      tables: {
        deals: {
          from: path.join(folder, "deals.csv"),
          key: "Number",
          columns: {
            name: "Name",
            stage: "Stage",
            value: { column: "Value", decimal: "." },
            created_at: "Created",
            closed_at: "Closed",
            rep: "Owner",
            company: "Firm",
          },
          attributes: { product: "Product" },
        },
      },
    };
    await store.db
      .insertInto("connections")
      .values({
        id: CONNECTION,
        connector: csv.key,
        title: CONNECTION,
        settings: JSON.stringify(csv.settings.parse(settings)),
        credentials: null,
        inbound_token: CONNECTION,
      })
      .execute();
    const deps = createPullDeps({
      store,
      secrets,
      clock: systemClock,
      log: silentLog,
      connectors: [csv],
      allowPrivateNetworks: true,
      fileFolders: [folder],
    });
    const request = {
      connectionId: CONNECTION,
      stream: "deals",
      kind: "pull",
      trigger: "manual",
      since: null,
    } as const;
    const start = performance.now();
    const outcome = await runPull(deps, request, new AbortController().signal);
    const pullS = (performance.now() - start) / 1000;
    const peakRssMb = peakMemoryMb();
    if (outcome.kind !== "ended" || outcome.error !== null) throw new Error("the pull failed", { cause: outcome });
    if (outcome.run.counts.added !== rows) throw new Error(`${outcome.run.counts.added} of ${rows} rows landed`);
    const { copyS } = await timedCopy(store);
    return { rows, pullS, peakRssMb, copyS, ratio: copyS / pullS };
  } finally {
    await store.close();
    await embedded.release();
  }
}

async function writeDeals(file: string, rows: number): Promise<void> {
  const stages = ["Lead", "Offer", "Close", "Won", "Lost"];
  const day = (nth: number): string => new Date(Date.UTC(2024, 0, 1) + nth * 86_400_000).toISOString().slice(0, 10);
  const line = (nth: number): string => {
    const stage = stages[nth % 5];
    const closed = nth % 5 > 2 ? day((nth % 700) + 30) : "";
    return `D-${nth},Deal ${nth},${stage},${1000 + (nth % 9000)}.50,${day(nth % 700)},${closed},Rep ${nth % 40},Firm ${nth % 5000},Product ${nth % 12}\n`;
  };
  const lines = function* (): Generator<string> {
    yield "Number,Name,Stage,Value,Created,Closed,Owner,Firm,Product\n";
    for (let nth = 0; nth < rows; nth += 1) yield line(nth);
  };
  await writeFile(file, Readable.from(lines()));
}

/** Everything that the pull wrote, copied once more. The rows are read into memory first, so that only the writing is timed. */
async function timedCopy(store: Store): Promise<{ copyS: number; rows: Record<string, number> }> {
  const tables = await store.pool.query<{ name: string; columns: string }>(`
    select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = 'tributary'::regnamespace and c.relkind = 'r'
      and c.relname in ('raw_records', 'raw_versions', 'activities', 'people', 'companies', 'reps', 'teams', 'identities', 'labels', 'deals',
        'deal_observations', 'deal_changes', 'deal_closings', 'deal_entries', 'deal_stays')
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

/** The same of a spreadsheet, in a process of its own for its memory. */
export async function sheetApart(folder: string, rows: number): Promise<SheetResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, "bench", "sheet", folder, String(rows)]);
  return JSON.parse(stdout) as SheetResult;
}

/**
 * The peak of this program alone. Linux counts into `maxRSS` what the process that started this one held at that moment, which for the
 * bench may be all rows of a load; it says elsewhere what is meant here.
 */
export function peakMemoryMb(): number {
  const status = process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "";
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return Number(kilobytes) / 1024;
}
