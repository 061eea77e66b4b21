import { sql } from "kysely";
import { majorUnits } from "../../base/money.ts";
import { addDays, type Day } from "../../base/time.ts";
import type { Db } from "../../store/db.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import type { Range } from "../ask/period.ts";
import { asKnown } from "../engine/as-of.ts";
import type { Scope, Sql } from "../engine/define.ts";
import { filterOf } from "../engine/compute.ts";
import { findDimension, hasValue, joinsOf, type Dimension } from "../engine/dimensions.ts";
import type { MetricFilter } from "../engine/query.ts";
import { isKnown, valueMinor } from "../engine/row-parts.ts";
import { scopeOf } from "../engine/scope.ts";
import { openPipelineValue } from "../kpis/pipeline/open-pipeline-value.ts";
import { deal } from "../subjects/deal.ts";
import { legsOf, type DealState, type Entry, type Exit, type Leg } from "./movement-legs.ts";

/**
 * What moved the open pipeline from the end of one day to the end of another. For the whole and for every slice
 *
 *     start + created + reopened + value up + owner in + pipeline in + pulled in + currency
 *           − value down − won − lost − deleted − merged − owner out − pipeline out − pushed out = end
 *
 * exactly, in deals (of which a change of value is none) and in money. Over the days after the first, won and lost are `won_value` and `lost_value`, but for deals that were deleted after they had closed,
 * or reopened after the last day, which are listed.
 */
export type MovementQuery = {
  /** Inclusive: what was open at the end of this day is the start. */
  readonly from: Day;
  readonly to: Day;
  readonly by: readonly string[];
  readonly filters: readonly MetricFilter[];
  /** Only deals that are expected to close in these days: what comes into them is pulled in, what leaves them pushed out. */
  readonly expectedIn: Range | null;
  readonly asOf: Date | null;
  readonly now: Date;
};

export const REASONS = [
  "created",
  "reopened",
  "value_up",
  "value_down",
  "won",
  "lost",
  "deleted",
  "merged",
  "owner_in",
  "owner_out",
  "pipeline_in",
  "pipeline_out",
  "pulled_in",
  "pushed_out",
  "currency",
] as const;
export type Reason = (typeof REASONS)[number];

/** `count`: deals. `value`: in main units of the workspace's currency. Both positive, whichever way they count; `currency` alone has a sign. */
export type MovementPart = { readonly count: number; readonly value: number };

export type MovementRow = {
  readonly dimensions: { readonly [dimension: string]: string | null };
  readonly start: MovementPart;
  readonly reasons: { readonly [reason in Reason]: MovementPart };
  readonly end: MovementPart;
};

export type MovementDeal = {
  readonly id: string;
  readonly name: string | null;
  readonly url: string | null;
  /** Its net, by reason. */
  readonly reasons: { readonly [reason in Reason]?: number };
  /** Everything that happened to it on the way, in order. */
  readonly moves: readonly { readonly at: string; readonly what: string }[];
};

export type Movement = {
  readonly from: Day;
  readonly to: Day;
  readonly as_of: string;
  readonly timezone: string;
  readonly currency: string;
  readonly rows: readonly MovementRow[];
  /** Deals that moved, the largest moves first; at most 200. */
  readonly deals: readonly MovementDeal[];
  /** Why a deal's amount is left out, or why a win or loss here is not in won_value or lost_value; by reason. */
  readonly exceptions: readonly { readonly reason: string; readonly count: number }[];
};

const MOST_DEALS = 200;

/** @throws TributaryError `kpi.bad_period`, `kpi.unknown_dimension`, `kpi.unknown_value` */
export async function movement(db: Db, query: MovementQuery): Promise<Movement> {
  return asKnown(db, query.asOf, (then) => movementNow(then, query));
}

async function movementNow(db: Db, query: MovementQuery): Promise<Movement> {
  const { from, to, asOf, now } = query;
  const workspace = await readWorkspace(db);
  const range = { from: addDays(from, 1), to };
  const asked = { metric: openPipelineValue.id, by: [], filters: [], grain: null, asOf, now, ...range };
  const scope = await scopeOf(db, workspace, deal, from === to ? { ...asked, from } : asked);
  const [period] = scope.periods;
  const starts = from === to ? (period?.ends ?? scope.cutoff) : (period?.starts ?? scope.cutoff);
  const ends = period?.ends ?? scope.cutoff;
  // The last instant of the first day, and of the last day or the cutoff where that is earlier.
  const span = { after: starts.getTime() - 1, until: Math.min(ends.getTime() - 1, scope.cutoff.getTime()) };
  const by: Dimension[] = [];
  for (const name of query.by) by.push(await findDimension(db, openPipelineValue, name));
  const filters: Filter[] = [];
  for (const { dimension, value } of query.filters)
    filters.push(await filterOf(db, openPipelineValue, { name: dimension, values: [value], asOf }));
  const states = await readStates(db, scope, span);
  const legs = [...states].flatMap(([id, states]) => legsOf(id, states, span, query.expectedIn) ?? []);
  const points = await value(db, scope, legs, by, filters);
  return summed(legs, points, { query, scope, names: by.map((dimension) => dimension.name) });
}

