import { type Kysely, sql } from "kysely";

const STATEMENTS = [
  // The instant that a question is as of. It is called immutable although it reads a setting, which does not change while a query is planned and runs:
  // so the planner puts the instant itself in its place, and knows how many rows had landed by then. A statement over the views of
  // tributary_asof must not be prepared for later.
  `create function as_of() returns timestamptz language sql immutable parallel safe return current_setting('tributary.as_of')::timestamptz`,
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
        -- One part below the condition, so that PostgreSQL looks into present and past by their indexes, from whichever table it comes.
        execute format(
          'create view tributary_asof.%1$I as
            select %2$s from (
              select %2$s, ''infinity''::timestamptz as landed_to from tributary.%1$I
              union all
              select %2$s, landed_to from tributary_past.%1$I
            ) facts
            where landed_from <= tributary.as_of() and landed_to > tributary.as_of()', kept, columns);
      end loop;
    end $$`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
