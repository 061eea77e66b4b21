import { sql } from "kysely";
import type { Db } from "./db.ts";

/**
 * The schema `tributary` as text: what is there, in a fixed order, as PostgreSQL itself spells it. Kept in schema.sql, so that a review
 * shows what a migration changes. (A dump to read and compare, not one to restore from.)
 */
export async function dumpCatalogue(db: Db): Promise<string> {
  const { rows: tables } = await sql<{ name: string; columns: string[]; rest: string[] }>`
    select c.relname as name,
      array(
        select format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
          || case when a.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid)) else '' end
          || case when a.attidentity = 'a' then ' generated always as identity' else '' end
          || case when d.adbin is not null and a.attgenerated = '' then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end
          || case when a.attnotnull then ' not null' else '' end
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum
      ) as columns,
      array(
        select format('  constraint %I %s', conname, pg_get_constraintdef(oid))
        from pg_constraint where conrelid = c.oid and contype <> 'n' order by contype = 'p' desc, conname
      ) || array(
        select '  ' || pg_get_indexdef(i.indexrelid)
        from pg_index i join pg_class x on x.oid = i.indexrelid
        where i.indrelid = c.oid and not exists (select from pg_constraint where conindid = i.indexrelid)
        order by x.relname
      ) || array(
        select '  ' || pg_get_triggerdef(oid) from pg_trigger where tgrelid = c.oid and not tgisinternal order by tgname
      ) || array(
        select format('  comment%s: %s', coalesce(' on ' || a.attname, ''), m.description)
        from pg_description m left join pg_attribute a on a.attrelid = m.objoid and a.attnum = m.objsubid and m.objsubid > 0
        where m.objoid = c.oid and m.classoid = 'pg_class'::regclass order by m.objsubid
      ) as rest
    from pg_class c where c.relnamespace = 'tributary'::regnamespace and c.relkind in ('r', 'p') and c.relname !~ '^kysely_'
    order by c.relname
  `.execute(db);
  const { rows: others } = await sql<{ text: string }>`
    select pg_get_functiondef(oid) as text from pg_proc where pronamespace = 'tributary'::regnamespace
    union all
    select format('view %I as%s', relname, E'\n' || pg_get_viewdef(oid)) from pg_class
    where relnamespace = 'tributary'::regnamespace and relkind in ('v', 'm')
    order by 1
  `.execute(db);
  const texts = tables.map(({ name, columns, rest }) =>
    [`table ${name}`, ...columns.map((column) => `  ${column}`), ...rest].join("\n"),
  );
  return `${[...texts, ...others.map(({ text }) => text.trim())].join("\n\n")}\n`;
}
