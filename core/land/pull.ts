import type { DeletionPolicy, Page, PullContext, Stream } from "../connector/define.ts";
import { startOfDay } from "../base/time.ts";
import type { Db, Tx } from "../store/db.ts";
import {
  countUnlisted,
  deleteUnlisted,
  forgetListed,
  hasListed,
  isListedFromStart,
  type RawChange,
} from "../store/pulls/raw.ts";
import { alikeKeys, strayChanges } from "../store/facts/deal-keys.ts";
import { addToRun, fullPullBegan, readRun, type Run } from "../store/pulls/runs.ts";
import {
  advanceStream,
  lockStreams,
  noteHeldDeletions,
  noteRefused,
  readListingDoubt,
} from "../store/pulls/streams.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import { type LandPart, readPart } from "./batch.ts";
import {
  activeStreams,
  deletionsOf,
  type EngineDeps,
  landStreamOf,
  type NormaliseChanged,
  type OpenConnection,
  streamOf,
} from "./engine.ts";
import { damage } from "./damage.ts";
import { type Batch, fenced, landBatch } from "./land.ts";
import { type BatchLimits, batchPages, type ReadPage } from "./pages.ts";
import { resyncsOf } from "./resync.ts";
import type { RunLines } from "./run-log.ts";
import type { PullRequest, StartedRun } from "./start.ts";

export type PullDeps = EngineDeps & {
  readonly normalise: NormaliseChanged;
  /** Told after each batch. */
  readonly onProgress?: (run: Run) => void;
  readonly limits?: BatchLimits;
};

/**
 * A batch costs some twenty round trips to the database, whatever its size: 2,000 records are a quarter faster than 500 (bench of a Close
 * account's calls, docs/decisions/0006). Large records are bounded by their text. A second is how late a live screen may be.
 */
const LIMITS: BatchLimits = { maxRecords: 2_000, maxLength: 4_000_000, maxWaitMs: 1000 };

/**
 * A record that another stream or a webhook brought shortly before a full pull began may not be in the source's lists yet: search indexes
 * lag. The next full pull will tell.
 */
const SETTLED_MS = 3_600_000;

/** The pages of one run, on their way into the store. Three things go on at once: a page is fetched, a batch lands, a batch becomes facts. */
export class Pull {
  private readonly deps: PullDeps;
  private readonly request: PullRequest;
  private readonly opened: OpenConnection;
  private readonly started: StartedRun;
  private readonly stop: AbortController;
  private readonly lines: RunLines;
  private readonly stream: Stream;
  private readonly deletions: DeletionPolicy;
  /** The connection's streams that are pulled. */
  private readonly active: readonly string[];
  /** The landing that is under way; rejects when it failed. */
  private landing: Promise<void> = Promise.resolve();
  /** The making of facts that is under way. */
  private normalising: Promise<void> = Promise.resolve();
  private isFirstBatch = true;
  /** What this run could not read, where it reads all of the source; null as long as it has read nothing. */
  private refused: { readonly count: number; readonly isStart: boolean } | null = null;

  /** @param stop aborted by the caller to end the run early, and by the run to end what is under way when something fails. */
  constructor(
    deps: PullDeps,
    request: PullRequest,
    opened: OpenConnection,
    started: StartedRun,
    stop: AbortController,
    lines: RunLines,
  ) {
    this.deps = deps;
    this.request = request;
    this.opened = opened;
    this.started = started;
    this.stop = stop;
    this.lines = lines;
    this.stream = streamOf(opened.connector, request.stream);
    this.deletions = deletionsOf(this.stream, opened.settings);
    this.active = activeStreams(opened.connector, opened.connection, opened.settings);
  }

  private get db(): Db {
    return this.deps.store.db;
  }

  /** Returns when every page has landed and become facts; throws what failed first. Nothing is under way any more after either. */
  async run(): Promise<void> {
    try {
      await this.normalise(this.request.stream, null); // What an earlier run landed and could not finish.
      await this.pullPages();
      this.stop.signal.throwIfAborted();
      if (this.refused !== null) {
        const { connectionId, stream } = this.request;
        await noteRefused(this.db, connectionId, stream, this.refused.count, this.refused.isStart);
      }
      await this.endListing();
      if (this.stream.keysByHand === true && !this.isFirstBatch) await this.tellKeys();
    } catch (error) {
      this.stop.abort(error);
      await Promise.allSettled([this.landing, this.normalising]);
      throw this.stop.signal.reason;
    }
  }

  private async pullPages(): Promise<void> {
    const pages = this.stream.pull(await this.context());
    const limits = this.deps.limits ?? LIMITS;
    try {
      const read = (page: Page, fetchedAt: Date): ReadPage => this.read(page, fetchedAt);
      for await (const batch of batchPages(pages, read, this.deps.clock, limits, this.stop.signal)) {
        await this.landing;
        this.landing = this.land(batch);
        // It may fail while the vendor is being slow: there is no use in waiting for the page then.
        this.landing.catch((error: unknown) => this.stop.abort(error));
      }
    } finally {
      await this.landing;
    }
    await this.normalising;
  }

