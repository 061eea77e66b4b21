import type { DatabaseTarget } from "../core/store/db.ts";
import type { RunKind, RunTrigger } from "../core/schema/tables.ts";

/** The only place where a queue is named. Jobs carry ids, never payloads. */
export const QUEUE_NAMES = ["pull", "normalise", "measure", "deliver", "housekeeping"] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** Pull one stream of one connection (or, for kind `inbound`, take in what its webhook has delivered). */
export type PullJob = {
  readonly connectionId: string;
  readonly stream: string;
  readonly kind: Extract<RunKind, "pull" | "full" | "inbound">;
  readonly trigger: RunTrigger;
  /** ISO instant; only for a backfill that overrides the connection's own. */
  readonly since: string | null;
};

/** Make facts of what landed and was not normalised yet; with `fromStart`, of everything (a replay). */
export type NormaliseJob = { readonly connectionId: string; readonly stream: string; readonly fromStart: boolean };

/** Compute the watched KPIs and store what changed. */
export type MeasureJob = { readonly reason: "facts" | "schedule" };

/** Hand new outbox events out to endpoints, send what is due to one endpoint, or push to one destination. */
export type DeliverJob =
  | { readonly kind: "dispatch" }
  | { readonly kind: "endpoint"; readonly endpointId: string }
  | { readonly kind: "push"; readonly destination: string };

export type HousekeepingJob = { readonly task: "expire" };

export type JobPayloads = {
  readonly pull: PullJob;
  readonly normalise: NormaliseJob;
  readonly measure: MeasureJob;
  readonly deliver: DeliverJob;
  readonly housekeeping: HousekeepingJob;
};

/** Where the queues live. A schema or a prefix keeps apart what shares a server. */
export type QueueBackend =
  | { readonly kind: "postgres"; readonly target: DatabaseTarget; readonly schema: string }
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string };
