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

export type AuditRow = AuditEntry & { readonly id: number; readonly at: Date };

/** Newest first. `action` names one, or with a dot at its end all of a kind. */
export async function listAudit(
  db: Db,
  page: { readonly action: string | null; readonly limit: number; readonly before: number | null },
): Promise<AuditRow[]> {
  let query = db
    .selectFrom("audit_log")
    .select(["id", "at", "actor", "action", "target", "details"])
    .orderBy("id", "desc")
    .limit(page.limit);
  if (page.before !== null) query = query.where("id", "<", page.before);
  if (page.action !== null)
    query = page.action.endsWith(".")
      ? query.where((where) => where(where.fn("starts_with", [where.ref("action"), where.val(page.action)]), "=", true))
      : query.where("action", "=", page.action);
  return (await query.execute()).map((row) => ({ ...row, details: row.details }));
}
