import { type Kysely, sql } from "kysely";

/**
 * Apps that act for people by OAuth 2: the apps, what each person has allowed an app, and what the app holds to prove it. Everything of an app ends
 * with it, everything that somebody allowed ends with their account, and what an app has subscribed ends with what it was allowed.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [
    `create table oauth_apps (
      id text primary key,
      name text not null,
      secret_hash bytea,
      redirect_uris text[] not null,
      scopes text[] not null,
      created_by text not null,
      created_at timestamptz not null default now()
    )`,
    `comment on column oauth_apps.secret_hash is 'Null: a public client, which cannot keep one and has PKCE alone'`,
    `create table oauth_grants (
      id text primary key,
      app_id text not null references oauth_apps on delete cascade,
      user_id uuid not null references users on delete cascade,
      scopes text[] not null,
      payload jsonb not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz
    )`,
    `create index oauth_grants_app on oauth_grants (app_id)`,
    `create index oauth_grants_user on oauth_grants (user_id)`,
    `create table oauth_records (
      model text not null,
      id_hash bytea not null,
      grant_id text references oauth_grants on delete cascade,
      payload jsonb not null,
      expires_at timestamptz not null,
      consumed_at timestamptz,
      primary key (model, id_hash)
    )`,
    `comment on table oauth_records is 'Codes, tokens and sign-ins under way, by the SHA-256 of what their bearer shows'`,
    `create index oauth_records_grant on oauth_records (grant_id)`,
    `create index oauth_records_expiry on oauth_records (expires_at)`,
    `alter table webhook_endpoints add column grant_id text references oauth_grants on delete cascade`,
    `create index webhook_endpoints_grant on webhook_endpoints (grant_id) where grant_id is not null`,
  ])
    await sql.raw(statement).execute(db);
}
