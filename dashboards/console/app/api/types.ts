// Made from the API's OpenAPI document by dashboards/api/client-types.ts; not to be changed by hand.
// After a change of the API: npx vitest run dashboards/api/client-types.test.ts -u

export type Nothing = { readonly [name in never]: never };

export type Activity = {
  id: string;
  connection: string;
  external_id: string;
  type: string;
  direction: string | null;
  occurred_at: string;
  duration_s: number | null;
  outcome:
    | "answered"
    | "no_answer"
    | "voicemail"
    | "busy"
    | "wrong_number"
    | "abandoned"
    | "scheduled"
    | "held"
    | "no_show"
    | "rescheduled"
    | "declined"
    | "cancelled"
    | "sent"
    | "delivered"
    | "bounced"
    | "replied"
    | "unsubscribed"
    | "positive"
    | "negative"
    | "open"
    | "done"
    | "failed"
    | null;
  disposition: string | null;
  subject: string | null;
  url: string | null;
  rep: { id: string; name: string | null } | null;
  person: { id: string; name: string | null } | null;
  duplicate_of: { id: string; connection: string; external_id: string; url: string | null; rule: string } | null;
  duplicates: { id: string; connection: string; external_id: string; url: string | null; rule: string }[];
  deal: { id: string; name: string | null; rule: string } | null;
};

export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
};

export type App = {
  id: string;
  name: string;
  redirect_uris: string[];
  scopes: string[];
  public: boolean;
  created_by: string;
  created_at: string;
};

export type AppGrant = {
  id: string;
  app: { id: string; name: string };
  user: string;
  scopes: string[];
  created_at: string;
  last_used_at: string | null;
};

export type AuditEntry = {
  id: number;
  at: string;
  actor: string;
  action: string;
  target: string;
  details: { [name: string]: unknown };
};

export type Backtest = {
  as_of: string;
  timezone: string;
  currency: string;
  seed: string;
  from: string | null;
  to: string | null;
  rows: {
    dimensions: { [name: string]: string | null };
    method: "history" | "stage_weighted" | "run_rate" | "simulation" | "activity";
    days: number;
    of: "count" | "value";
    origins: number;
    mape: number | null;
    bias: number | null;
    error: number | null;
    coverage: number;
    brier: { method: number; baseRate: number } | null;
    is_shown: boolean;
  }[];
};

export type CheckResult = {
  account_id: string;
  account_name: string;
  missing_permissions: string[];
  warnings: string[];
  details: string[];
};

export type Comparison = {
  metric: string;
  dimension: string;
  from: string | null;
  to: string | null;
  as_of: string;
  timezone: string;
  groups: { group: string; value: number | null; numerator: number; denominator: number }[];
  difference: number | null;
  interval: number[] | null;
  is_clear: boolean;
  more_needed: number[] | null;
  sentence: string;
};

export type Conclusion = {
  id: string;
  claim: {
    metric: string;
    filters: { [name: string]: string };
    a: { [name: string]: string };
    b?: { [name: string]: string };
    against?: number;
  };
  sentence: string;
  result: {
    from: string;
    to: string;
    a: { hits: number; total: number } | { value: number | null; total: number; error: number | null };
    b: { hits: number; total: number } | { value: number | null; total: number; error: number | null } | null;
    difference: number | null;
    interval: [number, number] | null;
    is_clear: boolean;
    more: { a: number; b: number } | null;
  };
  recorded_at: string;
  recorded_by: string;
  verdict: "holds" | "weaker" | "no_longer_holds" | "not_enough_data" | null;
  tested_at: string | null;
  changed_at: string | null;
};

export type ConclusionEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  conclusion: { id: string; sentence: string; recorded_at: string; recorded_by: string };
};

export type ConfigFile = {
  applied: boolean;
  workspace: string[];
  exchange_rates: boolean;
  connections: string[];
  sections: string[];
};

export type Connection = {
  id: string;
  connector: string;
  title: string;
  settings: { [name: string]: Json };
  has_credentials: boolean;
  state: "active" | "paused" | "needs_auth" | "ended";
  state_code: string | null;
  state_reason: string | null;
  account: { id: string | null; name: string | null };
  schedule: { every_s: number } | { cron: string } | null;
  streams: string[] | null;
  backfill_from: string | null;
  next_pull_at: string | null;
  created_at: string;
  updated_at: string;
  troubles: string[];
  stream_states: {
    stream: string;
    records: number;
    waiting: number;
    is_running: boolean;
    is_first_load_done: boolean;
    fresh_as_of: string | null;
    last_success_at: string | null;
    is_partial: boolean;
    partial_reason: string | null;
    held_deletions: number;
    refused: number;
    failures_in_a_row: number;
  }[];
};

export type Connector = {
  key: string;
  title: string;
  docs: string;
  every_s: number;
  streams: { stream: string; title: string }[];
  settings: unknown;
  auth: {
    kind: "none" | "api_key" | "service_account" | "oauth2";
    title: string;
    grant: "authorization_code" | "client_credentials" | null;
    made_at: string | null;
    needs: string[];
    credentials: unknown;
  }[];
  has_webhook: boolean;
};

export type Dashboard = {
  id: string;
  title: string;
  theme: "dark" | "light";
  rotate?: { to: string; after_s: number };
  celebrate: { wins: boolean; sound: boolean; from: string; to: string };
  tiles: { [name: string]: unknown }[];
  owner: "ready" | "file" | "made";
  path: string;
};

export type DashboardDefinition = {
  id: string;
  title: string;
  theme: "dark" | "light";
  tiles: {
    metric?: string;
    of?: string;
    period:
      | "today"
      | "yesterday"
      | "this_week"
      | "this_month"
      | "this_quarter"
      | "this_year"
      | "last_7_days"
      | "last_30_days"
      | "last_90_days"
      | "last_week"
      | "last_month"
      | "last_quarter"
      | "last_year"
      | "all";
    grain: "day" | "week" | "month" | "quarter" | "year";
    filters: { [name: string]: string };
    title?: string;
    view:
      | "number"
      | "leaderboard"
      | "funnel"
      | "line"
      | "bar"
      | "pipeline"
      | "movement"
      | "forecast"
      | "ticker"
      | "text"
      | "clock";
    text?: string;
    by?: string;
    limit: number;
    compare: "previous" | "last_year" | "nothing";
    width: number;
    height: number;
  }[];
  rotate?: { to: string; after_s: number };
  celebrate: { wins: boolean; sound: boolean; from: string; to: string };
  owner: "ready" | "file" | "made";
  path: string;
  yaml: string;
};

export type Deal = {
  id: string;
  connection: string;
  external_id: string;
  name: string | null;
  status: "open" | "won" | "lost";
  pipeline: string | null;
  stage: string | null;
  value: { amount: number | null; currency: string | null };
  owner: { id: string; name: string | null } | null;
  company: { id: string; name: string | null } | null;
  person: { id: string; name: string | null } | null;
  expected_close_on: string | null;
  created_at: string | null;
  closed_at: string | null;
  lost_reason: string | null;
  url: string | null;
};

export type DealEvent = {
  deal: {
    id: string;
    name: string | null;
    url: string | null;
    value: { amount: number | null; currency: string };
    stage: string | null;
    from_stage: string | null;
    pipeline: string | null;
    owner: { id: string; name: string | null } | null;
    company: string | null;
    lost_reason: string | null;
  };
  changed_at: string;
  connection: string;
};

export type DealStuckEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  deal: {
    id: string;
    name: string | null;
    url: string | null;
    value: { amount: number | null; currency: string };
    pipeline: string | null;
    stage: string | null;
    company: string | null;
    owner: { id: string; name: string | null } | null;
  };
};

