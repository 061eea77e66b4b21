import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import { askedNow } from "../../core/metrics/ask/question.ts";
import { readWatches } from "../../core/metrics/watches.ts";
import { keptQuery, keyOf } from "../../core/metrics/ask/kept.ts";
import { catchUp } from "../../core/normalise/index.ts";
import { dealAnswers } from "../../core/normalise/deal-answers.ts";
import { readStageShapes } from "../../core/store/facts/deal-answers.ts";
import { readChanges } from "../../core/store/facts/deals.ts";
import { readKept } from "../../core/store/facts/kept-answers.ts";
import { openStore, type DatabaseTarget, type Store } from "../../core/store/db.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { measure } from "../../workers/measure.ts";
import { testDatabaseTarget } from "../support/database.ts";
import { change, deal, instant, pipeline, Plain, type TestRecord } from "./normalise-world.ts";

let target: DatabaseTarget;
let store: Store;
beforeAll(async () => {
  target = await testDatabaseTarget();
  store = openStore(target);
});
afterAll(async () => store.close());

const STAGES = ["P", "Q", "M", "N"] as const;
const STATES = ["open", "won", "lost"] as const;
const DAY_MS = 86_400_000;
const BEGIN_MS = Date.parse("2026-03-02T09:00:00Z");
const at = (day: number): string => new Date(BEGIN_MS + day * DAY_MS).toISOString();

/** One thing that a source tells, on a day; it lands on that day or later. */
type Step = { readonly day: number; readonly late: number; readonly killAfter: number } & (
  | {
      readonly kind: "snapshot";
      readonly deal: number;
      readonly stage: number;
      readonly status: number;
      readonly amount: number;
      readonly rep: number;
    }
  | {
      readonly kind: "change";
      readonly deal: number;
      readonly from: number;
      readonly to: number;
      readonly status: number;
    }
  | { readonly kind: "gone"; readonly deal: number }
  | { readonly kind: "stages"; readonly kept: readonly string[] }
);

const common = {
  day: fc.integer({ min: 0, max: 60 }),
  late: fc.integer({ min: 0, max: 20 }),
  // Statements of one step; most steps take more, so most are killed somewhere.
  killAfter: fc.integer({ min: 1, max: 60 }),
};
const which = fc.integer({ min: 0, max: 2 });
const stage = fc.integer({ min: 0, max: STAGES.length - 1 });
const status = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...common,
      kind: fc.constant("snapshot" as const),
      deal: which,
      stage,
      status,
      amount: fc.integer({ min: 1, max: 9 }),
      rep: which,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...common,
      kind: fc.constant("change" as const),
      deal: which,
      from: stage,
      to: stage,
      status,
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...common, kind: fc.constant("gone" as const), deal: which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...common,
      kind: fc.constant("stages" as const),
      kept: fc.shuffledSubarray([...STAGES], { minLength: 2 }),
    }),
  },
);

/** What a step lands: the stream, its records, and the records that are gone. */
function landing(
  one: Step,
  nth: number,
): { readonly stream: string; readonly records: readonly TestRecord[]; readonly gone: readonly string[] } {
  const when = at(one.day);
  const record = (id: string, fact: object): TestRecord => ({ id, at: when, facts: [fact] });
  switch (one.kind) {
    case "snapshot": {
      const state = STATES[one.status];
      const fact = deal(`d${one.deal}`, {
        stage: STAGES[one.stage],
        status: state,
        amountMinor: one.amount * 100,
        rep: `rep${one.rep}`,
        closedAt: state === "open" ? null : instant(when),
      });
      return { stream: "deals", records: [record(`d${one.deal}`, fact)], gone: [] };
    }
    case "change": {
      const fact = change(
        `c${nth}`,
        `d${one.deal}`,
        when,
        { stage: STAGES[one.from] },
        { stage: STAGES[one.to], status: STATES[one.status] },
      );
      return { stream: "changes", records: [record(`c${nth}`, fact)], gone: [] };
    }
    case "gone":
      return { stream: "deals", records: [], gone: [`d${one.deal}`] };
    case "stages":
      return { stream: "others", records: [record("pipe", pipeline("sales", one.kept))], gone: [] };
  }
}

let connections = 0;
let deaths = 0;

/** A store whose every connection dies at once, as with its process, after so many statements. */
function mortal(after: number): { readonly store: Store; readonly hasDied: () => boolean } {
  const mortalStore = openStore(target, { max: 4 });
  let left = after;
  mortalStore.pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    // Whatever it is asked, in whichever of the client's ways.
    (client as { query: unknown }).query = (...args: unknown[]): unknown => {
      left -= 1;
      if (left < 0)
        (client as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();
      return query(...args);
    };
  });
  return { store: mortalStore, hasDied: () => left < 0 };
}

