import { sql } from "kysely";
import { majorUnits } from "../../base/money.ts";
import { addDays, type Day, dayOf } from "../../base/time.ts";
import type { Db } from "../../store/db.ts";
import type { Workspace } from "../../store/setup/workspace.ts";
import { type Range, wholePeriod } from "../ask/period.ts";
import { slicedRows, type Slicing } from "../engine/aggregate.ts";
import { slicingOf } from "../engine/compute.ts";
import type { AggregateMetric, Scope, Sql } from "../engine/define.ts";
import { joinsOf, rep as byRep, stage as byStage } from "../engine/dimensions.ts";
import type { MetricFilter } from "../engine/query.ts";
import { dayIn } from "../engine/row-parts.ts";
import { scopeOf } from "../engine/scope.ts";
import { lostValue, wonValue } from "../kpis/closing/closed-values.ts";
import { coldOpenDeals, coldOpenLeads } from "../kpis/leads/cold-leads.ts";
import { untouchedLeads } from "../kpis/leads/untouched-leads.ts";
import { noNextStep } from "../kpis/pipeline/no-next-step.ts";
import { openDealCount } from "../kpis/pipeline/open-deal-count.ts";
import { singleThreadedDeals } from "../kpis/pipeline/single-threaded-deals.ts";
import { slippedDeals } from "../kpis/pipeline/slipped-deals.ts";
import { stalledDeals } from "../kpis/pipeline/stalled-deals.ts";

/**
 * Deals and leads that somebody has to look at, with what is wrong with each. What is stuck, cold, slipping and so on is what the KPIs of these
 * names count, read from the very same rows.
 */
export type AttentionQuery = {
  /** What closed, and what was pushed, on these days; how things stand is at as-of. */
  readonly range: { readonly from: Day; readonly to: Day };
  /** Of `rep` and `team`. */
  readonly filters: readonly MetricFilter[];
  readonly asOf: Date | null;
  readonly now: Date;
};

/** Days have fractions. */
export type Flag =
  | { readonly kind: "stuck"; readonly days: number; readonly limit: number }
  | { readonly kind: "no_next_step" }
  | { readonly kind: "slipping"; readonly pushes: number; readonly inPeriod: number }
  | { readonly kind: "past_due"; readonly expected: Day }
  | { readonly kind: "no_date" }
  | { readonly kind: "single_threaded"; readonly people: number }
  | { readonly kind: "cold"; readonly lastTouch: Day | null }
  | { readonly kind: "large"; readonly rank: number };
export type FlagKind = Flag["kind"];

export type Owned = { readonly rep_id: string | null; readonly rep: string | null };

export type OpenDeal = Owned & {
  readonly id: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly stage: string | null;
  /** In main units of the workspace's currency; null: none, or no rate. */
  readonly value: number | null;
  readonly created: Day | null;
  readonly expected: Day | null;
  readonly flags: readonly Flag[];
};

export type ClosedDeal = Owned & {
  readonly id: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly value: number | null;
  readonly at: Day;
  readonly lost_reason: string | null;
};

export type WaitingLead = Owned & {
  readonly id: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly created: Day | null;
  readonly lastTouch: Day | null;
};

export type Attention = {
  readonly today: Day;
  readonly cutoff: Date;
  /** Every open deal, the most valuable first. */
  readonly open: readonly OpenDeal[];
  /** By value. */
  readonly won: readonly ClosedDeal[];
  readonly lost: readonly ClosedDeal[];
  /** Open leads that nobody has reached out to, the latest first. */
  readonly untouched: readonly WaitingLead[];
  /** Cold leads without a deal, the latest first. */
  readonly cold: readonly WaitingLead[];
};

/** So often pushed in all, a deal slips whether or not it was pushed in the period. */
const OFTEN = 3;

