import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from "kysely";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Day } from "../../base/time.ts";
import type { Measured } from "../canonical.ts";
import type { JsonColumn } from "./columns.ts";

/** What people set up, and who they are. */

export type WorkspaceTable = {
  id: Generated<number>;
  name: Generated<string>;
  time_zone: Generated<string>;
  /** ISO weekday: 1 is Monday. */
  week_start: Generated<number>;
  currency: Generated<string>;
  locale: Generated<string>;
  business_hours: JSONColumnType<object>;
  /** Days on which nobody works. */
  holidays: Generated<Day[]>;
  /** A lead is reached in time within so many working minutes. */
  timely_contact_minutes: Generated<number>;
  /** A lead or a deal is cold after so many days without a touch. */
  cold_after_days: Generated<number>;
  /** A stage's touches are counted over so many days from its beginning. */
  landmark_days: Generated<number>;
  /** The month that a fiscal year starts with: 1 is January. */
  fiscal_year_start: Generated<number>;
};

export const CONNECTION_STATES = ["active", "paused", "needs_auth", "ended"] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** At most one row, as long as nobody may sign in. */
export type FirstAdminCodeTable = {
  is_only: Generated<boolean>;
  /** Sealed; see core/secrets. */
  code: string;
  created_at: Generated<Date>;
};

/** Files that came by API or console, named `upload:{name}` in settings. */
export type UploadsTable = {
  name: string;
  /** Bytes. */
  size: number;
  sha256: string;
  content: Buffer;
  created_by: string;
  created_at: Generated<Date>;
};

export type ConnectionsTable = {
  id: string;
  connector: string;
  title: string;
  settings: JsonColumn<JsonObject>;
  /** Sealed; see core/secrets. */
  credentials: string | null;
  state: Generated<ConnectionState>;
  state_code: string | null;
  state_reason: string | null;
  account_id: string | null;
  account_name: string | null;
  /** The last part of `/in/{connection}/{token}`. */
  inbound_token: string;
  /** Sealed: what the vendor signs its webhooks with. */
  inbound_secret: string | null;
  schedule: ColumnType<Schedule | null, string | null, string | null>;
  /** Null: every stream of the connector. */
  streams: string[] | null;
  backfill_from: Day | null;
  /** The folder of the config file that declared the files in the settings: they may lie below it. */
  files_from: string | null;
  /** What its connector says of it by its settings; null: it was set up before that was kept, and no hub has started since. */
  declared: ColumnType<Declared | null, string | null, string | null>;
  /** Changes that happened before this are history: they raise no events. */
  live_from: Generated<Date>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
};

/** How often a connection is pulled where it does not say so itself, and what numbers each of its active streams is counted in. */
export type Declared = { readonly everyS: number; readonly gives: { readonly [stream: string]: readonly Measured[] } };

/** When a connection is pulled: every so many seconds, or by a cron expression in the workspace's time zone. */
export type Schedule = { readonly everyS: number } | { readonly cron: string };

export type UsersTable = {
  id: Generated<string>;
  email: string;
  /** Null: signs in at a provider alone. */
  password_hash: string | null;
  role: "admin" | "viewer";
  created_at: Generated<Date>;
};

export type ApiKeysTable = {
  id: Generated<string>;
  name: string;
  key_hash: Buffer;
  prefix: string;
  scopes: string[];
  created_at: Generated<Date>;
  last_used_at: Date | null;
  revoked_at: Date | null;
};

/** An app that acts for people by OAuth 2. */
export type OauthAppsTable = {
  id: string;
  name: string;
  /** Null: a public client, which cannot keep one. */
  secret_hash: Buffer | null;
  redirect_uris: string[];
  scopes: string[];
  created_by: string;
  created_at: Generated<Date>;
};

/** What somebody has allowed an app. */
export type OauthGrantsTable = {
  id: string;
  app_id: string;
  user_id: string;
  scopes: string[];
  payload: JSONColumnType<JsonObject>;
  created_at: Generated<Date>;
  last_used_at: Date | null;
};

/** Codes, tokens and sign-ins under way, by the SHA-256 of what their bearer shows. */
export type OauthRecordsTable = {
  model: string;
  id_hash: Buffer;
  grant_id: string | null;
  payload: JSONColumnType<JsonObject>;
  expires_at: Date;
  consumed_at: Date | null;
};

export type IdempotencyKeysTable = {
  caller: string;
  key: string;
  request_hash: Buffer;
  status: number | null;
  response: ColumnType<Json, string | null, string | null>;
  created_at: Generated<Date>;
};

export type AuditLogTable = {
  id: GeneratedAlways<number>;
  at: Generated<Date>;
  actor: string;
  action: string;
  target: string;
  details: JSONColumnType<JsonObject>;
};
