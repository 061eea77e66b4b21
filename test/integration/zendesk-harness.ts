import { zendesk } from "../../connectors/zendesk/index.ts";
import type { ZendeskClient } from "../../connectors/zendesk/client.ts";
import * as objects from "../../connectors/zendesk/simulator/objects.ts";
import {
  startZendeskSimulator,
  type ZendeskSimulator,
  type ZendeskSimulatorOptions,
} from "../../connectors/zendesk/simulator/index.ts";
import type { Row } from "../../connectors/zendesk/simulator/store.ts";
import type { Clock } from "../../core/base/clock.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { NO_FILES } from "../../core/connector/files.ts";
import type { CredentialSource, Page } from "../../core/connector/define.ts";
import { createHttpFactory } from "../../core/connector/http-client.ts";
import { unlimited, type Limiter } from "../../core/connector/limits.ts";
import type { Fact } from "../../core/schema/facts.ts";
import { readPages } from "../support/pages.ts";

/** A clock that stands until it is moved. */
export type StillClock = Clock & { time: Date };

export const REQUESTER = 6_128_164_851_601;
export const AGENT = 360_786_799_701;
export const ORGANIZATION = 360_033_549_301;

/** An account with one customer and one agent at 18 November 2026, noon, without rate limits. */
export async function smallAccount(
  options: Partial<ZendeskSimulatorOptions> = {},
): Promise<{ sim: ZendeskSimulator; clock: StillClock }> {
  const clock: StillClock = { time: new Date("2026-11-18T12:00:00Z"), now: () => clock.time };
  const sim = await startZendeskSimulator({ company: null, clock, limits: "off", ...options });
  const at = new Date("2026-11-01T00:00:00Z");
  const dated = { createdAt: at, updatedAt: at, timeZone: "Europe/Copenhagen", externalId: null };
  const dana = { id: REQUESTER, name: "Dana Reyes", email: "dana.reyes@northwind.example", phone: "+12025550111" };
  const priya = { id: AGENT, name: "Priya Nair", email: "priya.nair@acme.example", phone: null };
  const company = { id: ORGANIZATION, name: "Northwind", domain: "northwind.example", externalId: "crm-8842" };
  sim.store.put("organization", objects.organization(sim.origin, { ...company, createdAt: at, updatedAt: at }), at);
  sim.store.put(
    "user",
    objects.user(sim.origin, { ...dated, ...dana, role: "end-user", organizationId: ORGANIZATION }),
    at,
  );
  sim.store.put("user", objects.user(sim.origin, { ...dated, ...priya, role: "admin", organizationId: null }), at);
  return { sim, clock };
}

/** A ticket of Dana's that Priya has; opened at the given time. */
export function addTicket(
  sim: ZendeskSimulator,
  id: number,
  createdAt: Date,
  fields: Partial<objects.TicketOf> = {},
): void {
  const of: objects.TicketOf = {
    id,
    subject: `Ticket ${id}`,
    description: "Can we add 40 seats?",
    status: "open",
    priority: "high",
    requesterId: REQUESTER,
    assigneeId: AGENT,
    organizationId: ORGANIZATION,
    groupId: null,
    via: { channel: "email", source: { from: {}, to: {}, rel: null } },
    firstReplyAt: null,
    solvedAt: null,
    reopens: 0,
    replies: 0,
    createdAt,
    updatedAt: createdAt,
    ...fields,
  };
  sim.store.put("ticket", objects.ticket(sim.origin, of), of.updatedAt);
}

/** Something said in a ticket. */
export function say(
  sim: ZendeskSimulator,
  ticketId: number,
  authorId: number,
  at: Date,
  further: Partial<objects.EventOf> = {},
): void {
  const said = { seed: `${ticketId} ${at.toISOString()}`, ticketId, authorId, at, channel: "web", comment: "words" };
  sim.store.put("event", objects.event({ ...said, ...further }), at);
}

/** A call of Dana's about a ticket that Priya took, of six minutes, and the export knows it from its end on. */
export function addCall(sim: ZendeskSimulator, ticketId: number, at: Date): Row {
  const between = { direction: "inbound", agentId: AGENT, customerId: REQUESTER, ticketId } as const;
  const call = objects.call({ id: 72_105_504_701, at, ...between, talkS: 341, waitS: 19 });
  sim.store.put("call", call, new Date(String(call["updated_at"])));
  return call;
}

export type Caller = {
  readonly clock: Clock;
  readonly credentials?: JsonObject | CredentialSource;
  readonly settings?: JsonObject;
  readonly limiter?: Limiter;
};

export function connect(sim: ZendeskSimulator, caller: Caller): { client: ZendeskClient; settings: unknown } {
  const settings = zendesk.settings.parse({ subdomain: sim.subdomain, base_url: sim.origin, ...caller.settings });
  const credentials = sourceOf(caller.credentials ?? { access_token: sim.accessToken() });
  const { signal } = new AbortController();
  const { clock, limiter = unlimited } = caller;
  const http = createHttpFactory({ credentials, limiter, clock, signal, allowPrivateNetworks: true });
  const context = { settings, credentials, http, files: NO_FILES, clock, signal, allowPrivateNetworks: true };
  // What this connector makes is its own client.
  return { client: zendesk.createClient(context) as ZendeskClient, settings };
}

function sourceOf(credentials: JsonObject | CredentialSource): CredentialSource {
  if (typeof credentials["current"] === "function") return credentials as CredentialSource;
  const fixed = credentials as JsonObject;
  return { current: () => Promise.resolve(fixed), refresh: (stale) => Promise.resolve(stale) };
}

/** What a pull gave, landed by the simplest rule there is: the newest version by source time holds, and gone is gone. */
export type Pulled = {
  readonly records: Map<string, Json>;
  readonly deleted: Set<string>;
  readonly pages: Page[];
  readonly logs: string[];
  checkpoint: Json;
};

export type PullOptions = Caller & {
  /** Goes on from what was pulled before. */
  readonly into?: Pulled;
  readonly checkpoint?: Json;
  readonly since?: Date;
  /** Stops after so many pages, as a kill would. */
  readonly maxPages?: number;
};

export async function pull(sim: ZendeskSimulator, stream: string, options: PullOptions): Promise<Pulled> {
  const pulled: Pulled = options.into ?? {
    records: new Map(),
    deleted: new Set(),
    pages: [],
    logs: [],
    checkpoint: options.checkpoint ?? null,
  };
  const { client, settings } = connect(sim, options);
  const declared = streamOf(stream);
  await readPages(declared, { client, settings, clock: options.clock }, pulled, options, (page) => {
    for (const record of page.records) pulled.records.set(declared.externalId(record), record);
    for (const one of page.deleted ?? []) pulled.deleted.add(typeof one === "string" ? one : one.id);
  });
  return pulled;
}

export function streamOf(stream: string): (typeof zendesk.streams)[string] {
  const found = zendesk.streams[stream];
  if (found === undefined) throw new RangeError(`no stream ${stream}`);
  return found;
}

/** Ids that are there, sorted. */
export function ids(pulled: Pulled): string[] {
  return [...pulled.records.keys()].filter((id) => !pulled.deleted.has(id)).toSorted();
}

export function factsOf(stream: string, record: Json): readonly Fact[] {
  const { externalId, normalise } = streamOf(stream);
  const settings = zendesk.settings.parse({ subdomain: "acme" });
  const context = { connectionId: "c", stream, externalId: externalId(record), settings };
  return normalise(record, { ...context, timeZone: "UTC", currency: "USD" }).facts;
}
