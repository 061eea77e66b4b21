import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { isDay, startOfDay } from "../../core/base/time.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { runPull } from "../../core/land/run.ts";
import type { PullRequest } from "../../core/land/start.ts";
import { beginSync } from "../../core/setup/pulls.ts";
import type { Actor } from "../../core/setup/verb.ts";
import { latestRun, readRunLines, type Run, type RunError } from "../../core/store/pulls/runs.ts";
import { type Incomplete, readIncomplete } from "../../core/store/pulls/streams.ts";
import type { Store } from "../../core/store/db.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { measure } from "../../workers/measure.ts";
import { createPullDeps } from "../../workers/pull.ts";
import type { CliContext, Hub } from "../context.ts";
import { EXIT } from "../exit.ts";
import { type Output, tableText } from "../output.ts";

type SyncOptions = {
  readonly stream?: string;
  readonly full?: true;
  readonly since?: string;
  readonly acceptDeletions?: true;
};

/**
 * `tributary sync ID [--stream S] [--full] [--since DATE] [--accept-deletions]`: pulls now, in this process. Ends with 1 when a stream
 * failed, with 3 when something was refused or held back: what is there is not whole.
 */
export function registerSync(command: Command, context: CliContext): void {
  command
    .option("--stream <stream>", "only this stream")
    .option("--full", "from the start, not from where the last pull ended")
    .option("--since <date>", "from this day on (YYYY-MM-DD, in the workspace's time zone)", parseDay)
    .option("--accept-deletions", "what the source does not list any more is meant to go, however much it is")
    .action(async (connectionId: string, options: SyncOptions) => {
      const { runs, incomplete } = await context.withHub((hub) => sync(hub, context, connectionId, options), {
        graceMs: 30_000,
      });
      context.out.result(toJson(connectionId, runs, incomplete), () => toText(connectionId, runs, incomplete));
      if (runs.some((run) => run.state !== "succeeded")) process.exitCode = EXIT.failed;
      else if (incomplete.length > 0 || runs.some((run) => run.counts.skipped > 0)) process.exitCode = EXIT.incomplete;
    });
}

function parseDay(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError("It must be a day such as 2026-01-31.");
}

type Synced = { readonly runs: readonly Run[]; readonly incomplete: readonly Incomplete[] };

/** Pulls a connection's streams one after another, then computes the KPIs. Returns the runs, throwing for none of them, and what is missing. */
async function sync(hub: Hub, context: CliContext, connectionId: string, options: SyncOptions): Promise<Synced> {
  const runs = await pullStreams(hub, context, "cli", connectionId, options);
  if (runs.some((run) => run.counts.facts > 0)) await measure(hub, { reason: "facts" });
  const pulled = new Set(runs.map((run) => run.stream));
  const incomplete = await readIncomplete(hub.store.db, connectionId);
  return { runs, incomplete: incomplete.filter(({ stream }) => pulled.has(stream)) };
}

/** The first half of a sync: everything but the KPIs. `mostTries`: see {@link MOST_TRIES}. */
export async function pullStreams(
  hub: Hub,
  { out, signal, env }: CliContext,
  actor: Actor,
  connectionId: string,
  options: SyncOptions & { readonly mostTries?: number },
): Promise<readonly Run[]> {
  const { store } = hub;
  const engine = createPullDeps({ ...hub, ...env });
  const { timeZone } = await readWorkspace(store.db);
  const since = options.since === undefined ? null : startOfDay(options.since, timeZone);
  const wanted = {
    stream: options.stream ?? null,
    full: options.full === true,
    since,
    acceptDeletions: options.acceptDeletions === true,
  };
  const requests = await beginSync(engine, actor, connectionId, wanted);
  const progress = createProgress(out);
  const frame = { signal, say: progress.say, mostTries: options.mostTries ?? MOST_TRIES };
  const runs: Run[] = [];
  for (const request of requests) {
    const run = await pullToTheEnd({ ...engine, onProgress: progress.show }, request, frame);
    progress.say(summary(run));
    for (const line of await skippedLines(store, run)) progress.say(line);
    runs.push(run);
    if ((run.error !== null && isOfAll(run.error)) || signal.aborted) break;
  }
  return runs;
}

/**
 * Whether every other stream would end in the same way: the vendor lets nobody in (asking on with a refused key may lock the account), or what the
 * connection is set up with cannot be used.
 */
function isOfAll({ kind, code }: RunError): boolean {
  return kind === "auth" || kind === "ended" || /^(secrets|connection|oauth)\./.test(code);
}

/** As many reasons are told here; the run's page has all of them. */
const MOST_REASONS = 5;
const MOST_READ = 200;

/** Why records were skipped: where each stands, and what is wrong with it. */
async function skippedLines({ db }: Store, { id, counts }: Run): Promise<readonly string[]> {
  if (counts.skipped === 0) return [];
  const coded = (await readRunLines(db, id, MOST_READ)).filter(({ code, level }) => code !== null && level !== "info");
  // One of each reason, with the row it is of.
  const reasons = new Map<string, string>();
  for (const { message, code } of coded) {
    const reason = message.slice(message.indexOf(": ") + 2);
    if (!reasons.has(reason)) reasons.set(reason, `  ${message} [${code ?? ""}]`);
  }
  const told = [...reasons.values()].slice(0, MOST_REASONS);
  const left = counts.skipped - told.length;
  return left > 0 ? [...told, `  and ${left} more: see the run ${id} in the console`] : told;
}

/** So often a vendor in trouble is asked anew, with pauses that double from a second to half a minute. In the hub, the queue does this. */
const MOST_TRIES = 5;
const LONGEST_PAUSE_MS = 30_000;
const BUSY_POLL_MS = 300;

