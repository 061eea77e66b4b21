import { addDays, dayOf } from "../../../core/base/time.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, nextQuarter, workCalendar } from "./calendar.ts";
import type { Deal, DealChange, DealChangeKind, DealState, Lead, Person, Pipeline, PipelineStage } from "./model.ts";
import type { Ownership } from "./ownership.ts";
import type { Random } from "./random.ts";

/** How one deal goes, from its first day to the end of the history, by the plan that chance has made for it. */
export type DealPlan = {
  readonly id: string;
  readonly lead: Pick<Lead, "id" | "name" | "segment">;
  readonly person: Person;
  readonly pipeline: Pipeline;
  readonly createdMs: number;
  readonly owners: Pick<Ownership, "at" | "handovers">;
  readonly winProbability: number;
  /** What chance may not pass: the deal is as it is then. */
  readonly nowMs: number;
  readonly timeZone: string;
  /** Multiplies the time to close; 1 is ordinary. */
  readonly pace: number;
};

export const LOST_REASONS = {
  "Price too high": 24,
  "No response": 20,
  "No budget": 16,
  "Chose a competitor": 15,
  "Bad timing": 12,
  "Missing feature": 8,
  "Stayed with what they have": 5,
} as const;

const PRODUCTS = { Starter: 45, Team: 35, Enterprise: 14, Onboarding: 6 } as const;
/** Annual value's median in whole units of money. */
const VALUE_MEDIAN = { small: 3_400, mid_market: 13_500, enterprise: 56_000 } as const;
const PACE = { small: 0.8, mid_market: 1.15, enterprise: 1.7 } as const;

type Step = {
  readonly atMs: number;
  readonly kind: DealChangeKind;
  readonly patch: (state: DealState) => Partial<DealState>;
};

/** Where a deal's open stages are, without the outcomes. */
export function openStages(pipeline: Pipeline): readonly PipelineStage[] {
  return pipeline.stages.filter((stage) => stage.type === "open");
}

export function outcomeStage(pipeline: Pipeline, type: "won" | "lost"): PipelineStage {
  const found = pipeline.stages.find((stage) => stage.type === type);
  if (found === undefined) throw new RangeError(`Pipeline ${pipeline.id} has no ${type} stage.`);
  return found;
}

/** The whole life of a deal up to `nowMs`. */
export function dealLife(random: Random, plan: DealPlan): Deal {
  const outcome = random.chance(plan.winProbability) ? "won" : random.chance(0.25) ? "cold" : "lost";
  const endMs = closing(random, plan, outcome);
  const path = stagePath(random, openStages(plan.pipeline), outcome);
  const first = firstState(random, plan, path[0]);
  const steps = [
    ...moves(random, plan, path, endMs),
    ...ending(random, plan, endMs, outcome === "won" ? "won" : "lost", outcome === "cold" ? "No response" : null),
    ...sideSteps(random, plan, first, endMs),
  ];
  return fold(plan, random.weighted(PRODUCTS), first, steps);
}

/** A deal on its first day. */
export function newDeal(random: Random, plan: DealPlan): Deal {
  return fold(plan, random.weighted(PRODUCTS), firstState(random, plan, openStages(plan.pipeline)[0]), []);
}

/** When it closes. Reps hurry a win over the line of the quarter, and never close one in the night. */
function closing(random: Random, plan: DealPlan, outcome: "won" | "lost" | "cold"): number {
  const days = {
    won: () => random.logNormal(37, 0.6),
    lost: () => random.logNormal(33, 0.8),
    cold: () => random.logNormal(85, 0.35),
  }[outcome]();
  const rawMs = plan.createdMs + Math.max(0.3, days * PACE[plan.lead.segment] * plan.pace) * DAY_MS;
  const calendar = workCalendar(plan.owners.at(Math.min(rawMs, plan.nowMs)).timeZone);
  return calendar.sameDay(random, outcome === "won" ? pulled(random, plan.createdMs, rawMs) : rawMs);
}

function pulled(random: Random, createdMs: number, endMs: number): number {
  const quarterMs = nextQuarter(endMs);
  const previousMs = nextQuarter(endMs - 92 * DAY_MS);
  const isJustAfter = endMs - previousMs < 18 * DAY_MS && previousMs < endMs;
  const isJustBefore = quarterMs - endMs < 25 * DAY_MS;
  const targetMs = (isJustAfter ? previousMs : quarterMs) - random.between(0.5, 6) * DAY_MS;
  return (isJustAfter || isJustBefore) && random.chance(0.4) && targetMs > createdMs + 5 * DAY_MS ? targetMs : endMs;
}