export type Delivery = {
  id: number;
  event_id: string;
  type: string;
  state: "pending" | "delivered" | "failed";
  attempts_made: number;
  next_attempt_at: string | null;
  delivered_at: string | null;
  last_status_code: number | null;
  last_error: string | null;
};

export type Destination = {
  key: string;
  title: string;
  docs: string;
  takes: "events" | "answers";
  schema: { [name: string]: unknown };
  every_s: number | null;
  owner: "file" | "made" | null;
  settings: { [name: string]: unknown } | null;
  secrets_kept: string[];
  last_success_at: string | null;
  error: { code: string; message: string | null } | null;
  receivers: Receiver[];
  yaml: string | null;
};

export type Digest = {
  id: string;
  title: string;
  day: string;
  currency: string;
  lines: {
    metric: string;
    title: string;
    unit: string;
    from: string | null;
    to: string | null;
    value: number | null;
    previous_value: number | null;
    compared_with: string | null;
    rows: { name: string; value: number | null }[];
    fresh_as_of: string | null;
    notes: string[];
  }[];
  text: string;
};

export type DigestEvent = {
  digest: { id: string; title: string; day: string };
  currency: string;
  lines: {
    metric: string;
    title: string;
    unit: string;
    from: string | null;
    to: string | null;
    value: number | null;
    previous_value: number | null;
    compared_with: string | null;
    rows: { name: string; value: number | null }[];
    fresh_as_of: string | null;
    notes: string[];
  }[];
  text: string;
};

export type EndpointEvent = {
  endpoint: { id: string; destination: string; name: string };
  failing_since: string | null;
  reason: string | null;
};

export type Erasure = { id: string | null; people: number; tables: { [name: string]: number } };

export type Event = { id: string; type: string; timestamp: string; data: unknown };

export type ExchangeRates = {
  currency: string;
  rates: { day: string; currency: string; rate: number }[];
  deals: { currency: string; deals: number }[];
};

export type Feed = {
  id: string;
  title: string;
  widget: string;
  metric: string;
  owner: "ready" | "file" | "made";
  path: string;
};

export type FeedDefinition = {
  id: string;
  widget:
    | "number_and_secondary"
    | "line"
    | "bar"
    | "column"
    | "pie"
    | "leaderboard"
    | "funnel"
    | "geckometer"
    | "bullet"
    | "rag"
    | "text"
    | "list"
    | "map"
    | "monitoring";
  metric: string;
  of?: string;
  period:
    | "today"
    | "yesterday"
    | "this_week"
    | "this_month"
    | "this_quarter"
    | "this_year"
    | "last_7_days"
    | "last_30_days"
    | "last_90_days"
    | "last_week"
    | "last_month"
    | "last_quarter"
    | "last_year"
    | "all";
  grain: "day" | "week" | "month" | "quarter" | "year";
  filters: { [name: string]: string };
  title?: string;
  by?: string;
  limit: number;
  trend: boolean;
  min?: number;
  max?: number;
  amber?: number;
  green?: number;
  owner: "ready" | "file" | "made";
  path: string;
  yaml: string;
};

export type FeedPreview = { document: Json; notes: string[]; fresh_as_of: string | null };

export type Forecast = {
  as_of: string;
  timezone: string;
  currency: string;
  seed: string;
  plans: { inputs: { input: string; from: string }[]; problems: { cell: string; problem: string }[] } | null;
  goals:
    | {
        metric: "won_value" | "deals_won";
        from: string;
        to: string;
        target: number;
        so_far: number | null;
        expected: number | null;
        share: number | null;
      }[]
    | null;
  rows: {
    dimensions: { [name: string]: string | null };
    horizon: "days" | "month_end" | "quarter_end";
    days: number;
    until: string;
    count: {
      method: "history" | "stage_weighted" | "run_rate" | "simulation" | "activity";
      expected: number;
      p10: number;
      p50: number;
      p90: number;
      record: {
        days: number;
        origins: number;
        mape: number | null;
        bias: number | null;
        error: number | null;
        coverage: number;
        brier: { method: number; baseRate: number } | null;
      } | null;
    };
    value: {
      method: "history" | "stage_weighted" | "run_rate" | "simulation" | "activity";
      expected: number;
      p10: number;
      p50: number;
      p90: number;
      record: {
        days: number;
        origins: number;
        mape: number | null;
        bias: number | null;
        error: number | null;
        coverage: number;
        brier: { method: number; baseRate: number } | null;
      } | null;
    } | null;
    methods: {
      count: {
        method: "history" | "stage_weighted" | "run_rate" | "simulation" | "activity";
        expected: number;
        p10: number;
        p50: number;
        p90: number;
        record: {
          days: number;
          origins: number;
          mape: number | null;
          bias: number | null;
          error: number | null;
          coverage: number;
          brier: { method: number; baseRate: number } | null;
        } | null;
      };
      value: {
        method: "history" | "stage_weighted" | "run_rate" | "simulation" | "activity";
        expected: number;
        p10: number;
        p50: number;
        p90: number;
        record: {
          days: number;
          origins: number;
          mape: number | null;
          bias: number | null;
          error: number | null;
          coverage: number;
          brier: { method: number; baseRate: number } | null;
        } | null;
      } | null;
    }[];
    open_deals: number;
    left_out: number;
    scenario: {
      count: { expected: number; p10: number; p50: number; p90: number };
      value: { expected: number; p10: number; p50: number; p90: number } | null;
      margin: { expected: number; p10: number; p50: number; p90: number } | null;
      adjustments: { what: string; of: "count" | "value" | "both"; factor: number; because: string }[];
    } | null;
  }[];
};

export type ForecastEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  until: string;
  what: "value" | "count";
  currency: string;
  previous: number | null;
  expected: number;
  already_won: number;
  method: string;
};

export type Funnel = {
  from: string | null;
  to: string | null;
  as_of: string;
  timezone: string;
  currency: string;
  fresh_as_of: string | null;
  stages: {
    dimensions: { [name: string]: string | null };
    stage: string | null;
    entered: number;
    went_on: number;
    lost: number;
    went_back: number;
    moved_away: number;
    still_there: number;
    conversion: number | null;
    interval: [number, number] | null;
    snapshot_conversion: number | null;
    leak: number | null;
    is_leakiest: boolean;
    time_in_stage: number | null;
  }[];
  totals: {
    dimensions: { [name: string]: string | null };
    win_rate: number | null;
    sales_velocity: number | null;
    time_to_close_mean: number | null;
    time_to_close_median: number | null;
  }[];
};

export type Goal = {
  id: string;
  metric: string;
  from: string;
  to: string;
  target: number;
  rep: { id: string; name: string } | null;
  team: { id: string; name: string } | null;
  owner: "file" | "made" | "tool";
  connection: string | null;
  yaml: string;
};

export type GoalEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  of: string;
  unit: string;
  currency: string;
  dimensions: { [name: string]: string | null };
  from: string | null;
  to: string | null;
  attainment: number | null;
  reached: number | null;
  goal: number | null;
};

export type Health = {
  problems: { code: string; message: string; mend: string }[];
  queues: { [name: string]: { [name: string]: number } };
};

export type Identity = {
  id: string;
  entity: "person" | "company" | "rep" | "team" | "pipeline";
  name: string | null;
  rows: {
    id: string;
    name: string | null;
    connection: string;
    external_id: string;
    keys: { type: string; value: string }[];
  }[];
  links: IdentityLink[];
};

export type IdentityLink = {
  id: number;
  entity: "person" | "company" | "rep" | "team" | "pipeline";
  from: { id: string; name: string | null; connection: string | null; external_id: string | null };
  into: { id: string; name: string | null; connection: string | null; external_id: string | null };
  rule: string;
  evidence: string;
  created_at: string;
  undone_at: string | null;
  undone_by: string | null;
};

