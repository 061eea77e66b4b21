import { type Kysely, sql } from "kysely";

/** Where leads stand, with the time, and how a workspace counts working time, leads that are reached in time, and cold ones. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const statements = [
    `create table lead_statuses (
      lead_id uuid not null,
      key text not null,
      connection_id text not null references connections (id) on delete cascade,
      record_id uuid not null,
      kind text not null check (kind in ('snapshot', 'change')),
      at timestamptz not null,
      is_day boolean not null,
      known_at timestamptz not null,
      seq bigint not null,
      before text,
      status text,
      primary key (lead_id, key)
    )`,
    `create index lead_statuses_by_record on lead_statuses (record_id)`,
    `create index lead_statuses_by_connection on lead_statuses (connection_id)`,
    `alter table workspace add column holidays date[] not null default '{}'`,
    `alter table workspace add column timely_contact_minutes integer not null default 60`,
    `alter table workspace add column cold_after_days integer not null default 30`,
    `alter table workspace add column landmark_days integer not null default 7`,
    `alter table workspace add column fiscal_year_start smallint not null default 1 check (fiscal_year_start between 1 and 12)`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
