import type { JsonObject } from "../base/json.ts";
import { TributaryError } from "../base/errors.ts";
import type { AnyConnector, Problem } from "../connector/define.ts";
import { relate } from "../identity/index.ts";
import { appendEvents } from "../outbox/append.ts";
import { type Copy, copyTransaction } from "../store/copy.ts";
import type { Store, Tx } from "../store/db.ts";
import { hasEarlierChanges } from "../store/facts/deal-keys.ts";
import { storeLeadStatuses } from "../store/facts/lead-statuses.ts";
import {
  addDealAttributes,
  markDeleted,
  ownedRows,
  removeRows,
  storeLabels,
  storeRows,
  type Written,
} from "../store/facts/facts.ts";
import { SHELF_NAMES, type ShelfName, SHELVES } from "../store/facts/facts-shelves.ts";
import type { IdentityEntity } from "../schema/tables/identity.ts";
import {
  lockFacts,
  moveMark,
  readMark,
  type NormaliseMark,
  resetMark,
  resetMarksOfStreams,
  setLanding,
} from "../store/facts/facts-marks.ts";
import { readChangesAfter, readRecords } from "../store/pulls/raw.ts";
import { addToRun, appendRunLines } from "../store/pulls/runs.ts";
import { storeMemberships } from "../store/identity/teams.ts";
import { type Collected, collect, type CollectContext, type NormaliseRecord } from "./collect.ts";
import { dealEvents } from "./deal-events.ts";
import { ACTIVITY_TYPES } from "../schema/canonical.ts";
import { outcomeOf } from "../schema/outcomes.ts";
import { type Labelled, readOutcomeLabels, relabelOutcomes } from "../store/facts/outcomes.ts";
import { answerAgain, recordHistory } from "./deal-history.ts";
import { NO_OVERRIDES, readStageOverrides } from "./pipeline-settings.ts";

/**
 * Normalise: what landed becomes facts. The facts of a batch, the histories of its deals, what they raise as events, who is who, and the
 * mark up to which the stream is normalised move in one transaction. Going over the same records again writes nothing.
 *
 *   landed_seq       what has landed
 *   normalised_seq   what has become facts; everything between is read from raw by {@link catchUp}
 */

export type NormaliseDeps = { readonly store: Store };

/** The stream of a connection that is normalised. */
export type NormaliseTarget = {
  readonly connection: { readonly id: string; readonly settings: JsonObject };
  readonly connector: AnyConnector;
  readonly stream: string;
};

export type Normalised = {
  readonly records: number;
  /** Rows of facts that were written. What is there already in the same form is not written. */
  readonly facts: Written;
  /** Deals whose history came out different. */
  readonly deals: number;
  readonly events: number;
  /** What could not be mapped, and why. */
  readonly skipped: readonly Problem[];
  /** Records whose normaliser failed (`normalise.failed`): a bug of the connector. They are kept raw; the stream is marked partial. */
  readonly failed: readonly Problem[];
};

const NOTHING: Normalised = {
  records: 0,
  facts: { added: 0, changed: 0, removed: 0 },
  deals: 0,
  events: 0,
  skipped: [],
  failed: [],
};

/** So many records become facts in one transaction when they are read from raw. */
const CHUNK = 2_000;
/** So many lines of problems a run keeps per batch; the rest is counted. */
const MOST_LINES = 100;

/**
 * Makes facts of records that have just landed, handed over in memory in the order of their `seq`. Where earlier ones are still waiting,
 * it catches up instead, so that nothing is passed over; where another worker has been faster, it does nothing.
 */
export async function normaliseLanded(
  deps: NormaliseDeps,
  target: NormaliseTarget,
  records: readonly NormaliseRecord[],
  runId: number | null,
): Promise<Normalised> {
  if (records.length === 0) return NOTHING;
  const done = await inTransaction(
    deps,
    target,
    (mark) => {
      const first = records[0]?.seq ?? 0;
      if (mark.normalisedSeq < first - 1) return Promise.resolve(null);
      return Promise.resolve(records.filter((record) => record.seq > mark.normalisedSeq));
    },
    runId,
  );
  if (done !== null && done.records === 0) return done;
  const left = records.length - (done?.records ?? 0);
  if (done !== null && left <= 0) return done;
  return sum(done ?? NOTHING, await catchUp(deps, target, { fromStart: false, runId }));
}