export type IdentitySummary = {
  id: string;
  name: string | null;
  connection: string;
  external_id: string;
  rows: number;
};

export type InboundWebhook = {
  is_offered: boolean;
  subscribes: boolean;
  address: string | null;
  has_secret: boolean;
  needs_secret: boolean;
  last_delivery_at: string | null;
};

export type Json = unknown;

export type KeptRow = { connection: string; id: string; record: string };

export type Kpi = {
  id: string;
  title: string;
  question: string;
  formula: string;
  unit: string;
  better: "higher" | "lower" | null;
  dimensions: string[];
  is_own: boolean;
  shown_as: ("one" | "rows" | "steps" | "ranking")[];
  takes_of: boolean;
};

export type KpiAnswer = {
  metric: string;
  unit: string;
  from: string | null;
  to: string | null;
  as_of: string | null;
  timezone: string;
  currency: string;
  fresh_as_of: string | null;
  rows: {
    dimensions: { [name: string]: string | null };
    period: string | null;
    value: number | null;
    numerator: number | null;
    denominator: number | null;
    sample_size: number;
    interval: [number, number] | null;
    still_open?: number;
    is_leakiest?: boolean;
    rank?: number | null;
    previous_rank?: number | null;
    movement?: number | null;
    goal?: number | null;
    working_days_gone?: number;
    working_days?: number;
    projection?: number | null;
    final_chance?: number | null;
    median_to_any_close?: number | null;
    any_end?: number;
  }[];
  compared?: {
    with: "previous" | "last_year";
    from: string | null;
    to: string | null;
    as_of: string;
    rows: {
      dimensions: { [name: string]: string | null };
      period: string | null;
      value: number | null;
      numerator: number | null;
      denominator: number | null;
      sample_size: number;
      interval: [number, number] | null;
      still_open?: number;
      is_leakiest?: boolean;
      rank?: number | null;
      previous_rank?: number | null;
      movement?: number | null;
      goal?: number | null;
      working_days_gone?: number;
      working_days?: number;
      projection?: number | null;
      final_chance?: number | null;
      median_to_any_close?: number | null;
      any_end?: number;
    }[];
  }[];
  exceptions: { reason: string; count: number }[];
  all_time_is_working?: true;
  sources: {
    connection: string;
    title: string;
    fresh_as_of: string | null;
    state: "stopped" | "unread" | "loading" | "stale" | "partial" | "current" | "ended";
    reason:
      | "needs_auth"
      | "paused"
      | "ended"
      | "unread"
      | "loading"
      | "failing"
      | "late"
      | "held"
      | "refused"
      | "partial"
      | null;
    detail: string | null;
    refused: number;
    held_deletions: number;
  }[];
  notes: string[];
};

export type KpiCrossedEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  metric: string;
  unit: string;
  currency: string;
  timezone: string;
  dimensions: { [name: string]: string | null };
  from: string | null;
  to: string | null;
  value: number | null;
  threshold: number;
  direction: "rises" | "falls";
  as_of: string;
  fresh_as_of: string | null;
};

export type KpiEvent = {
  metric: string;
  unit: string;
  currency: string;
  timezone: string;
  dimensions: { [name: string]: string | null };
  from: string | null;
  to: string | null;
  value: number | null;
  previous_value: number | null;
  numerator: number | null;
  denominator: number | null;
  sample_size: number;
  as_of: string;
  fresh_as_of: string | null;
  notes: string[];
};

export type LeadColdEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  lead: {
    kind: "lead" | "deal";
    id: string;
    name: string | null;
    url: string | null;
    created_at: string | null;
    owner: { id: string; name: string | null } | null;
  };
};

export type LeadUntouchedEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  lead: {
    kind: "lead" | "deal";
    id: string;
    name: string | null;
    url: string | null;
    created_at: string | null;
    owner: { id: string; name: string | null } | null;
  };
  working_minutes: number | null;
};

export type Me = {
  kind: "user" | "key" | "app";
  name: string;
  role: "admin" | "viewer" | null;
  scopes: string[];
  on_behalf_of: string | null;
};

export type Movement = {
  from: string;
  to: string;
  as_of: string;
  timezone: string;
  currency: string;
  rows: {
    dimensions: { [name: string]: string | null };
    start: { count: number; value: number };
    reasons: {
      created: { count: number; value: number };
      reopened: { count: number; value: number };
      value_up: { count: number; value: number };
      value_down: { count: number; value: number };
      won: { count: number; value: number };
      lost: { count: number; value: number };
      deleted: { count: number; value: number };
      merged: { count: number; value: number };
      owner_in: { count: number; value: number };
      owner_out: { count: number; value: number };
      pipeline_in: { count: number; value: number };
      pipeline_out: { count: number; value: number };
      pulled_in: { count: number; value: number };
      pushed_out: { count: number; value: number };
      currency: { count: number; value: number };
    };
    end: { count: number; value: number };
  }[];
  deals: { [name: string]: unknown }[];
  exceptions: { reason: string; count: number }[];
};

export type NewWebhook = {
  id: string;
  url: string;
  events: string[];
  filters: {
    pipelines?: string[];
    min_amount?: number;
    metrics?: string[];
    rises_to?: number;
    rules?: string[];
    digests?: string[];
    falls_to?: number;
  };
  ordered: boolean;
  per_second: number | null;
  description: string | null;
  state: "active" | "paused";
  paused_by: "person" | "failures" | "gone" | null;
  state_reason: string | null;
  failures_in_a_row: number;
  failing_since: string | null;
  not_before: string | null;
  created_by: string;
  created_at: string;
  secret: string;
};

export type Person = {
  id: string;
  name: string | null;
  emails: string[];
  phones: string[];
  title: string | null;
  company: { id: string; name: string | null } | null;
  owner: { id: string; name: string | null } | null;
  lead_created_at: string | null;
  url: string | null;
};

export type Pipeline = { id: string; name: string; stages: string[] };

export type Preview = {
  table: string;
  file: string;
  columns: string[];
  rows: {
    line: number;
    cells: { [name: string]: string };
    becomes: { field: string; value: string }[] | null;
    problems: string[];
  }[];
  notes: string[];
  unfinished: string[];
};

export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  mend: string;
  instance: string;
};

export type RankEvent = {
  rule: {
    id: string;
    when:
      | "kpi_crosses"
      | "goal_reached"
      | "rank_changed"
      | "deal_stuck"
      | "lead_cold"
      | "lead_untouched"
      | "forecast_moved"
      | "conclusion_fails";
  };
  of: string;
  unit: string;
  currency: string;
  from: string | null;
  to: string | null;
  ranks: { rep: string; rank: number; previous_rank: number | null; value: number | null }[];
};

export type Receiver = {
  id: string;
  name: string;
  owner: "file" | "made";
  settings: { [name: string]: unknown };
  state: "active" | "paused";
  paused_by: "person" | "failures" | "gone" | null;
  state_reason: string | null;
  failing_since: string | null;
  yaml: string;
};

export type Rep = { id: string; name: string | null; email: string | null; is_active: boolean | null; teams: string[] };

export type Review = { id: string; from: string; to: string; due_at: string | null; made_at: string; made_by: string };

export type ReviewAction = {
  id: string;
  kind: string;
  entity: "deal" | "lead" | null;
  subject_id: string | null;
  subject: string | null;
  url: string | null;
  rep_id: string | null;
  rep: string | null;
  text: string;
  due_on: string | null;
  is_late: boolean;
  note: string | null;
  state: "open" | "done" | "dropped";
  made_at: string;
  made_by: string;
  settled_at: string | null;
  settled_by: string | null;
  evidence: string | null;
};