/** A pull with what a job would do around it: waits for the vendor, tries again, and lets a worker that has the stream finish. */
async function pullToTheEnd(
  engine: PullDeps,
  request: PullRequest,
  {
    signal,
    say,
    mostTries,
  }: { readonly signal: AbortSignal; readonly say: (text: string) => void; readonly mostTries: number },
): Promise<Run> {
  let current = request;
  for (let tries = 1; ;) {
    const outcome = await runPull(engine, current, signal);
    if (outcome.kind === "busy") {
      say(`${request.stream}: a worker of the hub is pulling it; waiting for that`);
      const run = await waitForWorker(engine, request, signal);
      if (run !== null && request.kind === "pull" && request.since === null) return run;
      continue;
    }
    const { run, error } = outcome;
    if (error === null || signal.aborted) return run;
    if (error.kind === "rate_limited") {
      const waitMs = Math.max(1000, (error.retryAt?.getTime() ?? 0) - engine.clock.now().getTime());
      say(`${request.stream}: the vendor asks us to wait ${Math.ceil(waitMs / 1000)} s`);
      await sleep(waitMs, undefined, { signal });
    } else if (error.kind === "transient" && tries < mostTries) {
      say(`${request.stream}: ${error.message} Trying again.`);
      await sleep(pauseMs(tries), undefined, { signal });
      tries += 1;
    } else {
      return run;
    }
    // What has landed of a full refresh is not asked for again: the run that goes on with it knows its start.
    current = run.counts.pages > 0 ? { ...request, kind: "pull", since: null } : request;
  }
}

/** @param tries how often it has been tried, from 1. */
export function pauseMs(tries: number): number {
  return Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (tries - 1));
}

/** The run that another process does, once it has ended; null when it ended without a word. */
async function waitForWorker(engine: PullDeps, request: PullRequest, signal: AbortSignal): Promise<Run | null> {
  for (;;) {
    const run = await latestRun(engine.store.db, request.connectionId, request.stream);
    if (run === null || run.state !== "running") return run?.state === "succeeded" ? run : null;
    await sleep(BUSY_POLL_MS, undefined, { signal });
  }
}

type Progress = { readonly show: (run: Run) => void; readonly say: (text: string) => void };

/** On a terminal one line that changes; elsewhere only what is said at the end of each stream. */
function createProgress(out: Output): Progress {
  const isLive = process.stderr.isTTY && !out.isJson;
  const clear = "\r\u001b[K";
  return {
    show(run) {
      if (!isLive) return;
      const { done, total } = run.progress;
      const share = done !== null && total !== null && total > 0 ? ` (${Math.floor((100 * done) / total)} %)` : "";
      process.stderr.write(`${clear}${run.stream}: ${format(run.counts.fetched)} records${share}`);
    },
    say(text) {
      if (isLive) process.stderr.write(clear);
      out.note(text);
    },
  };
}

const NUMBERS = new Intl.NumberFormat("en");
const format = (count: number): string => NUMBERS.format(count);

function summary(run: Run): string {
  const { added, changed, deleted, skipped } = run.counts;
  if (run.state !== "succeeded") return `${run.stream}: ${run.state}`;
  const parts = [
    [added, "added"],
    [changed, "changed"],
    [deleted, "deleted"],
    [skipped, "could not be mapped"],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${format(count)} ${what}`);
  return `${run.stream}: ${said.length === 0 ? "nothing changed" : said.join(", ")}`;
}

function hasChanged({ counts }: Run): boolean {
  return counts.added + counts.changed + counts.deleted > 0;
}

function toJson(connectionId: string, runs: readonly Run[], incomplete: readonly Incomplete[]): object {
  return {
    connection: connectionId,
    changed: runs.some(hasChanged),
    streams: runs.map((run) => ({
      stream: run.stream,
      run: run.id,
      kind: run.kind,
      state: run.state,
      ...run.counts,
      duration_s: durationS(run),
      error: run.error,
      ...incompleteJson(incomplete.find(({ stream }) => stream === run.stream)),
    })),
  };
}

function incompleteJson(incomplete: Incomplete | undefined): object {
  return {
    partial_reason: incomplete?.partialReason ?? null,
    held_deletions: incomplete?.heldDeletions ?? 0,
    refused: incomplete?.refused ?? 0,
  };
}

function durationS(run: Run): number | null {
  return run.finishedAt === null ? null : (run.finishedAt.getTime() - run.startedAt.getTime()) / 1000;
}

function toText(connectionId: string, runs: readonly Run[], incomplete: readonly Incomplete[]): string {
  if (runs.length === 0) return `${connectionId} has no active stream: nothing to pull.`;
  const rows = runs.map((run) => {
    const { added, changed, unchanged, deleted, skipped, facts } = run.counts;
    return {
      stream: run.stream,
      state: run.state,
      added,
      changed,
      unchanged,
      deleted,
      skipped,
      facts,
      seconds: durationS(run),
    };
  });
  const failed = runs.filter((run): run is Run & { readonly error: RunError } => run.error !== null);
  const notes = failed.map(({ stream, error }) => `${stream}: ${error.message}\n  ${error.mend}\n  [${error.code}]`);
  if (failed.length === 0 && !runs.some(hasChanged)) notes.push("Nothing changed.");
  for (const { stream, partialReason, refused } of incomplete) {
    if (partialReason !== null) notes.push(`${stream} is incomplete: ${partialReason}`);
    if (refused > 0) notes.push(`${stream}: ${format(refused)} could not be read, and are in no number.`);
  }
  return [tableText(rows), ...notes].join("\n");
}
