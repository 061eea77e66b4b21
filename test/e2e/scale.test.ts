import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { openStore } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { kill, redisOfItsOwn, run, start, type Started, type Variables } from "../support/processes.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-scale-"));
// PostgreSQL runs as another user when the tests run as root, and has to get in.
chmodSync(folder, 0o711);
const variables: Variables = {
  ...redisOfItsOwn(2),
  TRIBUTARY_DATA_DIR: path.join(folder, "data"),
  TRIBUTARY_ALLOW_PRIVATE_NETWORKS: "true",
  CLOSE_KEY: "api_simulated.administrator",
  LOG_LEVEL: "info",
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONNECTIONS = 4;

test("two workers and a scheduler share the work, and no stream is pulled twice at once", async () => {
  const simulator = await startCloseSimulator({ company: null, bulkCalls: 300, limits: "off" });
  simulator.faults.set({ slow: 1 });
  const file = path.join(folder, "tributary.yaml");
  writeFileSync(file, config(simulator.baseUrl));
  expect((await run(["apply", file], variables)).code).toBe(0);

  const embedded = await openEmbedded({ dataDir: path.join(folder, "data") });
  const store = openStore(embedded.target);
  const workers = [start(["up", "--role", "worker"], variables), start(["up", "--role", "worker"], variables)];
  const scheduler = start(["up", "--role", "scheduler"], variables);
  await until(async () => {
    const rows = await store.db
      .selectFrom("runs")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .where("state", "=", "succeeded")
      .groupBy(["connection_id", "stream"])
      .execute();
    return rows.length === CONNECTIONS * 2 && rows.every((row) => Number(row.count) >= 2);
  }, 120_000);
  for (const one of [scheduler, ...workers]) await kill(one.child, "SIGTERM");

  expect(await Promise.all([scheduler, ...workers].map(async (one) => (await one.finished).code))).toEqual([0, 0, 0]);
  for (const worker of workers) expect(await pullsOf(worker)).toBeGreaterThan(0);
  const overlapping = await sql`
    select a.id, b.id from tributary.runs a join tributary.runs b
      on a.connection_id = b.connection_id and a.stream = b.stream and a.id < b.id
      and b.started_at < coalesce(a.finished_at, 'infinity')`.execute(store.db);
  expect(overlapping.rows).toEqual([]);

  await store.close();
  await embedded.release();
  await simulator.close();
});

async function pullsOf(worker: Started): Promise<number> {
  const { stderr } = await worker.finished;
  return stderr.split("\n").filter((line) => line.includes('"msg":"pulled"')).length;
}

function config(baseUrl: string): string {
  const connections = Array.from(
    { length: CONNECTIONS },
    (_, index) => `
  - id: close-${index}
    connector: close
    credentials: { api_key: "\${CLOSE_KEY}" }
    settings: { base_url: "${baseUrl}" }
    schedule: { every: 10s }
    streams: [calls, users]`,
  );
  return `connections:${connections.join("")}\n`;
}
