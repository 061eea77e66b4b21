import type { Clock } from "../../core/base/clock.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { NO_FILES } from "../../core/connector/files.ts";
import type { CredentialSource, Page } from "../../core/connector/define.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { unlimited } from "../../core/connector/limits.ts";
import { createMailchimpClient, type MailchimpClient } from "../../connectors/mailchimp/client.ts";
import { mailchimp } from "../../connectors/mailchimp/index.ts";
import { type MailchimpSettings, mailchimpSettings } from "../../connectors/mailchimp/settings.ts";
import {
  type MailchimpSimulator,
  type MailchimpSimulatorOptions,
  startMailchimpSimulator,
} from "../../connectors/mailchimp/simulator/index.ts";
import type { CompanyData } from "../../connectors/_simulator/company/model.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { readPages } from "../support/pages.ts";

/** A clock that stands until it is moved. */
export type StillClock = Clock & { time: Date };

/** The account of a small company, four months old on 2 March 2026, noon. */
export async function smallAccount(
  options: Partial<MailchimpSimulatorOptions> & { readonly scale?: number } = {},
): Promise<{ sim: MailchimpSimulator; clock: StillClock }> {
  const clock: StillClock = { time: new Date("2026-03-02T12:00:00Z"), now: () => clock.time };
  const company = companyOf(options.scale ?? 0.4, clock.time);
  return { sim: await startMailchimpSimulator({ company, clock, ...options }), clock };
}

const companies = new Map<number, CompanyData>();

/** Nobody changes it: each account makes its own rows of it. */
function companyOf(scale: number, now: Date): CompanyData {
  const company = companies.get(scale) ?? createCompany({ seed: 5, now, months: 4, scale });
  companies.set(scale, company);
  return company;
}

export type Caller = {
  readonly clock: Clock;
  readonly settings?: JsonObject;
  readonly credentials?: JsonObject;
  readonly allowPrivateNetworks?: boolean;
};

export function connect(
  sim: Pick<MailchimpSimulator, "baseUrl" | "loginUrl" | "apiKey">,
  caller: Caller,
): { readonly client: MailchimpClient; readonly settings: MailchimpSettings } {
  const settings = mailchimpSettings.parse({ base_url: sim.baseUrl, login_url: sim.loginUrl, ...caller.settings });
  const { clock, allowPrivateNetworks = true } = caller;
  const credentials: CredentialSource = {
    current: () => Promise.resolve(caller.credentials ?? { api_key: sim.apiKey }),
    refresh: (stale) => Promise.resolve(stale),
  };
  const { signal } = new AbortController();
  const http = createHttpFactory({ credentials, limiter: unlimited, clock, signal, allowPrivateNetworks: true });
  const context = { settings, credentials, http, files: NO_FILES, allowPrivateNetworks, clock, signal };
  return { client: createMailchimpClient(context), settings };
}

/** What a pull gave, by the simplest rule there is: the last version holds, and gone is gone. */
export type Pulled = {
  readonly records: Map<string, JsonObject>;
  readonly pages: Page[];
  readonly logs: string[];
  checkpoint: Json;
};

export async function pull(
  sim: MailchimpSimulator,
  stream: string,
  options: Caller & { readonly into?: Pulled; readonly since?: Date; readonly maxPages?: number },
): Promise<Pulled> {
  const pulled = options.into ?? { records: new Map<string, JsonObject>(), pages: [], logs: [], checkpoint: null };
  const { client, settings } = connect(sim, options);
  const declared = mailchimp.streams[stream];
  if (declared === undefined) throw new RangeError(`no stream ${stream}`);
  await readPages(declared, { client, settings, clock: options.clock }, pulled, options, (page) => {
    // Each is an object: the client has seen to it.
    for (const record of page.records) pulled.records.set(declared.externalId(record), record as JsonObject);
  });
  return pulled;
}

/** What was asked since a place in the log: `GET /3.0/lists`. */
export function asked(sim: MailchimpSimulator, from = 0): readonly string[] {
  return sim.log.slice(from).map(({ method, path }) => `${method} ${path}`);
}
