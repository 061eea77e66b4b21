import { sql } from "kysely";
import { entityId } from "../../base/ids.ts";
import type { Day } from "../../base/time.ts";
import type { Db, Tx } from "../db.ts";

/** Goals, whoever set them: a spreadsheet, the config file, people in the console. */

/** Stands where a connection's id would, for goals that people set here. No connection can have it as its id. */
const MADE_ORIGIN = "(made)";

export type GoalRow = {
  readonly id: string;
  readonly connectionId: string;
  readonly isMade: boolean;
  readonly metric: string;
  readonly repId: string | null;
  readonly rep: string | null;
  /** To name the rep in a config file. */
  readonly repEmail: string | null;
  readonly teamId: string | null;
  readonly team: string | null;
  readonly from: Day;
  /** Inclusive. */
  readonly to: Day;
  /** In the KPI's unit; money in minor units of the workspace's currency. */
  readonly target: number;
};

export type NewGoal = Pick<GoalRow, "metric" | "repId" | "teamId" | "from" | "to" | "target">;

/** The latest periods first. @param isMade those alone that people set here, or one of them. */
export async function listGoals(db: Db | Tx, which: { readonly id?: string } = {}): Promise<readonly GoalRow[]> {
  const { rows } = await sql<GoalRow>`
    select g.id, g.connection_id as "connectionId", g.connection_id = ${MADE_ORIGIN} as "isMade", g.metric,
      whole_rep.id as "repId", coalesce(whole_rep.name, whole_rep.email) as rep, whole_rep.email as "repEmail",
      whole_team.id as "teamId", whole_team.name as team,
      g.from_day as "from", g.to_day as "to", g.target
    from goals g
    left join reps rep on rep.id = g.rep_id left join reps whole_rep on whole_rep.id = coalesce(rep.merged_into, rep.id)
    left join teams team on team.id = g.team_id left join teams whole_team on whole_team.id = coalesce(team.merged_into, team.id)
    where g.deleted_at is null ${which.id === undefined ? sql`` : sql`and g.id = ${which.id}`}
    order by g.from_day desc, g.to_day, g.metric, rep nulls first, team nulls first, g.id
  `.execute(db);
  return rows;
}

/** @returns what was done. `others`: the id is of a goal that a tool or a file has brought; `twice`: it would be another's double. */
export async function writeGoal(tx: Tx, id: string, goal: NewGoal): Promise<"create" | "update" | "others" | "twice"> {
  if (await isThere(tx, goal, id)) return "twice";
  const { numUpdatedRows } = await tx
    .updateTable("goals")
    .set(columnsOf(goal))
    .where("id", "=", id)
    .where("connection_id", "=", MADE_ORIGIN)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return "update";
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("goals")
    .values({
      id,
      connection_id: MADE_ORIGIN,
      record_id: entityId("record", MADE_ORIGIN, "goals", id),
      external_id: id,
      deleted_at: null,
      ...columnsOf(goal),
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 0n ? "others" : "create";
}

export async function deleteGoal(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("goals")
    .where("id", "=", id)
    .where("connection_id", "=", MADE_ORIGIN)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

async function isThere(tx: Tx, goal: NewGoal, besides: string): Promise<boolean> {
  const { rows } = await sql`
    select from goals where connection_id = ${MADE_ORIGIN} and metric = ${goal.metric} and from_day = ${goal.from}::date
      and to_day = ${goal.to}::date and rep_id is not distinct from ${goal.repId}::uuid
      and team_id is not distinct from ${goal.teamId}::uuid and id is distinct from ${besides}::uuid
    limit 1`.execute(tx);
  return rows.length > 0;
}

function columnsOf({ metric, repId, teamId, from, to, target }: NewGoal) {
  return { metric, rep_id: repId, team_id: teamId, from_day: from, to_day: to, target };
}
