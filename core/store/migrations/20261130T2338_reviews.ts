import { type Kysely, sql } from "kysely";

/**
 * What a team agrees on beside its numbers: pipeline reviews with the actions that came of them, conclusions that are tested again, and what
 * rules have told of.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table reviews (
    id uuid primary key default gen_random_uuid(),
    period_from date not null,
    period_to date not null,
    due_at timestamptz unique,
    made_at timestamptz not null,
    made_by text not null,
    agenda json not null
  )`,
  `comment on column reviews.due_at is 'When it was due by the schedule: made once for each time. Null: made by hand'`,
  `create index reviews_by_time on reviews (made_at desc)`,
  `create table review_actions (
    id uuid primary key default gen_random_uuid(),
    review_id uuid references reviews (id) on delete set null,
    kind text not null,
    entity text check (entity in ('deal', 'lead')),
    subject_id uuid,
    rep_id uuid,
    text text not null,
    due_on date,
    note text,
    state text not null default 'open' check (state in ('open', 'done', 'dropped')),
    made_at timestamptz not null,
    made_by text not null,
    settled_at timestamptz,
    settled_by text,
    evidence text,
    check ((entity is null) = (subject_id is null)),
    check ((state = 'open') = (settled_at is null))
  )`,
  `comment on column review_actions.subject_id is 'The deal or lead that it is about'`,
  `comment on column review_actions.settled_by is 'Who ticked it; null: the data said so, and evidence says how'`,
  `create unique index review_actions_once on review_actions (kind, subject_id) where state = 'open' and subject_id is not null and kind <> 'other'`,
  `create index review_actions_by_time on review_actions (made_at desc, id desc)`,
  `create table review_picks (
    deal_id uuid primary key,
    rep_id uuid,
    note text,
    picked_at timestamptz not null,
    picked_by text not null
  )`,
  `comment on table review_picks is 'Deals that reps want to talk about at the coming review; those of past ones are in their agendas'`,
  `create table review_notes (
    id bigint generated always as identity primary key,
    review_id uuid references reviews (id) on delete cascade,
    deal_id uuid,
    text text not null,
    written_at timestamptz not null,
    written_by text not null
  )`,
  `create index review_notes_by_review on review_notes (review_id)`,
  `comment on column review_notes.review_id is 'Null: for the coming one'`,
  `create table conclusions (
    id uuid primary key default gen_random_uuid(),
    claim json not null,
    sentence text not null,
    result json not null,
    recorded_at timestamptz not null,
    recorded_by text not null,
    verdict text check (verdict in ('holds', 'weaker', 'no_longer_holds', 'not_enough_data')),
    tested_at timestamptz,
    changed_at timestamptz
  )`,
  `comment on column conclusions.verdict is 'Of the latest test on records after it was recorded; null: not tested yet'`,
  `create table conclusion_tests (
    conclusion_id uuid not null references conclusions (id) on delete cascade,
    tested_at timestamptz not null,
    verdict text not null,
    sentence text not null,
    result json not null,
    primary key (conclusion_id, tested_at)
  )`,
  `create table rule_states (
    rule text not null,
    subject text not null,
    definition text not null,
    is_met boolean not null,
    state json not null,
    since timestamptz not null,
    primary key (rule, subject)
  )`,
  `comment on table rule_states is 'On which side of its threshold each subject of a rule is: what was told of is not told of again'`,
  `comment on column rule_states.definition is 'What the rule said then: another rule begins anew'`,
];
