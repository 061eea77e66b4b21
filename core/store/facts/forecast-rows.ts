import { sql } from "kysely";
import type { DealStatus } from "../../schema/canonical.ts";
import type { Db } from "../db.ts";

/** Deals, touches and teams as forecasts read them. Days are whole ones since 1970-01-01 in a time zone; null stands for -infinity. */

/** A change of a deal: the deal, then what it was from that day on. One array, not an object: there may be a million. */
export type DealChangeRow = {
  readonly deal: string;
  readonly created: number | null;
  readonly day: number | null;
  readonly known: number | null;
  readonly status: DealStatus;
  readonly stage: string | null;
  readonly pipeline: string | null;
  readonly rep: string | null;
  /** Annualised, minor units of the workspace's currency. */
  readonly value: number | null;
  readonly probability: number | null;
};

export type AsOf = {
  readonly timeZone: string;
  readonly currency: string;
  readonly cutoff: Date;
  /** Null: everything that is known. */
  readonly landedBy: Date | null;
};

const dayOf = (instant: string, timeZone: string) => {
  const at = sql.ref(instant);
  return sql`case when isfinite(${at}) then (${at} at time zone ${timeZone}::text)::date - date '1970-01-01' end`;
};

/**
 * What had happened to every deal that counts, in order of deal and of what happened. A deal that closed nobody knows when tells nothing of
 * how long deals take, and is left out.
 */
export async function readDealChanges(
  db: Db,
  { timeZone, currency, cutoff, landedBy }: AsOf,
): Promise<DealChangeRow[]> {
  const { rows } = await sql<DealChangeRow>`
    select c.deal_id as deal, ${dayOf("d.created_at", timeZone)} as created, ${dayOf("c.held_from", timeZone)} as day,
      ${dayOf("c.known_at", timeZone)} as known, c.status, coalesce(s.id, c.stage_id) as stage,
      coalesce(p.merged_into, c.pipeline_id) as pipeline, coalesce(r.merged_into, c.rep_id) as rep,
      (case when c.currency is null or c.currency = ${currency} then c.annual_minor::numeric
        else tributary.workspace_minor(c.annual_minor, c.currency,
          (greatest(c.held_from, '1970-01-02') at time zone ${timeZone}::text)::date) end)::float8 as value,
      coalesce(c.probability, s.probability) as probability
    from deal_changes c
    join deals d on d.id = c.deal_id and d.merged_into is null and (d.deleted_at is null or d.deleted_at > ${cutoff})
    left join stages s on s.id = c.stage_id
    left join pipelines p on p.id = c.pipeline_id
    left join reps r on r.id = c.rep_id
    where c.held_from <= ${cutoff} and (${landedBy}::timestamptz is null or c.known_at <= ${landedBy})
      and not exists (select from deal_changes x where x.deal_id = c.deal_id and x.doubt = 'no_closing_date')
    order by c.deal_id, c.ordinal
  `.execute(db);
  return rows;
}

/** Outbound touches of deals, and meetings, by day. */
export async function readDealTouches(
  db: Db,
  { timeZone, cutoff }: AsOf,
): Promise<{ readonly deal: string; readonly day: number }[]> {
  const { rows } = await sql<{ deal: string; day: number }>`
    select coalesce(a.deal_id, a.attributed_deal_id) as deal, ${dayOf("a.occurred_at", timeZone)} as day
    from activities a
    where coalesce(a.deal_id, a.attributed_deal_id) is not null and a.duplicate_of is null
      and (a.deleted_at is null or a.deleted_at > ${cutoff}) and a.occurred_at <= ${cutoff}
      and a.type in ('call', 'email', 'sms', 'whatsapp', 'social', 'meeting', 'chat') and (a.direction = 'outbound' or a.type = 'meeting')
    order by 1, 2
  `.execute(db);
  return rows;
}

/** Who was in which team; rows that are one stand for the one. */
export async function readTeamTimes(
  db: Db,
  timeZone: string,
): Promise<
  { readonly rep: string; readonly team: string; readonly from: number | null; readonly to: number | null }[]
> {
  const { rows } = await sql<{ rep: string; team: string; from: number | null; to: number | null }>`
    select coalesce(r.merged_into, m.rep_id) as rep, coalesce(t.merged_into, m.team_id) as team,
      ${dayOf("m.held_from", timeZone)} as "from", (m.held_to at time zone ${timeZone}::text)::date - date '1970-01-01' as "to"
    from team_memberships m left join reps r on r.id = m.rep_id left join teams t on t.id = m.team_id
    order by m.held_from desc, team
  `.execute(db);
  return rows;
}

/** What a slice is called. Equal names have what tells them apart behind them. */
export async function readSliceNames(db: Db, by: "rep" | "team" | "pipeline"): Promise<ReadonlyMap<string, string>> {
  const table = { rep: "reps", team: "teams", pipeline: "pipelines" }[by];
  const name = by === "rep" ? sql`coalesce(t.name, t.email, t.external_id)` : sql`coalesce(t.name, t.external_id)`;
  const { rows } = await sql<{ id: string; name: string }>`
    select t.id, case when count(*) over (partition by ${name}) > 1
      then ${name} || ' (' || t.connection_id || ' ' || t.external_id || ')' else ${name} end as name
    from ${sql.table(table)} t where t.merged_into is null
  `.execute(db);
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** How many leads came in on the days before the cutoff. */
export async function countLeads(db: Db, cutoff: Date, days: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::float8 as count from (
      select coalesce(merged_into, id) as id, min(lead_created_at) as at from people
      where lead_created_at is not null and deleted_at is null group by 1
      union all
      select coalesce(merged_into, id), min(lead_created_at) from companies
      where lead_created_at is not null and deleted_at is null group by 1
    ) l where l.at <= ${cutoff} and l.at > ${cutoff}::timestamptz - make_interval(days => ${days}::int)
  `.execute(db);
  return rows[0]?.count ?? 0;
}