type Filter = { readonly dimension: Dimension; readonly values: readonly string[] };
type Span = { readonly after: number; readonly until: number };

/** The known states of every deal that was open at the beginning or changed on the way, in order. */
async function readStates(db: Db, scope: Scope, span: Span): Promise<Map<string, DealState[]>> {
  const [after, until] = [new Date(span.after), new Date(span.until)];
  const { rows } = await sql<DealState & { readonly id: string }>`
    select d.id, d.name, d.url, c.ordinal, extract(epoch from c.held_from)::float8 * 1000 as at, c.status, c.rep_id as rep, c.pipeline_id as pipeline,
      c.stage_id as stage, c.annual_minor as amount, c.currency, c.expected_close_on as expected,
      case when d.deleted_at <= ${scope.cutoff}::timestamptz then extract(epoch from d.deleted_at)::float8 * 1000 end as "deletedAt",
      d.merged_into is not null as "isMerged"
    from deals d
    join deal_changes c on c.deal_id = d.id and ${isKnown(scope, "c")}
    where (d.deleted_at is null or d.deleted_at > ${after}) and (d.merged_into is null or d.deleted_at is not null) and (
      exists (select from deal_changes x where x.deal_id = d.id and x.held_from > ${after} and x.held_from <= ${until} and ${isKnown(scope, "x")})
      or (select x.status from deal_changes x where x.deal_id = d.id and x.held_from <= ${after} and ${isKnown(scope, "x")}
        order by x.ordinal desc limit 1) = 'open')
    order by d.id, c.ordinal`.execute(db);
  const states = new Map<string, DealState[]>();
  for (const { id, ...state } of rows) {
    const known = states.get(id);
    if (known === undefined) states.set(id, [state]);
    else known.push(state);
  }
  return states;
}

/** What a deal is worth at one end of its leg, and in which slice. */
type Point = {
  readonly value: number | null;
  readonly hasAmount: boolean;
  readonly inSlice: boolean;
  readonly cells: readonly { readonly key: string | null; readonly label: string | null }[];
};

/** Three for each leg: at its entry, at its exit, and what it was worth at the entry at the exit's rate. */
async function value(
  db: Db,
  scope: Scope,
  legs: readonly Leg[],
  by: readonly Dimension[],
  filters: readonly Filter[],
): Promise<Point[][]> {
  const of = (leg: Leg, end: Entry | Exit, amount: number, ratedAt: number) => ({ id: leg.id, end, amount, ratedAt });
  const asked = legs.flatMap((leg) => [
    of(leg, leg.entry, leg.entry.amountOf, leg.entry.at),
    of(leg, leg.exit, leg.exit.amountOf, leg.exit.at),
    of(leg, leg.exit, leg.entry.amountOf, leg.exit.at),
  ]);
  if (asked.length === 0) return [];
  const times = (pick: (one: (typeof asked)[number]) => number) =>
    asked.map((one) => new Date(pick(one)).toISOString());
  const given = sql`unnest(${asked.map((one) => one.id)}::uuid[], ${asked.map((one) => one.end.ownerOf)}::int[], ${asked.map((one) => one.end.stateOf)}::int[],
    ${asked.map((one) => one.amount)}::int[], ${times((one) => one.ratedAt)}::timestamptz[], ${times((one) => one.end.at)}::timestamptz[])
    with ordinality as g(deal_id, owner_of, state_of, amount_of, rated_at, at, no)`;
  const rows: Sql = sql`
    select g.no, d.id, owner.rep_id, state.pipeline_id, state.stage_id, state.status, state.currency, d.company_id, d.person_id, d.connection_id, d.lost_reason,
      d.attributes, g.at, g.at as credited_at, amount.annual_minor is not null as has_amount, ${valueMinor(scope, "amount", sql`g.rated_at`)} as value_minor
    from ${given}
    join deals d on d.id = g.deal_id
    join deal_changes owner on owner.deal_id = g.deal_id and owner.ordinal = g.owner_of
    join deal_changes state on state.deal_id = g.deal_id and state.ordinal = g.state_of
    join deal_changes amount on amount.deal_id = g.deal_id and amount.ordinal = g.amount_of`;
  const cells = by.map((d) => sql`json_build_object('key', ${d.key}, 'label', ${d.label})`);
  const conditions = filters.map((filter) => hasValue(filter.dimension, filter.values));
  const { rows: found } = await sql<Point>`
    select round(r.value_minor)::bigint as value, r.has_amount as "hasAmount", (${sql.join([sql`true`, ...conditions], sql` and `)}) as "inSlice",
      json_build_array(${sql.join(cells)}) as cells
    from (${rows}) r ${joinsOf([...by, ...filters.map((filter) => filter.dimension)])}
    order by r.no`.execute(db);
  return legs.map((_, index) => found.slice(index * 3, index * 3 + 3));
}

type Sums = {
  readonly groups: readonly (string | null)[];
  readonly sums: Map<Reason | "start" | "end", [number, number]>;
};

