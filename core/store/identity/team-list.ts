import { sql } from "kysely";
import type { Db } from "../db.ts";

/** A team after merging. */
type TeamFound = {
  readonly id: string;
  readonly name: string;
  readonly manager: string | null;
  /** How many are in it now. */
  readonly reps: number;
  readonly connections: readonly string[];
};

/** Teams by name, case ignored. */
export async function listTeams(db: Db): Promise<readonly TeamFound[]> {
  const { rows } = await sql<TeamFound>`
    select t.id, t.name, t.manager,
      (select count(distinct coalesce(r.merged_into, r.id))::int from team_memberships m
        join teams part on part.id = m.team_id and coalesce(part.merged_into, part.id) = t.id
        join reps r on r.id = m.rep_id and r.deleted_at is null
        where m.held_to is null) as reps,
      (select array_agg(distinct part.connection_id) from teams part
        where coalesce(part.merged_into, part.id) = t.id) as connections
    from teams t
    where t.merged_into is null and t.deleted_at is null and t.name is not null
    order by lower(t.name), t.id
  `.execute(db);
  return rows;
}
