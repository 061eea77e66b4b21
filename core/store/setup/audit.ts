import type { JsonObject } from "../../base/json.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** One thing that somebody did. Details never hold a secret. */
export type AuditEntry = {
  /** `user:anna@example.com`, `key:Zapier`, `cli`. */
  readonly actor: string;
  /** `connection.create`, `api_key.revoke`. */
  readonly action: string;
  /** What it was done to: an id. */
  readonly target: string;
  readonly details: JsonObject;
};

export async function writeAudit(db: Db | Tx, entry: AuditEntry): Promise<void> {
  await db
    .insertInto("audit_log")
    .values({
      actor: entry.actor,
      action: entry.action,
      target: entry.target,
      details: storableJson(entry.details),
    })
    .execute();
}