  private async context(): Promise<PullContext<unknown, unknown>> {
    const { connection, client, settings } = this.opened;
    const { checkpoint, startedAt } = this.started;
    const { timeZone, currency } = await readWorkspace(this.db);
    const backfill = connection.backfillFrom === null ? null : startOfDay(connection.backfillFrom, timeZone);
    return {
      client,
      settings,
      workspace: { timeZone, currency },
      checkpoint,
      since: this.started.since ?? backfill,
      startedAt,
      signal: this.stop.signal,
      log: (level, message, data) => this.lines.add(level, message, data ?? null),
    };
  }

  private read({ records, deleted = [], others = [], ...rest }: Page, fetchedAt: Date): ReadPage {
    const { connector } = this.opened;
    const own = landStreamOf(connector, this.request.stream);
    const parts: LandPart[] = [readPart(own, { records, deleted }, { fetchedAt, isListing: true })];
    for (const other of others)
      parts.push(readPart(landStreamOf(connector, other.stream), other, { fetchedAt, isListing: false }));
    return { parts, rest };
  }

  private async land(pages: readonly ReadPage[]): Promise<void> {
    const { store, clock } = this.deps;
    const landed = await landBatch(store, this.toBatch(pages), clock.now());
    this.isFirstBatch = false;
    const problems = pages.flatMap(({ rest }) => rest.problems ?? []);
    this.lines.addProblems(problems);
    await this.lines.flush();
    // A row of a file may have several problems, and is skipped once.
    const skipped = new Set(problems.map((problem) => problem.at)).size;
    if (skipped > 0) await addToRun(this.db, this.started.runId, { skipped });
    // Of a source that says where it begins anew, all of it is read; of others, only what changed.
    const begins = pages.some(({ rest }) => rest.startsListing === true);
    const count = (begins ? 0 : (this.refused?.count ?? 0)) + skipped;
    if (begins || this.refused !== null || pages.some(({ rest }) => rest.startsListing === false))
      this.refused = { count, isStart: begins || this.refused?.isStart === true };
    await this.report();
    // One batch at a time becomes facts, in the order in which they landed; the next one lands meanwhile.
    await this.normalising;
    this.normalising = this.normaliseAll(landed.changes);
    this.normalising.catch((error: unknown) => this.stop.abort(error));
  }

  private toBatch(pages: readonly ReadPage[]): Batch {
    const { stream } = this.request;
    const problemIds: string[] = [];
    for (const { rest } of pages)
      for (const { externalId } of rest.problems ?? []) if (externalId !== undefined) problemIds.push(externalId);
    const last = pages.at(-1);
    if (last === undefined) throw new Error("a batch has at least one page");
    const isStart = pages[0]?.rest.startsListing === true || (this.isFirstBatch && this.started.isFromStart);
    const hasProblems = pages.some(({ rest }) => (rest.problems ?? []).length > 0);
    const said = pages.find(({ rest }) => rest.listingDoubt !== undefined)?.rest.listingDoubt;
    const doubt = said ?? (hasProblems ? "some of the source could not be read" : null);
    const listing = this.isListing() ? { isStart, problemIds, doubt } : null;
    return {
      connectionId: this.request.connectionId,
      runId: this.started.runId,
      parts: pages.flatMap(({ parts }) => parts),
      pulled: { stream, checkpoint: last.rest.checkpoint, listing },
      resyncs: resyncsOf(
        pages.map(({ rest }) => rest),
        this.active,
      ),
      pages: pages.length,
      progress: pages.findLast(({ rest }) => rest.progress !== undefined)?.rest.progress ?? null,
    };
  }

  private async report(): Promise<void> {
    if (this.deps.onProgress === undefined) return;
    const run = await readRun(this.db, this.started.runId);
    if (run !== null) this.deps.onProgress(run);
  }

  private async normaliseAll(changes: ReadonlyMap<string, readonly RawChange[]>): Promise<void> {
    for (const [stream, changed] of changes) await this.normalise(stream, changed);
  }

  private normalise(stream: string, changes: readonly RawChange[] | null): Promise<void> {
    const { connection, connector } = this.opened;
    return this.deps.normalise({ connection, connector, stream, changes, runId: this.started.runId });
  }

  /**
   * Whether what the run does not list is gone. Of streams whose deletions an event log tells of, a full pull finds those that the log has
   * lost. One that starts from a date does not list everything.
   */
  private isListing(): boolean {
    if (this.deletions === "absence") return true;
    if (this.deletions !== "elsewhere" || !this.started.isFull) return false;
    return this.started.since === null && this.opened.connection.backfillFrom === null;
  }

