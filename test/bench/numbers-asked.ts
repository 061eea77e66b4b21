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
  "activities, month":
    "select count(*) from activities where occurred_at >= $1 and occurred_at < $2 and occurred_at <= $3 and duplicate_of is null and (deleted_at is null or deleted_at > $3)",
  "activities, by rep":
    "select rep_id, count(*) from activities where occurred_at >= $1 and occurred_at < $2 and occurred_at <= $3 and duplicate_of is null and (deleted_at is null or deleted_at > $3) group by rep_id",
};
