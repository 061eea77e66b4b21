import { beforeAll, describe, expect, it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { loadHarness } from "../../bin/connector/harness.ts";
import type { ConnectorHarness } from "../../connectors/_check/harness.ts";
import { CHECKS, runChecks } from "../../connectors/_check/index.ts";
import { acmeCrm } from "../../connectors/_template/index.ts";
import type { Json } from "../../core/base/json.ts";
import { type AnyConnector, defineConnector, type Page, type Stream } from "../../core/connector/define.ts";
import { testDatabase } from "../support/database.ts";

/** The template's connector with its streams changed for the worse. */
function broken(change: (stream: Stream) => Partial<Stream>): AnyConnector {
  const streams = Object.entries(acmeCrm.streams).map(([name, stream]) => [name, { ...stream, ...change(stream) }]);
  return defineConnector({ ...acmeCrm, streams: Object.fromEntries(streams) as { readonly [name: string]: Stream } });
}

function paging(change: (page: Page, nth: number) => Page): (stream: Stream) => Partial<Stream> {
  return (stream) => ({
    async *pull(context) {
      let nth = 0;
      for await (const page of stream.pull(context)) yield change(page, nth++);
    },
  });
}

/** A fault of a connector, as somebody may well write it, and the check that finds it. */
const FAULTS: readonly (readonly [fault: string, check: string, connector: AnyConnector])[] = [
  [
    "leaves out the last record of each page",
    "brings every record of",
    broken(paging((page) => ({ ...page, records: page.records.slice(0, -1) }))),
  ],
  ["names no deletions", "brings what was", broken(paging((page) => ({ ...page, deleted: [] })))],
  [
    "starts over after a kill",
    "goes on from",
    broken((stream) => ({ pull: (context) => stream.pull({ ...context, checkpoint: null }) })),
  ],
  ["does not know which version is newer", "come late, twice", broken(() => ({ sourceTime: () => null }))],
  [
    "throws over data",
    "purely and totally",
    broken((stream) => ({
      normalise: (record, context) => {
        if (typeof (record as { owner: unknown }).owner !== "object") throw new TypeError("no owner");
        return stream.normalise(record, context);
      },
    })),
  ],
  [
    "goes on from its own clock's time",
    "clock is ten minutes behind",
    broken((stream) => ({
      async *pull(context) {
        const { checkpoint, startedAt } = context;
        const since = checkpoint === null ? {} : { since: new Date(checkpoint as string) };
        for await (const page of stream.pull({ ...context, ...since, checkpoint: null }))
          yield { ...page, checkpoint: startedAt.toISOString() };
      },
    })),
  ],
  [
    "gathers every record",
    "needs no more memory",
    broken((stream) => ({
      async *pull(context) {
        const all: Json[] = [];
        for await (const page of stream.pull(context)) {
          all.push(...page.records, JSON.stringify(page.records));
          yield page;
        }
        context.log("info", `${all.length} records`);
      },
    })),
  ],
  [
    "does not look what its key may read",
    "a right is taken away",
    defineConnector({
      ...acmeCrm,
      check: async () => ({ accountId: "1", accountName: "A", missingPermissions: [], warnings: [] }),
    }),
  ],
  [
    "writes its key into the run's log",
    "writes no secret",
    broken((stream) => ({
      async *pull(context) {
        context.log("info", "signing in with acme-crm-key-5f2c9d71");
        yield* stream.pull(context);
      },
    })),
  ],
];

describe("the acceptance checks find a connector that", () => {
  let engine: ReturnType<typeof createCheckEngine>;
  let vendor: ConnectorHarness;
  beforeAll(async () => {
    engine = createCheckEngine(await testDatabase());
    vendor = await loadHarness("_template");
  });

  it.each(FAULTS)("%s", async (_fault, name, connector) => {
    const checks = CHECKS.filter((check) => check.name.includes(name));
    expect(checks).toHaveLength(1);
    for await (const outcome of runChecks({ connector, vendor, engine, manyRecords: 30_000 }, checks))
      expect(outcome.failure).not.toBeNull();
  });
});
