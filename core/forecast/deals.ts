/**
 * Deals as forecasts see them: what had happened to each, day by day, and when it was known. Days are numbers (days since 1970-01-01) in
 * the workspace's time zone.
 */

/** From its day on the deal is this. */
export type DealChange = {
  readonly day: number;
  /** The day it landed; -Infinity for history that was read at set-up. */
  readonly known: number;
  readonly status: "open" | "won" | "lost";
  readonly stage: string | null;
  readonly pipeline: string | null;
  readonly rep: string | null;
  readonly team: string | null;
  /** Annualised, minor units of the workspace's currency; null: none is known. */
  readonly value: number | null;
  /** How likely the source, else its stage's setting, says it is won. */
  readonly probability: number | null;
};

export type ForecastDeal = {
  readonly id: string;
  /** Null: not known; then it is as old as its first change. */
  readonly created: number | null;
  /** In order, at least one. */
  readonly changes: readonly DealChange[];
  /** Days of outbound touches, in order, each as often as there were. */
  readonly touches: readonly number[];
};

export const SLICES = ["rep", "team", "pipeline"] as const;
export type SliceName = (typeof SLICES)[number];

/** A stay in a stage. `to` and `next` are null while it goes on. */
export type Stay = {
  readonly stage: string;
  readonly from: number;
  readonly to: number | null;
  /** A stage, `won` or `lost`. */
  readonly next: string | null;
};

/** A deal by what was known at the end of a day. */
export type KnownDeal = {
  readonly deal: ForecastDeal;
  readonly created: number;
  readonly now: DealChange;
  /** When it was closed; null while it is open. */
  readonly closed: number | null;
  readonly stays: readonly Stay[];
};

/** Stages are told apart within their pipelines; a deal without one is in its pipeline's. */
function placeOf({ stage, pipeline }: DealChange): string {
  return stage ?? `in ${pipeline ?? ""}`;
}

/** What of a deal is the same on every later day. */
type Settled = {
  /** Nothing of it is known before. */
  readonly first: number;
  /** From then on all of it is known, and it is `whole`. */
  readonly from: number;
  whole: KnownDeal | null;
};

/** Deals that have been looked at on several days: most are the same on all of them. */
export type SettledDeals = Map<ForecastDeal, Settled>;

/**
 * The deals that there were at the end of a day, each by what had happened and had landed by then.
 *
 * @param settled remembers what does not depend on the day; one for the same deals, or none.
 */
export function knownAt(
  deals: readonly ForecastDeal[],
  day: number,
  settled: SettledDeals = new Map<ForecastDeal, Settled>(),
): KnownDeal[] {
  const all: KnownDeal[] = [];
  for (const deal of deals) {
    let bounds = settled.get(deal);
    if (bounds === undefined) settled.set(deal, (bounds = boundsOf(deal)));
    if (day < bounds.first) continue;
    if (day >= bounds.from && bounds.whole !== null) {
      all.push(bounds.whole);
      continue;
    }
    const known = knownOf(deal, day);
    if (known === null) continue;
    if (day >= bounds.from) bounds.whole = known;
    all.push(known);
  }
  return all;
}

function boundsOf({ created, changes }: ForecastDeal): Settled {
  let [first, from] = [Infinity, created ?? -Infinity];
  for (const { day, known } of changes) {
    first = Math.min(first, Math.max(day, known));
    from = Math.max(from, day, known);
  }
  return { first, from, whole: null };
}

function knownOf(deal: ForecastDeal, day: number): KnownDeal | null {
  const changes = deal.changes.filter((change) => change.day <= day && change.known <= day);
  const now = changes.at(-1);
  if (now === undefined) return null;
  const first = changes.find((change) => Number.isFinite(change.day))?.day ?? day;
  const created = Math.min(deal.created ?? first, day);
  const stays: Stay[] = [];
  let closed: number | null = null;
  for (const change of changes) {
    const at = Math.max(created, Number.isFinite(change.day) ? change.day : created);
    const place = change.status === "open" ? placeOf(change) : change.status;
    closed = change.status === "open" ? null : (closed ?? at);
    const last = stays.at(-1);
    if (last !== undefined && (last.to === null ? last.stage : last.next) === place) continue;
    if (last?.to === null) stays[stays.length - 1] = { ...last, to: at, next: place };
    if (change.status === "open") stays.push({ stage: place, from: at, to: null, next: null });
    // Closed as soon as it is known: nothing is seen of it but the time since its creation.
    else if (last === undefined) stays.push({ stage: placeOf(change), from: created, to: at, next: place });
  }
  return { deal, created, now, closed, stays };
}

export function isOpen(known: KnownDeal): boolean {
  return known.now.status === "open";
}

/** Whose deal it is by a slice; null: nobody's. */
export function sliceOf(known: KnownDeal, by: SliceName): string | null {
  return known.now[by];
}
