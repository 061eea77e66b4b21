import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { JsonColumn } from "./columns.ts";

/** What is told outside, and how that went. */

export type OutboxTable = {
  id: GeneratedAlways<number>;
  event_id: string;
  type: string;
  /** Deliveries of one entity go out in order where the endpoint asks for it. */
  entity_key: string;
  payload: JsonColumn<JsonObject>;
  occurred_at: Date;
  created_at: Generated<Date>;
  dispatched_at: Date | null;
};

/** Who or what has paused a receiver: a person, its own failures (it is tried again by itself), or its word that it is gone. */
export const PAUSED_BY = ["person", "failures", "gone"] as const;
export type PausedBy = (typeof PAUSED_BY)[number];

/** What of its types a receiver wants; what says nothing lets everything through. Amounts in main units of the event's currency. */
export type EventFilters = {
  /** Of events about a deal: those of these pipelines, by name. */
  readonly pipelines?: readonly string[] | undefined;
  /** Of events about a deal: those of at least this value. */
  readonly min_amount?: number | undefined;
  /** Of events about a KPI: these KPIs alone. */
  readonly metrics?: readonly string[] | undefined;
  /** Of events about a KPI: when its value comes to this or more, from less. */
  readonly rises_to?: number | undefined;
  /** Of events about a KPI: when its value comes to this or less, from more. */
  readonly falls_to?: number | undefined;
  /** Of what rules tell: that of these rules, by id. */
  readonly rules?: readonly string[] | undefined;
  /** Of digests: these, by id. */
  readonly digests?: readonly string[] | undefined;
};

export type WebhookEndpointsTable = {
  id: Generated<string>;
  /** The key of the destination whose receiver it is: `webhooks`. */
  destination: string;
  /** What people know it by: a webhook's address. */
  name: string;
  /** As the destination declares them; secrets are sealed. */
  settings: JsonColumn<JsonObject>;
  event_types: string[];
  is_ordered: Generated<boolean>;
  /** Of what it is subscribed to, only what fits. */
  filters: ColumnType<EventFilters, string | undefined, string>;
  /** At most so many a second; null: as many as it takes. */
  per_second: number | null;
  /** Until when what it was sent has used that up. */
  paid_until: Date | null;
  state: Generated<"active" | "paused">;
  /** Null: not paused. */
  paused_by: PausedBy | null;
  state_reason: string | null;
  description: string | null;
  created_by: string;
  /** What it was subscribed under by an app, and ends with. */
  grant_id: string | null;
  failures_in_a_row: Generated<number>;
  /** Since when nothing has been taken; null: the last attempt succeeded, or there was none. */
  failing_since: Date | null;
  /** Nothing is sent before. */
  not_before: Date | null;
  created_at: Generated<Date>;
};

export type DeliveriesTable = {
  id: GeneratedAlways<number>;
  endpoint_id: string;
  outbox_id: number;
  state: Generated<"pending" | "delivered" | "failed">;
  attempts_made: Generated<number>;
  /** Attempts that count against its ten; those that asked whether a receiver is back do not. */
  tries_used: Generated<number>;
  next_attempt_at: Generated<Date>;
  /** Somebody sends it, or has died over it, until then. */
  leased_until: Date | null;
  delivered_at: Date | null;
  is_replay: Generated<boolean>;
};

export type AttemptsTable = {
  id: GeneratedAlways<number>;
  delivery_id: number;
  at: Generated<Date>;
  status_code: number | null;
  duration_ms: number;
  error: string | null;
  /** Bounded, and without secrets. */
  request: ColumnType<JsonObject | null, string | null, string | null>;
  response: ColumnType<JsonObject | null, string | null, string | null>;
};

export type DestinationStatesTable = {
  destination: string;
  state: JSONColumnType<JsonObject>;
  last_success_at: Date | null;
  last_error_code: string | null;
  last_error_message: string | null;
  updated_at: Generated<Date>;
};
