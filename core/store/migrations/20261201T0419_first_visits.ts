import { type Kysely, sql } from "kysely";

/**
 * What a closing's deal had been through, and whether an entry is the first: a question finds it in the row instead of going through all entries of
 * all deals. And the rows that most questions begin with lie in their indexes whole.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...STATEMENTS, ...FILL]) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `alter table deal_closings add column been_in uuid[] not null default '{}'`,
  `alter table deal_closings alter column been_in drop default`,
  `comment on column deal_closings.been_in is 'The pipeline''s own stages that it had been in by then, in the order of its first entries'`,
  `alter table deal_entries add column entered_before timestamptz`,
  `comment on column deal_entries.entered_before is 'When it entered the stage, or moved over it, the time before; null: never'`,

  `drop index deal_changes_open`,
  `create index deal_changes_standing on deal_changes (held_to, held_from)
    include (deal_id, rep_id, pipeline_id, stage_id, probability, annual_minor, currency, expected_close_on, landed_from) where status = 'open'`,
  `drop index deal_stays_by_end`,
  `create index deal_stays_ended on deal_stays (ended_at) include (deal_id, started_at, stage_id, pipeline_id, started_is_day, ended_is_day, landed_from)`,
  `create index deals_counting on deals (id) include (merged_into, deleted_at, landed_from)`,
];

/** What is stored already, with the past of it: each row by what was known when it was. */
const FILL = [
  `select set_config('tributary.landing', '-infinity', true)`,
  `update deal_closings c set been_in = coalesce((
    select array_agg(e.stage_id order by e.ordinal) from (
      select distinct on (e.stage_id) e.stage_id, e.ordinal from deal_entries e
      where e.deal_id = c.deal_id and not e.is_skipped and e.at < c.held_to order by e.stage_id, e.ordinal) e), '{}')`,
  `update deal_entries e set entered_before = (
    select max(b.at) from deal_entries b where b.deal_id = e.deal_id and b.stage_id = e.stage_id and b.ordinal < e.ordinal)
    where exists (select from deal_entries b where b.deal_id = e.deal_id and b.stage_id = e.stage_id and b.ordinal < e.ordinal)`,
  `select set_config('tributary.landing', '', true)`,
  `do $$
    declare
      -- The entries that were known when a row was, which is gone since.
      then_known constant text := '(
        select e.deal_id, e.stage_id, e.ordinal, e.at, e.is_skipped, e.landed_from, ''infinity''::timestamptz as landed_to from tributary.deal_entries e
        union all
        select e.deal_id, e.stage_id, e.ordinal, e.at, e.is_skipped, e.landed_from, e.landed_to from tributary_past.deal_entries e)';
    begin
      -- A database that is made anew has no past yet.
      if to_regclass('tributary_past.deal_closings') is null then
        return;
      end if;
      drop index if exists tributary_past.deal_changes_open, tributary_past.deal_stays_by_end;
      alter table tributary_past.deal_closings add column if not exists been_in uuid[];
      alter table tributary_past.deal_entries add column if not exists entered_before timestamptz;
      execute format('update tributary_past.deal_closings c set been_in = coalesce((
        select array_agg(e.stage_id order by e.ordinal) from (
          select distinct on (e.stage_id) e.stage_id, e.ordinal from %s e
          where e.deal_id = c.deal_id and not e.is_skipped and e.at < c.held_to and e.landed_from <= c.landed_from and e.landed_to > c.landed_from
          order by e.stage_id, e.ordinal) e), ''{}'')', then_known);
      execute format('update tributary_past.deal_entries o set entered_before = (
        select max(e.at) from %s e
        where e.deal_id = o.deal_id and e.stage_id = o.stage_id and e.ordinal < o.ordinal and e.landed_from <= o.landed_from and e.landed_to > o.landed_from)',
        then_known);
    end $$`,
];
