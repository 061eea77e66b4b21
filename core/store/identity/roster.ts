import { sql } from "kysely";
import type { Db } from "../db.ts";

/** Who sells, and in which teams: what is one is one row. */

export type RosterRep = {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  /** Null: no tool says. */
  readonly isActive: boolean | null;
  /** Names of the teams the rep is in now. */
  readonly teams: readonly string[];
  /** The tools that know the rep. */
  readonly connections: readonly string[];
};

export type RosterTeam = {
  readonly id: string;
  readonly name: string;
  readonly manager: string | null;
  /** How many are in it now. */
  readonly reps: number;
  readonly connections: readonly string[];
};

type After = { readonly name: string; readonly id: string } | null;

/** Reps by name, case ignored; rows that only others mention are left out unless they have a name. */
export async function listRoster(
  db: Db,
  page: { readonly limit: number; readonly after: After },
): Promise<(RosterRep & { readonly sortedAs: string })[]> {
  const { rows } = await sql<RosterRep & { readonly sortedAs: string }>`
    with one as (
      select r.id, r.name, r.email, r.is_active, lower(coalesce(r.name, r.email)) as sorted_as from reps r
      where r.merged_into is null and r.deleted_at is null and coalesce(r.name, r.email) is not null
    )
    select one.id, one.name, one.email, one.is_active as "isActive", one.sorted_as as "sortedAs",
      coalesce((
        select array_agg(distinct coalesce(whole.name, t.name) order by coalesce(whole.name, t.name))
        from team_memberships m
        join reps part on part.id = m.rep_id and coalesce(part.merged_into, part.id) = one.id
        join teams t on t.id = m.team_id and t.deleted_at is null
        left join teams whole on whole.id = t.merged_into
        where m.held_to is null and t.name is not null), '{}') as teams,
      (select array_agg(distinct part.connection_id) from reps part
        where coalesce(part.merged_into, part.id) = one.id) as connections
    from one
    where ${page.after === null ? sql`true` : sql`(one.sorted_as, one.id) > (${page.after.name}, ${page.after.id}::uuid)`}
    order by one.sorted_as, one.id limit ${page.limit}
  `.execute(db);
  return rows;
}

/** Teams by name, case ignored. */
export async function listTeams(db: Db): Promise<readonly RosterTeam[]> {
  const { rows } = await sql<RosterTeam>`
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
