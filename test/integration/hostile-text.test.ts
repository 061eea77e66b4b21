import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { csv } from "../../connectors/csv/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import { TributaryError } from "../../core/base/errors.ts";
import { instantText } from "../../core/base/time.ts";
import { silentLog } from "../../core/base/log.ts";
import { runPull, type PullOutcome } from "../../core/land/run.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import { replay } from "../../core/normalise/replay.ts";
import { createSecrets } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { listKept, storeKept } from "../../core/store/facts/kept-answers.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
import { writeSettings, readSettings } from "../../core/store/setup/settings.ts";
import { readChangesAfter } from "../../core/store/pulls/raw.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, item, numbered, testClock, testConnector, testEngine } from "../support/engine.ts";

/** What no PostgreSQL text can hold, beside what the hub writes in its place. */
const HOSTILE = [
  "nul \0 inside",
  "\0",
  "half \ud83d of a pair",
  "\ude00",
  "mark \u241b and \u241b0000",
  "\\u0000",
  "😀 whole",
];

let store: Store;
let folder: string;
beforeAll(async () => {
  store = await testDatabase();
  folder = await mkdtemp(path.join(tmpdir(), "hostile-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each(HOSTILE)("gives back to the letter what was stored: %j", async (said) => {
  const { rows } = await sql<{ text: string; list: string[]; json: unknown; jsonb: unknown; inside: string }>`
    select ${said}::text as text, ${[said, "plain"]}::text[] as list, ${{ [said]: [said] }}::json as json,
      ${{ [said]: [said] }}::jsonb as jsonb, ${{ said }}::json ->> 'said' as inside
  `.execute(store.db);
  const whole = { [said]: [said] };
  expect(rows[0]).toEqual({ text: said, list: [said, "plain"], json: whole, jsonb: whole, inside: said });
  await writeSettings(store.db, "hostile", { said });
  expect(await readSettings(store.db, "hostile")).toEqual({ said });
  const kept = { key: said, query: { by: [said] }, answer: { rows: [said] }, day: "2026-01-01", holdsUntil: null };
  await store.db.transaction().execute(async (tx) => {
    await storeKept(tx, { ...kept, now: new Date() });
    const found = (await listKept(tx)).find(({ key }) => key === said);
    expect(found).toMatchObject({ query: kept.query });
  });
});

it.each([
  "-000042-06-01T00:00:00.000Z",
  "0000-12-31T23:17:00.000Z",
  "0001-01-01T00:00:00.000Z",
  "+012026-01-01T00:00:00.000Z",
])("stores the instant %s as it is", async (text) => {
  const instant = new Date(text);
  const { rows } = await sql<{ at: Date }>`select ${instantText(instant)}::timestamptz as at`.execute(store.db);
  expect(rows[0]?.at).toEqual(instant);
});

it("lands records whose text and ids PostgreSQL cannot hold, knows them again, and keeps the failure that quotes one", async () => {
  const records = HOSTILE.map((said, index) => ({ ...item(`${said} ${index}`, index), said }));
  const broken = new TributaryError({
    code: "test.broken",
    kind: "transient",
    message: "it said \0 and \ud83d",
    mend: "-",
  });
  let pulls = 0;
  const connector = testConnector({
    items: async function* (context) {
      pulls += 1;
      yield* numbered([records])({ ...context, checkpoint: null });
      if (pulls === 2) throw broken;
    },
  });
  await addConnection(store, "hostile-api");
  const engine = testEngine(store, connector, testClock());
  const pull = (): Promise<PullOutcome> =>
    runPull(
      engine,
      { connectionId: "hostile-api", stream: "items", kind: "pull", trigger: "schedule", since: null },
      new AbortController().signal,
    );
  expect(await pull()).toMatchObject({ run: { state: "succeeded", counts: { added: records.length } } });
  expect(await pull()).toMatchObject({
    run: {
      state: "failed",
      counts: { unchanged: records.length },
      error: { code: "test.broken", message: "it said ␛0000 and ␛D83D" },
    },
  });
  const changes = await readChangesAfter(store.db, "hostile-api", "items", 0, 100);
  expect(changes.map(({ payload }) => payload)).toEqual(records);
});

it("a NUL in a cell holds back neither its row nor the others, also when the facts are made anew", async () => {
  const rows = [
    "ID,Deal,Stage,Amount,Owner,Created,Closed",
    "D-1,Nul\0Co,Won,100,Ann,2026-01-05,2026-02-01",
    "D\0-2,Plain,Won,50,B\0en,2026-01-06,2026-02-02",
    "D-3,Late,Won,5,Ann,9999-12-31,2026-02-02",
  ];
  await writeFile(path.join(folder, "deals.csv"), `${rows.join("\n")}\n`);
  const config = `
connections:
  - id: sheet
    connector: csv
    settings:
      pipelines: { Sales: { stages: [Lead], won: [Won], lost: [Lost] } }
      tables:
        deals:
          from: deals.csv
          key: ID
          attributes: { product: Owner }
          columns: { name: Deal, stage: Stage, value: Amount, company: Owner, created_at: Created, closed_at: Closed }
`;
  const secrets = createSecrets([{ id: "test", bytes: Buffer.alloc(32, 1) }]);
  const desired = parseConfig(config, path.join(folder, "config.yaml"), {
    connectors: CONNECTORS,
    destinations: [],
    variable: () => undefined,
  });
  await applyConfig(store.db, desired, {
    secrets,
    connectors: CONNECTORS,
    destinations: [],
    actor: "test",
    prune: false,
  });
  const deps = createPullDeps({
    store,
    secrets,
    clock: systemClock,
    log: silentLog,
    connectors: CONNECTORS,
    allowPrivateNetworks: true,
  });
  const signal = new AbortController().signal;
  for (const stream of ["pipelines", "deals"]) {
    const outcome = await runPull(
      deps,
      { connectionId: "sheet", stream, kind: "pull", trigger: "manual", since: null },
      signal,
    );
    expect(outcome).toMatchObject({ run: { state: "succeeded" } });
  }
  const won = async (): Promise<unknown> => {
    const query = {
      metric: "deals_won",
      from: null,
      to: null,
      by: ["product"],
      grain: null,
      filters: [],
      asOf: null,
      now: new Date(),
    };
    const { rows: found } = await evaluateMetric(store.db, query);
    return found.map(({ dimensions, value }) => [dimensions["product"], value]);
  };
  // Characters that nobody sees are left out of a cell; the record itself keeps them.
  const expected = [
    ["Ann", 2],
    ["Ben", 1],
  ];
  expect(await won()).toEqual(expected);
  const connection = await readConnection(store.db, "sheet");
  if (connection === null) throw new Error("the connection is gone");
  await replay(deps, { connection, connector: csv, stream: "deals" }, { trigger: "manual", signal });
  expect(await won()).toEqual(expected);
});
