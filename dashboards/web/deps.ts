import type { Router } from "express";
import type { Clock } from "../../core/base/clock.ts";
import type { Log } from "../../core/base/log.ts";
import type { AnyConnector, InboundRequest } from "../../core/connector/define.ts";
import type { Acceptance } from "../../core/land/inbound.ts";
import type { Secrets } from "../../core/secrets/index.ts";
import type { SetupDeps } from "../../core/setup/verb.ts";
import type { Store } from "../../core/store/db.ts";
import type { ConsoleBuild } from "../console/build.ts";

/** Everything the server needs. Nothing here is read from the environment, and no queue or vendor is named. */
export type ServerDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly connectors: readonly AnyConnector[];
  /** What the verbs of core/setup need: what people change goes through those alone. */
  readonly setup: SetupDeps;
  /**
   * Takes in what a vendor's webhook delivered: verifies it, keeps it and asks for its processing.
   *
   * @returns `duplicate` when the same delivery is already there; `unsupported` when the connector has no webhook; with an `answer` where the
   * sender is told of each record.
   * @throws TributaryError kind `auth` when the signature does not hold.
   */
  readonly acceptInbound: (connectionId: string, request: InboundRequest) => Promise<Acceptance>;
  readonly options: ServerOptions;
  readonly secrets: Secrets;
  /** The console's application, as it stands now. */
  readonly consoleBuild: () => ConsoleBuild;
  /** Routers of other parts, mounted behind this server's access rules. Absent ones are not mounted. */
  readonly routers: {
    /** At `/queues`, for admins. */
    readonly queues?: Router;
  };
  readonly health: Health;
  /** When each connection's next stream is due by its schedule; connections without one are not in it. */
  readonly nextPulls: () => Promise<ReadonlyMap<string, Date>>;
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
  /** How many requests a key or an app may make in a minute; null: as many as it likes. */
  readonly requestsPerMinute: number | null;
  /** How long `close` waits for requests that are under way. */
  readonly closeGraceMs: number;
};

export type Health = {
  /** Rejects when the queue cannot be reached. */
  readonly queue: () => Promise<void>;
  /** Whether the database has this version's schema. */
  readonly isMigrated: () => Promise<boolean>;
  /** What processes of the hub are there for, this one's own roles included: `worker`, `scheduler`. */
  readonly rolesAlive: () => Promise<ReadonlySet<string>>;
  /** Jobs by queue and state: `{ pull: { waiting: 3, active: 1 } }`. */
  readonly queueDepths: () => Promise<{ readonly [queue: string]: { readonly [state: string]: number } }>;
};
