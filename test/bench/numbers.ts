import path from "node:path";
import { answerAgain } from "../../core/normalise/deal-history.ts";
import { askedNow, question, type Question } from "../../core/metrics/ask/question.ts";
import { evaluateMetric } from "../../core/metrics/index.ts";
import { copyTransaction } from "../../core/store/copy.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { setLanding } from "../../core/store/facts/facts-marks.ts";
import { migrate } from "../../core/store/migrate.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";

/**
 * How fast numbers are answered on a generated workspace, each beside SQL written by hand for the same number on the same tables in the same run.
 * The workspace has reopenings, merged reps, several currencies, changes that landed late, and deletions.
 */
export type NumbersResult = {
  readonly deals: number;
  readonly changes: number;
  readonly activities: number;
  readonly rows: readonly AnswerTime[];
};
export type AnswerTime = {
  readonly name: string;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Of the hand-written SQL; null: nobody would write it by hand. */
  readonly byHandMs: number | null;
  readonly ratio: number | null;
};

export type NumbersOptions = {
  readonly deals: number;
  /** How often each is asked; the first is not counted. */
  readonly times: number;
};

const NOW = new Date("2026-06-30T12:00:00Z");
const HALF_A_YEAR_AGO = new Date("2025-12-31T12:00:00Z");
/** As in a sales team of some size: six changes and five touches a deal. */
const TOUCHES_A_DEAL = 5;

export async function benchNumbers(folder: string, options: NumbersOptions): Promise<NumbersResult> {
  const embedded = await openEmbedded({ dataDir: path.join(folder, "numbers") });
  const store = openStore(embedded.target);
  try {
    await migrate(store.db);
    await generate(store, options.deals);
    const rows: AnswerTime[] = [];
    for (const asked of ASKED) rows.push(await timeAnswer(store, asked, options.times));
    const count = async (table: string): Promise<number> =>
      (await store.pool.query<{ count: number }>(`select count(*) from ${table}`)).rows[0]?.count ?? 0;
    return { deals: options.deals, changes: await count("deal_changes"), activities: await count("activities"), rows };
  } finally {
    await store.close();
    await embedded.release();
  }
}

