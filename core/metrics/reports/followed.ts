import { sql } from "kysely";
import type { Day } from "../../base/time.ts";
import type { DealStatus } from "../../schema/canonical.ts";
import type { Db } from "../../store/db.ts";
import type { Workspace } from "../../store/setup/workspace.ts";
import type { Scope } from "../engine/define.ts";
import { dayIn, isKnown, stillCounts } from "../engine/row-parts.ts";
import { scopeOf } from "../engine/scope.ts";
import { openDealCount } from "../kpis/pipeline/open-deal-count.ts";
import { lead } from "../subjects/lead.ts";
import { isOutbound, isTouch, liesAhead } from "../subjects/touches.ts";

/** Something that was agreed on about a deal or a lead, at an instant. */
export type Agreed = { readonly id: string; readonly subjectId: string; readonly madeAt: Date };

/** What has happened to a deal since; each null where nothing has. */
export type DealSince = {
  readonly id: string;
  /** Null: there is no such deal any more. */
  readonly status: DealStatus | null;
  readonly closed: Day | null;
  readonly moved: { readonly at: Day; readonly to: string | null } | null;
  readonly dated: { readonly at: Day; readonly to: Day } | null;
  /** A meeting or task that lay ahead of the agreement. */
  readonly step: { readonly type: string; readonly on: Day } | null;
  readonly touched: { readonly type: string; readonly on: Day } | null;
  readonly called: Day | null;
  /** With how many people there were touches since it was created. */
  readonly people: number;
  readonly lostReason: string | null;
};

/** The same of a lead. */
export type LeadSince = {
  readonly id: string;
  /** It has no deal, and its status says so. */
  readonly isOpen: boolean;
  readonly touched: { readonly type: string; readonly on: Day } | null;
  readonly called: Day | null;
};

/** @param asked so that what happened later than as-of is not seen. */
export type SinceQuery = { readonly asOf: Date | null; readonly now: Date };

export async function dealsSince(
  db: Db,
  workspace: Workspace,
  agreed: readonly Agreed[],
  query: SinceQuery,
): Promise<DealSince[]> {
  if (agreed.length === 0) return [];
  const scope = await scopeNow(db, workspace, query);
  const day = (at: ReturnType<typeof sql>) => dayIn(scope, at);
  const ofDeal = sql`activities a where (a.deal_id = d.id or a.attributed_deal_id = d.id)`;
  const state = sql`deal_changes x where x.deal_id = d.id and ${isKnown(scope, "x")}`;
  const { rows } = await sql<DealSince>`
    select g.id, case when d.merged_into is null and ${stillCounts(scope, "d")} then latest.status end as status,
      (select ${day(sql`min(x.held_from)`)} from ${state} and x.held_from > g.made_at and x.status <> 'open') as closed,
      (select json_build_object('at', ${day(sql`x.held_from`)}, 'to', s.name) from deal_changes x left join stages s on s.id = x.stage_id
        where x.deal_id = d.id and ${isKnown(scope, "x")} and x.held_from > g.made_at and x.stage_id is distinct from before.stage_id
        order by x.ordinal limit 1) as moved,
      (select json_build_object('at', ${day(sql`x.held_from`)}, 'to', x.expected_close_on) from ${state} and x.held_from > g.made_at
        and x.expected_close_on is distinct from before.expected_close_on and x.expected_close_on >= ${day(sql`x.held_from`)}
        order by x.ordinal desc limit 1) as dated,
      (select json_build_object('type', a.type, 'on', ${day(sql`a.occurred_at`)}) from ${ofDeal}
        and ${liesAhead(scope, "a", sql`g.made_at`, sql`${scope.cutoff}::timestamptz`)} order by a.occurred_at limit 1) as step,
      (select json_build_object('type', a.type, 'on', ${day(sql`a.occurred_at`)}) from ${ofDeal} and ${isTouch(scope, "a")} and ${isOutbound("a")}
        and a.occurred_at > g.made_at order by a.occurred_at limit 1) as touched,
      (select ${day(sql`min(a.occurred_at)`)} from ${ofDeal} and ${isTouch(scope, "a")} and ${isOutbound("a")} and a.type = 'call' and a.occurred_at > g.made_at) as called,
      (select count(distinct coalesce(p.merged_into, p.id)) from activities a join people p on p.id = a.person_id
        where (a.deal_id = d.id or a.attributed_deal_id = d.id) and ${isTouch(scope, "a")} and a.occurred_at >= coalesce(d.created_at, '-infinity'))::int as people,
      d.lost_reason as "lostReason"
    from ${given(agreed)}
    left join deals d on d.id = g.subject_id
    left join lateral (select x.* from ${state} order by x.ordinal desc limit 1) latest on true
    left join lateral (select x.* from ${state} and x.held_from <= g.made_at order by x.ordinal desc limit 1) before on true
    order by g.no`.execute(db);
  return rows;
}

export async function leadsSince(
  db: Db,
  workspace: Workspace,
  agreed: readonly Agreed[],
  query: SinceQuery,
): Promise<LeadSince[]> {
  if (agreed.length === 0) return [];
  const scope = await scopeNow(db, workspace, query);
  const day = (at: ReturnType<typeof sql>) => dayIn(scope, at);
  const ids = agreed.map(({ subjectId }) => subjectId);
  // A lead's touches are those of the person, and of the company where it is one, with the people that are one with it.
  const { rows } = await sql<LeadSince>`
    with still as materialized (select r.id from (${lead.rows.open(scope)}) r where r.id = any(${ids}::uuid[])),
    touch as materialized (
      select a.occurred_at, a.type, g.id as agreed_id
      from ${given(agreed)}
      cross join lateral (
        select x.id from people x where x.id = g.subject_id or x.merged_into = g.subject_id or x.company_id = g.subject_id
      ) who
      join activities a on a.person_id = who.id and ${isTouch(scope, "a")} and ${isOutbound("a")} and a.occurred_at > g.made_at
      union all
      select a.occurred_at, a.type, g.id
      from ${given(agreed)} join activities a on a.company_id = g.subject_id and ${isTouch(scope, "a")} and ${isOutbound("a")} and a.occurred_at > g.made_at
    )
    select g.id, exists (select from still where still.id = g.subject_id) as "isOpen",
      (select json_build_object('type', t.type, 'on', ${day(sql`t.occurred_at`)}) from touch t where t.agreed_id = g.id order by t.occurred_at limit 1) as touched,
      (select ${day(sql`min(t.occurred_at)`)} from touch t where t.agreed_id = g.id and t.type = 'call') as called
    from ${given(agreed)} order by g.no`.execute(db);
  return rows;
}

function given(agreed: readonly Agreed[]): ReturnType<typeof sql> {
  return sql`unnest(${agreed.map(({ id }) => id)}::uuid[], ${agreed.map(({ subjectId }) => subjectId)}::uuid[],
    ${agreed.map(({ madeAt }) => madeAt.toISOString())}::timestamptz[]) with ordinality as g(id, subject_id, made_at, no)`;
}

async function scopeNow(db: Db, workspace: Workspace, { asOf, now }: SinceQuery): Promise<Scope> {
  const plain = { metric: openDealCount.id, by: [], filters: [], grain: null, asOf, now };
  return scopeOf(db, workspace, openDealCount.subject, { ...plain, from: null, to: null });
}
