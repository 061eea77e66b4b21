import { describe, expect, test } from "vitest";
import { READABLE_TABLES } from "../../store/reader.ts";
import { readSql } from "./sql-guard.ts";

const refusal = async (text: string): Promise<string> => {
  const read = await readSql(text);
  return "message" in read ? read.message : "let through";
};

describe("SQL of an own KPI", () => {
  test("is let through where it computes over facts, with its columns and tables", async () => {
    const text = `
      with won as (select c.deal_id, c.at, c.rep_id from deal_closings c where c.status = 'won' and c.held_to = 'infinity'),
        firsts as (select w.*, row_number() over (partition by w.rep_id order by w.at) as no from won w)
      select date_trunc('month', f.at) as at, f.rep_id, coalesce(sum(workspace_minor(d.annual_minor, d.currency, f.at::date)), 0) as amount,
        case when d.attributes ->> 'plan' in ('a', 'b') then 'small' else lower(trim(d.attributes ->> 'plan')) end as plan
      from firsts f join deals d on d.id = f.deal_id left join lateral (select 1 as one) x on true
      where f.at > now() - interval '1 year' and extract(year from f.at at time zone 'Europe/Berlin') > 2020 and d.name not like 'test%'
        and exists (select from activities a where a.deal_id = d.id and a.duration_s between 10 and 20) and f.no = any(array[1, 2])
      group by 1, 2, 4 having count(*) filter (where f.no > 0) > 0 order by 1 limit 100;`;
    expect(await readSql(text)).toEqual({
      columns: ["at", "rep_id", "amount", "plan"],
      tables: ["deal_closings", "deals", "activities"],
    });
    expect(await readSql("select 1 as amount -- one")).toEqual({ columns: ["amount"], tables: [] });
    expect(
      await readSql("select day as at, 1 as amount from spend union all select day, 2 from web_traffic"),
    ).toMatchObject({
      columns: ["at", "amount"],
    });
  });

  test.each([
    ["another table", "select credentials as amount from connections"],
    ["a table by its schema", "select 1 as amount from tributary.users"],
    ["facts by their schema", "select 1 as amount from tributary.deals"],
    ["the catalogue", "select rolpassword as amount from pg_authid"],
    ["the catalogue by its schema", "select 1 as amount from pg_catalog.pg_authid"],
    ["a table in a subquery", "select (select max(key_hash) from api_keys) as amount"],
    ["a table in a join's condition", "select 1 as amount from deals d join reps r on exists (select from sessions)"],
    [
      "a table that a WITH elsewhere is named like",
      "select 1 as amount from (with users as (select 1) select 1 from users) a, users",
    ],
    ["a table in a WITH that is named like it", "with users as (select 1 from users) select 1 as amount from users"],
    ["a table behind TABLE", "table users"],
    ["a table in a union", "select 1 as amount union all select 2 from webhook_endpoints"],
    ["a function that runs text", "select query_to_xml('select * from users', true, false, '') as amount"],
    ["a function that changes settings", "select set_config('role', 'none', false) as amount"],
    ["a function that reads settings", "select current_setting('is_superuser') as amount"],
    ["a function that reads files", "select pg_read_file('/etc/passwd') as amount"],
    ["one of these in FROM", "select 1 as amount from pg_ls_dir('/') x"],
    ["one of these by its schema", "select pg_catalog.pg_read_file('/etc/passwd') as amount"],
    ["one by another schema", "select tributary.count(1) as amount"],
    ["one inside an allowed one", "select count(pg_sleep(1)) as amount from deals"],
    ["one in ORDER BY", "select 1 as amount from deals order by pg_sleep(1)"],
    ["one in LIMIT", "select 1 as amount from deals limit length(pg_read_file('/etc/passwd'))"],
    ["one in a window", "select sum(1) over (partition by pg_sleep(1)) as amount from deals"],
    ["one in a filter", "select count(*) filter (where pg_sleep(1) is null) as amount from deals"],
    ["much out of little", "select repeat('x', 1000000000) as amount"],
    ["sleeping", "select pg_sleep(10) as amount"],
    ["a large object", "select lo_import('/etc/passwd') as amount"],
    ["another database", "select * from dblink('', 'select 1') as t(amount int)"],
    ["an advisory lock", "select pg_advisory_lock(1) as amount"],
    ["ending another session", "select pg_terminate_backend(1) as amount"],
    ["a sequence", "select nextval('runs_id_seq') as amount"],
    ["an operator of another schema", "select 1 operator(tributary.+) 2 as amount"],
    ["a type that looks names up", "select 'users'::regclass as amount"],
    ["who asks", "select current_user as amount"],
    ["two statements", "select 1 as amount; select 2 as amount"],
    ["a statement after one", "select 1 as amount; drop table deals"],
    ["deleting", "delete from deals"],
    ["deleting in a WITH", "with gone as (delete from deals returning 1) select 1 as amount from gone"],
    ["writing a table", "select 1 as amount into mine"],
    ["locking", "select 1 as amount from deals for update"],
    ["COPY", "copy deals to program 'id'"],
    ["DO", "do $$ begin end $$"],
    ["SET", "set role none"],
    ["EXPLAIN", "explain analyze select 1 as amount"],
    ["a placeholder", "select $1 as amount"],
    ["recursion", "with recursive n as (select 1 as i union all select i + 1 from n) select i as amount from n"],
    ["getting out of its brackets", "select 1 as amount) q; drop table deals; select (1"],
    ["a comment that goes on", "select 1 as amount /*"],
    ["a column without a name", "select 1"],
    ["all columns", "select * from deals"],
    ["nothing", "-- nothing"],
    ["sampling by another's method", "select 1 as amount from deals tablesample system(1)"],
    ["XML from outside", "select xmlparse(document '<a/>') as amount"],
    ["nesting without end", `select ${"not ".repeat(9000)}true as amount`],
  ])("is refused: %s", async (_what, text) => {
    expect(await refusal(text)).not.toBe("let through");
  });

  test("opens none of the tables that hold secrets, accounts or raw records", () => {
    for (const table of [
      "connections",
      "users",
      "sessions",
      "api_keys",
      "webhook_endpoints",
      "settings",
      "raw_records",
      "uploads",
      "audit_log",
    ])
      expect(READABLE_TABLES).not.toContain(table);
  });
});