/** The stages it stands in, in order: some skipped, sometimes one gone back to. */
function stagePath(
  random: Random,
  stages: readonly PipelineStage[],
  outcome: "won" | "lost" | "cold",
): PipelineStage[] {
  const lastIndex = stages.length - 1;
  // Most deals are lost in the middle; the square root leans towards the later stages.
  const exit = outcome === "won" ? lastIndex : Math.floor(Math.sqrt(random.between(0.02, 0.98)) * stages.length);
  const path = stages.filter(
    (_, at) => at <= exit && (at === 0 ? random.chance(0.9) : at === exit || !random.chance(0.13)),
  );
  const back = random.int(1, Math.max(1, path.length - 1));
  const again = path[back];
  const earlier = path[back - 1];
  if (again !== undefined && earlier !== undefined && random.chance(0.09)) path.splice(back + 1, 0, earlier, again);
  return path.length > 0 ? path : stages.slice(0, 1);
}

function moves(random: Random, plan: DealPlan, path: readonly PipelineStage[], endMs: number): readonly Step[] {
  const shares = path.slice(1).map(() => random.between(0.03, 0.93));
  shares.sort((a, b) => a - b);
  let previousMs = plan.createdMs;
  return path.slice(1).map((stage, at): Step => {
    const rawMs = plan.createdMs + (shares[at] ?? 0) * (endMs - plan.createdMs);
    const workMs = workCalendar(plan.owners.at(rawMs).timeZone).atWork(random, rawMs);
    // Two moves of one night fall on the same morning; their order must hold.
    previousMs = Math.max(previousMs + 1000, Math.min(workMs, endMs - MINUTE_MS));
    const probability = believed(random, stage);
    return { atMs: previousMs, kind: "stage", patch: () => ({ stageId: stage.id, probability }) };
  });
}

/** What the rep believes: the stage's probability, give or take. */
export function believed(random: Random, stage: PipelineStage): number {
  const shifted = stage.probability + random.pick([-0.1, -0.05, 0, 0, 0, 0.05, 0.1]);
  return Math.round(Math.min(0.95, Math.max(0.05, shifted)) * 100) / 100;
}

function close(plan: DealPlan, atMs: number, status: "won" | "lost", lostReason: string | null): Step {
  const stageId = outcomeStage(plan.pipeline, status).id;
  return { atMs, kind: status, patch: () => ({ status, stageId, probability: status === "won" ? 1 : 0, lostReason }) };
}

/** The close, and for a few the second thoughts after it. */
function ending(
  random: Random,
  plan: DealPlan,
  endMs: number,
  status: "won" | "lost",
  knownReason: string | null,
): readonly Step[] {
  const reason = (): string => random.weighted(LOST_REASONS);
  const first = close(plan, endMs, status, status === "lost" ? (knownReason ?? reason()) : null);
  if (!random.chance(0.035)) return [first];
  const calendar = workCalendar(plan.owners.at(endMs).timeZone);
  const reopenedMs = calendar.sameDay(random, endMs + random.between(4, 40) * DAY_MS);
  const stage = openStages(plan.pipeline).at(-2);
  if (stage === undefined) return [first];
  const again = random.chance(0.45) ? "won" : "lost";
  const againMs = calendar.sameDay(random, reopenedMs + random.between(4, 35) * DAY_MS);
  return [
    first,
    {
      atMs: reopenedMs,
      kind: "reopened",
      patch: () => ({
        status: "open",
        stageId: stage.id,
        probability: stage.probability,
        lostReason: null,
        // Who closed it may have left since.
        ownerId: plan.owners.at(reopenedMs).id,
      }),
    },
    ...handovers(plan, reopenedMs, againMs),
    close(plan, againMs, again, again === "lost" ? reason() : null),
  ];
}

function handovers(plan: DealPlan, fromMs: number, toMs: number): readonly Step[] {
  return plan.owners
    .handovers(fromMs, toMs)
    .map(({ atMs, rep }) => ({ atMs, kind: "owner", patch: () => ({ ownerId: rep.id }) }));
}

