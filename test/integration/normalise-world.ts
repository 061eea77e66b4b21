import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { type AnyConnector, defineConnector, defineStream, type Problem } from "../../core/connector/define.ts";
import { catchUp, type Normalised, normaliseLanded, type NormaliseTarget } from "../../core/normalise/index.ts";
import type { Fact, Moment } from "../../core/schema/facts.ts";
import type { Store } from "../../core/store/db.ts";
import { sql } from "kysely";
import { readPart } from "../../core/land/batch.ts";
import { landBatch } from "../../core/land/land.ts";
import type { RawChange } from "../../core/store/pulls/raw.ts";
import { insertRun } from "../../core/store/pulls/runs.ts";
import { ensureStreams } from "../../core/store/pulls/streams.ts";

/** A tool whose records are facts as they stand: what a test lands is what its normaliser gives. */
export type TestRecord = {
  readonly id: string;
  /** The source time, ISO; null where the source does not say. */
  readonly at: string | null;
  readonly facts: readonly object[];
  /** The normaliser throws over this record. */
  readonly isBroken?: boolean;
};

const noSettings = z.object({}).loose();

function readMoment(value: unknown): unknown {
  if (value === null || typeof value !== "object" || !("instant" in value)) return value;
  return { instant: new Date(String(value.instant)) };
}

const MOMENTS = ["createdAt", "closedAt", "changedAt", "occurredAt", "leadCreatedAt", "openedAt"];

function readFact(fact: JsonObject): Fact {
  const read = Object.fromEntries(
    Object.entries(fact).map(([name, value]) => [name, MOMENTS.includes(name) ? readMoment(value) : value]),
  );
  // The tests write facts by the builders below.
  return read as unknown as Fact;
}

function stream(title: string, keepsVersions: boolean) {
  return defineStream<z.infer<typeof noSettings>, null>({
    title,
    externalId: (record) => (record as unknown as TestRecord).id,
    sourceTime: (record) => {
      const { at } = record as unknown as TestRecord;
      return at === null ? null : new Date(at);
    },
    // Nothing is pulled in these tests.
    pull: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }) }),
    deletions: "tombstones",
    keepsVersions,
    normalise: (record) => {
      const { facts, isBroken } = record as unknown as { facts: JsonObject[]; isBroken?: boolean };
      if (isBroken === true) throw new TypeError("the normaliser does not expect this");
      const skipped: Problem[] = [];
      return { facts: facts.map(readFact), skipped };
    },
  });
}

export const plainTool: AnyConnector = defineConnector<z.infer<typeof noSettings>, null>({
  key: "plain",
  title: "A plain tool",
  docs: "https://plain.example",
  settings: noSettings,
  auth: [{ kind: "none", credentials: z.object({}) }],
  sendsCredentialsTo: () => [],
  everyS: 60,
  createClient: () => null,
  check: () => Promise.resolve({ accountId: "1", accountName: "one", missingPermissions: [], warnings: [] }),
  streams: { deals: stream("Deals", true), changes: stream("Changes", false), others: stream("Others", false) },
});

/** A connection of the plain tool, driven by hand: land, normalise, ask. */
export class Plain {
  readonly store: Store;
  readonly id: string;

  private readonly runId: number;

  private constructor(store: Store, id: string, runId: number) {
    this.store = store;
    this.id = id;
    this.runId = runId;
  }

  /** @param liveFrom changes before it are history; default: far in the future, so nothing raises events. */
  static async connect(store: Store, id: string, liveFrom = "2100-01-01T00:00:00Z"): Promise<Plain> {
    await store.db
      .insertInto("connections")
      .values({ id, connector: "plain", title: id, settings: "{}", inbound_token: id, live_from: new Date(liveFrom) })
      .execute();
    await ensureStreams(store.db, id, ["deals", "changes", "others"]);
    const run = { connectionId: id, stream: "inbound", kind: "inbound", trigger: "webhook", since: null } as const;
    return new Plain(store, id, await insertRun(store.db, { ...run, startedAt: new Date(liveFrom) }));
  }

  /** The same connection, by another way into the database. */
  on(store: Store): Plain {
    return new Plain(store, this.id, this.runId);
  }

  target(name: string): NormaliseTarget {
    return { connection: { id: this.id, settings: {} }, connector: plainTool, stream: name };
  }