type AskedHere = {
  readonly name: string;
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
const ASKED: readonly AskedHere[] = [
  {
    name: "won_value, this month",
    question: question({ metric: "won_value" }),
    byHand: CLOSED(`sum(${VALUE}) filter (where x.status = 'won')`),
  },
  {
    name: "won_value, 12 months by month",
    question: question({ metric: "won_value", ...lastYear }),
    byHand: CLOSED(`sum(${VALUE}) filter (where x.status = 'won')`, month),
  },
  {
    name: "won_value, 90 days by rep",
    question: question({ metric: "won_value", period: "last_90_days", by: ["rep"] }),
    byHand: CLOSED(`sum(${VALUE}) filter (where x.status = 'won')`, "x.rep_id"),
  },
  {
    name: "won_value, 90 days by team",
    question: question({ metric: "won_value", period: "last_90_days", by: ["team"] }),
    byHand: null,
  },
  {
    name: "win_rate, 12 months by month",
    question: question({ metric: "win_rate", ...lastYear }),
    byHand: CLOSED("count(*) filter (where x.status = 'won') / count(*)::float8", month),
  },
  {
    name: "win_rate, 90 days by rep",
    question: question({ metric: "win_rate", period: "last_90_days", by: ["rep"] }),
    byHand: CLOSED("count(*) filter (where x.status = 'won') / count(*)::float8", "x.rep_id"),
  },
  {
    name: "deals_won, 90 days by stage",
    question: question({ metric: "deals_won", period: "last_90_days", by: ["stage"] }),
    byHand: CLOSED("count(*) filter (where x.status = 'won')", "x.stage_id"),
  },
  {
    name: "time_to_close_median, 90 days",
    question: question({ metric: "time_to_close_median", period: "last_90_days" }),
    byHand: CLOSED(
      "percentile_cont(0.5) within group (order by extract(epoch from x.at - d.created_at)) filter (where x.status = 'won')",
    ),
  },
  {
    name: "win_rate_cohort, 12 months by month",
    question: question({ metric: "win_rate_cohort", ...lastYear }),
    byHand: null,
  },
  {
    name: "open_pipeline_value, now",
    question: question({ metric: "open_pipeline_value", period: "today" }),
    byHand: OPEN(
      "sum(case when c.currency = 'EUR' then c.annual_minor else workspace_minor(c.annual_minor, c.currency, $3::date) end)",
    ),
  },
  {
    name: "open_pipeline_value, now by stage",
    question: question({ metric: "open_pipeline_value", period: "today", by: ["stage"] }),
    byHand: null,
  },
  {
    name: "open_pipeline_value, 12 months by month",
    question: question({ metric: "open_pipeline_value", ...lastYear }),
    byHand: null,
  },
  {
    name: "open_deal_count, as of half a year ago",
    question: question({ metric: "open_deal_count", period: "today" }),
    asOf: HALF_A_YEAR_AGO,
    byHand: null,
  },
  {
    name: "weighted_pipeline_value, now",
    question: question({ metric: "weighted_pipeline_value", period: "today" }),
    byHand: null,
  },
  {
    name: "sales_velocity, 90 days",
    question: question({ metric: "sales_velocity", period: "last_90_days" }),
    byHand: null,
  },
  {
    name: "stage_conversion, 90 days",
    question: question({ metric: "stage_conversion", period: "last_90_days" }),
    byHand: null,
  },
  { name: "stage_leak, 90 days", question: question({ metric: "stage_leak", period: "last_90_days" }), byHand: null },
  {
    name: "time_in_stage, 90 days",
    question: question({ metric: "time_in_stage", period: "last_90_days" }),
    byHand: null,
  },
  { name: "rep_leaderboard, this month", question: question({ metric: "rep_leaderboard" }), byHand: null },
  {
    name: "activities, this month by type",
    question: question({ metric: "activities", by: ["type"] }),
    byHand:
      "select type, count(*) from activities where occurred_at >= $1 and occurred_at < $2 and occurred_at <= $3 and duplicate_of is null and (deleted_at is null or deleted_at > $3) group by type",
  },
  {
    name: "activities, 90 days by rep",
    question: question({ metric: "activities", period: "last_90_days", by: ["rep"] }),
    byHand:
      "select rep_id, count(*) from activities where occurred_at >= $1 and occurred_at < $2 and occurred_at <= $3 and duplicate_of is null and (deleted_at is null or deleted_at > $3) group by rep_id",
  },
  {
    name: "won_value, a month as of half a year ago",
    question: question({ metric: "won_value" }),
    asOf: HALF_A_YEAR_AGO,
    byHand: null,
  },
  {
    name: "stage_conversion, 90 days as of half a year ago",
    question: question({ metric: "stage_conversion", period: "last_90_days" }),
    asOf: HALF_A_YEAR_AGO,
    byHand: null,
  },
];

async function timeAnswer(
  store: Store,
  { name, question: asked, asOf, byHand }: AskedHere,
  times: number,
): Promise<AnswerTime> {
  const workspace = await readWorkspace(store.db);
  const { query } = askedNow(asked, NOW, workspace, asOf ?? null);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let nth = 0; nth <= times; nth += 1) {
    const tookMs = await timed(async () => evaluateMetric(store.db, query));
    const byHandMs =
      byHand === null ? null : await timed(async () => store.pool.query(byHand, [query.from, dayAfter(query.to), NOW]));
    if (nth === 0) continue;
    ours.push(tookMs);
    if (byHandMs !== null) theirs.push(byHandMs);
  }
  const medianMs = median(ours);
  const byHandMs = theirs.length === 0 ? null : median(theirs);
  return {
    name,
    medianMs,
    worstMs: Math.max(...ours),
    byHandMs,
    ratio: byHandMs === null ? null : medianMs / byHandMs,
  };
}

