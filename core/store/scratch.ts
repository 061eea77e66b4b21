import { randomBytes } from "node:crypto";
import pg from "pg";
import { TributaryError } from "../base/errors.ts";
import { clientOptions, type DatabaseTarget, openStore, type Store } from "./db.ts";
import { migrate } from "./migrate.ts";

/**
 * Works in an empty database beside the hub's own, so that nothing of a check is ever seen beside real data; it is dropped after.
 *
 * @throws TributaryError `connector.no_scratch_database`
 */
export async function withScratchStore<T>(target: DatabaseTarget, work: (store: Store) => Promise<T>): Promise<T> {
  const name = `tributary_check_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client(clientOptions(target));
  await admin.connect();
  try {
    // The name is ours: letters, digits and underscores.
    await admin.query(`create database ${name}`).catch((cause: unknown) => {
      throw noDatabase(cause);
    });
    const store = openStore(beside(target, name));
    try {
      await migrate(store.db);
      return await work(store);
    } finally {
      await store.close();
      await admin.query(`drop database if exists ${name} with (force)`);
    }
  } finally {
    await admin.end();
  }
}

function beside(target: DatabaseTarget, database: string): DatabaseTarget {
  if (!("connectionString" in target)) return { ...target, database };
  const address = new URL(target.connectionString);
  address.pathname = `/${database}`;
  return { connectionString: address.href };
}

function noDatabase(cause: unknown): TributaryError {
  return new TributaryError({
    code: "connector.no_scratch_database",
    kind: "config",
    message: "The checks need an empty database for themselves, and the database user may not make one.",
    mend: "Grant it CREATEDB, or run the check without DATABASE_URL: it then uses the embedded database.",
    cause,
  });
}
