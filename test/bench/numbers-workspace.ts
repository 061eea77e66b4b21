import { answerAgain } from "../../core/normalise/deal-history.ts";
import { copyTransaction } from "../../core/store/copy.ts";
import type { Store } from "../../core/store/db.ts";
import { setLanding } from "../../core/store/facts/facts-marks.ts";

/**
 * A workspace on which KPIs are asked, written by SQL: deals with their histories, and around them activities, leads, tickets, conversations,
 * campaigns, visits, spend and goals. It has reopenings, pushed dates, merged reps, several currencies, changes that landed late, and deletions.
 */

export type WorkspaceSize = { readonly deals: number; readonly reps?: number };

/** When its questions are asked. */
export const NOW = new Date("2026-06-30T12:00:00Z");
/** As in a sales team of some size: six changes and five touches a deal. */
const TOUCHES_A_DEAL = 5;

const source = (kind: string, id: string): string =>
  `md5('${kind}' || ${id})::uuid as id, 'bench' as connection_id, md5('record ${kind}' || ${id})::uuid as record_id, '${kind}' || ${id} as external_id`;

/** What is drawn for a deal, the same in every run: a number from 0 to below 1, by the deal and what it is for. */
const draw = (what: string): string => `(('x' || substr(md5('${what}' || n), 1, 7))::bit(28)::int / 268435456.0)`;