  /** Everything was listed: what was not is gone. A pull that started from a date has not listed everything. */
  private async endListing(): Promise<void> {
    const isSweep = this.deletions === "elsewhere" && this.started.isFull;
    if (this.deletions !== "absence" && !isSweep) return;
    const { connectionId, stream } = this.request;
    const deleted = await this.db.transaction().execute(async (tx) => {
      const state = (await lockStreams(tx, connectionId, [stream])).get(stream);
      if (state?.runningRunId !== this.started.runId) throw fenced(connectionId, stream, this.started.runId);
      // A stream that has no list of its own (its records come in other streams' pages) lists nothing, and loses nothing.
      const isWhole =
        this.isListing() &&
        this.started.since === null &&
        (!isSweep || (await isListedFromStart(tx, connectionId, stream)));
      if (!isWhole) {
        await forgetListed(tx, connectionId, stream);
        return 0;
      }
      return this.deleteUnlisted(tx, state.landedSeq);
    });
    if (deleted > 0) await this.normalise(stream, null);
  }

  /** Says which keys of deals do not meet. Something landed: what did not change has been said before. */
  private async tellKeys(): Promise<void> {
    const { connectionId, stream } = this.request;
    const strays = await strayChanges(this.db, connectionId, stream, STRAYS_LISTED);
    if (strays.examples.length > 0) {
      await addToRun(this.db, this.started.runId, { skipped: strays.count });
      const is = strays.count === 1 ? "row of this table tells" : "rows of this table tell";
      this.lines.add(
        "warn",
        `${strays.count} ${is} of deals that no source of deals has; they are kept, and count as soon as their deals are read.`,
        null,
        "land.no_such_deal",
      );
      this.lines.addProblems(
        strays.examples.map(({ record, alike }) => ({
          code: "land.no_such_deal",
          at: `${stream} ${record}`,
          reason:
            alike === null ? "there is no deal of this key" : `there is no deal of this key, but there is "${alike}"`,
        })),
      );
    }
    const alike = await alikeKeys(this.db, connectionId);
    if (alike !== null) {
      const are = alike.count === 1 ? "key of deals differs" : "keys of deals differ";
      const how =
        alike.one.toLowerCase() === alike.other.toLowerCase() ? "upper and lower case" : "zeros around a number";
      const reason = `${alike.count} ${are} from another only in ${how} ("${alike.one}", "${alike.other}"): they are counted as different deals`;
      this.lines.addProblems([{ code: "land.keys_alike", at: stream, reason }]);
    }
    await this.lines.flush();
  }

  /** Marks what was not listed as gone; or, where that may be damage, holds it back and says so. @returns how many are gone. */
  private async deleteUnlisted(tx: Tx, landedSeq: number): Promise<number> {
    const { connectionId, stream } = this.request;
    const { startedAt: askedAt, runId } = this.started;
    const times = { askedAt, endedAt: this.deps.clock.now(), quietSince: await this.quietSince(tx) };
    const found = await countUnlisted(tx, connectionId, stream, times);
    const { doubt, isAccepted } = await readListingDoubt(tx, connectionId, stream);
    // Ids that a vendor gives are not mistyped.
    const unlisted = this.deletions === "absence" ? found : { ...found, twins: 0 };
    const reason =
      isAccepted || this.stream.listsOnPurpose?.(this.opened.settings) === true ? null : damage(unlisted, doubt);
    if (reason !== null) {
      const text = heldBack(this.request, found, reason);
      await forgetListed(tx, connectionId, stream);
      await noteHeldDeletions(tx, connectionId, stream, { count: found.gone, reason: text });
      this.lines.add("warn", text, { gone: found.gone, before: found.before }, "land.deletions_held");
      return 0;
    }
    if (await hasListed(tx, connectionId, stream))
      await noteHeldDeletions(tx, connectionId, stream, { count: 0, reason: null });
    const deleted = await deleteUnlisted(tx, connectionId, stream, landedSeq, times);
    if (deleted === 0) return 0;
    if (isAccepted)
      this.lines.add("info", `${deleted} of ${found.before} records are no longer listed, as was accepted.`);
    await addToRun(tx, runId, { deleted });
    await advanceStream(tx, connectionId, stream, { landedSeq: landedSeq + deleted });
    return deleted;
  }

  /** What came later may be missing from the list for having been too young; null where the list itself is the stream's only source. */
  private async quietSince(tx: Tx): Promise<Date | null> {
    if (this.deletions === "absence") return null;
    const { connectionId, stream } = this.request;
    const began = await fullPullBegan(tx, connectionId, stream, this.started.runId);
    return new Date(began.getTime() - SETTLED_MS);
  }
}

/** So many rows that tell of no deal are named; the others are counted. */
const STRAYS_LISTED = 20;

function heldBack(
  { connectionId, stream }: PullRequest,
  { gone, before }: { readonly gone: number; readonly before: number },
  reason: string,
): string {
  return (
    `${gone} of ${before} records are no longer listed, but nothing was deleted: ${reason}. ` +
    `If they are meant to go: tributary sync ${connectionId} --stream ${stream} --accept-deletions.`
  );
}
