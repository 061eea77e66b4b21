import { z } from "zod";
import type { Clock } from "../../core/base/clock.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { silentLog } from "../../core/base/log.ts";
import {
  type AnyConnector,
  type Deletion,
  defineConnector,
  type DeletionPolicy,
  type Page,
  type PullContext,
} from "../../core/connector/define.ts";
import { unlimited } from "../../core/connector/limits.ts";
import type { PullDeps } from "../../core/land/pull.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";

/** A clock that stands still until it is told to move. */
export function testClock(start = "2026-03-01T12:00:00Z"): Clock & { advance(ms: number): void } {
  let nowMs = Date.parse(start);
  return {
    now: () => new Date(nowMs),
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

export type Item = { readonly id: string; readonly at: string | null; readonly value: number };

export const item = (id: string, value = 0, at: string | null = null): Item => ({ id, at, value });

type Pages = (context: PullContext<unknown, unknown>) => AsyncIterable<Page>;

/** A connector whose pages are what the test says. Its streams are `items`, `others`, and `listed` (deletions by absence). */
export function testConnector(
  pages: { readonly items?: Pages; readonly listed?: Pages },
  end?: AnyConnector["end"],
): AnyConnector {
  const stream = (pull: Pages, deletions: DeletionPolicy, keepsVersions = false) => ({
    title: "Items",
    externalId: (record: Json) => (record as JsonObject)["id"] as string,
    sourceTime: (record: Json) => {
      const at = (record as JsonObject)["at"];
      return typeof at === "string" ? new Date(at) : null;
    },
    pull,
    deletions,
    keepsVersions,
    normalise: () => ({ facts: [], skipped: [] }),
  });
  return defineConnector({
    key: "test",
    title: "Test",
    docs: "https://example.com",
    settings: z.looseObject({}),
    auth: [],
    sendsCredentialsTo: () => [],
    everyS: 60,
    createClient: () => null,
    ...(end === undefined ? {} : { end }),
    check: () => Promise.resolve({ accountId: "a", accountName: "A", missingPermissions: [], warnings: [] }),
    streams: {
      items: stream(pages.items ?? none, "tombstones", true),
      others: stream(none, "elsewhere"),
      listed: stream(pages.listed ?? none, "absence"),
    },
  });
}

async function* none(): AsyncGenerator<Page> {
  // An unchanged source: no page at all.
}

/** Pages of the records, one checkpoint each: the number of pages that came before the next. Goes on from the checkpoint. */
export function numbered(pages: readonly (Item[] | Partial<Page>)[]): Pages {
  return async function* (context) {
    const from = (context.checkpoint as number | null) ?? 0;
    for (const [index, page] of pages.entries()) {
      if (index < from) continue;
      await Promise.resolve();
      yield { records: [], checkpoint: index + 1, ...(Array.isArray(page) ? { records: page } : page) };
    }
  };
}

export const gone = (id: string, at: string): Deletion => ({ id, at: new Date(at) });

/** What a pull needs, with a batch for each page and nothing made of what lands. */
export function testEngine(store: Store, connector: AnyConnector, clock: Clock): PullDeps {
  return {
    store,
    clock,
    log: silentLog,
    secrets: createSecrets([parseSecretKey(generateSecretKey())]),
    findConnector: (key) => (key === connector.key ? connector : null),
    limiterOf: () => unlimited,
    allowPrivateNetworks: true,
    fileFolders: [],
    closedFolders: [],
    normalise: () => Promise.resolve(),
    limits: { maxRecords: 1, maxLength: 1, maxWaitMs: 1000 },
  };
}

export async function addConnection(
  store: Store,
  id: string,
  fields: { readonly credentials?: string } = {},
): Promise<void> {
  await store.db
    .insertInto("connections")
    .values({
      id,
      connector: "test",
      title: id,
      settings: "{}",
      credentials: fields.credentials ?? null,
      inbound_token: `token-of-${id}`,
    })
    .execute();
}

/** What the store has of a stream: `id=value`, with `†` for what is gone, in the order of ids. */
export async function stored(store: Store, connectionId: string, stream: string): Promise<string[]> {
  const rows = await store.db
    .selectFrom("raw_records")
    .select(["external_id", "payload", "deleted_at"])
    .where("connection_id", "=", connectionId)
    .where("stream", "=", stream)
    .orderBy("external_id")
    .execute();
  return rows.map((row) => {
    const value = row.payload === null ? "?" : JSON.stringify((row.payload as JsonObject)["value"]);
    return `${row.external_id}=${value}${row.deleted_at === null ? "" : "†"}`;
  });
}