export type ReviewAgenda = {
  from: string;
  to: string;
  as_of: string;
  timezone: string;
  currency: string;
  fresh_as_of: string | null;
  last: { id: string; made_at: string; from: string; to: string } | null;
  followed: ReviewAction[];
  won: {
    count: number;
    value: number;
    deals: {
      id: string;
      rep_id: string | null;
      rep: string | null;
      name: string | null;
      url: string | null;
      value: number | null;
      at: string;
      lost_reason: string | null;
    }[];
  };
  lost: {
    count: number;
    value: number;
    deals: {
      id: string;
      rep_id: string | null;
      rep: string | null;
      name: string | null;
      url: string | null;
      value: number | null;
      at: string;
      lost_reason: string | null;
    }[];
  };
  forecast: {
    rows: {
      horizon: "days" | "month_end" | "quarter_end";
      until: string;
      method: string;
      count: number;
      value: number | null;
      p10: number | null;
      p90: number | null;
    }[];
    before: {
      horizon: "days" | "month_end" | "quarter_end";
      until: string;
      method: string;
      count: number;
      value: number | null;
      p10: number | null;
      p90: number | null;
    }[];
    moved: { [name: string]: unknown } | null;
    movers: { [name: string]: unknown }[];
  };
  talk: {
    rep_id: string | null;
    rep: string | null;
    deals: {
      id: string;
      rep_id: string | null;
      rep: string | null;
      name: string | null;
      url: string | null;
      stage: string | null;
      value: number | null;
      created: string | null;
      expected: string | null;
      flags: (
        | { kind: "stuck"; days: number; limit: number }
        | { kind: "no_next_step" }
        | { kind: "slipping"; pushes: number; inPeriod: number }
        | { kind: "past_due"; expected: string }
        | { kind: "no_date" }
        | { kind: "single_threaded"; people: number }
        | { kind: "cold"; lastTouch: string | null }
        | { kind: "large"; rank: number }
      )[];
      is_picked: boolean;
      note: string | null;
    }[];
  }[];
  attention: {
    id: string;
    rep_id: string | null;
    rep: string | null;
    name: string | null;
    url: string | null;
    stage: string | null;
    value: number | null;
    created: string | null;
    expected: string | null;
    flags: (
      | { kind: "stuck"; days: number; limit: number }
      | { kind: "no_next_step" }
      | { kind: "slipping"; pushes: number; inPeriod: number }
      | { kind: "past_due"; expected: string }
      | { kind: "no_date" }
      | { kind: "single_threaded"; people: number }
      | { kind: "cold"; lastTouch: string | null }
      | { kind: "large"; rank: number }
    )[];
  }[];
  clean_up: {
    stale_deals: {
      id: string;
      rep_id: string | null;
      rep: string | null;
      name: string | null;
      url: string | null;
      stage: string | null;
      value: number | null;
      created: string | null;
      expected: string | null;
      flags: (
        | { kind: "stuck"; days: number; limit: number }
        | { kind: "no_next_step" }
        | { kind: "slipping"; pushes: number; inPeriod: number }
        | { kind: "past_due"; expected: string }
        | { kind: "no_date" }
        | { kind: "single_threaded"; people: number }
        | { kind: "cold"; lastTouch: string | null }
        | { kind: "large"; rank: number }
      )[];
    }[];
    cold_leads: {
      total: number;
      leads: {
        id: string;
        rep_id: string | null;
        rep: string | null;
        name: string | null;
        url: string | null;
        created: string | null;
        lastTouch: string | null;
      }[];
    };
    untouched_leads: {
      total: number;
      leads: {
        id: string;
        rep_id: string | null;
        rep: string | null;
        name: string | null;
        url: string | null;
        created: string | null;
        lastTouch: string | null;
      }[];
    };
  };
  leak: {
    stage: string | null;
    lost: number | null;
    entered: number;
    share: number | null;
    from: string;
    to: string;
  } | null;
  conclusions: { id: string; sentence: string; verdict: string; changed_at: string }[];
  notes: { deal_id: string | null; text: string; by: string }[];
  actions: {
    rep_id: string | null;
    rep: string | null;
    actions: {
      kind: "clean_up" | "set_date" | "move" | "next_step" | "call" | "touch" | "second_contact" | "say_why" | "other";
      entity: "deal" | "lead";
      subject_id: string;
      subject: string | null;
      url: string | null;
      text: string;
      due_on: string;
    }[];
    more: number;
  }[];
};

export type ReviewDocument = { format: "md" | "html"; text: string };

export type ReviewEvent = {
  review: { id: string; from: string; to: string };
  currency: string;
  won: { count: number; value: number };
  lost: { count: number; value: number };
  attention: number;
  actions: { done: number; not_done: number; added: number };
  reps: { name: string | null; actions: number }[];
};

export type RotatedSecret = { secret: string; former_until: string };

export type Run = {
  id: number;
  connection: string;
  stream: string;
  kind: "pull" | "full" | "replay" | "inbound" | "reconcile";
  trigger: "schedule" | "manual" | "webhook" | "start";
  state: "running" | "waiting" | "succeeded" | "failed" | "interrupted";
  counts: {
    pages: number;
    fetched: number;
    added: number;
    changed: number;
    unchanged: number;
    deleted: number;
    facts: number;
    skipped: number;
  };
  progress: { done: number; total: number | null } | null;
  error: { code: string; kind: string | null; message: string | null; mend: string | null } | null;
  started_at: string;
  finished_at: string | null;
};

export type RunLogLine = {
  at: string;
  level: "info" | "warn" | "error";
  code: string | null;
  message: string;
  data: unknown;
};

export type RunWithLog = {
  id: number;
  connection: string;
  stream: string;
  kind: "pull" | "full" | "replay" | "inbound" | "reconcile";
  trigger: "schedule" | "manual" | "webhook" | "start";
  state: "running" | "waiting" | "succeeded" | "failed" | "interrupted";
  counts: {
    pages: number;
    fetched: number;
    added: number;
    changed: number;
    unchanged: number;
    deleted: number;
    facts: number;
    skipped: number;
  };
  progress: { done: number; total: number | null } | null;
  error: { code: string; kind: string | null; message: string | null; mend: string | null } | null;
  started_at: string;
  finished_at: string | null;
  log: RunLogLine[];
};

export type Scorecard = {
  rep: { id: string; name: string };
  from: string | null;
  to: string | null;
  as_of: string;
  timezone: string;
  currency: string;
  rows: {
    metric: string;
    title: string;
    unit: string;
    dimensions: { [name: string]: string | null };
    value: number | null;
    numerator: number | null;
    denominator: number | null;
    sample_size: number;
    previous: number | null;
    rank: number | null;
    ranked: number;
  }[];
};

export type Showings = {
  schema: { [name: string]: unknown };
  views: { [name: string]: { uses: string[]; shows: "one" | "rows" | "steps" | "ranking" | "other" } };
};

export type Stage = {
  id: string;
  connection: string;
  pipeline: string;
  name: string;
  canonical:
    "prospecting" | "qualification" | "first_contact" | "meeting" | "needs_analysis" | "close" | "follow_up" | null;
  probability: number | null;
  open_deals: number;
};

export type Team = { id: string; name: string; manager: string | null; reps: number; connections: string[] };

export type Upload = {
  name: string;
  from: string;
  size: number;
  sha256: string;
  created_by: string;
  created_at: string;
};

export type User = { id: string; email: string; role: "admin" | "viewer"; created_at: string };

export type Webhook = {
  id: string;
  url: string;
  events: string[];
  filters: {
    pipelines?: string[];
    min_amount?: number;
    metrics?: string[];
    rises_to?: number;
    rules?: string[];
    digests?: string[];
    falls_to?: number;
  };
  ordered: boolean;
  per_second: number | null;
  description: string | null;
  state: "active" | "paused";
  paused_by: "person" | "failures" | "gone" | null;
  state_reason: string | null;
  failures_in_a_row: number;
  failing_since: string | null;
  not_before: string | null;
  created_by: string;
  created_at: string;
};

