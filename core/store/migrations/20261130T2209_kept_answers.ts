import { type Kysely, sql } from "kysely";

/**
 * Answers that are kept for those who look at them, and which facts were touched since: a line for each statement that wrote any. Only what such a
 * line can have changed is computed anew.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

/** Every table that KPIs are computed from. */
const COUNTED = [
  "workspace",
  "exchange_rates",
  "reps",
  "teams",
  "team_memberships",
  "people",
  "companies",
  "lead_statuses",
  "labels",
  "pipelines",
  "stages",
  "deals",
  "deal_changes",
  "activities",
  "tickets",
  "conversations",
  "campaigns",
  "web_traffic",
  "spend",
  "goals",
];

const STATEMENTS = [
  `create table kept_answers (
    key text primary key,
    query jsonb not null,
    is_watched boolean not null default false,
    is_due boolean not null default true,
    answer json,
    day date,
    holds_until timestamptz,
    computed_at timestamptz,
    asked_at timestamptz not null,
    failure text
  )`,
  `create index kept_answers_due on kept_answers (is_watched desc, key) where is_due`,
  `comment on table kept_answers is 'What screens, feeds and destinations show: computed when what they count was touched, by the measuring job'`,
  `comment on column kept_answers.day is 'The workspace''s day on which it was computed: on the next it is another'`,
  `comment on column kept_answers.holds_until is 'When a fact that is dated ahead begins to count'`,
  `comment on column kept_answers.failure is 'Why it could not be computed the last time; the answer is the one before'`,
  `create table fact_touches (
    id bigint generated always as identity primary key,
    fact text not null,
    at timestamptz not null default now()
  )`,
  `comment on table fact_touches is 'Tables of facts that were written since the measuring job last looked'`,
  `create function touch_fact() returns trigger language plpgsql as $$
    begin
      insert into tributary.fact_touches (fact) values (tg_table_name);
      return null;
    end $$`,
  `create function touch_changed_fact() returns trigger language plpgsql as $$
    begin
      if exists (select from changed) then
        insert into tributary.fact_touches (fact) values (tg_table_name);
      end if;
      return null;
    end $$`,
  ...COUNTED.flatMap((table) => [
    `create trigger touched_by_insert after insert on ${table} for each statement execute function touch_fact()`,
    `create trigger touched_by_update after update on ${table} referencing old table as changed
      for each statement execute function touch_changed_fact()`,
    `create trigger touched_by_delete after delete on ${table} referencing old table as changed
      for each statement execute function touch_changed_fact()`,
  ]),
];
