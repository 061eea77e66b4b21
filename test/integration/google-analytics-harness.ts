import type { Clock } from "../../core/base/clock.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { NO_FILES } from "../../core/connector/files.ts";
import type { Page } from "../../core/connector/define.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { type Limiter, unlimited } from "../../core/connector/limits.ts";
import type { AnalyticsClient } from "../../connectors/google-analytics/client.ts";
import { googleAnalytics } from "../../connectors/google-analytics/index.ts";
import {
  startGoogleAnalyticsSimulator,
  type AnalyticsSimulator,
} from "../../connectors/google-analytics/simulator/index.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { readPages } from "../support/pages.ts";

/** A clock that stands until it is moved. */
export type StillClock = Clock & { time: Date };

const NOW = new Date("2026-11-24T14:00:00Z");
const company = createCompany({ seed: 3, now: NOW, months: 4, scale: 0.01 });

/** The site of a small company, four months old, whose zone is New York, at 24 November 2026, 9:00 there. */
export async function smallSite(): Promise<{ readonly sim: AnalyticsSimulator; readonly clock: StillClock }> {
  const clock = { time: NOW, now: () => clock.time };
  return { sim: await startGoogleAnalyticsSimulator({ company, clock }), clock };
}

export type CallerOptions = {
  readonly clock: Clock;
  readonly settings?: JsonObject;
  readonly credentials?: JsonObject;
  readonly limiter?: Limiter;
  readonly allowPrivateNetworks?: boolean;
};

/** The connector's client at an address, without a hub around it. */
export function connect(
  at: Pick<AnalyticsSimulator, "settings" | "credentials">,
  options: CallerOptions,
): { readonly client: AnalyticsClient; readonly settings: unknown } {
  const { clock, limiter = unlimited, allowPrivateNetworks = true } = options;
  const settings = googleAnalytics.settings.parse({ ...at.settings, ...options.settings });
  const held: JsonObject = options.credentials ?? at.credentials;
  const credentials = { current: () => Promise.resolve(held), refresh: (stale: JsonObject) => Promise.resolve(stale) };
  const { signal } = new AbortController();
  const http = createHttpFactory({ credentials, limiter, clock, signal, allowPrivateNetworks });
  const client = googleAnalytics.createClient({
    settings,
    credentials,
    http,
    files: NO_FILES,
    allowPrivateNetworks,
    clock,
    signal,
  });
  // The list of connectors forgets their clients' types.
  return { client: client as AnalyticsClient, settings };
}

/** What pulls gave, landed by the simplest rule there is: what came last holds. */
export type Pulled = {
  readonly records: Map<string, JsonObject>;
  readonly pages: Page[];
  readonly logs: string[];
  checkpoint: Json;
};

export function nothingPulled(): Pulled {
  return { records: new Map(), pages: [], logs: [], checkpoint: null };
}

export type PullOptions = CallerOptions & {
  /** Goes on from what was pulled before. */
  readonly into?: Pulled;
  readonly since?: Date;
  /** Stops after so many pages, as a kill would. */
  readonly maxPages?: number;
};

export async function pull(sim: AnalyticsSimulator, stream: string, options: PullOptions): Promise<Pulled> {
  const pulled = options.into ?? nothingPulled();
  const { client, settings } = connect(sim, options);
  const declared = googleAnalytics.streams[stream];
  if (declared === undefined) throw new RangeError(`no stream ${stream}`);
  await readPages(declared, { client, settings, clock: options.clock }, pulled, options, (page) => {
    for (const record of page.records) pulled.records.set(declared.externalId(record), record as JsonObject);
  });
  return pulled;
}

export type Row = { readonly dimensions: readonly string[]; readonly metrics: readonly string[] };

export function rowsOf(pulled: Pulled, date: string): readonly Row[] {
  const record = pulled.records.get(date);
  if (record === undefined) throw new RangeError(`no ${date}`);
  return record["rows"] as unknown as readonly Row[];
}

/** The bodies of the reports that were asked for. */
export function asked(sim: AnalyticsSimulator): readonly { readonly [field: string]: unknown }[] {
  return sim.reports.map(({ body }) => JSON.parse(body) as { readonly [field: string]: unknown });
}
