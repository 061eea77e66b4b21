import { question, type Question } from "../../core/metrics/ask/question.ts";
import { dimensionNames } from "../../core/metrics/engine/define.ts";
import { METRICS } from "../../core/metrics/registry.ts";

/** What is asked of the generated workspace, and the SQL that somebody would write by hand for the same number. */
const HALF_A_YEAR_AGO = new Date("2025-12-31T12:00:00Z");

export type AskedHere = {
  readonly metric: string;
  readonly way: string;
  readonly question: Question;
  readonly asOf?: Date;
  /** `$1` and `$2`: from and to (exclusive), `$3`: now. */
  readonly byHand: string | null;
};

const CLOSED = (what: string, group = ""): string => `
  select ${group === "" ? "" : `${group}, `}${what} from deal_closings x join deals d on d.id = x.deal_id and d.merged_into is null
    and (d.deleted_at is null or d.deleted_at > $3)
  where x.at >= $1 and x.at < $2 and x.held_from <= $3 and x.held_to > $3 ${group === "" ? "" : `group by ${group}`}`;
const VALUE =
  "case when x.currency = 'EUR' then x.annual_minor else workspace_minor(x.annual_minor, x.currency, x.at::date) end";
const month = "date_trunc('month', x.at)";
const OPEN = (what: string): string => `
  select ${what} from deal_changes c join deals d on d.id = c.deal_id and d.merged_into is null and (d.deleted_at is null or d.deleted_at > $3)
  where c.status = 'open' and c.held_from <= least($2::timestamptz, $3) and c.held_to > least($2::timestamptz, $3) and $1::timestamptz is not null`;

const COUNTS = (alias: string): string => `(${alias}.deleted_at is null or ${alias}.deleted_at > $3)`;
const DATED = (table: string, at: string): string => `
  select count(*) from ${table} t where t.${at} >= $1 and t.${at} < $2 and t.${at} <= $3 and ${COUNTS("t")}`;
const LEADS = (columns: string, when: string): string => `
  select ${columns}, coalesce(merged_into, id) as key, lead_created_at, id as person_id, company_id from people l where lead_created_at is not null and ${when} and ${COUNTS("l")}
  union all
  select ${columns}, coalesce(merged_into, id), lead_created_at, null, id from companies l where lead_created_at is not null and ${when} and ${COUNTS("l")}`;
const CAME = "lead_created_at >= $1 and lead_created_at < $2 and lead_created_at <= $3";
const TOUCHED_BY = (column: string): string => `exists (
  select from activities a where a.${column} = l.${column} and a.duplicate_of is null and ${COUNTS("a")} and a.occurred_at <= $3
    and (a.direction = 'outbound' and a.type <> 'task' or a.type = 'meeting'))`;

const lastYear = { grain: "month", limit: 12 } as const;
const last90Days = { period: "last_90_days" } as const;

/** How each KPI is asked. */
const WAYS: readonly {
  readonly name: string;
  readonly asked: Partial<Question>;
  readonly asOf?: Date;
}[] = [
  { name: "month", asked: {} },
  { name: "90 days", asked: last90Days },
  { name: "12 months", asked: lastYear },
  { name: "by rep", asked: { ...last90Days, by: ["rep"] } },
  { name: "by team", asked: { ...last90Days, by: ["team"] } },
  { name: "by stage", asked: { ...last90Days, by: ["stage"] } },
  { name: "half a year ago", asked: last90Days, asOf: HALF_A_YEAR_AGO },
];

/** Every KPI in every way that it can be asked. */
export function allAsked(): readonly AskedHere[] {
  return METRICS.flatMap((metric) =>
    WAYS.flatMap(({ name, asked, asOf }): AskedHere[] => {
      const can = asked.by?.every((dimension) => dimensionNames(metric).includes(dimension)) ?? true;
      const isRanked = metric.kind === "ranking" && asked.by !== undefined;
      if (!can || isRanked) return [];
      const full = `${metric.id}, ${name}`;
      return [
        {
          metric: metric.id,
          way: name,
          question: question({ metric: metric.id, ...asked }),
          ...(asOf === undefined ? {} : { asOf }),
          byHand: BY_HAND[full] ?? null,
        },
      ];
    }),
  );
}

