import pg from "pg";
import type { DatabaseTarget } from "../db.ts";
import { databasePassword, type Place } from "./place.ts";
import { systemCodeOf } from "../../base/errors.ts";

export const DATABASE_USER = "tributary";

/**
 * What answers on the port:
 *
 * - `ready`   our server; it takes connections.
 * - `busy`    our server, starting, recovering or stopping.
 * - `nobody`  no server, or a stranger's.
 */
export type Answer = "ready" | "busy" | "nobody";

/** How to reach a database of the cluster. `postgres` is there from the beginning. */
export function target(place: Place, port: number, database: string): DatabaseTarget {
  return { host: "127.0.0.1", port, user: DATABASE_USER, password: databasePassword(place), database };
}

/** A stranger on the port may never answer. Ours does, though on a busy machine it takes seconds. */
const ANSWER_MS = 15_000;

export async function probe(place: Place, port: number): Promise<Answer> {
  const client = new pg.Client({ ...target(place, port, "postgres"), connectionTimeoutMillis: ANSWER_MS });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
    return rows[0]?.folder === place.cluster ? "ready" : "nobody";
  } catch (error) {
    // cannot_connect_now: starting up, recovering or shutting down.
    return systemCodeOf(error) === "57P03" ? "busy" : "nobody";
  } finally {
    await client.end().catch(() => undefined);
  }
}
