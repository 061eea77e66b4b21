import { sql } from "kysely";
import type { RunState } from "../schema/tables/pulls.ts";
import type { Db } from "./db.ts";

/** What Prometheus is told, counted at the moment of the scrape. */
export type Counts = {
  readonly runs: readonly {
    readonly connection: string;
    readonly stream: string;
    readonly state: RunState;
    readonly count: number;
  }[];
  readonly streams: readonly {
    readonly connection: string;
    readonly stream: string;
    readonly landed: number;
    readonly freshAsOf: Date | null;
  }[];
  readonly deliveries: readonly { readonly state: string; readonly count: number }[];
};

export async function readCounts(db: Db): Promise<Counts> {
  const [runs, streams, deliveries] = await Promise.all([
    db
      .selectFrom("runs")
      .select(["connection_id as connection", "stream", "state", sql<number>`count(*)`.as("count")])
      .groupBy(["connection_id", "stream", "state"])
      .execute(),
    db
      .selectFrom("stream_states")
      .select(["connection_id as connection", "stream", "landed_seq as landed", "fresh_as_of as freshAsOf"])
      .execute(),
    db
      .selectFrom("deliveries")
      .select(["state", sql<number>`count(*)`.as("count")])
      .groupBy("state")
      .execute(),
  ]);
  return { runs, streams, deliveries };
}
