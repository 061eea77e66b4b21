import { sql } from "kysely";
import type { ActivityType } from "../../schema/canonical.ts";
import type { Outcome } from "../../schema/outcomes.ts";
import type { Tx } from "../db.ts";

/** What a connection's labels of outcomes are called, by the tool's own id. */
export async function readOutcomeLabels(tx: Tx, connectionId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await tx
    .selectFrom("labels")
    .select(["external_id", "name"])
    .where("connection_id", "=", connectionId)
    .where("namespace", "=", "outcome")
    .execute();
  return new Map(rows.map((row) => [row.external_id, row.name]));
}

/** What a label says of the outcome of activities of a type. */
export type Labelled = { readonly disposition: string; readonly type: ActivityType; readonly outcome: Outcome };

/** Brings the outcomes of a connection's activities to what its labels say; where they say nothing, to what the record says. @returns how many were changed. */
export async function relabelOutcomes(tx: Tx, connectionId: string, said: readonly Labelled[]): Promise<number> {
  const result = await sql`
    update activities a set outcome = coalesce(v.outcome, a.said_outcome)
    from activities x
    left join unnest(${said.map((one) => one.disposition)}::text[], ${said.map((one) => one.type)}::text[],
      ${said.map((one) => one.outcome)}::text[]) v (disposition, type, outcome) on v.disposition = x.disposition and v.type = x.type
    where x.connection_id = ${connectionId} and x.disposition is not null and a.id = x.id
      and x.outcome is distinct from coalesce(v.outcome, x.said_outcome)
  `.execute(tx);
  return Number(result.numAffectedRows ?? 0);
}
