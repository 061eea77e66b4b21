import { sql } from "kysely";
import { entityId } from "../../base/ids.ts";
import type { Tx } from "../db.ts";

/** Who is in which team, with the time. */

/** What one record says: `rep`: the rep is in this one team now; `team`: these are the team's members now. */
export type MembershipStatement = {
  readonly says: "rep" | "team";
  readonly id: string;
  readonly others: readonly string[];
  /** When the source last changed the record, or when it was fetched. */
  readonly since: Date;
  /** Whether it was loaded at set-up: what held then is taken to have held before. */
  readonly isHistory: boolean;
};

type Membership = {
  readonly repId: string;
  readonly teamId: string;
  readonly heldFrom: number | Date;
  readonly heldTo: Date | null;
};

/**
 * Takes statements in, in their order. Saying again what is known changes nothing. The first team that is known of a rep holds from
 * -infinity; a later one from when the record says so.
 */
export async function storeMemberships(
  tx: Tx,
  connectionId: string,
  statements: readonly MembershipStatement[],
): Promise<number> {
  if (statements.length === 0) return 0;
  const { known, decided } = await readMemberships(tx, connectionId, statements);
  const opened: { repId: string; teamId: string; heldFrom: string }[] = [];
  const closed: { repId: string; teamId: string; at: Date }[] = [];
  const open = (repId: string, teamId: string, said: MembershipStatement): void => {
    if (decided.has(repId) || known.some((m) => m.repId === repId && m.teamId === teamId && m.heldTo === null)) return;
    const isFirst = said.isHistory || !known.some((m) => m.repId === repId);
    known.push({ repId, teamId, heldFrom: isFirst ? -Infinity : said.since, heldTo: null });
    opened.push({ repId, teamId, heldFrom: isFirst ? "-infinity" : said.since.toISOString() });
  };
  const close = (isLeft: (m: Membership) => boolean, said: MembershipStatement): void => {
    known.forEach((m, index) => {
      if (m.heldTo !== null || !isLeft(m)) return;
      known[index] = { ...m, heldTo: said.since };
      closed.push({ repId: m.repId, teamId: m.teamId, at: said.since });
    });
  };
  for (const said of statements) {
    if (said.says === "rep") {
      close((m) => m.repId === said.id && !said.others.includes(m.teamId), said);
      for (const teamId of said.others) open(said.id, teamId, said);
    } else {
      close((m) => m.teamId === said.id && !said.others.includes(m.repId), said);
      for (const repId of said.others) open(repId, said.id, said);
    }
  }
  await write(tx, connectionId, opened, closed);
  return opened.length + closed.length;
}

/** What is known of the reps and teams; and of which reps the config says where they are, whatever the tools say. */
async function readMemberships(
  tx: Tx,
  connectionId: string,
  statements: readonly MembershipStatement[],
): Promise<{ readonly known: Membership[]; readonly decided: ReadonlySet<string> }> {
  const reps = statements.flatMap((said) => (said.says === "rep" ? [said.id] : said.others));
  const teams = statements.flatMap((said) => (said.says === "team" ? [said.id] : []));
  const { rows } = await sql<Membership & { readonly connectionId: string }>`
    select rep_id as "repId", team_id as "teamId", held_from as "heldFrom", held_to as "heldTo", connection_id as "connectionId"
    from team_memberships
    where connection_id in (${connectionId}, ${CONFIG_ORIGIN}) and (rep_id = any(${reps}::uuid[]) or team_id = any(${teams}::uuid[]))
    order by rep_id, held_from, team_id
  `.execute(tx);
  return {
    known: rows.filter((m) => m.connectionId === connectionId),
    decided: new Set(rows.filter((m) => m.connectionId === CONFIG_ORIGIN && m.heldTo === null).map((m) => m.repId)),
  };
}

async function write(
  tx: Tx,
  connectionId: string,
  opened: readonly { readonly repId: string; readonly teamId: string; readonly heldFrom: string }[],
  closed: readonly { readonly repId: string; readonly teamId: string; readonly at: Date }[],
): Promise<void> {
  if (opened.length > 0)
    await sql`
      insert into team_memberships (rep_id, team_id, connection_id, held_from)
      select v.rep_id, v.team_id, ${connectionId}, v.held_from
      from unnest(${opened.map((m) => m.repId)}::uuid[], ${opened.map((m) => m.teamId)}::uuid[],
        ${opened.map((m) => m.heldFrom)}::timestamptz[]) v (rep_id, team_id, held_from)
      on conflict (rep_id, team_id, held_from) do update set held_to = null
    `.execute(tx);
  if (closed.length > 0)
    await sql`
      update team_memberships m set held_to = greatest(v.at, m.held_from)
      from unnest(${closed.map((m) => m.repId)}::uuid[], ${closed.map((m) => m.teamId)}::uuid[],
        ${closed.map((m) => m.at)}::timestamptz[]) v (rep_id, team_id, at)
      where m.rep_id = v.rep_id and m.team_id = v.team_id and m.held_to is null and m.connection_id = ${connectionId}
    `.execute(tx);
}

/** Stands where a connection's id would, for what the config file says. No connection can have it as its id. */
export const CONFIG_ORIGIN = "(config)";

/**
 * Puts reps into a team because the config says so: from -infinity where no team was known of the rep, else from now. Any other team ends
 * now. Nothing changes when it is their only team already.
 *
 * @returns how many reps were moved.
 */
export async function assignTeam(tx: Tx, repIds: readonly string[], teamId: string, now: Date): Promise<number> {
  const known = await tx
    .selectFrom("team_memberships")
    .select(["rep_id", "team_id", "connection_id", "held_to"])
    .where(sql<boolean>`rep_id = any(${repIds}::uuid[])`)
    .execute();
  const open = known.filter((m) => m.held_to === null);
  const isThere = (id: string): boolean => {
    const teams = open.filter((m) => m.rep_id === id);
    return teams.length === 1 && teams.every((m) => m.team_id === teamId && m.connection_id === CONFIG_ORIGIN);
  };
  const moved = repIds.filter((id) => !isThere(id));
  if (moved.length === 0) return 0;
  await sql`
    update team_memberships set held_to = greatest(${now}, held_from) where rep_id = any(${moved}::uuid[]) and held_to is null
  `.execute(tx);
  await sql`
    insert into team_memberships (rep_id, team_id, connection_id, held_from)
    select v.rep_id, ${teamId}, ${CONFIG_ORIGIN}, v.held_from::timestamptz
    from unnest(${moved}::uuid[], ${moved.map((id) => (known.some((m) => m.rep_id === id) ? now.toISOString() : "-infinity"))}::text[])
      v (rep_id, held_from)
    on conflict (rep_id, team_id, held_from) do update set held_to = null, connection_id = excluded.connection_id
  `.execute(tx);
  return moved.length;
}

/** A team that the config file alone knows. Nothing changes when it is there. */
export async function addConfigTeam(tx: Tx, id: string, name: string): Promise<void> {
  await tx
    .insertInto("teams")
    .values({
      id,
      connection_id: CONFIG_ORIGIN,
      record_id: entityId("record", CONFIG_ORIGIN, "teams", name),
      external_id: name,
      deleted_at: null,
      is_mention: false,
      name,
      manager: null,
      merged_into: null,
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}
