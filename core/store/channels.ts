import { sql } from "kysely";
import type { Tx } from "./db.ts";

/** What processes tell each other through PostgreSQL's NOTIFY, so that it does not matter which of them is told. */
export const CHANNELS = {
  /** A connection was set up, changed or removed. */
  connections: "tributary_connections",
  /** Events were written, and wait for delivery. */
  outbox: "tributary_outbox",
  /** A person changed how the hub is set up: a key, a feed, a dashboard, the workspace. */
  setup: "tributary_setup",
  /** Measured numbers changed. */
  live: "tributary_live",
} as const;
export type Channel = keyof typeof CHANNELS;

/** Heard once the transaction is committed, and never when it is rolled back. */
export async function announce(tx: Tx, channel: Channel, text = ""): Promise<void> {
  await sql`select pg_notify(${CHANNELS[channel]}, ${text})`.execute(tx);
}