/** Hand-overs, new prices and put-off dates, all while the deal is open for the first time. */
function sideSteps(random: Random, plan: DealPlan, first: DealState, endMs: number): readonly Step[] {
  const steps = [...handovers(plan, plan.createdMs, endMs)];
  const at = (share: number): number => {
    const rawMs = plan.createdMs + share * (endMs - plan.createdMs);
    return workCalendar(plan.owners.at(rawMs).timeZone).atWork(random, rawMs);
  };
  if (first.amountMinor === null ? random.chance(0.8) : random.chance(0.28)) {
    const amountMinor = amount(random, plan, first.valuePeriod);
    const factor = random.logNormal(0.96, 0.2);
    const patch = (state: DealState): Partial<DealState> => ({
      amountMinor: state.amountMinor === null ? amountMinor : rounded(state.amountMinor * factor),
    });
    steps.push({ atMs: at(random.between(0.25, 0.9)), kind: "value", patch });
  }
  // The rep puts the date off about when it has come, not for ever.
  let expected = first.expectedCloseOn;
  for (let times = 0; times < 5; times += 1) {
    const dueMs = Date.parse(`${expected}T15:00:00Z`) + random.between(-4, 5) * DAY_MS;
    if (dueMs >= endMs || dueMs <= plan.createdMs || !random.chance(0.75)) break;
    const next = addDays(expected, random.int(10, 45));
    expected = next;
    const atMs = workCalendar(plan.owners.at(dueMs).timeZone).atWork(random, dueMs);
    steps.push({ atMs, kind: "expected_close", patch: () => ({ expectedCloseOn: next }) });
  }
  return steps.filter((step) => step.atMs > plan.createdMs && step.atMs < endMs - HOUR_MS / 2);
}

function firstState(random: Random, plan: DealPlan, stage: PipelineStage | undefined): DealState {
  if (stage === undefined) throw new RangeError("A deal begins in a stage.");
  const valuePeriod = random.weighted({ annual: 55, monthly: 25, one_time: 20 });
  const aheadDays = Math.round(random.between(25, 60) * PACE[plan.lead.segment]);
  return {
    status: "open",
    stageId: stage.id,
    ownerId: plan.owners.at(plan.createdMs).id,
    amountMinor: random.chance(0.05) ? null : amount(random, plan, valuePeriod),
    valuePeriod,
    probability: believed(random, stage),
    expectedCloseOn: addDays(dayOf(new Date(plan.createdMs), plan.timeZone), aheadDays),
    lostReason: null,
  };
}

function amount(random: Random, plan: DealPlan, period: DealState["valuePeriod"]): number {
  const annual = random.logNormal(VALUE_MEDIAN[plan.lead.segment], 0.6);
  return rounded(100 * (period === "monthly" ? annual / 12 : period === "one_time" ? annual * 0.7 : annual));
}

/** To ten units of money, at least that. */
export function rounded(amountMinor: number): number {
  return Math.max(1000, Math.round(amountMinor / 1000) * 1000);
}

function fold(plan: DealPlan, product: string, first: DealState, steps: readonly Step[]): Deal {
  const created: DealChange = {
    id: `${plan.id}-change-1`,
    at: new Date(plan.createdMs),
    kind: "created",
    byId: first.ownerId,
    before: {},
    after: first,
  };
  let deal: Deal = {
    id: plan.id,
    name: `${plan.lead.name} – ${plan.pipeline.name}`,
    product,
    leadId: plan.lead.id,
    personId: plan.person.id,
    pipelineId: plan.pipeline.id,
    createdAt: created.at,
    updatedAt: created.at,
    closedAt: null,
    state: first,
    changes: [created],
  };
  for (const step of steps.toSorted((a, b) => a.atMs - b.atMs)) {
    const atMs = Math.max(step.atMs, deal.updatedAt.getTime() + 1000);
    if (atMs > plan.nowMs) break;
    deal = changed(deal, step.kind, new Date(atMs), plan.owners.at(atMs).id, step.patch(deal.state));
  }
  return deal;
}

/** The deal after one more change; the same deal when nothing would change. */
export function changed(deal: Deal, kind: DealChangeKind, at: Date, byId: string, patch: Partial<DealState>): Deal {
  const fields = DEAL_FIELDS.filter((field) => patch[field] !== undefined && patch[field] !== deal.state[field]);
  if (fields.length === 0) return deal;
  const only = (state: Partial<DealState>): Partial<DealState> =>
    Object.fromEntries(fields.map((field) => [field, state[field]]));
  const change: DealChange = {
    id: `${deal.id}-change-${deal.changes.length + 1}`,
    at,
    kind,
    byId,
    before: only(deal.state),
    after: only(patch),
  };
  return {
    ...deal,
    updatedAt: at,
    closedAt: kind === "won" || kind === "lost" ? at : kind === "reopened" ? null : deal.closedAt,
    state: { ...deal.state, ...patch },
    changes: [...deal.changes, change],
  };
}

const DEAL_FIELDS = [
  "status",
  "stageId",
  "ownerId",
  "amountMinor",
  "valuePeriod",
  "probability",
  "expectedCloseOn",
  "lostReason",
] as const satisfies readonly (keyof DealState)[];
