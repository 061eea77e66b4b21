import { majorUnits } from "../base/money.ts";
import { addDays, dayOf, startOfDay } from "../base/time.ts";
import type { OutboxEvent } from "../outbox/append.ts";
import type { EventType } from "../outbox/catalogue.ts";
import type { Tx } from "../store/db.ts";
import { type ChangeRow, dealCards, type DealCard } from "../store/facts/deals.ts";
import type { RewrittenDeal } from "./deal-history.ts";

/** Which events the rewritten histories are worth. */

/** What a history tells; others about deals are told by rules. */
type DealEventType = Exclude<Extract<EventType, `deal.${string}`>, "deal.stuck">;

/** `at`: when it happened; milliseconds of Unix time. */
type Happening = {
  readonly type: DealEventType;
  readonly at: number;
  readonly row: ChangeRow;
  readonly fromStageId: string | null;
};

export type EventContext = {
  readonly connectionId: string;
  readonly liveFrom: Date;
  /** What was read until then is history. Null: the first load goes on. */
  readonly firstLoadDoneAt: Date | null;
  readonly timeZone: string;
  /** The workspace's, for amounts whose source names none. */
  readonly currency: string;
};

/** Each happening that the history did not tell before, and that did not happen before the connection went live. */
export async function dealEvents(
  tx: Tx,
  deals: readonly RewrittenDeal[],
  context: EventContext,
): Promise<OutboxEvent[]> {
  const earliestDay = addDays(dayOf(context.liveFrom, context.timeZone), -1);
  const earliestMs = startOfDay(earliestDay, context.timeZone).getTime();
  const happenings = deals.flatMap((deal) => {
    const wasKnown = deal.before.length > 0;
    return newHappenings(deal).filter((happening) => isLive(happening, wasKnown, context, earliestMs));
  });
  if (happenings.length === 0) return [];
  const cards = await dealCards(
    tx,
    happenings.map(({ row, fromStageId }) => ({
      dealId: row.dealId,
      stageId: text(row.state["stage_id"]),
      fromStageId,
      pipelineId: text(row.state["pipeline_id"]),
      repId: text(row.state["rep_id"]),
    })),
  );
  return happenings.flatMap((happening, n) => {
    const card = cards.get(n);
    return card === undefined ? [] : [toEvent(happening, card, context)];
  });
}

/**
 * What happened after going live is live. So is what we learned of after it, of the day of going live or of the day before (where the source
 * says it, that may be the same one): where only the day is known, or where the hub had seen the deal before and it was not so yet.
 */
function isLive({ row, at }: Happening, wasKnown: boolean, context: EventContext, earliestMs: number): boolean {
  const { liveFrom, firstLoadDoneAt } = context;
  // Dated by when it was read, for want of something better: at the first load that is no news.
  if (row.doubt !== null && (firstLoadDoneAt === null || at <= firstLoadDoneAt.getTime())) return false;
  if (at >= liveFrom.getTime()) return true;
  return (row.isDay || wasKnown) && at >= earliestMs && row.knownAt > liveFrom.getTime();
}

/**
 * What the new history tells and the old one did not. A happening whose time has become more exact is the same happening, so they are
 * matched by what happened and counted, not by when.
 */
function newHappenings(deal: RewrittenDeal): Happening[] {
  const told = new Map<string, number>();
  for (const happening of happeningsOf(deal.before))
    told.set(signature(happening), (told.get(signature(happening)) ?? 0) + 1);
  return happeningsOf(deal.after).filter((happening) => {
    const left = told.get(signature(happening)) ?? 0;
    if (left > 0) told.set(signature(happening), left - 1);
    return left === 0;
  });
}

function signature({ type, row }: Happening): string {
  return type === "deal.stage_changed" ? `${type}|${row.state["stage_id"] ?? ""}` : type;
}

function happeningsOf(rows: readonly ChangeRow[]): Happening[] {
  return rows.flatMap((row, index) => {
    const before = rows[index - 1];
    const fromStageId = before === undefined ? null : text(before.state["stage_id"]);
    return typesOf(before, row).map((type) => ({ type, at: timeOf(type, row), row, fromStageId }));
  });
}

/** A win that nobody knows the time of is told with the time when it was seen. */
function timeOf(type: DealEventType, row: ChangeRow): number {
  const isUndated = row.doubt === "no_closing_date" && (type === "deal.won" || type === "deal.lost");
  return isUndated ? row.knownAt : row.heldFrom;
}

/** A win or a loss is told as that, not as the move into the stage that stands for it. */
function typesOf(before: ChangeRow | undefined, row: ChangeRow): DealEventType[] {
  const { status } = row.state;
  const outcome: DealEventType[] = status === "won" ? ["deal.won"] : status === "lost" ? ["deal.lost"] : [];
  if (before === undefined) return ["deal.created", ...outcome];
  if (before.state["status"] !== status) return outcome.length > 0 ? outcome : ["deal.reopened"];
  return before.state["stage_id"] === row.state["stage_id"] ? [] : ["deal.stage_changed"];
}

function toEvent({ type, at, row }: Happening, card: DealCard, context: EventContext): OutboxEvent {
  const { dealId, state } = row;
  const occurredAt = new Date(at);
  const [amountMinor, currency] = [state["amount_minor"], text(state["currency"]) ?? context.currency];
  return {
    type,
    key: `${dealId}|${occurredAt.toISOString()}|${state["status"] ?? ""}|${state["stage_id"] ?? ""}`,
    entityKey: `deal/${dealId}`,
    occurredAt,
    data: {
      deal: {
        id: dealId,
        name: card.name,
        url: card.url,
        value: {
          amount: typeof amountMinor === "number" ? majorUnits(amountMinor, currency) : null,
          currency,
        },
        stage: card.stage,
        from_stage: card.fromStage,
        pipeline: card.pipeline,
        owner: card.ownerId === null ? null : { id: card.ownerId, name: card.ownerName },
        company: card.company,
        lost_reason: card.lostReason,
      },
      changed_at: occurredAt.toISOString(),
      connection: context.connectionId,
    },
  };
}

function text(value: string | number | null | undefined): string | null {
  return typeof value === "string" ? value : null;
}