export async function generate(store: Store, size: WorkspaceSize): Promise<void> {
  for (const statement of statements(size))
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

/** What some KPIs need besides: what reps should do, and which stage is the one before the close. */
export async function setUp(store: Store): Promise<void> {
  await store.pool.query(`
    begin;
    set local tributary.landing = '-infinity';
    insert into settings (section, value) values ('targeted_actions', '[
      {"id": "call", "type": "call", "points": 1, "daily_target": 5}, {"id": "meeting", "type": "meeting", "points": 5},
      {"id": "win", "deal": "won", "points": 10}]') on conflict do nothing;
    update stages set canonical = 'close' where position = 4;
    commit`);
}

function statements({ deals, reps = 40 }: WorkspaceSize): readonly string[] {
  const [companies, people] = [Math.ceil(deals / 2), Math.ceil((deals * 3) / 4)];
  return [
    `update workspace set currency = 'EUR'`,
    `insert into connections (id, connector, title, inbound_token) values ('bench', 'close', 'Bench', 'bench')`,
    `insert into exchange_rates (day, currency, rate)
      select day::date, currency, 0.9 from generate_series('2024-01-01'::date, '2026-12-31', interval '1 day') day, unnest(array['USD', 'GBP']) currency`,
    `insert into reps (id, connection_id, record_id, external_id, is_mention, name, is_active)
      select ${source("rep", "n")}, false, 'Rep ' || n, true from generate_series(1, ${reps}) n`,
    `insert into teams (id, connection_id, record_id, external_id, is_mention, name) select ${source("team", "n")}, false, 'Team ' || n from generate_series(1, 5) n`,
    `insert into team_memberships (rep_id, team_id, connection_id, held_from)
      select md5('rep' || n)::uuid, md5('team' || 1 + n % 5)::uuid, 'bench', '-infinity' from generate_series(1, ${reps}) n`,
    `insert into pipelines (id, connection_id, record_id, external_id, is_mention, name) select ${source("pipeline", "n")}, false, 'Pipeline ' || n from generate_series(0, 1) n`,
    `insert into stages (id, connection_id, record_id, external_id, pipeline_id, name, position, type, probability)
      select ${source("stage", "p || '-' || n")}, md5('pipeline' || p)::uuid, 'Stage ' || n, n, 'open', case p when 0 then 0.1 + 0.15 * n end
      from generate_series(0, 1) p, generate_series(0, 4) n`,
    // A third of the people and companies came in as leads.
    `insert into companies (id, connection_id, record_id, external_id, is_mention, name, domains, phones, rep_id, lead_created_at, attributes)
      select ${source("company", "n")}, false, 'Company ' || n, '{}', '{}', case when n % 2 = 0 then md5('rep' || 1 + n % ${reps})::uuid end,
        case when n % 3 = 0 then timestamptz '2024-07-01' + ${draw("lead")} * interval '729 days' end,
        jsonb_build_object('channel', (array['web', 'ads', 'referral', 'fair'])[1 + n % 4])
      from generate_series(1, ${companies}) n`,
    `insert into people (id, connection_id, record_id, external_id, is_mention, name, emails, phones, company_id, rep_id, lead_created_at, attributes)
      select ${source("person", "n")}, false, 'Person ' || n, '{}', '{}', md5('company' || 1 + n % ${companies})::uuid,
        case when n % 2 = 0 then md5('rep' || 1 + n % ${reps})::uuid end,
        case when n % 3 = 0 then timestamptz '2024-07-01' + ${draw("came")} * interval '729 days' end,
        jsonb_build_object('channel', (array['web', 'ads', 'referral', 'fair'])[1 + n % 4])
      from generate_series(1, ${people}) n`,
    `insert into settings (section, value) values ('lead_statuses', '{"new": "open", "good": "qualified", "bad": "disqualified"}')`,
    `insert into lead_statuses (lead_id, key, connection_id, record_id, kind, at, is_day, known_at, seq, before, status)
      select id, 'first', 'bench', record_id, 'change', at, false, at, 1, 'new', case when take < 0.3 then 'good' else 'bad' end
      from (select id, record_id, lead_created_at + (1 + 20 * ${draw("status")}) * interval '1 day' as at, ${draw("became")} as take
        from (select p.*, substr(external_id, 7) as n from people p) p where lead_created_at is not null) p
      where at < '2026-06-30T12:00:00Z' and take < 0.6`,
    `create table bench_deals as
      select n, md5('deal' || n)::uuid as id, timestamptz '2024-07-01' + ${draw("created")} * interval '725 days' as created,
        (1 + ${draw("took")} * 120) * interval '1 day' as took, (3 + floor(${draw("steps")} * 4))::int as steps, floor(${draw("pipeline")} * 2)::int as pipeline,
        case when ${draw("outcome")} < 0.3 then 'won' when ${draw("outcome")} < 0.9 then 'lost' end as outcome, ${draw("reopened")} < 0.03 as reopened,
        ${draw("pushed")} < 0.3 as pushed,
        (10000 + ${draw("amount")} * 5000000)::bigint as amount,
        case when ${draw("currency")} < 0.8 then 'EUR' when ${draw("currency")} < 0.95 then 'USD' else 'GBP' end as currency,
        md5('rep' || 1 + floor(${draw("rep")} * ${reps})::int)::uuid as rep
      from generate_series(1, ${deals}) n`,
    `create table bench_changes as
      select id as deal_id, k as ordinal, created + took * k / steps as at,
        (created + took)::date + case when k >= 2 and pushed then 14 else 0 end as expected,
        case when k = steps and outcome is not null then outcome when k = steps + 1 then 'open' when k = steps + 2 then 'lost' else 'open' end as status,
        md5('pipeline' || pipeline)::uuid as pipeline_id, md5('stage' || pipeline || '-' || least(k, 4))::uuid as stage_id,
        amount + k * 1000 as amount, currency, rep
      from bench_deals, generate_series(0, steps + case when reopened and outcome is not null then 2 else 0 end) k
      where created + took * k / steps < timestamptz '2026-06-30T12:00:00Z'`,
    `create index on bench_changes (deal_id, ordinal)`,
    `analyze bench_changes`,
    `insert into deal_changes (deal_id, ordinal, connection_id, held_from, held_to, is_day, known_at, changed, status, pipeline_id, stage_id,
        amount_minor, currency, value_period, rep_id, expected_close_on, evidence, doubt)
      select deal_id, ordinal, 'bench', at, lead(at, 1, 'infinity') over w, false, at,
        case when ordinal = 0 then '{created}' else array_remove(array['stage_id', 'amount_minor', case when expected <> lag(expected) over w then 'expected_close_on' end], null) end,
        status, pipeline_id,
        stage_id, amount, currency, case when pipeline_id = md5('pipeline1')::uuid and ordinal % 2 = 1 then 'monthly' else 'one_time' end, rep, expected, 'bench',
        case when status <> 'open' and substr(deal_id::text, 1, 2) = '30' then 'no_closing_date' end
      from bench_changes window w as (partition by deal_id order by ordinal)`,
    `insert into deals (id, connection_id, record_id, external_id, name, status, pipeline_id, stage_id, amount_minor, currency, value_period, rep_id,
        company_id, person_id, expected_close_on, created_at, created_is_day, closed_is_day, attributes)
      select d.id, 'bench', md5('record deal' || d.n)::uuid, 'deal' || d.n, 'Deal ' || d.n, c.status, c.pipeline_id, c.stage_id, c.amount, c.currency,
        'one_time', c.rep, md5('company' || 1 + d.n % ${companies})::uuid, md5('person' || 1 + d.n % ${people})::uuid, c.expected, d.created, false, false, '{"plan": "basic"}'
      from bench_deals d join lateral (select * from bench_changes c where c.deal_id = d.id order by ordinal desc limit 1) c on true`,
    // Some are planned for the days ahead.
    `insert into activities (id, connection_id, record_id, external_id, type, direction, occurred_at, occurred_is_day, booked_at, duration_s, outcome, rep_id, person_id,
        company_id, deal_id, match_keys, attributes)
      select ${source("activity", "n")}, case when n % 20 = 0 then 'task' when n % 3 = 0 then 'call' when n % 3 = 1 then 'email' else 'meeting' end,
        case when ${draw("way")} < 0.2 then 'inbound' else 'outbound' end,
        timestamptz '2024-07-01' + ${draw("touched")} * interval '745 days', false, timestamptz '2024-07-01', case when n % 3 = 0 then n % 600 end,
        case when n % 20 = 0 then 'open' when n % 3 = 0 and n % 2 = 0 then 'answered' end,
        md5('rep' || 1 + floor(${draw("by")} * ${reps})::int)::uuid, md5('person' || 1 + (1 + n / ${TOUCHES_A_DEAL}) % ${people})::uuid,
        md5('company' || 1 + (1 + n / ${TOUCHES_A_DEAL}) % ${companies})::uuid, md5('deal' || 1 + n / ${TOUCHES_A_DEAL})::uuid, '{}', '{}'
      from generate_series(1, ${deals * TOUCHES_A_DEAL}) n`,
    `insert into tickets (id, connection_id, record_id, external_id, subject, status, priority, channel, opened_at, first_reply_at, solved_at, reopens,
        satisfaction, rep_id, person_id, company_id, attributes)
      select id, connection_id, record_id, external_id, 'Ticket', case when is_solved then 'solved' else 'open' end, 'normal', 'email', at, at + took / 4,
        case when is_solved then at + took end, n % 5 / 4, case n % 7 when 0 then 'good' when 1 then 'bad' end, md5('rep' || 1 + n % ${reps})::uuid,
        md5('person' || 1 + n % ${people})::uuid, md5('company' || 1 + n % ${companies})::uuid, '{}'
      from (select n, ${source("ticket", "n")}, timestamptz '2024-07-01' + ${draw("opened")} * interval '725 days' as at,
          ${draw("solved")} * interval '4 days' as took, n % 20 > 0 as is_solved from generate_series(1, ${Math.ceil(deals / 4)}) n) t`,
    `insert into conversations (id, connection_id, record_id, external_id, channel, status, started_at, first_response_at, rep_id, person_id, company_id, attributes)
      select id, connection_id, record_id, external_id, 'chat', 'closed', at, at + ${draw("answered")} * interval '1 hour', md5('rep' || 1 + n % ${reps})::uuid,
        md5('person' || 1 + n % ${people})::uuid, md5('company' || 1 + n % ${companies})::uuid, '{}'
      from (select n, ${source("conversation", "n")}, timestamptz '2024-07-01' + ${draw("started")} * interval '729 days' as at
        from generate_series(1, ${Math.ceil(deals / 8)}) n) c`,
    `insert into campaigns (id, connection_id, record_id, external_id, name, status, channel, sent_at, recipients, opens, clicks, bounces, unsubscribes, attributes)
      select ${source("campaign", "n")}, 'Campaign ' || n, 'sent', 'email', timestamptz '2024-07-01' + n * interval '1 day', 1000 + n, 400, 50, 10, 5, '{}'
      from generate_series(1, 700) n`,
    `insert into web_traffic (id, connection_id, record_id, external_id, day, channel, sessions, users, key_events, attributes)
      select ${source("visits", "n")}, date '2024-07-01' + n / 40, (array['web', 'ads', 'referral', 'fair'])[1 + n % 4], 10 + n % 90, 9, n % 3, '{}'
      from generate_series(0, 29199) n`,
    `insert into spend (id, connection_id, record_id, external_id, day, channel, campaign, amount_minor, currency, attributes)
      select ${source("spend", "n")}, date '2024-07-01' + n / 4, (array['web', 'ads', 'referral', 'fair'])[1 + n % 4], null, 10000 + n, case when n % 4 = 0 then 'USD' else 'EUR' end, '{}'
      from generate_series(0, 2919) n`,
    `insert into goals (id, connection_id, record_id, external_id, metric, rep_id, team_id, from_day, to_day, target)
      select ${source("goal", "k || '-' || month")}, 'won_value', case when k <= ${reps} then md5('rep' || k)::uuid end, case when k > ${reps} and k <= ${reps + 5} then md5('team' || k - ${reps})::uuid end,
        month::date, (month + interval '1 month - 1 day')::date, case when k <= ${reps} then 1e7 when k <= ${reps + 5} then 8e7 else 4e8 end
      from generate_series(1, ${reps + 6}) k, generate_series(timestamp '2024-07-01', '2026-06-01', interval '1 month') month`,
    `drop table bench_changes, bench_deals`,
  ];
}
