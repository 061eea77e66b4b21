import type { Clock } from "../../core/base/clock.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { ClientContext, CredentialSource, Page } from "../../core/connector/define.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { unlimited, type Limiter } from "../../core/connector/limits.ts";
import { close } from "../../connectors/close/index.ts";
import {
  startCloseSimulator,
  type CloseSimulator,
  type CloseSimulatorOptions,
} from "../../connectors/close/simulator/index.ts";
import { readPages } from "../support/pages.ts";

/** A clock that stands until it is moved. */
export type StillClock = Clock & { time: Date };

export function stillClock(iso: string): StillClock {
  const clock = { time: new Date(iso), now: () => clock.time };
  return clock;
}

/** A small account at 2 March 2026, noon, without rate limits. */
export async function smallAccount(
  options: Partial<CloseSimulatorOptions> = {},
): Promise<{ sim: CloseSimulator; clock: StillClock }> {
  const clock = stillClock("2026-03-02T12:00:00Z");
  return { sim: await startCloseSimulator({ company: null, clock, limits: "off", ...options }), clock };
}

export type Caller = {
  readonly credentials?: CredentialSource;
  readonly settings?: JsonObject;
  readonly clock: Clock;
  readonly apiKey?: string;
  readonly limiter?: Limiter;
};

export function connect(sim: CloseSimulator, caller: Caller): { client: unknown; settings: unknown } {
  const settings = close.settings.parse({ base_url: sim.baseUrl, ...caller.settings });
  const credentials = caller.credentials ?? keyOnly(caller.apiKey ?? sim.apiKey);
  const { signal } = new AbortController();
  const limiter = caller.limiter ?? unlimited;
  const http = createHttpFactory({ credentials, limiter, clock: caller.clock, signal, allowPrivateNetworks: true });
  const context: Pick<ClientContext<unknown>, "settings" | "credentials" | "http" | "clock" | "signal"> = {
    settings,
    credentials,
    http,
    clock: caller.clock,
    signal,
  };
  return { client: close.createClient(context as ClientContext<unknown>), settings };
}

function keyOnly(apiKey: string): CredentialSource {
  const credentials = { api_key: apiKey };
  return { current: () => Promise.resolve(credentials), refresh: (stale) => Promise.resolve(stale) };
}

/** What a pull gave, landed by the simplest rule there is: the newest version by source time holds, and gone is gone. */
export type Pulled = {
  readonly records: Map<string, Map<string, Json>>;
  readonly deleted: Map<string, Set<string>>;
  readonly pages: Page[];
  readonly logs: string[];
  checkpoint: Json;
};

export function nothingPulled(checkpoint: Json = null): Pulled {
  return { records: new Map(), deleted: new Map(), pages: [], logs: [], checkpoint };
}

export type PullOptions = Caller & {
  /** Goes on from what was pulled before. */
  readonly into?: Pulled;
  readonly checkpoint?: Json;
  readonly since?: Date;
  /** Stops after so many pages, as a kill would. */
  readonly maxPages?: number;
};

export async function pull(sim: CloseSimulator, stream: string, options: PullOptions): Promise<Pulled> {
  const pulled = options.into ?? nothingPulled();
  const { client, settings } = connect(sim, options);
  const declared = streamOf(stream);
  if (options.checkpoint !== undefined) pulled.checkpoint = options.checkpoint;
  await readPages(declared, { client, settings, clock: options.clock }, pulled, options, (page) => {
    land(pulled, stream, page);
  });
  return pulled;
}

export function streamOf(stream: string): (typeof close.streams)[string] {
  const found = close.streams[stream];
  if (found === undefined) throw new RangeError(`no stream ${stream}`);
  return found;
}

function land(pulled: Pulled, stream: string, page: Page): void {
  for (const part of [{ ...page, stream }, ...(page.others ?? [])]) {
    const { externalId, sourceTime } = streamOf(part.stream);
    const shelf = pulled.records.get(part.stream) ?? new Map<string, Json>();
    pulled.records.set(part.stream, shelf);
    const gone = pulled.deleted.get(part.stream) ?? new Set<string>();
    pulled.deleted.set(part.stream, gone);
    for (const record of part.records) {
      const id = externalId(record);
      const known = shelf.get(id);
      const [before, after] = [known === undefined ? null : sourceTime(known), sourceTime(record)];
      if (before === null || after === null || after >= before) shelf.set(id, record);
    }
    for (const deletion of part.deleted ?? []) gone.add(typeof deletion === "string" ? deletion : deletion.id);
  }
}

/** Ids that are there, sorted. */
export function ids(pulled: Pulled, stream: string): string[] {
  const gone = pulled.deleted.get(stream);
  return [...(pulled.records.get(stream)?.keys() ?? [])].filter((id) => gone?.has(id) !== true).toSorted();
}

export function record(pulled: Pulled, stream: string, id: string): JsonObject {
  const found = pulled.records.get(stream)?.get(id);
  if (found === undefined || found === null || typeof found !== "object" || Array.isArray(found))
    throw new RangeError(`no ${id}`);
  // Neither an array nor null: an object.
  return found as JsonObject;
}
