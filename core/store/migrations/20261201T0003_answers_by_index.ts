import { type Kysely, sql } from "kysely";

const STATEMENTS = [
  // ── what KPIs look for ───────────────────────────────────────────────────────────────────────────────────────────
  // Few changes move the expected close; a deal's pushes are found without reading its history.
  `create index deal_changes_of_expected on deal_changes (deal_id, held_from) where 'expected_close_on' = any(changed)`,
  // In order of time, so that the first and the last touch are the ends of a range.
  `drop index activities_by_company`,
  `create index activities_by_company on activities (company_id, occurred_at) where company_id is not null`,
  `drop index activities_by_attributed_deal`,
  `create index activities_by_attributed_deal on activities (attributed_deal_id, occurred_at) where attributed_deal_id is not null`,
  `create index people_leads on people (lead_created_at) where lead_created_at is not null`,
  `create index companies_leads on companies (lead_created_at) where lead_created_at is not null`,

  // ── the past is found as fast as the present ─────────────────────────────────────────────────────────────────────
  `create or replace function follow_past() returns void language plpgsql as $$
    declare
      kept text;
      added record;
      columns text;
    begin
      create schema if not exists tributary_past;
      create schema if not exists tributary_asof;
      for kept in
        select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where t.tgname = 'keep_past' and c.relnamespace = 'tributary'::regnamespace
      loop
        execute format('create table if not exists tributary_past.%I (landed_to timestamptz not null)', kept);
        execute format('create index if not exists %I on tributary_past.%I (landed_to)', kept || '_by_landing', kept);
        for added in
          select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
          where a.attrelid = format('tributary.%I', kept)::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
        loop
          execute format('alter table tributary_past.%I add column if not exists %I %s', kept, added.name, added.type);
        end loop;
        -- The indexes by which a question finds rows, but for those by which only the writing of facts does.
        for added in
          select i.relname as name, pg_get_indexdef(x.indexrelid) as definition
          from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
          where x.indrelid = format('tributary.%I', kept)::regclass and m.amname = 'btree' and i.relname not like '%\\_by\\_record'
            and to_regclass(format('tributary_past.%I', i.relname)) is null
        loop
          execute regexp_replace(added.definition, '^CREATE (UNIQUE )?INDEX (.*) ON tributary\\.', 'CREATE INDEX \\2 ON tributary_past.');
        end loop;
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns from pg_attribute a
        where a.attrelid = format('tributary.%I', kept)::regclass and a.attnum > 0 and not a.attisdropped;
        execute format('drop view if exists tributary_asof.%I', kept);
        -- The setting is read once for a query, not for each row.
        execute format(
          'create view tributary_asof.%1$I as
            select %2$s from tributary.%1$I where landed_from <= (select current_setting(''tributary.as_of'')::timestamptz)
            union all
            select %2$s from tributary_past.%1$I where landed_from <= (select current_setting(''tributary.as_of'')::timestamptz)
              and landed_to > (select current_setting(''tributary.as_of'')::timestamptz)', kept, columns);
      end loop;
    end $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
