import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { applyConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { silentLog } from "../../core/base/log.ts";
import { type PullOutcome, runPull } from "../../core/land/run.ts";
import { evaluateMetric, type MetricAnswer, type MetricQuery } from "../../core/metrics/index.ts";
import { beginSync } from "../../core/setup/pulls.ts";
import { createSecrets } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { readRunLines, type Run } from "../../core/store/pulls/runs.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { testDatabase } from "./database.ts";

const secrets = createSecrets([{ id: "test", bytes: Buffer.alloc(32, 1) }]);

type SyncOptions = { readonly acceptDeletions?: boolean };

/** A hub with spreadsheets in a folder of its own, whose clock the test sets. */
export class SheetHub {
  readonly store: Store;
  readonly folder: string;
  /** What time it is. */
  now: Date;

  private constructor(store: Store, folder: string, now: string) {
    this.store = store;
    this.folder = folder;
    this.now = new Date(now);
  }

  /**
   * @param now an ISO instant.
   * @param whenDone takes what cleans up; default: at the end of the test.
   */
  static async open(now: string, whenDone: (clean: () => Promise<void>) => void = onTestFinished): Promise<SheetHub> {
    const folder = await mkdtemp(path.join(tmpdir(), "sheets-"));
    whenDone(() => rm(folder, { recursive: true, force: true }));
    return new SheetHub(await testDatabase(), folder, now);
  }

  async write(name: string, text: string | Buffer): Promise<void> {
    await writeFile(path.join(this.folder, name), text);
  }

  async apply(text: string): Promise<void> {
    const desired = parseConfig(text, path.join(this.folder, "config.yaml"), {
      connectors: CONNECTORS,
      destinations: [],
      variable: () => undefined,
    });
    await applyConfig(this.store.db, desired, {
      secrets,
      connectors: CONNECTORS,
      destinations: [],
      actor: "test",
      prune: false,
    });
    // Connections go live when they are made, by the clock of the test.
    await this.store.db
      .updateTable("connections")
      .set({ live_from: this.now })
      .where("live_from", ">", this.now)
      .execute();
  }

  /** Pulls every stream of the connection once, as `tributary sync` does; what failed throws. */
  async sync(connectionId = "crm", options: SyncOptions = {}): Promise<{ readonly [stream: string]: Run }> {
    const runs: { [stream: string]: Run } = {};
    for (const [stream, outcome] of Object.entries(await this.trySync(connectionId, options))) {
      if (outcome.kind === "busy") throw new Error(`${stream} is busy`);
      if (outcome.error !== null) throw outcome.error;
      runs[stream] = outcome.run;
    }
    return runs;
  }

  async trySync(
    connectionId = "crm",
    { acceptDeletions = false }: SyncOptions = {},
  ): Promise<{ readonly [stream: string]: PullOutcome }> {
    const engine = createPullDeps({
      store: this.store,
      secrets,
      clock: { now: () => new Date(this.now) },
      log: silentLog,
      connectors: CONNECTORS,
      allowPrivateNetworks: true,
    });
    const wanted = { stream: null, full: false, acceptDeletions };
    const outcomes: { [stream: string]: PullOutcome } = {};
    for (const request of await beginSync(engine, "test", connectionId, wanted))
      outcomes[request.stream] = await runPull(engine, request, new AbortController().signal);
    return outcomes;
  }

  /** What the run said, each line as `code message`. */
  async lines(run: Run): Promise<readonly string[]> {
    const lines = await readRunLines(this.store.db, run.id, 1000);
    return lines.map(({ code, message }) => `${code ?? "-"} ${message}`);
  }

  ask(metric: string, query: Partial<MetricQuery> = {}): Promise<MetricAnswer> {
    return evaluateMetric(this.store.db, {
      metric,
      by: [],
      from: null,
      to: null,
      grain: null,
      filters: [],
      asOf: null,
      now: this.now,
      ...query,
    });
  }

  /** The values of a KPI, by the labels of its slices joined by spaces; the whole under "". */
  async values(metric: string, query: Partial<MetricQuery> = {}): Promise<{ readonly [slice: string]: number | null }> {
    const { rows } = await this.ask(metric, query);
    return Object.fromEntries(
      rows.map(({ dimensions, period, value }) => [
        [period ?? [], Object.values(dimensions).map((label) => label ?? "(none)")].flat().join(" "),
        value,
      ]),
    );
  }

  async value(metric: string, query: Partial<MetricQuery> = {}): Promise<number | null> {
    return (await this.ask(metric, query)).rows[0]?.value ?? null;
  }

  /** What was told, oldest first: `type at`. */
  async events(): Promise<readonly string[]> {
    const rows = await this.store.db.selectFrom("outbox").select(["type", "occurred_at"]).orderBy("id").execute();
    return rows.map((row) => `${row.type} ${row.occurred_at.toISOString().slice(0, 16)}`);
  }
}
