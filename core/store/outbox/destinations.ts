import { sql } from "kysely";
import type { TributaryError } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { storableJson } from "../client.ts";
import type { Db } from "../db.ts";

/** What a destination remembers of its last push: per part, hashes of what was sent. */
export type DestinationState = { readonly [part: string]: { readonly schema: string; readonly rows: string } };

/** Empty before the first push. */
export async function readDestinationState(db: Db, destination: string): Promise<DestinationState> {
  const row = await db
    .selectFrom("destination_states")
    .select("state")
    .where("destination", "=", destination)
    .executeTakeFirst();
  // Written by `saveDestinationState` alone.
  return (row?.state ?? {}) as DestinationState;
}

export async function saveDestinationState(db: Db, destination: string, state: DestinationState): Promise<void> {
  const json = storableJson(state satisfies JsonObject);
  await db
    .insertInto("destination_states")
    .values({ destination, state: json })
    .onConflict((conflict) => conflict.column("destination").doUpdateSet({ state: json, updated_at: sql<Date>`now()` }))
    .execute();
}

/** Records how a push ended, for the console and `doctor`. */
export async function recordPush(db: Db, destination: string, error: TributaryError | null): Promise<void> {
  const outcome =
    error === null
      ? { last_success_at: sql<Date>`now()`, last_error_code: null, last_error_message: null }
      : { last_error_code: error.code, last_error_message: `${error.message} ${error.mend}` };
  await db
    .insertInto("destination_states")
    .values({ destination, state: "{}", ...outcome })
    .onConflict((conflict) => conflict.column("destination").doUpdateSet({ ...outcome, updated_at: sql<Date>`now()` }))
    .execute();
}