describe("facts that are kept", () => {
  test("are those that what is stored raw amounts to, whatever came in which order, was killed between which statements, and was replayed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
        connections += 1;
        const tool = await Plain.connect(store, `crm-${connections}`);
        await tool.take("others", [{ id: "pipe", at: at(0), facts: [pipeline("sales", STAGES)] }], at(0));
        for (const [nth, one] of steps.entries()) {
          const { stream, records, gone } = landing(one, nth);
          const fetchedAt = at(one.day + one.late);
          const victim = mortal(one.killAfter);
          try {
            await tool.on(victim.store).take(stream, records, fetchedAt, gone);
          } catch (error) {
            if (!victim.hasDied()) throw error;
            deaths += 1;
            // The next process pulls the page once more, and makes facts of what had landed.
            await tool.land(stream, records, fetchedAt, gone);
            await catchUp({ store }, tool.target(stream), { fromStart: false });
          } finally {
            await victim.store.close().catch(() => undefined);
          }
        }
        const kept = await readFacts(tool.id);
        await expectAnswersOf(tool.id);
        for (const stream of ["others", "deals", "changes"]) await tool.replay(stream);
        expect(await readFacts(tool.id)).toEqual(kept);
      }),
      { numRuns: 15, endOnFailure: true, seed: 1 },
    );
    expect(deaths).toBeGreaterThan(0);
  }, 180_000);

  test("and the answers that are kept of them are those that are computed from them now", async () => {
    const deps = {
      store,
      secrets: createSecrets([parseSecretKey(generateSecretKey())]),
      clock: systemClock,
      log: silentLog,
      destinations: [],
    };
    const tool = await Plain.connect(store, "measured");
    await tool.take("others", [{ id: "pipe", at: at(0), facts: [pipeline("sales", STAGES)] }], at(0));
    const steps = fc.sample(step, { numRuns: 8, seed: 7 });
    for (const [nth, one] of steps.entries()) {
      const { stream, records, gone } = landing(one, nth);
      await tool.take(stream, records, at(one.day + one.late), gone);
      await measure(deps, { reason: "facts" });
      const { kept, computed } = await readKeptAndComputed(deps.clock.now());
      expect(kept).toEqual(computed);
    }
  }, 120_000);
});

/** The history of each deal, and what questions read of it, in an order of their own. */
async function readFacts(connectionId: string): Promise<unknown> {
  const read = async (table: string, columns: string): Promise<unknown[]> => {
    const { rows } = await store.pool.query<{ row: string }>(
      `select row(${columns})::text as row from ${table} where connection_id = $1 order by 1`,
      [connectionId],
    );
    return rows.map(({ row }) => row);
  };
  return {
    changes: await read(
      "deal_changes",
      "deal_id, ordinal, held_from, held_to, is_day, changed, status, stage_id, amount_minor, rep_id, doubt",
    ),
    closings: await read(
      "deal_closings",
      "deal_id, at, at_is_day, doubt, status, rep_id, held_from, held_to, stage_id, annual_minor, been_in",
    ),
    entries: await read(
      "deal_entries",
      "deal_id, ordinal, at, rep_id, stage_id, is_skipped, passed_at, entered_before",
    ),
    stays: await read("deal_stays", "deal_id, ordinal, started_at, ended_at, rep_id, stage_id"),
    deals: await read("deals", "id, status, stage_id, deleted_at is null"),
  };
}

/** What is kept of each deal is a function of its history and of its pipeline's shape, and nothing else. */
async function expectAnswersOf(connectionId: string): Promise<void> {
  const { rows } = await store.pool.query<{ id: string }>(
    "select distinct deal_id as id from deal_changes where connection_id = $1",
    [connectionId],
  );
  await store.db.transaction().execute(async (tx) => {
    const histories = await readChanges(
      tx,
      rows.map(({ id }) => id),
    );
    const stageIds = new Set(
      [...histories.values()]
        .flat()
        .flatMap(({ state }) => (typeof state["stage_id"] === "string" ? [state["stage_id"]] : [])),
    );
    const shapes = await readStageShapes(tx, stageIds);
    const counts = { closings: 0, entries: 0, stays: 0 };
    for (const history of histories.values()) {
      const answers = dealAnswers(history, shapes);
      counts.closings += answers.closings.length;
      counts.entries += answers.entries.length;
      counts.stays += answers.stays.length;
    }
    const count = async (table: string): Promise<number> =>
      Number(
        (
          await store.pool.query<{ n: string }>(`select count(*) as n from ${table} where connection_id = $1`, [
            connectionId,
          ])
        ).rows[0]?.n,
      );
    expect({
      closings: await count("deal_closings"),
      entries: await count("deal_entries"),
      stays: await count("deal_stays"),
    }).toEqual(counts);
  });
}

/** The rows of every watched answer, as they are kept and as they are computed now. */
async function readKeptAndComputed(now: Date): Promise<{ readonly kept: unknown; readonly computed: unknown }> {
  const workspace = await readWorkspace(store.db);
  const kept: unknown[] = [];
  const computed: unknown[] = [];
  for (const watch of await readWatches(store.db, [])) {
    const { query } = askedNow(watch, now, workspace);
    const row = await readKept(store.db, keyOf(keptQuery(query)));
    kept.push([query.metric, (row?.answer as { rows?: unknown } | undefined)?.rows]);
    const { rows } = await evaluateMetric(store.db, query);
    computed.push([query.metric, JSON.parse(JSON.stringify(rows))]);
  }
  return { kept, computed };
}
