import { sql } from "kysely";
import { beforeAll, describe, expect, it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { loadHarness } from "../../bin/connector/harness.ts";
import { close } from "../../connectors/close/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import { replay } from "../../core/normalise/replay.ts";
import { type Db, openStore, type Store } from "../../core/store/db.ts";
import { factLines } from "../../core/store/facts/all-facts.ts";
import { migrate, migrationNames } from "../../core/store/migrate.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
import { emptyDatabaseTarget, testDatabase } from "../support/database.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const VERSIONS = migrationNames();

/** What a hub of the newest version has loaded: the rows of each table, as JSON. */
type Rows = { readonly [table: string]: readonly { readonly [column: string]: unknown }[] };

let connectionId: string;
let streams: readonly string[];
let rows: Rows;
let facts: readonly string[];
let answers: readonly unknown[];

beforeAll(async () => {
  const vendor = await (await loadHarness("close")).start({ seed: 7, records: 120, now: NOW });
  try {
    const store = await testDatabase();
    const connection = await createCheckEngine(store).connect(close, vendor);
    ({ id: connectionId } = connection);
    ({ streams } = vendor);
    for (const stream of streams) await connection.pull(stream);
    rows = await readRows(store.db);
    facts = await factLines(store.db, connectionId);
    answers = await ask(store.db);
  } finally {
    await vendor.stop();
  }
});

// But for the newest, which the rows come from.
describe.each(VERSIONS.slice(0, -1))("a database as %s left it, with data in it", (version) => {
  it("is brought to the newest version: its KPIs answer as before, and a replay gives the facts of a first load", async () => {
    const store = openStore(await emptyDatabaseTarget());
    try {
      await migrate(store.db, version);
      await fill(store, rows);
      await migrate(store.db);
      expect(await ask(store.db)).toEqual(answers);
      await replayAll(store);
      expect(await factLines(store.db, connectionId)).toEqual(facts);
    } finally {
      await store.close();
    }
  });
});

async function ask(db: Db): Promise<readonly unknown[]> {
  const question = { from: null, to: null, grain: null, filters: [], asOf: null, now: NOW } as const;
  const answered = [];
  for (const metric of ["deals_won", "won_value", "open_pipeline_value", "activities"])
    answered.push((await evaluateMetric(db, { ...question, metric, by: ["rep"] })).rows);
  expect(answered.flat().length).toBeGreaterThan(4);
  return answered;
}

async function replayAll(store: Store): Promise<void> {
  const connection = await readConnection(store.db, connectionId);
  if (connection === null) throw new Error("the connection is gone");
  for (const stream of streams)
    await replay(
      { store, clock: systemClock },
      { connection, connector: close, stream },
      { trigger: "manual", signal: new AbortController().signal },
    );
}

/** Tables with their columns, but for those that are computed. */
async function readTables(db: Db): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows: columns } = await sql<{ readonly table: string; readonly column: string }>`
    select c.table_name as table, c.column_name as column from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'tributary' and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER' and c.table_name !~ '^kysely_'
    order by c.table_name, c.ordinal_position
  `.execute(db);
  const tables = new Map<string, string[]>();
  for (const { table, column } of columns) tables.set(table, [...(tables.get(table) ?? []), column]);
  return tables;
}

async function readRows(db: Db): Promise<Rows> {
  const found: { [table: string]: Rows[string] } = {};
  for (const table of (await readTables(db)).keys()) {
    const { rows: all } = await sql<{
      row: Rows[string][number];
    }>`select to_json(t) as row from ${sql.table(table)} t`.execute(db);
    found[table] = all.map(({ row }) => row);
  }
  return found;
}

/** Puts the rows into the tables and columns that this version has. What it did not allow yet, it could not hold: that is left out. */
async function fill(store: Store, all: Rows): Promise<void> {
  const tables = await readTables(store.db);
  await store.db.transaction().execute(async (tx) => {
    // Rows come in the order of tables' names, whatever refers to what.
    await sql`set local session_replication_role = replica`.execute(tx);
    for (const [table, columns] of tables) {
      await sql`delete from ${sql.table(table)}`.execute(tx);
      const listed = sql.join(
        columns.filter((column) => Object.hasOwn(all[table]?.[0] ?? {}, column)).map((column) => sql.ref(column)),
      );
      for (const row of all[table] ?? []) {
        await sql`savepoint one`.execute(tx);
        await sql`
          insert into ${sql.table(table)} (${listed}) overriding system value
          select ${listed} from json_populate_record(null::${sql.table(table)}, ${JSON.stringify(row)})
        `
          .execute(tx)
          .catch(async (error: unknown) => {
            if ((error as { code?: string }).code !== "23514") throw error;
            await sql`rollback to savepoint one`.execute(tx);
          });
      }
    }
  });
  const { rows: identities } = await sql<{ readonly table: string; readonly column: string }>`
    select table_name as table, column_name as column from information_schema.columns
    where table_schema = 'tributary' and is_identity = 'YES'
  `.execute(store.db);
  for (const { table, column } of identities)
    await sql`
      select setval(pg_get_serial_sequence(${`tributary.${table}`}, ${column}), greatest(1, (select max(${sql.ref(column)}) from ${sql.table(table)})))
    `.execute(store.db);
}