export type Workspace = {
  name: string;
  time_zone: string;
  week_start: number;
  currency: string;
  locale: string;
  fiscal_year_start: number;
  business_hours: { [name: string]: string[] };
  holidays: string[];
  timely_contact_minutes: number;
  cold_after_days: number;
  landmark_days: number;
};

export type Operations = {
  "GET /connectors": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Connector[]; next_cursor: string | null };
  };
  "GET /connections": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Connection[]; next_cursor: string | null };
  };
  "POST /connections": {
    params: Nothing;
    query: Nothing;
    body: {
      id: string;
      connector: string;
      title?: string;
      settings?: { [name: string]: Json };
      credentials?: { [name: string]: Json };
      schedule?: { every_s: number } | { cron: string } | null;
      streams?: string[] | null;
      backfill_from?: string | null;
    };
    answer: Connection;
  };
  "GET /connections/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: Connection };
  "PATCH /connections/{id}": {
    params: { id: string };
    query: Nothing;
    body: {
      title?: string;
      settings?: { [name: string]: Json };
      credentials?: { [name: string]: Json };
      schedule?: { every_s: number } | { cron: string } | null;
      streams?: string[] | null;
      backfill_from?: string | null;
    };
    answer: Connection;
  };
  "DELETE /connections/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "POST /connections/{id}/test": { params: { id: string }; query: Nothing; body: undefined; answer: CheckResult };
  "POST /connections/{id}/sync": {
    params: { id: string };
    query: Nothing;
    body: { stream?: string | null; full?: boolean; accept_deletions?: boolean };
    answer: { streams: string[] };
  };
  "POST /connections/{id}/pause": { params: { id: string }; query: Nothing; body: undefined; answer: Connection };
  "POST /connections/{id}/resume": { params: { id: string }; query: Nothing; body: undefined; answer: Connection };
  "POST /connections/check": {
    params: Nothing;
    query: Nothing;
    body: { connector: string; settings?: { [name: string]: Json }; credentials?: { [name: string]: Json } };
    answer: CheckResult;
  };
  "POST /connections/preview": {
    params: Nothing;
    query: Nothing;
    body: { connector: string; settings: { [name: string]: Json } };
    answer: { data: Preview[] };
  };
  "POST /connections/{id}/replay": {
    params: { id: string };
    query: Nothing;
    body: undefined;
    answer: { streams: string[] };
  };
  "POST /connections/{id}/reconcile": {
    params: { id: string };
    query: Nothing;
    body: undefined;
    answer: { data: { name: string; theirs: number; ours: number; is_equal: boolean; note: string | null }[] };
  };
  "GET /connections/{id}/webhook": { params: { id: string }; query: Nothing; body: undefined; answer: InboundWebhook };
  "POST /connections/{id}/webhook": {
    params: { id: string };
    query: Nothing;
    body: { secret?: string };
    answer: InboundWebhook;
  };
  "GET /start": {
    params: Nothing;
    query: Nothing;
    body: undefined;
    answer: { has_users: boolean; providers: { id: string; title: string }[] };
  };
  "GET /me": { params: Nothing; query: Nothing; body: undefined; answer: Me };
  "GET /health": { params: Nothing; query: Nothing; body: undefined; answer: Health };
  "GET /workspace": { params: Nothing; query: Nothing; body: undefined; answer: Workspace };
  "PATCH /workspace": {
    params: Nothing;
    query: Nothing;
    body: {
      name?: string;
      time_zone?: string;
      week_start?: number;
      currency?: string;
      locale?: string;
      fiscal_year_start?: number;
      business_hours?: { [name: string]: string[] };
      holidays?: string[];
      timely_contact_minutes?: number;
      cold_after_days?: number;
      landmark_days?: number;
    };
    answer: Workspace;
  };
  "GET /exchange-rates": { params: Nothing; query: Nothing; body: undefined; answer: ExchangeRates };
  "PUT /exchange-rates": {
    params: Nothing;
    query: Nothing;
    body: { rates: { day: string; currency: string; rate: number }[] };
    answer: ExchangeRates;
  };
  "GET /config-file": { params: Nothing; query: Nothing; body: undefined; answer: ConfigFile };
  "GET /goals": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Goal[]; next_cursor: string | null };
  };
  "POST /goals": {
    params: Nothing;
    query: Nothing;
    body: {
      connection?: string;
      id?: string;
      metric: string;
      from: string;
      to: string;
      target: number;
      currency?: string;
      rep?: string;
      team?: string;
    };
    answer: KeptRow;
  };
  "PUT /goals/{id}": {
    params: { id: string };
    query: Nothing;
    body: { metric: string; from: string; to: string; target: number; rep?: string | null; team?: string | null };
    answer: Goal;
  };
  "DELETE /goals/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "GET /users": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: User[]; next_cursor: string | null };
  };
  "POST /users": {
    params: Nothing;
    query: Nothing;
    body: { email: string; password: string; role?: "admin" | "viewer" };
    answer: User;
  };
  "PATCH /users/{email}": {
    params: { email: string };
    query: Nothing;
    body: { role: "admin" | "viewer" };
    answer: User;
  };
  "DELETE /users/{email}": { params: { email: string }; query: Nothing; body: undefined; answer: undefined };
  "POST /users/{email}/password": {
    params: { email: string };
    query: Nothing;
    body: { password: string };
    answer: undefined;
  };
  "GET /audit": {
    params: Nothing;
    query: { limit?: number; cursor?: string; action?: string };
    body: undefined;
    answer: { data: AuditEntry[]; next_cursor: string | null };
  };
  "GET /runs": {
    params: Nothing;
    query: {
      limit?: number;
      cursor?: string;
      connection?: string;
      stream?: string;
      state?: "running" | "waiting" | "succeeded" | "failed" | "interrupted";
    };
    body: undefined;
    answer: { data: Run[]; next_cursor: string | null };
  };
  "GET /runs/{id}": { params: { id: number }; query: Nothing; body: undefined; answer: RunWithLog };
  "GET /runs/{id}/log": {
    params: { id: number };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: RunLogLine[]; next_cursor: string | null };
  };
  "GET /kpis": {
    params: Nothing;
    query: { limit?: number; cursor?: string; locale?: string };
    body: undefined;
    answer: { data: Kpi[]; next_cursor: string | null };
  };
  "GET /kpis/{metric}": {
    params: { metric: string };
    query: {
      from?: string;
      to?: string;
      by?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      of?: string;
      grain?: "day" | "week" | "month" | "quarter" | "year";
      filter?: string | string[];
      as_of?: string;
      compare?: string;
    };
    body: undefined;
    answer: KpiAnswer;
  };
  "GET /kpis/{metric}/records": {
    params: { metric: string };
    query: {
      from?: string;
      to?: string;
      by?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      of?: string;
      grain?: "day" | "week" | "month" | "quarter" | "year";
      filter?: string | string[];
      as_of?: string;
      limit?: number;
      cursor?: string;
    };
    body: undefined;
    answer: { data: { [name: string]: unknown }[]; next_cursor: string | null };
  };
  "GET /reps/{rep}/scorecard": {
    params: { rep: string };
    query: {
      from?: string;
      to?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      metrics?: string;
      as_of?: string;
    };
    body: undefined;
    answer: Scorecard;
  };
  "GET /kpis/{metric}/comparison": {
    params: { metric: string };
    query: {
      from?: string;
      to?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      filter?: string | string[];
      as_of?: string;
      dimension: string;
      a: string;
      b: string;
    };
    body: undefined;
    answer: Comparison;
  };
  "GET /movement": {
    params: Nothing;
    query: { from: string; to: string; by?: string; filter?: string | string[]; as_of?: string; expected_in?: string };
    body: undefined;
    answer: Movement;
  };
  "GET /funnel": {
    params: Nothing;
    query: {
      from?: string;
      to?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      by?: string;
      filter?: string | string[];
      as_of?: string;
    };
    body: undefined;
    answer: Funnel;
  };
  "GET /exports/{name}": {
    params: { name: string };
    query: {
      from?: string;
      to?: string;
      by?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      of?: string;
      grain?: "day" | "week" | "month" | "quarter" | "year";
      filter?: string | string[];
      as_of?: string;
      format?: "csv" | "jsonl" | "parquet";
      bom?: string;
      deleted?: string;
    };
    body: undefined;
    answer: string;
  };
  "GET /forecast": {
    params: Nothing;
    query: { horizon?: string; by?: "rep" | "team" | "pipeline"; as_of?: string; seed?: string };
    body: undefined;
    answer: Forecast;
  };
  "GET /backtest": {
    params: Nothing;
    query: { horizon?: string; by?: "rep" | "team" | "pipeline"; as_of?: string; seed?: string };
    body: undefined;
    answer: Backtest;
  };
  "GET /review": {
    params: Nothing;
    query: { language?: "en" | "fr"; period?: string; rep?: string; team?: string; as_of?: string };
    body: undefined;
    answer: ReviewAgenda;
  };
  "GET /review/document": {
    params: Nothing;
    query: {
      language?: "en" | "fr";
      period?: string;
      rep?: string;
      team?: string;
      as_of?: string;
      format?: "md" | "html";
    };
    body: undefined;
    answer: ReviewDocument;
  };
  "GET /reviews": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Review[]; next_cursor: string | null };
  };
  "POST /reviews": { params: Nothing; query: Nothing; body: undefined; answer: { id: string } };
  "GET /reviews/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: ReviewAgenda };
  "GET /reviews/{id}/document": {
    params: { id: string };
    query: { format?: "md" | "html"; language?: "en" | "fr" };
    body: undefined;
    answer: { format: "md" | "html"; text: string };
  };
  "GET /reviews/{id}/notes": {
    params: { id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      data: { id: number; deal_id: string | null; text: string; written_at: string; written_by: string }[];
      next_cursor: string | null;
    };
  };
  "POST /reviews/{id}/notes": {
    params: { id: string };
    query: Nothing;
    body: { text: string; deal?: string };
    answer: { id: number };
  };
  "GET /review-actions": {
    params: Nothing;
    query: { limit?: number; cursor?: string; state?: "open" | "done" | "dropped"; rep?: string; review?: string };
    body: undefined;
    answer: { data: ReviewAction[]; next_cursor: string | null };
  };
  "POST /review-actions": {
    params: Nothing;
    query: Nothing;
    body: {
      text: string;
      kind?: "clean_up" | "set_date" | "move" | "next_step" | "call" | "touch" | "second_contact" | "say_why" | "other";
      deal?: string;
      lead?: string;
      rep?: string;
      due_on?: string;
      note?: string;
    };
    answer: { id: string };
  };
  "PATCH /review-actions/{id}": {
    params: { id: string };
    query: Nothing;
    body: {
      state?: "open" | "done" | "dropped";
      text?: string;
      rep?: string | null;
      due_on?: string | null;
      note?: string | null;
    };
    answer: undefined;
  };
  "GET /review-picks": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      data: { deal: string; rep_id: string | null; note: string | null; picked_at: string; picked_by: string }[];
      next_cursor: string | null;
    };
  };
  "POST /review-picks": { params: Nothing; query: Nothing; body: { deal: string; note?: string }; answer: undefined };
  "DELETE /review-picks/{deal}": { params: { deal: string }; query: Nothing; body: undefined; answer: undefined };
  "GET /conclusions": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Conclusion[]; next_cursor: string | null };
  };
  "POST /conclusions": {
    params: Nothing;
    query: Nothing;
    body: {
      claim: {
        metric: string;
        filters?: { [name: string]: string };
        a?: { [name: string]: string };
        b?: { [name: string]: string };
        against?: number;
      };
      from: string;
      to: string;
      sentence?: string;
    };
    answer: Conclusion;
  };
  "GET /conclusions/{id}": {
    params: { id: string };
    query: Nothing;
    body: undefined;
    answer: {
      id: string;
      claim: {
        metric: string;
        filters: { [name: string]: string };
        a: { [name: string]: string };
        b?: { [name: string]: string };
        against?: number;
      };
      sentence: string;
      result: {
        from: string;
        to: string;
        a: { hits: number; total: number } | { value: number | null; total: number; error: number | null };
        b: { hits: number; total: number } | { value: number | null; total: number; error: number | null } | null;
        difference: number | null;
        interval: [number, number] | null;
        is_clear: boolean;
        more: { a: number; b: number } | null;
      };
      recorded_at: string;
      recorded_by: string;
      verdict: "holds" | "weaker" | "no_longer_holds" | "not_enough_data" | null;
      tested_at: string | null;
      changed_at: string | null;
      tests: {
        tested_at: string;
        verdict: "holds" | "weaker" | "no_longer_holds" | "not_enough_data";
        sentence: string;
        result: {
          from: string;
          to: string;
          a: { hits: number; total: number } | { value: number | null; total: number; error: number | null };
          b: { hits: number; total: number } | { value: number | null; total: number; error: number | null } | null;
          difference: number | null;
          interval: [number, number] | null;
          is_clear: boolean;
          more: { a: number; b: number } | null;
        };
      }[];
    };
  };
  "DELETE /conclusions/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "POST /conclusions/{id}/test": { params: { id: string }; query: Nothing; body: undefined; answer: Conclusion };
  "GET /destinations": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Destination[]; next_cursor: string | null };
  };
  "PUT /destinations/{key}": {
    params: { key: string };
    query: Nothing;
    body: { settings: { [name: string]: Json } };
    answer: Destination;
  };
  "DELETE /destinations/{key}": { params: { key: string }; query: Nothing; body: undefined; answer: undefined };
  "POST /destinations/{key}/receivers": {
    params: { key: string };
    query: Nothing;
    body: { settings: { [name: string]: Json } };
    answer: Receiver;
  };
  "POST /destinations/{key}/receivers/{id}/pause": {
    params: { key: string; id: string };
    query: Nothing;
    body: undefined;
    answer: undefined;
  };
  "POST /destinations/{key}/receivers/{id}/resume": {
    params: { key: string; id: string };
    query: Nothing;
    body: undefined;
    answer: undefined;
  };
  "POST /destinations/{key}/receivers/{id}/test": {
    params: { key: string; id: string };
    query: Nothing;
    body: undefined;
    answer: undefined;
  };
  "DELETE /destinations/{key}/receivers/{id}": {
    params: { key: string; id: string };
    query: Nothing;
    body: undefined;
    answer: undefined;
  };
  "GET /digests": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: { id: string; title: string | null; at: string; kpis: number }[]; next_cursor: string | null };
  };
  "GET /digests/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: Digest };
  "GET /identities/{entity}": {
    params: { entity: "person" | "company" | "rep" | "team" | "pipeline" };
    query: { limit?: number; cursor?: string; search?: string };
    body: undefined;
    answer: { data: IdentitySummary[]; next_cursor: string | null };
  };
  "GET /identities/{entity}/{id}": {
    params: { entity: "person" | "company" | "rep" | "team" | "pipeline"; id: string };
    query: Nothing;
    body: undefined;
    answer: Identity;
  };
  "GET /identity-links/{entity}": {
    params: { entity: "person" | "company" | "rep" | "team" | "pipeline" };
    query: { limit?: number; cursor?: string; undone?: string };
    body: undefined;
    answer: { data: IdentityLink[]; next_cursor: string | null };
  };
  "POST /identity-links": {
    params: Nothing;
    query: Nothing;
    body: { entity: "person" | "company" | "rep" | "team" | "pipeline"; from: string; into: string };
    answer: { id: number };
  };
  "POST /identity-links/{id}/undo": { params: { id: number }; query: Nothing; body: undefined; answer: undefined };
  "GET /stages": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Stage[]; next_cursor: string | null };
  };
  "PUT /stages": {
    params: Nothing;
    query: Nothing;
    body: {
      pipeline: string;
      stages: {
        [name: string]: {
          canonical:
            "prospecting" | "qualification" | "first_contact" | "meeting" | "needs_analysis" | "close" | "follow_up";
          probability?: number;
        };
      };
    };
    answer: { data: Stage[] };
  };
  "GET /teams": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Team[]; next_cursor: string | null };
  };
  "GET /activities": {
    params: Nothing;
    query: {
      limit?: number;
      cursor?: string;
      doubles?: string;
      person?: string;
      deal?: string;
      rep?: string;
      type?:
        | "call"
        | "email"
        | "sms"
        | "whatsapp"
        | "social"
        | "meeting"
        | "note"
        | "task"
        | "chat"
        | "form"
        | "visit"
        | "email_open"
        | "email_click"
        | "custom";
      when?: "past" | "ahead";
    };
    body: undefined;
    answer: { data: Activity[]; next_cursor: string | null };
  };
  "POST /activities": {
    params: Nothing;
    query: Nothing;
    body: {
      connection?: string;
      id?: string;
      type:
        | "call"
        | "email"
        | "sms"
        | "whatsapp"
        | "social"
        | "meeting"
        | "note"
        | "task"
        | "chat"
        | "form"
        | "visit"
        | "email_open"
        | "email_click"
        | "custom";
      occurred_at?: string;
      direction?: "inbound" | "outbound";
      booked_at?: string;
      duration?: number;
      outcome?: string;
      subject?: string;
      rep?: string;
      person?: string;
      company?: string;
      deal?: string;
      match_key?: string;
      url?: string;
    };
    answer: KeptRow;
  };
  "GET /activities/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: Activity };
  "GET /deals": {
    params: Nothing;
    query: {
      limit?: number;
      cursor?: string;
      search?: string;
      status?: "open" | "won" | "lost";
      connection?: string;
      person?: string;
    };
    body: undefined;
    answer: { data: Deal[]; next_cursor: string | null };
  };
  "POST /deals": {
    params: Nothing;
    query: Nothing;
    body: {
      connection?: string;
      id: string;
      name?: string;
      stage?: string;
      status?: "open" | "won" | "lost";
      pipeline?: string;
      value?: number;
      currency?: string;
      value_period?: "one_time" | "monthly" | "annual";
      rep?: string;
      person?: string;
      company?: string;
      created_at?: string;
      closed_at?: string;
      expected_close_on?: string;
      probability?: number;
      lost_reason?: string;
      url?: string;
    };
    answer: KeptRow;
  };
  "GET /deals/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: Deal };
  "GET /people": {
    params: Nothing;
    query: { limit?: number; cursor?: string; email?: string; search?: string };
    body: undefined;
    answer: { data: Person[]; next_cursor: string | null };
  };
  "POST /people": {
    params: Nothing;
    query: Nothing;
    body: {
      connection?: string;
      id?: string;
      email?: string;
      name?: string;
      title?: string;
      phone?: string;
      company?: string;
      rep?: string;
      lead_created_at?: string;
      lead_status?: string;
      url?: string;
    };
    answer: KeptRow;
  };
  "GET /reps": {
    params: Nothing;
    query: { limit?: number; cursor?: string; email?: string; search?: string };
    body: undefined;
    answer: { data: Rep[]; next_cursor: string | null };
  };
  "GET /pipelines": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Pipeline[]; next_cursor: string | null };
  };
  "POST /deal-changes": {
    params: Nothing;
    query: Nothing;
    body: {
      connection?: string;
      id?: string;
      deal: string;
      changed_at?: string;
      stage?: string;
      status?: "open" | "won" | "lost";
      pipeline?: string;
      value?: number;
      currency?: string;
      rep?: string;
      expected_close_on?: string;
      probability?: number;
    };
    answer: KeptRow;
  };
  "POST /spend": {
    params: Nothing;
    query: Nothing;
    body: {
      connection?: string;
      id?: string;
      day: string;
      amount: number;
      currency?: string;
      channel?: string;
      campaign?: string;
    };
    answer: KeptRow;
  };
  "GET /dashboards": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Dashboard[]; next_cursor: string | null };
  };
  "GET /dashboards/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: DashboardDefinition };
  "PUT /dashboards/{id}": {
    params: { id: string };
    query: Nothing;
    body: {
      title: string;
      theme?: "dark" | "light";
      tiles: {
        metric?: string;
        of?: string;
        period?:
          | "today"
          | "yesterday"
          | "this_week"
          | "this_month"
          | "this_quarter"
          | "this_year"
          | "last_7_days"
          | "last_30_days"
          | "last_90_days"
          | "last_week"
          | "last_month"
          | "last_quarter"
          | "last_year"
          | "all";
        grain?: "day" | "week" | "month" | "quarter" | "year";
        filters?: { [name: string]: string };
        title?: string;
        view?:
          | "number"
          | "leaderboard"
          | "funnel"
          | "line"
          | "bar"
          | "pipeline"
          | "movement"
          | "forecast"
          | "ticker"
          | "text"
          | "clock";
        text?: string;
        by?: string;
        limit?: number;
        compare?: "previous" | "last_year" | "nothing";
        width?: number;
        height?: number;
      }[];
      rotate?: { to: string; after_s?: number };
      celebrate?: { wins?: boolean; sound?: boolean; from?: string; to?: string };
    };
    answer: DashboardDefinition;
  };
  "DELETE /dashboards/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "POST /dashboards/preview": {
    params: Nothing;
    query: Nothing;
    body: {
      title: string;
      theme?: "dark" | "light";
      tiles: {
        metric?: string;
        of?: string;
        period?:
          | "today"
          | "yesterday"
          | "this_week"
          | "this_month"
          | "this_quarter"
          | "this_year"
          | "last_7_days"
          | "last_30_days"
          | "last_90_days"
          | "last_week"
          | "last_month"
          | "last_quarter"
          | "last_year"
          | "all";
        grain?: "day" | "week" | "month" | "quarter" | "year";
        filters?: { [name: string]: string };
        title?: string;
        view?:
          | "number"
          | "leaderboard"
          | "funnel"
          | "line"
          | "bar"
          | "pipeline"
          | "movement"
          | "forecast"
          | "ticker"
          | "text"
          | "clock";
        text?: string;
        by?: string;
        limit?: number;
        compare?: "previous" | "last_year" | "nothing";
        width?: number;
        height?: number;
      }[];
      rotate?: { to: string; after_s?: number };
      celebrate?: { wins?: boolean; sound?: boolean; from?: string; to?: string };
    };
    answer: { page: string };
  };
  "GET /tile-views": { params: Nothing; query: Nothing; body: undefined; answer: Showings };
  "GET /feeds": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Feed[]; next_cursor: string | null };
  };
  "GET /feeds/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: FeedDefinition };
  "PUT /feeds/{id}": {
    params: { id: string };
    query: Nothing;
    body: {
      widget?:
        | "number_and_secondary"
        | "line"
        | "bar"
        | "column"
        | "pie"
        | "leaderboard"
        | "funnel"
        | "geckometer"
        | "bullet"
        | "rag"
        | "text"
        | "list"
        | "map"
        | "monitoring";
      metric: string;
      of?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      grain?: "day" | "week" | "month" | "quarter" | "year";
      filters?: { [name: string]: string };
      title?: string;
      by?: string;
      limit?: number;
      trend?: boolean;
      min?: number;
      max?: number;
      amber?: number;
      green?: number;
    };
    answer: FeedDefinition;
  };
  "DELETE /feeds/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "GET /feed-widgets": { params: Nothing; query: Nothing; body: undefined; answer: Showings };
  "POST /feeds/preview": {
    params: Nothing;
    query: Nothing;
    body: {
      widget?:
        | "number_and_secondary"
        | "line"
        | "bar"
        | "column"
        | "pie"
        | "leaderboard"
        | "funnel"
        | "geckometer"
        | "bullet"
        | "rag"
        | "text"
        | "list"
        | "map"
        | "monitoring";
      metric: string;
      of?: string;
      period?:
        | "today"
        | "yesterday"
        | "this_week"
        | "this_month"
        | "this_quarter"
        | "this_year"
        | "last_7_days"
        | "last_30_days"
        | "last_90_days"
        | "last_week"
        | "last_month"
        | "last_quarter"
        | "last_year"
        | "all";
      grain?: "day" | "week" | "month" | "quarter" | "year";
      filters?: { [name: string]: string };
      title?: string;
      by?: string;
      limit?: number;
      trend?: boolean;
      min?: number;
      max?: number;
      amber?: number;
      green?: number;
    };
    answer: FeedPreview;
  };
  "POST /webhooks": {
    params: Nothing;
    query: Nothing;
    body: {
      url: string;
      events: (
        | "*"
        | "deal.created"
        | "deal.won"
        | "deal.lost"
        | "deal.reopened"
        | "deal.stage_changed"
        | "kpi.updated"
        | "kpi.crossed"
        | "goal.reached"
        | "rank.changed"
        | "deal.stuck"
        | "lead.cold"
        | "lead.untouched"
        | "forecast.moved"
        | "conclusion.no_longer_holds"
        | "digest.ready"
        | "review.ready"
        | "endpoint.failing"
        | "endpoint.paused"
        | "endpoint.recovered"
        | "endpoint.test"
      )[];
      filters?: {
        pipelines?: string[];
        min_amount?: number;
        metrics?: string[];
        rises_to?: number;
        rules?: string[];
        digests?: string[];
        falls_to?: number;
      };
      ordered?: boolean;
      per_second?: number;
      description?: string;
    };
    answer: NewWebhook;
  };
  "GET /webhooks": {
    params: Nothing;
    query: { limit?: number; cursor?: string; url?: string };
    body: undefined;
    answer: { data: Webhook[]; next_cursor: string | null };
  };
  "GET /webhooks/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: Webhook };
  "PATCH /webhooks/{id}": {
    params: { id: string };
    query: Nothing;
    body: {
      events?: (
        | "*"
        | "deal.created"
        | "deal.won"
        | "deal.lost"
        | "deal.reopened"
        | "deal.stage_changed"
        | "kpi.updated"
        | "kpi.crossed"
        | "goal.reached"
        | "rank.changed"
        | "deal.stuck"
        | "lead.cold"
        | "lead.untouched"
        | "forecast.moved"
        | "conclusion.no_longer_holds"
        | "digest.ready"
        | "review.ready"
        | "endpoint.failing"
        | "endpoint.paused"
        | "endpoint.recovered"
        | "endpoint.test"
      )[];
      filters?: {
        pipelines?: string[];
        min_amount?: number;
        metrics?: string[];
        rises_to?: number;
        rules?: string[];
        digests?: string[];
        falls_to?: number;
      };
      ordered?: boolean;
      per_second?: number | null;
      description?: string | null;
    };
    answer: Webhook;
  };
  "DELETE /webhooks/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "POST /webhooks/{id}/rotate": {
    params: { id: string };
    query: Nothing;
    body: { grace_hours?: number };
    answer: RotatedSecret;
  };
  "POST /webhooks/{id}/test": { params: { id: string }; query: Nothing; body: undefined; answer: { delivery: number } };
  "GET /webhooks/{id}/deliveries/{delivery}/attempts": {
    params: { id: string; delivery: number };
    query: Nothing;
    body: undefined;
    answer: {
      event: { id: string; type: string; timestamp: string; data: unknown };
      attempts: {
        at: string;
        duration_ms: number;
        status_code: number | null;
        error: string | null;
        request: unknown;
        response: unknown;
      }[];
    };
  };
  "POST /webhooks/{id}/pause": { params: { id: string }; query: Nothing; body: undefined; answer: Webhook };
  "POST /webhooks/{id}/resume": { params: { id: string }; query: Nothing; body: undefined; answer: Webhook };
  "GET /webhooks/{id}/deliveries": {
    params: { id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Delivery[]; next_cursor: string | null };
  };
  "POST /webhooks/{id}/replay": {
    params: { id: string };
    query: Nothing;
    body:
      | { delivery: number }
      | { since: string; until?: string; failed?: boolean; dry_run?: boolean }
      | { failed: true; dry_run?: boolean };
    answer: { deliveries: number };
  };
  "GET /event-types": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: {
      data: { type: string; title: string; version: number; schema: unknown; sample: unknown }[];
      next_cursor: string | null;
    };
  };
  "GET /events/{type}": {
    params: {
      type:
        | "deal.created"
        | "deal.won"
        | "deal.lost"
        | "deal.reopened"
        | "deal.stage_changed"
        | "kpi.updated"
        | "kpi.crossed"
        | "goal.reached"
        | "rank.changed"
        | "deal.stuck"
        | "lead.cold"
        | "lead.untouched"
        | "forecast.moved"
        | "conclusion.no_longer_holds"
        | "digest.ready"
        | "review.ready"
        | "endpoint.failing"
        | "endpoint.paused"
        | "endpoint.recovered"
        | "endpoint.test";
    };
    query: { limit?: number; cursor?: string; filters?: string };
    body: undefined;
    answer: { data: Event[]; next_cursor: string | null };
  };
  "GET /api-keys": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: ApiKey[]; next_cursor: string | null };
  };
  "POST /api-keys": {
    params: Nothing;
    query: Nothing;
    body: { name: string; scopes: ("read" | "write" | "connections" | "webhooks" | "metrics" | "admin")[] | string[] };
    answer: {
      id: string;
      name: string;
      prefix: string;
      scopes: string[];
      created_at: string;
      last_used_at: string | null;
      revoked_at: string | null;
      token: string;
    };
  };
  "DELETE /api-keys/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "GET /apps": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: App[]; next_cursor: string | null };
  };
  "POST /apps": {
    params: Nothing;
    query: Nothing;
    body: {
      name: string;
      redirect_uris: string[];
      scopes: ("read" | "write" | "connections" | "webhooks")[];
      public?: boolean;
    };
    answer: {
      id: string;
      name: string;
      redirect_uris: string[];
      scopes: string[];
      public: boolean;
      created_by: string;
      created_at: string;
      secret: string | null;
    };
  };
  "DELETE /apps/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "GET /app-grants": {
    params: Nothing;
    query: { limit?: number; cursor?: string; app?: string };
    body: undefined;
    answer: { data: AppGrant[]; next_cursor: string | null };
  };
  "DELETE /app-grants/{id}": { params: { id: string }; query: Nothing; body: undefined; answer: undefined };
  "POST /erasures": { params: Nothing; query: Nothing; body: { email: string; dry_run?: boolean }; answer: Erasure };
  "POST /uploads": { params: Nothing; query: { name: string }; body: Blob; answer: Upload };
  "GET /uploads": {
    params: Nothing;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: { data: Upload[]; next_cursor: string | null };
  };
  "DELETE /uploads/{name}": { params: { name: string }; query: Nothing; body: undefined; answer: undefined };
};
