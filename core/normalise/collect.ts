import { entityId } from "../base/ids.ts";
import { isStorableInstant } from "../base/time.ts";
import type { Json } from "../base/json.ts";
import type { NormaliseContext, NormaliseResult, Problem } from "../connector/define.ts";
import type { Touch } from "../identity/index.ts";
import type { Who } from "../identity/who-keys.ts";
import type {
  ActivityFact,
  Attributes,
  DealChangeFact,
  DealFact,
  DealState,
  Fact,
  LeadStatusFact,
  Moment,
  OtherId,
  PipelineFact,
} from "../schema/facts.ts";
import { type Outcome, outcomeOf } from "../schema/outcomes.ts";
import type { ObservationRow } from "../store/facts/deals.ts";
import { rowMaker, type RowMaker } from "../store/facts/facts-cells.ts";
import type { LeadStatusRow } from "../store/facts/lead-statuses.ts";
import { type FactRow, filledIn, type LabelRow, STAGE_STEP } from "../store/facts/facts.ts";
import { type Origin, type Shelf, type ShelfFacts, type ShelfName, SHELVES } from "../store/facts/facts-shelves.ts";
import type { MembershipStatement } from "../store/identity/teams.ts";
import type { SnapshotSaid } from "./deal-history.ts";
import type { FoldState } from "./deal-observations.ts";
import { EARLIEST } from "./fold-deal.ts";
import type { StageOverrides } from "./pipeline-settings.ts";

/** Runs a stream's normaliser over records and sorts what it gives by where it is stored. Pure. */

/** A landed version of a record, or its deletion. */
export type NormaliseRecord = {
  readonly externalId: string;
  readonly seq: number;
  readonly payload: Json;
  readonly sourceTime: Date | null;
  readonly fetchedAt: Date;
  readonly deletedAt: Date | null;
  /** Whether the store had nothing of the record before. Absent: not known. */
  readonly isNew?: boolean;
  /** Whether a later version is stored: then it only tells of the past. */
  readonly isSuperseded?: boolean;
};

export type CollectContext = {
  readonly connectionId: string;
  readonly stream: string;
  readonly settings: unknown;
  readonly timeZone: string;
  readonly currency: string;
  /** What was fetched until then is history: known when it happened. Null: the first load goes on. */
  readonly firstLoadDoneAt: Date | null;
  readonly overrides: StageOverrides;
  /** What the connection's labels of outcomes are called, by the tool's own id. */
  readonly outcomeLabels: ReadonlyMap<string, string>;
  /** Whether raw keeps every version of the stream's records: then each one's status of a lead is kept, too. */
  readonly keepsVersions: boolean;
  readonly normalise: (record: Json, context: NormaliseContext<unknown>) => NormaliseResult;
};

/** What a batch of records has become. */
export type Collected = {
  readonly rows: ReadonlyMap<ShelfName, Map<string, FactRow>>;
  readonly observations: readonly ObservationRow[];
  readonly leadStatuses: readonly LeadStatusRow[];
  readonly labels: readonly LabelRow[];
  readonly memberships: readonly MembershipStatement[];
  /** Reps, people, companies, teams and pipelines that came in, with what they can be recognised by. */
  readonly who: readonly Who[];
  /** Activities that came in: other tools may know of the same touches, and not every one says of which deal it is. */
  readonly touches: readonly Touch[];
  /** Attributes that changes of deals add to those of the deals, by the deal's id. */
  readonly dealAttributes: ReadonlyMap<string, Attributes>;
  /** Records that were read and may have given facts before, with the version that was read. */
  readonly seenBefore: readonly { readonly recordId: string; readonly seq: number; readonly isCurrent: boolean }[];
  readonly deleted: readonly { readonly recordId: string; readonly deletedAt: Date }[];
  readonly skipped: readonly Problem[];
  /** Records whose normaliser threw, or gave what cannot be stored. Their earlier facts stay. */
  readonly failed: readonly Problem[];
};

