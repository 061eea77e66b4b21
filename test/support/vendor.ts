import { type Clock, systemClock } from "../../core/base/clock.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { NO_FILES } from "../../core/connector/files.ts";
import type { AnyConnector, Deletion, InboundRequest, Page, StreamPart } from "../../core/connector/define.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { unlimited } from "../../core/connector/limits.ts";
import type { Fact } from "../../core/schema/facts.ts";

/** A connector at a simulated vendor, without the hub: no store, no shared limits, credentials that are never renewed. */
export type AtVendor = {
  readonly connector: AnyConnector;
  readonly settings: unknown;
  readonly client: unknown;
  readonly clock: Clock;
};

export function atVendor(
  connector: AnyConnector,
  setUp: { readonly settings: JsonObject; readonly credentials: JsonObject; readonly clock?: Clock },
): AtVendor {
  const clock = setUp.clock ?? systemClock;
  const settings = connector.settings.parse(setUp.settings);
  const credentials = {
    current: () => Promise.resolve(setUp.credentials),
    refresh: (stale: JsonObject) => Promise.resolve(stale),
  };
  const { signal } = new AbortController();
  const http = createHttpFactory({ credentials, limiter: unlimited, clock, signal, allowPrivateNetworks: true });
  const client = connector.createClient({
    settings,
    credentials,
    http,
    files: NO_FILES,
    allowPrivateNetworks: true,
    clock,
    signal,
  });
  return { connector, settings, client, clock };
}

/** What landed, by the simplest rule there is: the last that came holds, and gone is gone. */
export type Landed = {
  readonly streams: Map<string, Map<string, Json>>;
  readonly gone: Map<string, Set<string>>;
  pages: number;
  checkpoint: Json;
};

export function nothingLanded(checkpoint: Json = null): Landed {
  return { streams: new Map(), gone: new Map(), pages: 0, checkpoint };
}

/** One pull of a stream, into what landed before where given. `onPage` is called after each page has landed; false ends it, as a kill does. */
export async function pull(
  at: AtVendor,
  stream: string,
  options: { readonly into?: Landed; readonly since?: Date; readonly onPage?: (page: Page) => boolean | void } = {},
): Promise<Landed> {
  const landed = options.into ?? nothingLanded();
  const pages = streamOf(at, stream).pull({
    client: at.client,
    settings: at.settings,
    workspace: { timeZone: "UTC", currency: "EUR" },
    checkpoint: landed.checkpoint,
    since: options.since ?? null,
    startedAt: at.clock.now(),
    signal: new AbortController().signal,
    log: () => undefined,
  });
  for await (const page of pages) {
    for (const part of [{ ...page, stream }, ...(page.others ?? [])]) land(at, landed, part);
    landed.pages += 1;
    landed.checkpoint = page.checkpoint;
    if (options.onPage?.(page) === false) break;
  }
  return landed;
}

function land(at: AtVendor, landed: Landed, part: StreamPart): void {
  const records = landed.streams.get(part.stream) ?? new Map<string, Json>();
  const gone = landed.gone.get(part.stream) ?? new Set<string>();
  landed.streams.set(part.stream, records);
  landed.gone.set(part.stream, gone);
  for (const record of part.records) records.set(streamOf(at, part.stream).externalId(record), record);
  for (const deletion of part.deleted ?? []) gone.add(idOfDeletion(deletion));
}

function idOfDeletion(deletion: Deletion): string {
  return typeof deletion === "string" ? deletion : deletion.id;
}

/** Ids that are there, sorted. */
export function idsOf(landed: Landed, stream: string): string[] {
  const gone = landed.gone.get(stream);
  return [...(landed.streams.get(stream)?.keys() ?? [])].filter((id) => gone?.has(id) !== true).toSorted();
}

/** The facts of one record, and why it gave none. */
export function factsOf(
  at: AtVendor,
  stream: string,
  record: Json,
): { facts: readonly Fact[]; skipped: readonly string[] } {
  const declared = streamOf(at, stream);
  const context = {
    connectionId: "c",
    stream,
    externalId: "x",
    settings: at.settings,
    timeZone: "Europe/Berlin",
    currency: "EUR",
  };
  const { facts, skipped } = declared.normalise(record, context);
  return { facts, skipped: skipped.map(({ reason }) => reason) };
}

/** What a delivery is made into. */
export async function partsOf(at: AtVendor, request: InboundRequest): Promise<readonly StreamPart[]> {
  if (at.connector.webhook === undefined) throw new RangeError("no webhook");
  return at.connector.webhook.parts(request, at.client);
}

export function delivery(body: unknown, headers: InboundRequest["headers"] = {}): InboundRequest {
  return { headers, body: Buffer.from(JSON.stringify(body)) };
}

function streamOf({ connector }: AtVendor, stream: string): AnyConnector["streams"][string] {
  const found = connector.streams[stream];
  if (found === undefined) throw new RangeError(`no stream ${stream}`);
  return found;
}