  /** Lands and normalises in the hot path, as a pull does. `fetchedAt`: when the page was asked for. */
  async take(
    name: string,
    records: readonly TestRecord[],
    fetchedAt: string,
    deleted: readonly string[] = [],
  ): Promise<Normalised> {
    const changes = await this.land(name, records, fetchedAt, deleted);
    return normaliseLanded({ store: this.store }, this.target(name), changes, null);
  }

  async land(
    name: string,
    records: readonly TestRecord[],
    fetchedAt: string,
    deleted: readonly string[] = [],
  ): Promise<readonly RawChange[]> {
    const declared = plainTool.streams[name];
    if (declared === undefined) throw new Error(`no stream ${name}`);
    const landed = await landBatch(
      this.store,
      {
        connectionId: this.id,
        runId: this.runId,
        parts: [
          readPart(
            {
              name,
              externalId: declared.externalId,
              sourceTime: declared.sourceTime,
              keepsVersions: declared.keepsVersions === true,
            },
            { records: records as unknown as readonly Json[], deleted },
            { fetchedAt: new Date(fetchedAt), isListing: true },
          ),
        ],
        pulled: null,
        pages: 1,
        progress: null,
      },
      new Date(fetchedAt),
    );
    return landed.changes.get(name) ?? [];
  }

  async replay(name: string): Promise<Normalised> {
    return catchUp({ store: this.store }, this.target(name), { fromStart: true });
  }

  /** From now on what lands is news, not history. */
  async firstLoadDone(at: string): Promise<void> {
    await sql`update stream_states set first_load_done_at = ${at} where connection_id = ${this.id}`.execute(
      this.store.db,
    );
  }
}

export function instant(at: string): Moment {
  return { instant: new Date(at) };
}

export function deal(id: string, state: object = {}): object {
  return {
    kind: "deal",
    externalId: id,
    name: id,
    status: "open",
    pipeline: "sales",
    stage: "P",
    amountMinor: 100_00,
    currency: "USD",
    valuePeriod: "one_time",
    rep: "ann",
    probability: null,
    expectedCloseOn: null,
    company: null,
    person: null,
    createdAt: instant("2026-03-01T09:00:00Z"),
    closedAt: null,
    lostReason: null,
    url: null,
    attributes: {},
    ...state,
  };
}

export function change(id: string, of: string, at: string, before: object, after: object): object {
  return { kind: "deal_change", externalId: id, deal: of, changedAt: instant(at), before, after };
}

export function rep(id: string, more: object = {}): object {
  return {
    kind: "rep",
    externalId: id,
    isMention: false,
    name: id,
    email: null,
    phone: null,
    isActive: true,
    team: null,
    ...more,
  };
}

export function team(id: string, members: readonly string[], more: object = {}): object {
  return { kind: "team", externalId: id, isMention: false, name: id, manager: null, members, ...more };
}

export function person(id: string, more: object = {}): object {
  return {
    kind: "person",
    externalId: id,
    isMention: false,
    name: id,
    title: null,
    emails: [],
    phones: [],
    company: null,
    rep: null,
    leadCreatedAt: null,
    url: null,
    attributes: {},
    ...more,
  };
}

export function company(id: string, more: object = {}): object {
  return {
    kind: "company",
    externalId: id,
    isMention: false,
    name: id,
    domains: [],
    phones: [],
    rep: null,
    leadCreatedAt: null,
    url: null,
    attributes: {},
    ...more,
  };
}

export function activity(id: string, more: object = {}): object {
  return {
    kind: "activity",
    externalId: id,
    type: "call",
    direction: "outbound",
    occurredAt: instant("2026-03-05T10:00:00Z"),
    bookedAt: null,
    durationS: 60,
    outcome: null,
    disposition: null,
    subject: null,
    rep: "ann",
    person: null,
    company: null,
    deal: null,
    url: null,
    matchKeys: [],
    attributes: {},
    ...more,
  };
}

export function pipeline(id: string, stages: readonly string[], more: object = {}): object {
  return {
    kind: "pipeline",
    externalId: id,
    isMention: false,
    name: id,
    stages: stages.map((name) => ({ externalId: name, name, type: "open", probability: null, canonical: null })),
    ...more,
  };
}