export function collect(
  records: readonly NormaliseRecord[],
  context: CollectContext,
  beside: readonly NormaliseRecord[] = [],
): Collected {
  const batch = new Batch(context);
  for (const record of records) batch.add(record);
  for (const record of beside) batch.addBeside(record);
  batch.joinDeals();
  return batch;
}

/**
 * The first field of a fact that the database has no room for, null when there is none: one such value would otherwise undo the whole batch.
 * Instants lie in the years 1 to 9999, and whole numbers are exact.
 */
function unstorable(value: unknown, field: string): string | null {
  if (typeof value === "number")
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? null : field;
  if (typeof value !== "object" || value === null) return null;
  if (value instanceof Date) return isStorableInstant(value) ? null : field;
  for (const name in value) {
    const found = unstorable(Reflect.get(value, name), `${field}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** Grows while records are added; read when all are. */
class Batch implements Collected {
  readonly rows = new Map<ShelfName, Map<string, FactRow>>();
  readonly observations: ObservationRow[] = [];
  readonly leadStatuses: LeadStatusRow[] = [];
  readonly labels: LabelRow[] = [];
  readonly memberships: MembershipStatement[] = [];
  readonly who: Who[] = [];
  readonly touches: Touch[] = [];
  readonly seenBefore: { recordId: string; seq: number; isCurrent: boolean }[] = [];
  readonly deleted: { recordId: string; deletedAt: Date }[] = [];
  readonly skipped: Problem[] = [];
  readonly failed: Problem[] = [];
  /** Attributes that changes add to their deals', by the deal's id. */
  readonly dealAttributes = new Map<string, Attributes>();
  private readonly jointDeals = new Map<string, Map<string, JointPart>>();
  private readonly make: RowMaker;
  private readonly context: CollectContext;

  constructor(context: CollectContext) {
    this.context = context;
    this.make = rowMaker(context.connectionId, context.timeZone);
  }

  add(record: NormaliseRecord): void {
    const { connectionId, stream } = this.context;
    const recordId = entityId("record", connectionId, stream, record.externalId);
    const isCurrent = record.isSuperseded !== true;
    if (record.deletedAt !== null && isCurrent) this.deleted.push({ recordId, deletedAt: record.deletedAt });
    // Of a deletion that came without the record there is nothing to read.
    if (record.deletedAt !== null && record.payload === null) return;
    const facts = this.read(record);
    if (facts === null) return;
    if (record.isNew !== true) this.seenBefore.push({ recordId, seq: record.seq, isCurrent });
    const origin = { connectionId, recordId, deletedAt: record.deletedAt, sourceTime: record.sourceTime };
    for (const fact of facts) {
      if (fact.kind === "deal" || fact.kind === "deal_change") this.observe(fact, record, recordId);
      if (fact.kind === "deal_change" && isCurrent && record.deletedAt === null && fact.attributes !== undefined) {
        const deal = this.make.id("deal", fact.deal);
        this.dealAttributes.set(deal, { ...this.dealAttributes.get(deal), ...fact.attributes });
      }
      if (fact.kind === "lead_status") this.witness(fact, record, recordId);
      // What an earlier version only mentioned is still there, even if the later ones say nothing of it.
      if (isCurrent || ("isMention" in fact && fact.isMention)) this.shelve(fact, record, origin);
    }
  }

  private read(record: NormaliseRecord): readonly Fact[] | null {
    const { connectionId, stream, settings, timeZone, currency } = this.context;
    const { externalId } = record;
    try {
      const { facts: said, skipped } = this.context.normalise(record.payload, {
        connectionId,
        stream,
        externalId,
        settings,
        timeZone,
        currency,
      });
      if (record.isSuperseded !== true) this.skipped.push(...skipped);
      // What the settings can no longer read (a stage that was taken out of them) stays as it was read.
      if (said.length === 0 && skipped.length > 0) return null;
      const facts = said.map(withDates);
      const beyond = facts.map((fact) => unstorable(fact, fact.kind)).find((field) => field !== null);
      if (beyond === undefined) return facts;
      const at = `${stream} ${externalId}`;
      this.failed.push({ code: "normalise.failed", at, reason: `${beyond} is out of range`, externalId });
      return null;
    } catch (error) {
      // Only the kind of error: its message may hold what stands in the record.
      const reason = error instanceof Error ? error.name : "something was thrown that is no error";
      this.failed.push({ code: "normalise.failed", at: `${stream} ${externalId}`, reason, externalId });
      return null;
    }
  }

  private put<Name extends ShelfName>(name: Name, said: ShelfFacts[Name], record: NormaliseRecord, of: Origin): void {
    const shelf: Shelf<ShelfFacts[Name]> = SHELVES[name];
    const id = this.make.id(shelf.kind, said.externalId);
    let rows = this.rows.get(name);
    if (rows === undefined) this.rows.set(name, (rows = new Map<string, FactRow>()));
    const isMention = "isMention" in said && said.isMention;
    // A mention's row belongs to no record: it does not go with the one that it was made from.
    const cells = shelf.cells(said, this.make, isMention ? { ...of, deletedAt: null } : of);
    const known = rows.get(id);
    const joint = "precedence" in said && said.precedence !== undefined ? { isJoint: true as const } : {};
    if (!isMention || known === undefined) rows.set(id, { cells, isMention, isFresh: record.isNew === true, ...joint });
    else if (known.isMention) rows.set(id, { ...known, cells: filledIn(known.cells, cells) });
  }

  /** Records of other batches that speak of deals of this one: they say their part, and are looked at for nothing else. */
  addBeside(record: NormaliseRecord): void {
    const { connectionId, stream } = this.context;
    const recordId = entityId("record", connectionId, stream, record.externalId);
    const facts = record.payload === null ? null : this.read({ ...record, isSuperseded: true });
    const origin = { connectionId, recordId, deletedAt: record.deletedAt, sourceTime: record.sourceTime };
    for (const fact of facts ?? []) {
      const parts = fact.kind === "deal" ? this.jointDeals.get(fact.externalId) : undefined;
      if (fact.kind === "deal" && parts?.has(recordId) === false) parts.set(recordId, { fact, record, origin });
    }
  }

  /** What several records say of one deal is put together: see {@link joined}. */
  joinDeals(): void {
    for (const parts of this.jointDeals.values()) {
      const { fact, origin, record } = joined([...parts.values()]);
      this.put("deals", fact, record, origin);
    }
  }

  private putDeal(fact: DealFact, record: NormaliseRecord, origin: Origin): void {
    if (fact.precedence === undefined) return this.put("deals", fact, record, origin);
    const parts = this.jointDeals.get(fact.externalId) ?? new Map<string, JointPart>();
    parts.set(origin.recordId, { fact, record, origin });
    this.jointDeals.set(fact.externalId, parts);
  }

  private shelve(fact: Fact, record: NormaliseRecord, origin: Origin): void {
    const { make } = this;
    switch (fact.kind) {
      case "rep":
        this.put("reps", fact, record, origin);
        this.recognise("rep", fact, {
          emails: fact.email === null ? [] : [fact.email],
          phones: fact.phone === null ? [] : [fact.phone],
        });
        if (fact.team !== null && origin.deletedAt === null && record.isSuperseded !== true)
          this.join("rep", make.id("rep", fact.externalId), [make.id("team", fact.team)], record);
        return;
      case "team":
        this.put("teams", fact, record, origin);
        this.recognise("team", fact, { names: namesOf(fact) });
        if ((fact.members !== null || origin.deletedAt !== null) && record.isSuperseded !== true)
          this.join("team", make.id("team", fact.externalId), this.membersOf(fact.members, origin), record);
        return;
      case "person":
        this.put("people", fact, record, origin);
        return this.recognise("person", fact, { emails: fact.emails, phones: fact.phones });
      case "company":
        this.put("companies", fact, record, origin);
        return this.recognise("company", fact, { phones: fact.phones, domains: fact.domains });
      case "pipeline":
        this.put("pipelines", fact, record, origin);
        this.recognise("pipeline", fact, { names: namesOf(fact) });
        fact.stages.forEach((stage, position) => {
          const { externalId: pipeline, isMention } = fact;
          // With room between them: a stage that is removed later keeps its place among those that stay.
          const place = position * STAGE_STEP;
          this.put("stages", { ...this.override(fact, stage), pipeline, position: place, isMention }, record, origin);
        });
        return;
      case "deal":
        return this.putDeal(believable(fact, record), record, origin);
      case "deal_change":
      case "lead_status":
        return;
      case "activity":
        this.put("activities", { ...fact, labelled: this.labelled(fact) }, record, origin);
        this.touches.push({
          id: make.id("activity", fact.externalId),
          type: fact.type,
          hasKeys: fact.matchKeys.length > 0,
          needsDeal: fact.deal === null && (fact.person !== null || fact.company !== null),
        });
        return;
      case "ticket":
        return this.put("tickets", fact, record, origin);
      case "conversation":
        return this.put("conversations", fact, record, origin);
      case "campaign":
        return this.put("campaigns", fact, record, origin);
      case "web_traffic":
        return this.put("web_traffic", fact, record, origin);
      case "spend":
        return this.put("spend", fact, record, origin);
      case "goal":
        return this.put("goals", fact, record, origin);
      case "label":
        if (origin.deletedAt === null) this.label(fact, origin.recordId);
        return;
      default:
        return fact satisfies never;
    }
  }

  private recognise(
    entity: Who["entity"],
    fact: { readonly externalId: string; readonly isMention: boolean; readonly otherIds?: readonly OtherId[] },
    by: Partial<Pick<Who, "emails" | "phones" | "domains" | "names">>,
  ): void {
    const { externalId, isMention } = fact;
    const { otherIds = [] } = fact;
    const id = this.make.id(entity, externalId);
    this.who.push({
      entity,
      id,
      externalId,
      isMention,
      emails: [],
      phones: [],
      domains: [],
      names: [],
      otherIds,
      ...by,
    });
  }

  /** A team that is gone has no members any more. */
  private membersOf(members: readonly string[] | null, origin: Origin): string[] {
    return origin.deletedAt === null ? (members ?? []).map((rep) => this.make.id("rep", rep)) : [];
  }

  private join(says: "rep" | "team", id: string, others: readonly string[], record: NormaliseRecord): void {
    const since = record.deletedAt ?? record.sourceTime ?? record.fetchedAt;
    this.memberships.push({ says, id, others, since, isHistory: this.isHistory(record) });
  }

  private labelled({ disposition, type }: ActivityFact): Outcome | null {
    return disposition === null ? null : outcomeOf(this.context.outcomeLabels.get(disposition), type);
  }

  private label(fact: Extract<Fact, { kind: "label" }>, recordId: string): void {
    const known = this.labels.findIndex((l) => l.namespace === fact.namespace && l.externalId === fact.externalId);
    const row = { namespace: fact.namespace, externalId: fact.externalId, recordId, name: fact.name };
    if (known === -1) this.labels.push(row);
    else this.labels[known] = row;
  }

  private override(pipeline: PipelineFact, stage: PipelineFact["stages"][number]): PipelineFact["stages"][number] {
    const said = this.context.overrides.find(
      this.context.connectionId,
      pipeline.name ?? pipeline.externalId,
      stage.name,
    );
    if (said === null) return stage;
    return {
      ...stage,
      canonical: said.canonical ?? stage.canonical,
      probability: said.probability ?? stage.probability,
    };
  }

  private isHistory(record: NormaliseRecord): boolean {
    const { firstLoadDoneAt } = this.context;
    return firstLoadDoneAt === null || record.fetchedAt <= firstLoadDoneAt;
  }

  private witness(fact: LeadStatusFact, record: NormaliseRecord, recordId: string): void {
    if (record.deletedAt !== null) return;
    const { changedAt, lead } = fact;
    const isSnapshot = changedAt === null;
    // Where only the latest version is kept, a replay could not say what earlier ones had shown: the row goes on with the record.
    if (isSnapshot && !this.context.keepsVersions && record.isSuperseded === true) return;
    const at = changedAt === null ? (record.sourceTime ?? record.fetchedAt) : this.make.instant(changedAt);
    const record8 = recordId.slice(0, 8);
    this.leadStatuses.push({
      leadId: this.make.id(lead.kind, lead.ref),
      key: isSnapshot
        ? this.context.keepsVersions
          ? `${record8}@${record.seq}`
          : record8
        : `${record8}/${fact.externalId}`,
      recordId,
      kind: isSnapshot ? "snapshot" : "change",
      at: at.getTime(),
      isDay: changedAt !== null && "day" in changedAt,
      knownAt: this.isHistory(record) ? -Infinity : record.fetchedAt.getTime(),
      seq: record.seq,
      before: fact.before,
      status: fact.status,
    });
  }

  private observe(fact: DealFact | DealChangeFact, record: NormaliseRecord, recordId: string): void {
    // A deletion shows nothing of the deal's state, and a change that was taken back shows nothing at all. Of several records that speak of one
    // deal the others go on without it.
    const isGone = record.deletedAt !== null;
    if (isGone && (fact.kind !== "deal" || fact.precedence === undefined || record.isSuperseded === true)) return;
    const knownAt = this.isHistory(record) ? -Infinity : record.fetchedAt.getTime();
    // Enough to tell apart the few records that speak of one deal, and short: it stands in every row of its history.
    const record8 = recordId.slice(0, 8);
    const common = { recordId, knownAt, seq: record.seq };
    if (fact.kind === "deal") {
      const at = (record.deletedAt ?? record.sourceTime ?? record.fetchedAt).getTime();
      this.observations.push({
        ...common,
        dealId: this.make.id("deal", fact.externalId),
        key: `${record8}@${record.seq}`,
        kind: "snapshot",
        at,
        isDay: false,
        before: {},
        after: isGone ? goneSnapshot(fact) : this.snapshot(fact, record.sourceTime === null),
      });
      return;
    }
    const after = this.part(fact.after);
    const saidAt = this.make.instant(fact.changedAt).getTime();
    const readAt = record.fetchedAt.getTime();
    const isClosing = fact.after.status !== undefined && fact.after.status !== "open";
    const isMisdated = isClosing && (saidAt > readAt || saidAt < EARLIEST);
    this.observations.push({
      ...common,
      dealId: this.make.id("deal", fact.deal),
      key: `${record8}/${fact.externalId}`,
      kind: "change",
      at: isMisdated ? readAt : saidAt < EARLIEST ? -Infinity : saidAt,
      isDay: !isMisdated && "day" in fact.changedAt,
      before: this.part(fact.before),
      after: isMisdated ? { ...after, is_misdated: true } : after,
    });
  }

  private snapshot(fact: DealFact, isAtFetch: boolean): SnapshotSaid {
    const { make } = this;
    return {
      ...this.part(fact.says === undefined ? fact : only(fact, fact.says)),
      is_at_fetch: isAtFetch,
      ...(fact.precedence === undefined ? {} : { precedence: fact.precedence }),
      created_at: fact.createdAt === null ? null : make.instant(fact.createdAt).getTime(),
      created_is_day: fact.createdAt !== null && "day" in fact.createdAt,
      closed_at: fact.closedAt === null ? null : make.instant(fact.closedAt).getTime(),
      closed_is_day: fact.closedAt !== null && "day" in fact.closedAt,
    };
  }

  /** Only the fields that were witnessed, under their columns' names. */
  private part(said: Partial<DealState>): Partial<FoldState> {
    const { make } = this;
    const state: { -readonly [name in keyof FoldState]?: FoldState[name] } = {};
    if (said.status !== undefined) state.status = said.status;
    if (said.pipeline !== undefined) state.pipeline_id = make.ref("pipeline", said.pipeline);
    if (said.stage !== undefined) state.stage_id = make.ref("stage", said.stage);
    if (said.amountMinor !== undefined) state.amount_minor = said.amountMinor;
    if (said.currency !== undefined) state.currency = said.currency;
    if (said.valuePeriod !== undefined) state.value_period = said.valuePeriod;
    if (said.rep !== undefined) state.rep_id = make.ref("rep", said.rep);
    if (said.probability !== undefined) state.probability = said.probability;
    if (said.expectedCloseOn !== undefined) state.expected_close_on = said.expectedCloseOn;
    return state;
  }
}

function namesOf({ name }: { readonly name: string | null }): readonly string[] {
  return name === null ? [] : [name];
}

function only(fact: DealFact, fields: readonly (keyof DealState)[]): Partial<DealState> {
  return Object.fromEntries(fields.map((field) => [field, fact[field]]));
}

/** Dates of deals that lie outside of what can be stored, as ones that can be, and are as little believed. */
function withDates(fact: Fact): Fact {
  if (fact.kind === "deal_change") return { ...fact, changedAt: withinReach(fact.changedAt) };
  if (fact.kind !== "deal") return fact;
  const { createdAt, closedAt } = fact;
  return {
    ...fact,
    createdAt: createdAt === null ? null : withinReach(createdAt),
    closedAt: closedAt === null ? null : withinReach(closedAt),
  };
}

function withinReach(moment: Moment): Moment {
  if ("day" in moment || isStorableInstant(moment.instant)) return moment;
  return { instant: new Date(moment.instant.getTime() > 0 ? "9999-01-01T00:00:00Z" : 0) };
}

/** Sources and the workspace may be a day apart by their clocks; what is dated further ahead than that was mistyped. */
const AHEAD_MS = 48 * 3_600_000;

/** A deal that was created before there were any, or long after it was read, was created nobody knows when. */
function believable(fact: DealFact, { fetchedAt }: NormaliseRecord): DealFact {
  const { createdAt } = fact;
  if (createdAt === null) return fact;
  const at = ("instant" in createdAt ? createdAt.instant : new Date(`${createdAt.day}T00:00:00Z`)).getTime();
  return at > fetchedAt.getTime() + AHEAD_MS || at < EARLIEST ? { ...fact, createdAt: null } : fact;
}

/** One of the records that speak of a deal. */
type JointPart = { readonly fact: DealFact; readonly record: NormaliseRecord; readonly origin: Origin };

/**
 * What the records of a deal say together: of each field the one of the lowest precedence counts that has a value. What the source has taken
 * back says nothing as long as another is left; the deal belongs to the first that is, and goes with the last.
 */
function joined(parts: readonly JointPart[]): JointPart {
  const rank = ({ fact }: JointPart): number => fact.precedence ?? 0;
  const left = parts.filter(({ origin }) => origin.deletedAt === null);
  const inRank = parts.toSorted((a, b) => rank(a) - rank(b) || b.record.seq - a.record.seq);
  const ranked = left.length > 0 ? inRank.filter((part) => left.includes(part)) : inRank;
  const all = ranked.slice(1).reduce<JointPart>(
    (before, { fact, record }) => ({
      fact: together(before.fact, fact),
      origin: before.origin,
      // As a row it is new only if all of it is.
      record: before.record.isNew === true ? record : before.record,
    }),
    // There is at least one.
    ranked[0] as JointPart,
  );
  // When it was created stays known.
  const createdAt = all.fact.createdAt ?? inRank.find(({ fact }) => fact.createdAt !== null)?.fact.createdAt ?? null;
  return { ...all, fact: { ...all.fact, createdAt } };
}

/** That a record says nothing any more. */
function goneSnapshot({ precedence = 0 }: DealFact): SnapshotSaid {
  const nothing = { created_at: null, created_is_day: false, closed_at: null, closed_is_day: false };
  return { is_at_fetch: true, is_gone: true, precedence, ...nothing };
}

function together(first: DealFact, second: DealFact): DealFact {
  const filled = Object.fromEntries(Object.entries(first).filter(([, value]) => value !== null));
  const isClosed = first.status !== "open" || second.status === "open";
  return {
    ...second,
    // Every field of a deal, less those without a value, which the second has.
    ...(filled as Partial<DealFact>),
    status: isClosed ? first.status : second.status,
    attributes: { ...second.attributes, ...withValues(first.attributes) },
  };
}

function withValues(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}