export type CatchUpOptions = {
  /** A replay: every record of the stream, from the first on. */
  readonly fromStart: boolean;
  readonly runId?: number | null;
  readonly onProgress?: (records: number) => void;
  readonly signal?: AbortSignal;
};

/** Makes facts of everything that has landed and was not normalised yet, read from raw in chunks, in the order in which it landed. */
export async function catchUp(
  deps: NormaliseDeps,
  target: NormaliseTarget,
  options: CatchUpOptions,
): Promise<Normalised> {
  const { connection, stream } = target;
  if (options.fromStart) await resetMark(deps.store, connection.id, stream);
  let total = NOTHING;
  while (options.signal?.aborted !== true) {
    const done = await inTransaction(
      deps,
      target,
      (mark, tx) => readChangesAfter(tx, connection.id, stream, mark.normalisedSeq, CHUNK),
      options.runId ?? null,
    );
    if (done === null || done.records === 0) break;
    total = sum(total, done);
    options.onProgress?.(total.records);
  }
  return total;
}

function sum(a: Normalised, b: Normalised): Normalised {
  return {
    records: a.records + b.records,
    facts: addWritten(a.facts, b.facts),
    deals: a.deals + b.deals,
    events: a.events + b.events,
    skipped: [...a.skipped, ...b.skipped],
    failed: [...a.failed, ...b.failed],
  };
}

function addWritten(a: Written, b: Written): Written {
  return { added: a.added + b.added, changed: a.changed + b.changed, removed: a.removed + b.removed };
}

/**
 * Rows of changes may have been read before the deals they name, and brought attributes that there was no deal for then. They are gone over
 * again, with the next pull of their stream.
 */
async function askForWaiting(
  tx: Tx,
  { connection, connector, stream }: NormaliseTarget,
  collected: Collected,
): Promise<void> {
  if (connector.streams[stream]?.keysByHand !== true) return;
  const fresh = [...(collected.rows.get("deals") ?? [])].flatMap(([id, { isFresh }]) => (isFresh ? [id] : []));
  if (!(await hasEarlierChanges(tx, fresh))) return;
  const others = Object.keys(connector.streams).filter(
    (name) => name !== stream && connector.streams[name]?.keysByHand === true,
  );
  await resetMarksOfStreams(tx, connection.id, others);
}

/** One batch. `choose` says which records, once it is sure that nobody else writes facts of this connection; null: none, look further. */
async function inTransaction(
  deps: NormaliseDeps,
  target: NormaliseTarget,
  choose: (mark: NormaliseMark, tx: Tx) => Promise<readonly NormaliseRecord[] | null>,
  runId: number | null,
): Promise<Normalised | null> {
  const { connection, stream } = target;
  return copyTransaction(deps.store, async (tx, copy) => {
    await lockFacts(tx, connection.id);
    const mark = await readMark(tx, connection.id, stream);
    const chosen = await choose(mark, tx);
    if (chosen === null) return null;
    const { records, landing, isReplay } = ofOneLanding(chosen, mark);
    await setLanding(tx, landing);
    const last = records[records.length - 1];
    if (last === undefined) return NOTHING;
    const context = await collectContext(tx, target, mark);
    const collected = collect(records, context, await readBesides(tx, target, records, mark));
    const written = await store(tx, copy, connection.id, collected, mark, isReplay);
    await askForWaiting(tx, target, collected);
    const outcome: Normalised = {
      ...written,
      records: records.length,
      skipped: collected.skipped,
      failed: collected.failed,
    };
    if (runId !== null) await report(tx, runId, outcome, last.fetchedAt);
    // Last: a landing that ends meanwhile waits for this row.
    await moveMark(tx, connection.id, stream, last.seq, collected.failed.length);
    return outcome;
  });
}

