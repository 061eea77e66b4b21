import { sql } from "kysely";
import type { TributaryError } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { storableJson } from "../client.ts";
import type { Db } from "../db.ts";

/** What a destination remembers of its last push, in words of its own. Empty before the first. */
export async function readDestinationMemory(db: Db, destination: string): Promise<JsonObject> {
  const row = await db
    .selectFrom("destination_states")
    .select("state")
    .where("destination", "=", destination)
    .executeTakeFirst();
  return row?.state ?? {};
}

export async function saveDestinationMemory(db: Db, destination: string, memory: JsonObject): Promise<void> {
  const json = storableJson(memory);
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

/** How the last push of each destination went. */
export async function listPushes(db: Db): Promise<
  readonly {
    readonly destination: string;
    readonly lastSuccessAt: Date | null;
    readonly errorCode: string | null;
    readonly errorMessage: string | null;
  }[]
> {
  return db
    .selectFrom("destination_states")
    .select([
      "destination",
      "last_success_at as lastSuccessAt",
      "last_error_code as errorCode",
      "last_error_message as errorMessage",
    ])
    .execute();
}
