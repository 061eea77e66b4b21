import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { type DatabaseTarget, openStore, type Store } from "../../core/store/db.ts";
import "./global-setup.ts";

type Target = Extract<DatabaseTarget, { readonly host: string }>;

const cleanUps: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A fresh database with the newest schema, reached as the product would reach it. Dropped when the test file is done. */
export async function testDatabaseTarget(): Promise<Target> {
  return newDatabase(`template ${inject("testServer").template}`);
}

/** A database with nothing in it. Dropped when the test file is done. */
export async function emptyDatabaseTarget(): Promise<Target> {
  return newDatabase("");
}

async function newDatabase(options: string): Promise<Target> {
  const { template: _, ...server } = inject("testServer");
  const database = `tributary_test_${randomBytes(6).toString("hex")}`;
  await onServer(`create database ${database} ${options}`);
  cleanUps.push(() => onServer(`drop database ${database} with (force)`));
  return { ...server, database };
}

/** The same, opened. Closed when the test file is done. */
export async function testDatabase(): Promise<Store> {
  const store = openStore(await testDatabaseTarget());
  cleanUps.push(() => store.close());
  return store;
}

async function onServer(statement: string): Promise<void> {
  const { host, port, user, password } = inject("testServer");
  const client = new pg.Client({ host, port, user, password, database: "postgres" });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
