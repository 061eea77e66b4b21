import type { Router } from "express";
import type { Clock } from "../../core/base/clock.ts";
import type { JsonObject } from "../../core/base/json.ts";
import type { Log } from "../../core/base/log.ts";
import type { Day } from "../../core/base/time.ts";
import type { AnyConnector, CheckResult } from "../../core/connector/define.ts";
import type { Schedule } from "../../core/schema/tables.ts";
import type { Secrets } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import type { Metrics } from "../metrics.ts";

/** Everything the server needs. Nothing here is read from the environment, and no queue or vendor is named. */
export type ServerDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly connectors: readonly AnyConnector[];
  readonly actions: Actions;
  readonly options: ServerOptions;
  readonly secrets: Secrets;
  /** Routers of other parts, mounted behind this server's access rules. Absent ones are not mounted. */
  readonly routers: {
    /** At `/queues`, for admins. */
    readonly queues?: Router;
  };
  readonly health: Health;
  /** OAuth 2, where a connector signs in by it. */
  readonly oauth: OAuth | null;
};

export type ServerOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where people reach the server, when that differs from host and port: behind a proxy. */
  readonly publicUrl: string | null;
  /** How many proxies in front are ours; 0 takes no header's word for who calls. */
  readonly trustedProxies: number;
  /** Whether webhooks may go to addresses that are not on the internet. */
  readonly allowPrivateNetworks: boolean;
  /** How long `close` waits for requests that are under way. */
  readonly closeGraceMs: number;
};

export type Health = {
  /** Rejects when the queue cannot be reached. */
  readonly queue: () => Promise<void>;
  /** Whether the database has this version's schema. */
  readonly isMigrated: () => Promise<boolean>;
  /** Jobs by queue and state: `{ pull: { waiting: 3, active: 1 } }`. */
  readonly queueDepths: () => Promise<{ readonly [queue: string]: { readonly [state: string]: number } }>;
};

/** A connection as somebody wants it. `credentials` are kept when absent; an empty object takes them away. */
export type ConnectionInput = {
  readonly id: string;
  readonly connector: string;
  readonly title: string;
  readonly settings: JsonObject;
  readonly credentials?: JsonObject;
  readonly schedule: Schedule | null;
  readonly streams: readonly string[] | null;
  readonly backfillFrom: Day | null;
};

/** What the console and the API can set in motion. Each throws TributaryError. */
export type Actions = {
  /** Asks for a pull of one stream or all; returns at once. @returns the streams that were asked for. */
  requestSync(
    connectionId: string,
    options: { readonly stream: string | null; readonly full: boolean },
  ): Promise<readonly string[]>;
  /** Reaches the account. */
  testConnection(connectionId: string): Promise<CheckResult>;
  createConnection(input: ConnectionInput): Promise<void>;
  /** Replaces what is given; the connector of a connection never changes. */
  updateConnection(connectionId: string, changes: Partial<Omit<ConnectionInput, "id" | "connector">>): Promise<void>;
  /** Removes the account and everything that was pulled from it. */
  removeConnection(connectionId: string): Promise<void>;
  /** Asks for the KPIs to be measured anew; returns at once. */
  requestMeasure(): Promise<void>;
  pauseConnection(connectionId: string): Promise<void>;
  resumeConnection(connectionId: string): Promise<void>;
  /** Has the vendor call the hub when something changes, by the vendor's own interface. */
  subscribeWebhook(connectionId: string): Promise<void>;
  /** Keeps what the vendor signs its deliveries with. */
  keepWebhookSecret(connectionId: string, secret: string): Promise<void>;
  /**
   * Takes in what a vendor's webhook delivered: verifies it, keeps it and asks for its processing.
   *
   * @returns `duplicate` when the same delivery is already there; `unsupported` when the connector has no webhook.
   * @throws TributaryError kind `auth` when the signature does not hold.
   */
  acceptInbound(
    connectionId: string,
    request: { readonly headers: { readonly [name: string]: string }; readonly body: Buffer },
  ): Promise<"accepted" | "duplicate" | "unsupported">;
};

export type OAuth = {
  /** Where to send the person; `verifier` is the PKCE secret to give back in `finish`, null when the vendor offers no PKCE. */
  start(
    connectionId: string,
    request: { readonly redirectUri: string; readonly state: string },
  ): Promise<{ readonly url: string; readonly verifier: string | null }>;
  /** Trades the code for tokens and stores them. @throws TributaryError kind `auth` */
  finish(
    connectionId: string,
    answer: { readonly code: string; readonly redirectUri: string; readonly verifier: string | null },
  ): Promise<void>;
};
