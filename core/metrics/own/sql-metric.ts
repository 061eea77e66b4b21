import { sql } from "kysely";
import { TributaryError } from "../../base/errors.ts";
import type { Db } from "../../store/db.ts";
import { faultOf, inSandbox } from "../../store/sandbox.ts";
import type { AggregateMetric, DimensionParts, Scope, Sql, Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { periodTable } from "../engine/row-parts.ts";
import { measured } from "../engine/rows.ts";
import { described } from "./described.ts";
import type { OwnMetric } from "./section.ts";
import { readSql, statementOf, type SqlShape } from "./sql-guard.ts";

/** So long the SQL of a KPI may run, so many rows it may give, and so much they may be. */
const LIMITS = { timeoutMs: 5_000, rows: 50_000, bytes: 32_000_000 };

/** Columns that mean something: what dates a row, what is added up, and whose it is. Every other one is a dimension. */
const MEANT = new Set(["at", "amount", "id", "name", "url"]);
const ID_COLUMNS = ["rep_id", "pipeline_id", "stage_id", "company_id", "deal_id"] as const;
const NAMED: { readonly [column: string]: { readonly [dimension: string]: DimensionParts } } = {
  rep_id: { rep: by.rep, team: by.team },
  pipeline_id: { pipeline: by.pipeline },
  stage_id: { stage: by.stage, canonical_stage: by.canonicalStage },
  company_id: { company: by.company },
  deal_id: { deal: by.deal },
  connection_id: { connection: by.connection },
};

/** A KPI whose rows are those of a SELECT: `at` dates one (absent: it is of now), `amount` is added up (absent: rows are counted). */
export function sqlMetric(spec: OwnMetric, { columns, tables }: SqlShape): AggregateMetric {
  const hasAmount = columns.includes("amount");
  const kind = spec.aggregate ?? (hasAmount ? "sum" : "count");
  const metric: Omit<AggregateMetric, "rows"> = {
    ...described(
      spec,
      `${kind} of the rows of a query: ${statementOf(spec.sql ?? "").replaceAll(/\s+/g, " ")}`.slice(0, 500),
    ),
    unit: spec.unit ?? (kind === "count" ? "count" : "number"),
    numerator: null,
    denominator: null,
    subject: subjectOf(columns),
    kind,
    reads: tables,
  };
  const nothing: AggregateMetric = { ...metric, rows: (scope) => rowsOf(scope, "[]") };
  return {
    ...nothing,
    fetched: async (db) => {
      const rows = await fetchRows(db, spec);
      return { ...nothing, rows: (scope) => rowsOf(scope, rows) };
    },
  };
}

/** None are known before the query has run. */
const NO_ATTRIBUTES = sql`select '{}'::jsonb as attributes where false`;

function subjectOf(columns: readonly string[]): Subject {
  const own = columns.filter((column) => !MEANT.has(column) && !Object.hasOwn(NAMED, column));
  return {
    id: "sql",
    dimensions: {
      ...Object.fromEntries(columns.flatMap((column) => Object.entries(NAMED[column] ?? {}))),
      ...Object.fromEntries(own.map((column) => [column, by.attribute(column, NO_ATTRIBUTES)])),
    },
    rows: {},
    attributes: NO_ATTRIBUTES,
    isOpaque: true,
    firstInstant: sql`select min(held_from) as at from deal_changes where held_from > '-infinity'`,
    measured: null,
    records: {
      kind: "row",
      table: sql`cross join lateral (select coalesce(r.attributes ->> 'id', r.nth::text) as external_id) record`,
      columns: sql`r.attributes ->> 'name' as name, case when r.attributes ->> 'url' ~ '^https?://' then r.attributes ->> 'url' end as url,
        null::timestamptz as created, null as status, '' as sub`,
    },
  };
}

/** @throws TributaryError `kpi.sql_failed` */
async function fetchRows(db: Db, { id, sql: text = "" }: OwnMetric): Promise<string> {
  // What is stored was checked when it was applied, by that version's rules: what runs is checked by these.
  const shape = await readSql(text);
  if ("message" in shape) throw failed(id, `its SQL is refused: ${shape.message}`);
  const { rows } = await inSandbox(db, LIMITS, async (sandbox) => {
    // On lines of their own, so that a comment at its end ends there.
    const query = sql`select to_jsonb(q) as j from (\n${sql.raw(statementOf(text))}\n) q limit ${LIMITS.rows + 1}`;
    // What is no time, id or number fails here, where it can be told of, and not in the query that counts the rows.
    const casts = ID_COLUMNS.map((column) => sql`count((j ->> ${column}::text)::uuid) as ${sql.id(`${column}s`)}`);
    return sql<{ count: number; found: string | null }>`
      select count(*)::int as count, count((j ->> 'at')::timestamptz) as ats, count((j ->> 'amount')::numeric) as amounts, ${sql.join(casts)},
        case when count(*) <= ${LIMITS.rows} and sum(octet_length(j::text)) <= ${LIMITS.bytes} then jsonb_agg(j)::text end as found
      from (${query}) found`.execute(sandbox);
  }).catch((error: unknown) => {
    const fault = faultOf(error);
    throw fault === null ? error : failed(id, `its SQL failed: ${fault}`, error);
  });
  const [row] = rows;
  if (row === undefined || row.count === 0) return "[]";
  if (row.found === null)
    throw failed(
      id,
      `its SQL gives more than ${LIMITS.rows} rows or ${LIMITS.bytes / 1_000_000} MB: let it count or sum by day`,
    );
  return row.found;
}

function failed(id: string, what: string, cause?: unknown): TributaryError {
  return new TributaryError({
    code: "kpi.sql_failed",
    kind: "config",
    message: `${id} has no value: ${what}.`,
    mend: `Correct \`sql\` of this KPI in the config file and apply it. It may run for ${LIMITS.timeoutMs / 1000} seconds.`,
    cause,
  });
}

/** A row per row of the SELECT and period. */
function rowsOf(scope: Scope, rows: string): Sql {
  const uuid = (column: string): Sql => sql`(x.j ->> ${column}::text)::uuid as ${sql.id(column)}`;
  const said = sql`x.j ->> 'at'`;
  const at = sql`case
    when not x.j ? 'at' then ${scope.cutoff}::timestamptz
    when length(${said}) = 10 then (${said})::timestamp at time zone ${scope.timeZone}::text
    else (${said})::timestamptz end`;
  const ids = ID_COLUMNS.map(uuid);
  return measured(
    sql`
    select p.no as period_no, md5(x.no::text)::uuid as id, x.no as nth, x.at, coalesce(length(${said}) = 10, false) as at_is_day,
      ${sql.join(ids)}, x.j ->> 'connection_id' as connection_id, x.j as attributes, (x.j ->> 'amount')::numeric as amount_said
    from ${periodTable(scope)} p
    join (select x.*, ${at} as at from jsonb_array_elements(${rows}::jsonb) with ordinality as x(j, no)) x
      on x.at >= p.starts and x.at < p.ends and x.at <= ${scope.cutoff}::timestamptz`,
    { amount: sql`d.amount_said` },
  );
}
