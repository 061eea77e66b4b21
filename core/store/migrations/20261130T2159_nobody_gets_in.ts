import { type Kysely, sql } from "kysely";

/** Which files a connection may read, files that were uploaded, slowed sign-ins that shut nobody out, and the code of the first admin. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const statements = [
    `alter table connections add column files_from text`,
    `create table uploads (
      name text primary key,
      size integer not null,
      sha256 text not null,
      content bytea not null,
      created_by text not null,
      created_at timestamptz not null default now()
    )`,
    // Files are compressed already, or read whole: squeezing them again would only take time.
    `alter table uploads alter column content set storage external`,
    `create table sign_in_attempts (
      subject text primary key,
      failures integer not null,
      failed_at timestamptz not null,
      free_at timestamptz not null
    )`,
    `create table known_devices (
      token_hash bytea primary key,
      user_id uuid not null references users (id) on delete cascade,
      used_at timestamptz not null
    )`,
    `create index known_devices_by_user on known_devices (user_id)`,
    `create table first_admin_code (
      is_only boolean primary key default true check (is_only),
      code text not null,
      created_at timestamptz not null default now()
    )`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