function summed(
  legs: readonly Leg[],
  points: readonly (readonly Point[])[],
  { query, scope, names }: { query: MovementQuery; scope: Scope; names: readonly string[] },
): Movement {
  const slices = new Map<string, Sums>();
  const exceptions = new Map<string, number>();
  const deals: { deal: MovementDeal; size: number }[] = [];
  const list = (reason: string): void => void exceptions.set(reason, (exceptions.get(reason) ?? 0) + 1);
  const sliceOf = (point: Point): Map<Reason | "start" | "end", [number, number]> => {
    const key = JSON.stringify(point.cells.map((cell) => cell.key));
    const known = slices.get(key);
    if (known !== undefined) return known.sums;
    const sums = new Map<Reason | "start" | "end", [number, number]>();
    slices.set(key, { groups: point.cells.map((cell) => cell.label), sums });
    return sums;
  };
  if (names.length === 0) sliceOf({ value: null, hasAmount: false, inSlice: true, cells: [] });
  for (const [index, leg] of legs.entries()) {
    const [entry, exit, moved] = points[index] ?? [];
    if (entry === undefined || exit === undefined || moved === undefined) continue;
    const isIn = { entry: leg.entry.isExpected && entry.inSlice, exit: leg.exit.isExpected && exit.inSlice };
    if (!isIn.entry && !isIn.exit) continue;
    const worths = [entry, exit, moved];
    const isUnrated = worths.some((point) => point.hasAmount && point.value === null);
    if (isUnrated) list("no_rate");
    if (leg.exit.exception !== null && isIn.exit) list(leg.exit.exception);
    const worth = (point: Point): number => (isUnrated ? 0 : Number(point.value ?? 0));
    const reasons: { [reason in Reason]?: number } = {};
    const add = (point: Point, reason: Reason | "start" | "end", count: number, amount: number): void => {
      if (count === 0 && amount === 0) return;
      const sums = sliceOf(point);
      const [n, sum] = sums.get(reason) ?? [0, 0];
      sums.set(reason, [n + count, sum + amount]);
      if (reason !== "start" && reason !== "end") reasons[reason] = (reasons[reason] ?? 0) + amount;
    };
    if (isIn.entry) add(entry, leg.entry.kind, 1, worth(entry));
    const isOneSlice =
      isIn.entry === isIn.exit && entry.cells.every((cell, place) => cell.key === exit.cells[place]?.key);
    if (!isOneSlice) {
      const [into, out] = transfer(leg, isIn);
      if (isIn.entry) add(entry, out, 1, worth(entry));
      if (isIn.exit) add(exit, into, 1, worth(entry));
    }
    if (!isIn.exit) continue;
    add(exit, "currency", 0, worth(moved) - worth(entry));
    const change = worth(exit) - worth(moved);
    add(exit, change > 0 ? "value_up" : "value_down", 0, Math.abs(change));
    add(exit, leg.exit.kind, 1, worth(exit));
    if (Object.keys(reasons).length > 0) {
      const { id, name, url, moves } = leg;
      const shown = Object.fromEntries(
        Object.entries(reasons).map(([reason, amount]) => [reason, majorUnits(amount, scope.currency)]),
      );
      const told = moves.map(({ at, what }) => ({ at: new Date(at).toISOString(), what }));
      const size = Math.max(...Object.values(reasons).map(Math.abs));
      deals.push({ deal: { id, name, url, reasons: shown, moves: told }, size });
    }
  }
  const rows = [...slices.values()].map(({ groups, sums }): MovementRow => {
    const part = (name: Reason | "start" | "end"): MovementPart => {
      const [count, amount] = sums.get(name) ?? [0, 0];
      return { count, value: majorUnits(amount, scope.currency) };
    };
    return {
      dimensions: Object.fromEntries(names.map((name, place) => [name, groups[place] ?? null])),
      start: part("start"),
      // Each of the reasons is there.
      reasons: Object.fromEntries(REASONS.map((reason) => [reason, part(reason)])) as MovementRow["reasons"],
      end: part("end"),
    };
  });
  return {
    from: query.from,
    to: query.to,
    as_of: scope.cutoff.toISOString(),
    timezone: scope.timeZone,
    currency: scope.currency,
    rows: rows.toSorted((a, b) => labelOf(a).localeCompare(labelOf(b), "en")),
    deals: deals
      .toSorted((a, b) => b.size - a.size)
      .slice(0, MOST_DEALS)
      .map(({ deal: one }) => one),
    exceptions: [...exceptions].map(([reason, count]) => ({ reason, count })),
  };
}

/** Why a deal is in another slice at its exit: into which reason's, and out of which. */
function transfer(leg: Leg, isIn: { entry: boolean; exit: boolean }): readonly [Reason, Reason] {
  if (leg.entry.isExpected !== leg.exit.isExpected && isIn.entry !== isIn.exit) return ["pulled_in", "pushed_out"];
  return leg.entry.pipeline !== leg.exit.pipeline && leg.entry.rep === leg.exit.rep
    ? ["pipeline_in", "pipeline_out"]
    : ["owner_in", "owner_out"];
}

function labelOf(row: MovementRow): string {
  return Object.values(row.dimensions)
    .map((label) => label ?? "\uffff")
    .join("\u0000");
}
