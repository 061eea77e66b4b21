import type { Clock } from "../../core/base/clock.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { NO_FILES } from "../../core/connector/files.ts";
import type { ClientContext, Page, StreamPart } from "../../core/connector/define.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { unlimited } from "../../core/connector/limits.ts";
import { gong } from "../../connectors/gong/index.ts";
import { gongId } from "../../connectors/gong/simulator/format.ts";
import { addLike } from "../../connectors/gong/simulator/disturb.ts";
import { type GongSimulator, startGongSimulator } from "../../connectors/gong/simulator/index.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { readPages } from "../support/pages.ts";

export type StillClock = Clock & { time: Date };

/** A small company's account on 2 March 2026, noon UTC, without rate limits and without any call since February began. */
export async function smallAccount(): Promise<{ readonly sim: GongSimulator; readonly clock: StillClock }> {
  const clock = { time: new Date("2026-03-02T12:00:00Z"), now: (): Date => clock.time };
  const company = createCompany({ seed: 3, now: clock.time, scale: 0.03, months: 6 });
  const sim = await startGongSimulator({ company, clock, limits: "off" });
  for (const call of sim.store.calls.values()) {
    if (call.listedMs >= Date.parse("2026-02-01T00:00:00Z")) sim.store.calls.delete(call.id);
  }
  return { sim, clock };
}

/** Adds a call that began at a time. Its id. */
export function addCall(sim: GongSimulator, name: string, at: string): string {
  const [like] = sim.store.calls.values();
  if (like === undefined) throw new RangeError("the account has no call to copy");
  return addLike(sim.store, like, gongId(name), Date.parse(at)).id;
}

export type Connected = { readonly client: unknown; readonly settings: unknown };

export function connect(sim: GongSimulator, clock: Clock, more: JsonObject = {}, credentials?: JsonObject): Connected {
  const settings = gong.settings.parse({ base_url: sim.baseUrl, ...more });
  const held = credentials ?? { access_key: sim.accessKey, access_key_secret: sim.accessKeySecret };
  const source = { current: () => Promise.resolve(held), refresh: (stale: JsonObject) => Promise.resolve(stale) };
  const { signal } = new AbortController();
  const http = createHttpFactory({
    credentials: source,
    limiter: unlimited,
    clock,
    signal,
    allowPrivateNetworks: true,
  });
  const context: ClientContext<unknown> = {
    settings,
    credentials: source,
    http,
    files: NO_FILES,
    clock,
    signal,
    allowPrivateNetworks: true,
  };
  return { client: gong.createClient(context), settings };
}

/** What pulls gave, landed by the simplest rule there is: the latest page holds, and gone is gone. */
export type Pulled = {
  readonly records: Map<string, JsonObject>;
  readonly pages: Page[];
  readonly logs: string[];
  checkpoint: Json;
};

export function nothingPulled(): Pulled {
  return { records: new Map(), pages: [], logs: [], checkpoint: null };
}

export type PullOptions = {
  readonly into?: Pulled;
  readonly since?: Date;
  readonly settings?: JsonObject;
  /** Stops after so many pages, as a kill would. */
  readonly maxPages?: number;
};

export async function pull(
  sim: GongSimulator,
  clock: Clock,
  stream: string,
  options: PullOptions = {},
): Promise<Pulled> {
  const pulled = options.into ?? nothingPulled();
  const { client, settings } = connect(sim, clock, options.settings);
  await readPages(streamOf(stream), { client, settings, clock }, pulled, options, (page) => {
    land(pulled, stream, page);
  });
  return pulled;
}

export function land(pulled: Pulled, stream: string, part: Pick<StreamPart, "records" | "deleted">): void {
  const { externalId } = streamOf(stream);
  // Gong's records are objects.
  for (const record of part.records) pulled.records.set(externalId(record), record as JsonObject);
  for (const gone of part.deleted ?? []) pulled.records.delete(typeof gone === "string" ? gone : gone.id);
}

export function streamOf(stream: string): (typeof gong.streams)[string] {
  const found = gong.streams[stream];
  if (found === undefined) throw new RangeError(`no stream ${stream}`);
  return found;
}

export function ids(pulled: Pulled): string[] {
  return [...pulled.records.keys()].toSorted();
}

/** What the account lists now. */
export function listedIds(sim: GongSimulator, clock: Clock): string[] {
  return sim.store
    .listed(clock.now())
    .map((call) => call.id)
    .toSorted();
}