const BY_HAND: { readonly [name: string]: string } = {
  "won_value, month": CLOSED(`sum(${VALUE}) filter (where x.status = 'won')`),
  "won_value, 12 months": CLOSED(`sum(${VALUE}) filter (where x.status = 'won')`, month),
  "won_value, by rep": CLOSED(`sum(${VALUE}) filter (where x.status = 'won')`, "x.rep_id"),
  "win_rate, 12 months": CLOSED("count(*) filter (where x.status = 'won') / count(*)::float8", month),
  "win_rate, by rep": CLOSED("count(*) filter (where x.status = 'won') / count(*)::float8", "x.rep_id"),
  "deals_won, by stage": CLOSED("count(*) filter (where x.status = 'won')", "x.stage_id"),
  "time_to_close_median, 90 days": CLOSED(
    "percentile_cont(0.5) within group (order by extract(epoch from x.at - d.created_at)) filter (where x.status = 'won')",
  ),
  "open_pipeline_value, month": OPEN(
    "sum(case when c.currency = 'EUR' then c.annual_minor else workspace_minor(c.annual_minor, c.currency, $3::date) end)",
  ),
  "deals_won, month": CLOSED("count(*) filter (where x.status = 'won')"),
  "deals_lost, 12 months": CLOSED("count(*) filter (where x.status = 'lost')", month),
  "average_deal_size, 90 days": CLOSED(`avg(${VALUE}) filter (where x.status = 'won')`),
  "open_deal_count, month": OPEN("count(*)"),
  "deal_count, month": `
    select count(*) from deal_changes c join deals d on d.id = c.deal_id and d.merged_into is null and ${COUNTS("d")}
    where c.held_from <= least($2::timestamptz, $3) and c.held_to > least($2::timestamptz, $3) and $1::timestamptz is not null`,
  "win_rate_cohort, 90 days": `
    select count(*) filter (where c.status = 'won') / count(*)::float8 from deals d
    join deal_changes c on c.deal_id = d.id and c.held_from <= $3 and c.held_to > $3
    where d.created_at >= $1 and d.created_at < $2 and d.created_at <= $3 and d.merged_into is null and ${COUNTS("d")}`,
  "stage_conversion, 90 days": `
    select e.stage_id, count(distinct e.deal_id) filter (where e.passed_at <= $3) / count(distinct e.deal_id)::float8 from deal_entries e
    join deals d on d.id = e.deal_id and d.merged_into is null and ${COUNTS("d")}
    where e.at >= $1 and e.at < $2 and e.at <= $3 group by e.stage_id`,
  "time_in_stage, 90 days": `
    select s.stage_id, percentile_cont(0.5) within group (order by extract(epoch from s.ended_at - s.started_at)) from deal_stays s
    join deals d on d.id = s.deal_id and d.merged_into is null and ${COUNTS("d")}
    where s.ended_at >= $1 and s.ended_at < $2 and s.ended_at <= $3 group by s.stage_id`,
  "new_leads, month": `select count(distinct key) from (${LEADS("id", CAME)}) l`,
  "lead_to_deal_rate, month": `
    select count(*) filter (where exists (select from deals d where d.person_id = l.person_id and d.merged_into is null and ${COUNTS("d")})
      or exists (select from deals d where d.company_id = l.company_id and d.merged_into is null and ${COUNTS("d")})) / count(*)::float8
    from (${LEADS("id", CAME)}) l`,
  "untouched_leads, month": `
    select count(*) from (${LEADS("id", "lead_created_at <= least($2::timestamptz, $3) and $1::timestamptz is not null")}) l
    left join lateral (select w.status from lead_statuses w where w.lead_id = l.id and w.at <= $3 order by w.at desc limit 1) said on true
    where coalesce(said.status, 'new') = 'new'
      and not exists (select from deals d where d.person_id = l.person_id and d.merged_into is null and ${COUNTS("d")})
      and not exists (select from deals d where d.company_id = l.company_id and d.merged_into is null and ${COUNTS("d")})
      and not ${TOUCHED_BY("person_id")} and not ${TOUCHED_BY("company_id")}`,
  "tickets_opened, month": DATED("tickets", "opened_at"),
  "conversations, month": DATED("conversations", "started_at"),
  "activities, month":
    "select count(*) from activities where occurred_at >= $1 and occurred_at < $2 and occurred_at <= $3 and duplicate_of is null and (deleted_at is null or deleted_at > $3)",
  "activities, by rep":
    "select rep_id, count(*) from activities where occurred_at >= $1 and occurred_at < $2 and occurred_at <= $3 and duplicate_of is null and (deleted_at is null or deleted_at > $3) group by rep_id",
};