type Batch = {
  readonly records: readonly NormaliseRecord[];
  /** When it landed; null: it is history, or had become facts before. */
  readonly landing: Date | null;
  readonly isReplay: boolean;
};

/** The first of the records, as many as landed alike: as what a replay goes over again, as history, or as news. */
function ofOneLanding(records: readonly NormaliseRecord[], mark: NormaliseMark): Batch {
  const { replayToSeq, firstLoadDoneAt } = mark;
  const kindOf = ({ seq, fetchedAt }: NormaliseRecord): "replay" | "history" | "news" => {
    if (seq <= replayToSeq) return "replay";
    return firstLoadDoneAt === null || fetchedAt <= firstLoadDoneAt ? "history" : "news";
  };
  const kind = records[0] === undefined ? "history" : kindOf(records[0]);
  const end = records.findIndex((record) => kindOf(record) !== kind);
  const alike = end === -1 ? records : records.slice(0, end);
  return {
    records: alike,
    landing: kind === "news" ? (alike.at(-1)?.fetchedAt ?? null) : null,
    isReplay: kind === "replay",
  };
}

/** The records of other batches that speak of the same things, as far as they have become facts themselves. */
async function readBesides(
  tx: Tx,
  { connection, connector, stream }: NormaliseTarget,
  records: readonly NormaliseRecord[],
  mark: NormaliseMark,
): Promise<readonly NormaliseRecord[]> {
  const besides = connector.streams[stream]?.besides;
  if (besides === undefined) return [];
  const settings = connector.settings.parse(connection.settings);
  const here = new Set(records.filter((one) => one.isSuperseded !== true).map(({ externalId }) => externalId));
  const others = new Set([...here].flatMap((id) => besides(id, settings)).filter((id) => !here.has(id)));
  if (others.size === 0) return [];
  return readRecords(tx, connection.id, stream, [...others], Math.max(mark.normalisedSeq, mark.replayToSeq));
}

async function collectContext(tx: Tx, target: NormaliseTarget, mark: NormaliseMark): Promise<CollectContext> {
  const { connection, connector, stream } = target;
  const declared = connector.streams[stream];
  if (declared === undefined)
    throw new TributaryError({
      code: "normalise.unknown_stream",
      kind: "config",
      message: `The connector ${connector.key} has no stream "${stream}".`,
      mend: `Name one of: ${Object.keys(connector.streams).join(", ")}.`,
    });
  return {
    connectionId: connection.id,
    stream,
    settings: connector.settings.parse(connection.settings),
    timeZone: mark.timeZone,
    currency: mark.currency,
    firstLoadDoneAt: mark.firstLoadDoneAt,
    overrides: mark.hasPipelineSettings ? await readStageOverrides(tx) : NO_OVERRIDES,
    outcomeLabels: await readOutcomeLabels(tx, connection.id),
    keepsVersions: declared.keepsVersions ?? false,
    normalise: declared.normalise,
  };
}

const ENTITY_OF: { readonly [name in ShelfName]?: IdentityEntity } = {
  reps: "rep",
  people: "person",
  companies: "company",
  teams: "team",
  pipelines: "pipeline",
};