/** @param large so many of the most valuable open deals are large. */
export async function attention(
  db: Db,
  workspace: Workspace,
  query: AttentionQuery,
  large: number,
): Promise<Attention> {
  const { range, asOf, now } = query;
  const metric = openDealCount.id;
  const plain = { metric, by: [], filters: query.filters, grain: null, asOf, now };
  const closing = await scopeOf(db, workspace, openDealCount.subject, { ...plain, ...range });
  const today = dayOf(closing.cutoff, workspace.timeZone);
  const over = (span: Range): Scope => ({ ...closing, periods: [wholePeriod(span, workspace)] });
  const since = over({ from: range.from < today ? range.from : today, to: today });
  const of = await slicingOf(db, openDealCount, { ...plain, ...range, by: ["rep", "stage"] });
  const main = (minor: number | null): number | null =>
    minor === null ? null : majorUnits(Math.round(minor), workspace.currency);

  const columns = sql`${byStage.label} as stage, r.value_minor::float8 as value, ${day(since, sql`r.created_at`)} as created`;
  const open = await readRecords<OpenRow>(db, openDealCount, since, of, columns);
  const flagged = new Map<string, Flag[]>(open.map(({ id }) => [id, []]));
  const flag = (id: string, one: Flag): void => void flagged.get(id)?.push(one);

  const read = <Row extends object>(asked: AggregateMetric, scope: Scope, columns: Sql, where?: Sql) =>
    readRows<Row>(db, asked, scope, of, columns, where);
  for (const row of await read<{ days: number; limit: number }>(
    stalledDeals,
    since,
    sql`r.stay_days::float8 as days, r.limit_days::float8 as limit`,
  ))
    flag(row.id, { kind: "stuck", days: row.days, limit: row.limit });
  const pushed = new Map((await read<Pushed>(slippedDeals, since, PUSHED)).map((row) => [row.id, row.pushes]));
  const dates = new Map<string, Day | null>();
  for (const { id, pushes, expected } of await read<Pushed>(slippedDeals, over(EVER), PUSHED, sql`true`)) {
    dates.set(id, expected);
    const inPeriod = pushed.get(id) ?? 0;
    if (inPeriod > 0 || pushes >= OFTEN) flag(id, { kind: "slipping", pushes, inPeriod });
    if (expected === null) flag(id, { kind: "no_date" });
    else if (expected < today) flag(id, { kind: "past_due", expected });
  }
  for (const { id } of await read(noNextStep, since, NOTHING)) flag(id, { kind: "no_next_step" });
  for (const row of await read<{ people: number }>(singleThreadedDeals, since, sql`r.people::int as people`))
    flag(row.id, { kind: "single_threaded", people: row.people });
  const lastTouch = sql`${day(since, sql`r.last_touch_at`)} as "lastTouch"`;
  for (const row of await read<{ lastTouch: Day | null }>(coldOpenDeals, since, lastTouch))
    flag(row.id, { kind: "cold", lastTouch: row.lastTouch });

  const deals = open
    .map(({ value, ...row }) => ({ ...row, value: main(value), expected: dates.get(row.id) ?? null }))
    .toSorted((a, b) => (b.value ?? -1) - (a.value ?? -1) || (a.id < b.id ? -1 : 1));
  for (const [place, { id, value }] of deals.slice(0, large).entries())
    if (value !== null && value > 0) flag(id, { kind: "large", rank: place + 1 });
  const closed = async (asked: AggregateMetric): Promise<ClosedDeal[]> => {
    const columns = sql`r.amount::float8 as value, ${day(closing, sql`r.at`)} as at, r.lost_reason`;
    const rows = await readRecords<ClosedDeal>(db, asked, closing, of, columns);
    return rows
      .map((row) => ({ ...row, value: main(row.value) }))
      .toSorted((a, b) => (b.value ?? -1) - (a.value ?? -1) || (a.id < b.id ? -1 : 1));
  };
  const leads = async (asked: AggregateMetric): Promise<WaitingLead[]> => {
    const slicing = await slicingOf(db, asked, { ...plain, ...range, metric: asked.id, by: ["rep"] });
    const columns = sql`${day(since, sql`r.lead_created_at`)} as created, ${lastTouch}`;
    const rows = await readRecords<WaitingLead>(db, asked, since, slicing, columns);
    return rows.toSorted((a, b) => (b.created ?? "").localeCompare(a.created ?? "") || (a.id < b.id ? -1 : 1));
  };
  return {
    today,
    cutoff: closing.cutoff,
    open: deals.map((deal) => ({ ...deal, flags: flagged.get(deal.id) ?? [] })),
    won: await closed(wonValue),
    lost: await closed(lostValue),
    untouched: await leads(untouchedLeads),
    cold: await leads(coldOpenLeads),
  };
}

const EVER = { from: null, to: null };
const NOTHING = sql`null`;

type OpenRow = Owned & Pick<OpenDeal, "id" | "name" | "url" | "stage" | "created" | "value">;
type Pushed = { readonly pushes: number; readonly expected: Day | null };
const PUSHED = sql`r.pushes::int as pushes, r.expected_on as expected`;

function day(scope: Scope, instant: Sql): Sql {
  return sql`case when isfinite(${instant}) then ${dayIn(scope, instant)} end`;
}

/** Rows that a KPI counts, or those that fit another condition. */
async function readRows<Row extends object>(
  db: Db,
  metric: AggregateMetric,
  scope: Scope,
  slicing: Slicing,
  columns: Sql,
  where: Sql = sql`r.counted`,
): Promise<(Row & { readonly id: string })[]> {
  const { rows } = await sql<Row & { readonly id: string }>`
    select r.id, ${columns} ${slicedRows(metric, scope, slicing)} and ${where}`.execute(db);
  return rows;
}

/** The same with the record's own columns (`record`), and who has the credit. */
async function readRecords<Row extends Owned>(
  db: Db,
  metric: AggregateMetric,
  scope: Scope,
  slicing: Slicing,
  columns: Sql,
): Promise<(Row & { readonly id: string })[]> {
  // What counts is found first, with nothing joined to it: joined before, PostgreSQL may read it by a bad way.
  const { by, filters } = slicing;
  const { rows } = await sql<Row & { readonly id: string }>`
    with r as materialized (select r.* ${slicedRows(metric, scope, { by: [], filters })} and r.counted)
    select r.id, record.name, record.url, ${byRep.key} as rep_id, ${byRep.label} as rep, ${columns}
    from r ${joinsOf(by)} ${metric.subject.records.table}`.execute(db);
  return rows;
}

/** @returns the first day of the span over which leaks are looked for: the period's own, or that of 90 days where it is shorter. */
export function leakFrom({ from, to }: { readonly from: Day; readonly to: Day }): Day {
  const least = addDays(to, -89);
  return from < least ? from : least;
}