function dayAfter(day: string | null): Date | null {
  return day === null ? null : new Date(Date.parse(day) + 86_400_000);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const source = (kind: string, id: string): string =>
  `md5('${kind}' || ${id})::uuid as id, 'bench' as connection_id, md5('record ${kind}' || ${id})::uuid as record_id, '${kind}' || ${id} as external_id`;

/** What is drawn for a deal, the same in every run: a number from 0 to below 1, by the deal and what it is for. */
const draw = (what: string): string => `(('x' || substr(md5('${what}' || n), 1, 7))::bit(28)::int / 268435456.0)`;

async function generate(store: Store, deals: number): Promise<void> {
  for (const statement of statements(deals))
    await store.pool.query(`begin; set local tributary.landing = '-infinity'; ${statement}; commit`);
  await store.pool.query("analyze deal_changes; analyze stages");
  await copyTransaction(store, async (tx, copy) => {
    await setLanding(tx, null);
    const stages = await store.pool.query<{ id: string }>("select id from stages");
    await answerAgain(
      tx,
      copy,
      "bench",
      stages.rows.map(({ id }) => id),
    );
  });
  // What landed within the last half year, though it is older, and what was changed or taken away since.
  await store.pool.query(`
    begin;
    set local tributary.landing = '2026-03-01T00:00:00Z';
    update deal_changes set amount_minor = amount_minor + 100 where substr(deal_id::text, 1, 2) in ('00', '01', '02', '03', '04');
    update deals set deleted_at = '2026-03-01T00:00:00Z' where substr(id::text, 1, 2) in ('10', '11');
    update reps set merged_into = (select id from reps where external_id = 'rep1') where external_id = 'rep2';
    update activities set outcome = 'answered' where substr(id::text, 1, 2) = '20';
    commit`);
  await store.pool.query("vacuum analyze");
}

function statements(deals: number): readonly string[] {
  return [
    `update workspace set currency = 'EUR'`,
    `insert into connections (id, connector, title, inbound_token) values ('bench', 'close', 'Bench', 'bench')`,
    `insert into exchange_rates (day, currency, rate)
      select day::date, currency, 0.9 from generate_series('2024-01-01'::date, '2026-12-31', interval '1 day') day, unnest(array['USD', 'GBP']) currency`,
    `insert into reps (id, connection_id, record_id, external_id, is_mention, name, is_active)
      select ${source("rep", "n")}, false, 'Rep ' || n, true from generate_series(1, 40) n`,
    `insert into teams (id, connection_id, record_id, external_id, is_mention, name) select ${source("team", "n")}, false, 'Team ' || n from generate_series(1, 5) n`,
    `insert into team_memberships (rep_id, team_id, connection_id, held_from)
      select md5('rep' || n)::uuid, md5('team' || 1 + n % 5)::uuid, 'bench', '-infinity' from generate_series(1, 40) n`,
    `insert into pipelines (id, connection_id, record_id, external_id, is_mention, name) select ${source("pipeline", "n")}, false, 'Pipeline ' || n from generate_series(0, 1) n`,
    `insert into stages (id, connection_id, record_id, external_id, pipeline_id, name, position, type, probability)
      select ${source("stage", "p || '-' || n")}, md5('pipeline' || p)::uuid, 'Stage ' || n, n, 'open', case p when 0 then 0.1 + 0.15 * n end
      from generate_series(0, 1) p, generate_series(0, 4) n`,
    `create table bench_deals as
      select n, md5('deal' || n)::uuid as id, timestamptz '2024-07-01' + ${draw("created")} * interval '725 days' as created,
        (1 + ${draw("took")} * 120) * interval '1 day' as took, (3 + floor(${draw("steps")} * 4))::int as steps, floor(${draw("pipeline")} * 2)::int as pipeline,
        case when ${draw("outcome")} < 0.3 then 'won' when ${draw("outcome")} < 0.9 then 'lost' end as outcome, ${draw("reopened")} < 0.03 as reopened,
        (10000 + ${draw("amount")} * 5000000)::bigint as amount,
        case when ${draw("currency")} < 0.8 then 'EUR' when ${draw("currency")} < 0.95 then 'USD' else 'GBP' end as currency,
        md5('rep' || 1 + floor(${draw("rep")} * 40)::int)::uuid as rep
      from generate_series(1, ${deals}) n`,
    `create table bench_changes as
      select id as deal_id, k as ordinal, created + took * k / steps as at,
        case when k = steps and outcome is not null then outcome when k = steps + 1 then 'open' when k = steps + 2 then 'lost' else 'open' end as status,
        md5('pipeline' || pipeline)::uuid as pipeline_id, md5('stage' || pipeline || '-' || least(k, 4))::uuid as stage_id,
        amount + k * 1000 as amount, currency, rep
      from bench_deals, generate_series(0, steps + case when reopened and outcome is not null then 2 else 0 end) k
      where created + took * k / steps < timestamptz '2026-06-30T12:00:00Z'`,
    `create index on bench_changes (deal_id, ordinal)`,
    `analyze bench_changes`,
    `insert into deal_changes (deal_id, ordinal, connection_id, held_from, held_to, is_day, known_at, changed, status, pipeline_id, stage_id,
        amount_minor, currency, value_period, rep_id, evidence)
      select deal_id, ordinal, 'bench', at, lead(at, 1, 'infinity') over (partition by deal_id order by ordinal), false, at, '{}', status, pipeline_id,
        stage_id, amount, currency, 'one_time', rep, 'bench'
      from bench_changes`,
    `insert into deals (id, connection_id, record_id, external_id, name, status, pipeline_id, stage_id, amount_minor, currency, value_period, rep_id,
        created_at, created_is_day, closed_is_day, attributes)
      select d.id, 'bench', md5('record deal' || d.n)::uuid, 'deal' || d.n, 'Deal ' || d.n, c.status, c.pipeline_id, c.stage_id, c.amount, c.currency,
        'one_time', c.rep, d.created, false, false, '{"plan": "basic"}'
      from bench_deals d join lateral (select * from bench_changes c where c.deal_id = d.id order by ordinal desc limit 1) c on true`,
    `insert into activities (id, connection_id, record_id, external_id, type, direction, occurred_at, occurred_is_day, rep_id, deal_id, match_keys, attributes)
      select ${source("activity", "n")}, case n % 3 when 0 then 'call' when 1 then 'email' else 'meeting' end, 'outbound',
        timestamptz '2024-07-01' + ${draw("touched")} * interval '729 days', false, md5('rep' || 1 + floor(${draw("by")} * 40)::int)::uuid,
        md5('deal' || 1 + n / ${TOUCHES_A_DEAL})::uuid, '{}', '{}'
      from generate_series(1, ${deals * TOUCHES_A_DEAL}) n`,
    `drop table bench_changes, bench_deals`,
  ];
}