async function store(
  tx: Tx,
  copy: Copy,
  connectionId: string,
  collected: Collected,
  mark: NormaliseMark,
  isReplay: boolean,
): Promise<Pick<Normalised, "facts" | "deals" | "events">> {
  let facts: Written = { added: 0, changed: 0, removed: 0 };
  const current = collected.seenBefore.filter((record) => record.isCurrent).map((record) => record.recordId);
  const owned = current.length === 0 ? new Map<ShelfName, Set<string>>() : await ownedRows(tx, current);
  const removed: { entity: IdentityEntity; id: string }[] = [];
  const removedTouches: string[] = [];
  const deals: string[] = [];
  const stages: string[] = [];
  let hasNewPipelines = false;
  for (const name of SHELF_NAMES) {
    const rows = collected.rows.get(name);
    if (rows !== undefined) {
      const stored = await storeRows(tx, copy, SHELVES[name], rows);
      facts = addWritten(facts, stored);
      if (name === "pipelines") hasNewPipelines = stored.added > 0;
      if (name === "stages" && stored.added + stored.changed > 0) stages.push(...rows.keys());
    }
    const stale = [...(owned.get(name) ?? [])].filter((id) => rows?.has(id) !== true);
    facts = addWritten(facts, { added: 0, changed: 0, removed: await removeRows(tx, name, stale, mark.now) });
    const entity = ENTITY_OF[name];
    if (entity !== undefined) removed.push(...stale.map((id) => ({ entity, id })));
    if (name === "activities") removedTouches.push(...stale);
    if (name === "stages") stages.push(...stale);
    if (name === "deals") deals.push(...(rows?.keys() ?? []), ...stale);
  }
  const described = await addDealAttributes(tx, collected.dealAttributes);
  const marked = await markDeleted(tx, collected.deleted);
  const gone = collected.deleted.map((record) => record.recordId);
  const hasNewStatuses = await storeLeadStatuses(tx, copy, connectionId, {
    rows: collected.leadStatuses,
    seenBefore: collected.seenBefore,
    deletedRecordIds: gone,
  });
  const labels = await storeLabels(tx, connectionId, collected.labels, [...current, ...gone]);
  const relabelled = labels.added + labels.changed + labels.removed === 0 ? 0 : await relabel(tx, connectionId);
  const memberships = await storeMemberships(tx, connectionId, collected.memberships);
  const rewritten = await recordHistory(tx, copy, {
    connectionId,
    observations: collected.observations,
    seenBefore: collected.seenBefore,
    deletedRecordIds: gone,
    isReplay,
  });
  if (stages.length > 0) await answerAgain(tx, copy, connectionId, stages);
  const related = await relate(tx, copy, {
    connectionId,
    who: collected.who,
    removed,
    touches: collected.touches,
    removedTouches,
    deals: [...new Set([...deals, ...rewritten.map((deal) => deal.dealId)])],
    deletedRecordIds: gone,
    hasNewPipelines,
    now: mark.now,
  });
  const events = await dealEvents(tx, rewritten, { connectionId, ...mark });
  await appendEvents(tx, events);
  facts = addWritten(addWritten(facts, labels), {
    added: 0,
    changed: marked + described + relabelled + memberships + related + (hasNewStatuses ? 1 : 0),
    removed: 0,
  });
  return { facts, deals: rewritten.length, events: events.length };
}

/** What labels of outcomes are called may have changed, and with it what the activities that carry them came to. */
async function relabel(tx: Tx, connectionId: string): Promise<number> {
  const names = await readOutcomeLabels(tx, connectionId);
  const said = [...names].flatMap(([disposition, name]) =>
    ACTIVITY_TYPES.flatMap((type): Labelled[] => {
      const outcome = outcomeOf(name, type);
      return outcome === null ? [] : [{ disposition, type, outcome }];
    }),
  );
  return relabelOutcomes(tx, connectionId, said);
}

async function report(tx: Tx, runId: number, outcome: Normalised, at: Date): Promise<void> {
  const { facts, skipped, failed } = outcome;
  await addToRun(tx, runId, {
    facts: facts.added + facts.changed + facts.removed,
    skipped: skipped.length + failed.length,
  });
  const problems = [...failed, ...skipped];
  const lines = problems.slice(0, MOST_LINES).map((problem) => ({
    at,
    level: "warn" as const,
    code: problem.code,
    message: `${problem.at}: ${problem.reason}`,
    data: null,
  }));
  const left = problems.length - lines.length;
  if (left > 0)
    lines.push({ at, level: "warn", code: "normalise.more", message: `and ${left} more of this batch`, data: null });
  await appendRunLines(tx, runId, lines);
}

/** Whether a result says that something was written. */
export function changedAnything({ facts, deals }: Normalised): boolean {
  return facts.added + facts.changed + facts.removed + deals > 0;
}
