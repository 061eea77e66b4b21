/**
 * The SQL that somebody who knows these tables would write for each KPI by hand: for one way of asking at a time, without what a question in general
 * needs (labels, what was left out, other breakdowns, merged people). What is asked of the past is answered by what the tables have now.
 *
 * Each gives rows of `k` (the month, rep, team or stage; `all` where it is not broken down) and `v`.
 */
export type AskedByHand = { readonly from: Date; readonly to: Date; readonly now: Date; readonly by: By };
/** What it is broken down by. */
export type By = "month" | "rep" | "team" | "stage" | null;

type Columns = { readonly at: string; readonly rep?: string; readonly stage?: string };
type Write = (asked: AskedByHand) => string;

const instant = (date: Date): string => `timestamptz '${date.toISOString()}'`;
const last = ({ to, now }: AskedByHand): string => instant(to < now ? to : now);

/** The slice of a row, and what has to be joined to tell it. */
function slice(by: By, { at, rep = "null", stage = "null" }: Columns): readonly [key: string, join: string] {
  const whose = `left join reps rep on rep.id = ${rep}`;
  switch (by) {
    case null:
      return ["'all'", ""];
    case "month":
      return [`date_trunc('month', ${at})::text`, ""];
    case "rep":
      return ["coalesce(rep.merged_into, rep.id)::text", whose];
    case "team":
      return [
        "m.team_id::text",
        `${whose} left join team_memberships m on m.rep_id = coalesce(rep.merged_into, rep.id) and m.held_from <= ${at} and coalesce(m.held_to, 'infinity') > ${at}`,
      ];
    case "stage":
      return [`${stage}::text`, ""];
  }
}

/** @param rows `from …` without `where` */
function sliced(asked: AskedByHand, what: string, rows: string, where: string, columns: Columns): string {
  const [key, join] = slice(asked.by, columns);
  return `select ${key} as k, ${what} as v ${rows} ${join} where ${where} group by 1`;
}

const counts = (alias: string, { now }: AskedByHand): string =>
  `(${alias}.deleted_at is null or ${alias}.deleted_at > ${instant(now)})`;
const isIn = (at: string, { from, to, now }: AskedByHand): string =>
  `${at} >= ${instant(from)} and ${at} < ${instant(to)} and ${at} <= ${instant(now)}`;
const held = (alias: string, { now }: AskedByHand): string =>
  `${alias}.held_from <= ${instant(now)} and ${alias}.held_to > ${instant(now)}`;
const days = (from: string, to: string): string => `extract(epoch from ${to} - ${from}) / 86400`;
const hours = (from: string, to: string): string => `extract(epoch from ${to} - ${from}) / 3600`;
const median = (of: string, filter = "true"): string =>
  `percentile_cont(0.5) within group (order by ${of}) filter (where ${filter})`;
const share = (part: string, whole = "true"): string =>
  `count(*) filter (where ${part})::float8 / nullif(count(*) filter (where ${whole}), 0)`;
const inOwn = (alias: string): string =>
  `case when ${alias}.currency = 'EUR' then ${alias}.annual_minor else round(${alias}.annual_minor * rate.rate) end`;
const rateOn = (alias: string, day: string): string =>
  `left join exchange_rates rate on rate.currency = ${alias}.currency and rate.day = (${day})::date`;
const dealOf = (id: string, asked: AskedByHand): string =>
  `join deals d on d.id = ${id} and d.merged_into is null and ${counts("d", asked)}`;

/** Deals that were won or lost. */
const closed =
  (what: string, isMoney = false, more = "true"): Write =>
  (asked) =>
    sliced(
      asked,
      what,
      `from deal_closings x ${dealOf("x.deal_id", asked)} ${isMoney ? rateOn("x", "x.at") : ""}`,
      `${isIn("x.at", asked)} and ${held("x", asked)} and x.doubt is distinct from 'no_closing_date' and ${more}`,
      { at: "x.at", rep: "x.rep_id", stage: "x.stage_id" },
    );

/** Deals that were created, with how they ended. */
const created =
  (what: string, isMoney = false): Write =>
  (asked) =>
    sliced(
      asked,
      what,
      `from deals d left join deal_closings x on x.deal_id = d.id and ${held("x", asked)} ${
        asked.by === null || asked.by === "month"
          ? ""
          : `left join deal_changes c on c.deal_id = d.id and ${held("c", asked)}`
      } ${isMoney ? rateOn("x", "x.at") : ""}`,
      `${isIn("d.created_at", asked)} and d.merged_into is null and ${counts("d", asked)}`,
      { at: "d.created_at", rep: "coalesce(x.rep_id, c.rep_id)", stage: "coalesce(x.stage_id, c.stage_id)" },
    );

/** The instants at which something stood: the end of each month, or that of the period. */
const ends = (asked: AskedByHand): string =>
  asked.by === "month"
    ? `(select s as starts, least(s + interval '1 month', ${instant(asked.now)}) as at from generate_series(${instant(asked.from)}, ${instant(asked.to)} - interval '1 hour', interval '1 month') s)`
    : `(select ${instant(asked.from)} as starts, ${last(asked)} as at)`;

/** Deals as they were at an end. */
const standing =
  (what: string, { isOpen = true, isMoney = false, more = "true", joins = "" } = {}): Write =>
  (asked) => {
    const columns = { at: asked.by === "month" ? "p.starts" : "p.at", rep: "c.rep_id", stage: "c.stage_id" };
    const rows = `from ${ends(asked)} p join deal_changes c on c.held_from <= p.at and c.held_to > p.at and ${isOpen ? "c.status = 'open'" : "true"}
      ${dealOf("c.deal_id", asked)} ${isMoney ? rateOn("c", "p.at") : ""} ${joins}`;
    return sliced(asked, what, rows, more, columns);
  };

/** Rows of a table that are dated. */
const dated =
  (table: string, at: string, what = "count(*)", { more = "true", joins = "", has = "rep" } = {}): Write =>
  (asked) =>
    sliced(
      asked,
      what,
      `from ${table} t ${joins}`,
      `${isIn(`t.${at}`, asked)} and ${counts("t", asked)} and ${more.replaceAll("$now", instant(asked.now))}`,
      {
        at: `t.${at}`,
        ...(has === "rep" ? { rep: "t.rep_id" } : {}),
      },
    );

const HAPPENED = "t.duplicate_of is null and not (t.type = 'task' and t.outcome is not distinct from 'open')";
const acted = (what: string, more = "true"): Write =>
  dated("activities", "occurred_at", what, { more: `${HAPPENED} and ${more}` });
const isTouch = (alias: string, asked: AskedByHand): string =>
  `${alias}.type in ('call', 'email', 'message', 'meeting', 'chat') and ${alias}.duplicate_of is null and ${counts(alias, asked)} and ${alias}.occurred_at <= ${instant(asked.now)}`;
const isOut = (alias: string): string => `(${alias}.direction = 'outbound' or ${alias}.type = 'meeting')`;

/** People and companies that came in as leads, by a condition on `l`; `person`, `firm` and the people of `staff` are whose touches and deals are theirs. */
const leads = (asked: AskedByHand, when: string): string => `(
  select l.id, l.lead_created_at, l.rep_id, l.id as person, l.company_id as firm, null::uuid as staff from people l where l.merged_into is null and ${when} and ${counts("l", asked)}
  union all
  select l.id, l.lead_created_at, l.rep_id, null, l.id, l.id from companies l where l.merged_into is null and ${when} and ${counts("l", asked)})`;
const LEAD = { at: "l.lead_created_at", rep: "l.rep_id" };
const cameIn = (asked: AskedByHand): string => leads(asked, isIn("l.lead_created_at", asked));
const came =
  (what: string, joins: Write = () => ""): Write =>
  (asked) =>
    sliced(asked, what, `from ${cameIn(asked)} l ${joins(asked)}`, "true", LEAD);
const firstTouch: Write = (asked) => `
  left join lateral (
    select min(f.at) as at from (
      (select a.occurred_at as at from activities a where a.person_id = l.person and ${isTouch("a", asked)} and ${isOut("a")} order by 1 limit 1)
      union all
      (select a.occurred_at from activities a where a.company_id = l.firm and ${isTouch("a", asked)} and ${isOut("a")} order by 1 limit 1)
      union all
      (select a.occurred_at from activities a join people s on s.id = a.person_id where s.company_id = l.staff and ${isTouch("a", asked)} and ${isOut("a")} order by 1 limit 1)) f
  ) first on true`;
/** A person has those deals of its company that were created from its day on. */
const isSince = "(l.staff is not null or d.created_at >= date_trunc('day', l.lead_created_at))";
const hasDeal =
  (more: Write): Write =>
  (asked) => `
  cross join lateral (select
    exists (select from deals d ${more(asked)} where d.person_id = l.person and d.merged_into is null and ${counts("d", asked)})
    or exists (select from deals d ${more(asked)} join people s on s.id = d.person_id where s.company_id = l.staff and d.merged_into is null and ${counts("d", asked)})
    or exists (select from deals d ${more(asked)} where d.company_id = l.firm and d.merged_into is null and ${counts("d", asked)} and ${isSince}) as so) has`;
const speed = (quantile: number): Write =>
  came(
    // Who was not reached comes last.
    `nullif(percentile_disc(${quantile}) within group (order by greatest(0, ${hours("l.lead_created_at", "coalesce(first.at, 'infinity')")})), 'infinity')`,
    firstTouch,
  );
const SAYS = `coalesce((select s.value from settings x, jsonb_each_text(x.value) s where x.section = 'lead_statuses' and s.key = w.status), 'open')`;
/** Leads that were open at an end. */
const openLeads =
  (more: Write): Write =>
  (asked) => {
    const way = { at: asked.by === "month" ? "p.starts" : "p.at", rep: "l.rep_id" };
    return sliced(
      asked,
      "count(*)",
      `from ${ends(asked)} p join ${leads(asked, "l.lead_created_at is not null")} l on l.lead_created_at <= p.at`,
      `coalesce((select ${SAYS} from lead_statuses w where w.lead_id = l.id and w.at <= p.at order by w.at desc limit 1), 'open') = 'open'
      and not exists (select from deals d where d.person_id = l.person and d.merged_into is null and ${counts("d", asked)} and d.created_at <= p.at)
      and not exists (select from deals d join people s on s.id = d.person_id where s.company_id = l.staff and d.merged_into is null and ${counts("d", asked)} and d.created_at <= p.at)
      and not exists (select from deals d where d.company_id = l.firm and d.merged_into is null and ${counts("d", asked)} and d.created_at <= p.at and ${isSince})
      and ${more(asked)}`,
      way,
    );
  };
const untouchedBy = (asked: AskedByHand, isSo: string): string => `
  not exists (select from activities a where a.person_id = l.person and ${isTouch("a", asked)} and a.occurred_at <= p.at and ${isSo})
  and not exists (select from activities a join people s on s.id = a.person_id where s.company_id = l.staff and ${isTouch("a", asked)} and a.occurred_at <= p.at and ${isSo})
  and not exists (select from activities a where a.company_id = l.firm and ${isTouch("a", asked)} and a.occurred_at <= p.at and ${isSo})`;
const untouched = openLeads((asked) => untouchedBy(asked, isOut("a")));

const entered = (what: string): Write => {
  return (asked) =>
    sliced(
      { ...asked, by: "stage" },
      what,
      `from deal_entries e ${dealOf("e.deal_id", asked)} left join deal_closings x on x.deal_id = e.deal_id and ${held("x", asked)}
        ${slice(asked.by, { at: "e.at", rep: "e.rep_id" })[1]}`,
      isIn("e.at", asked),
      {
        at: "e.at",
        stage:
          asked.by === "stage" ? "e.stage_id" : `${slice(asked.by, { at: "e.at", rep: "e.rep_id" })[0]} || e.stage_id`,
      },
    );
};
const stayed: Write = (asked) => {
  const [key, join] = slice(asked.by, { at: "s.started_at", rep: "s.rep_id", stage: "s.stage_id" });
  return `select ${asked.by === "month" ? "date_trunc('month', s.ended_at)::text" : key} || s.stage_id as k, ${median(days("s.started_at", "s.ended_at"))} as v
    from deal_stays s ${dealOf("s.deal_id", asked)} ${join} where ${isIn("s.ended_at", asked)} and isfinite(s.started_at) group by 1`;
};

/** What is made of several: their slices side by side. */
const together =
  (value: string, parts: { readonly [name: string]: Write }): Write =>
  (asked) => {
    const [first, ...others] = Object.entries(parts).map(([name, write]) => `(${write(asked)}) ${name}`);
    return `select k, ${value} as v from ${first} ${others.map((part) => `full join ${part} using (k)`).join(" ")}`;
  };

/** How unevenly, or by rep how far from the mean. */
const unevenly =
  (loads: (asked: AskedByHand) => string): Write =>
  (asked) => {
    const month = asked.by === "month" ? "p.starts::text" : "'all'";
    const whole = { ...asked, by: asked.by === "month" ? null : asked.by } as const;
    const key =
      asked.by === "rep" ? "coalesce(r.merged_into, r.id)::text" : asked.by === "team" ? "m.team_id::text" : month;
    const load = `select ${key} as k, r.id, coalesce(o.load, 0) as load
      from reps r cross join ${ends(asked)} p left join team_memberships m on m.rep_id = r.id
      left join (${loads({ ...whole, by: asked.by })}) o on o.rep = r.id ${asked.by === "month" ? "and o.month = p.starts" : ""}
      where r.merged_into is null and r.is_active`;
    return asked.by === "rep"
      ? `select k, load / nullif(avg(load) over (), 0) as v from (${load}) l`
      : `select k, sum((2 * i - n - 1) * load)::float8 / nullif(max(n) * sum(load), 0) as v
        from (select k, load, row_number() over (partition by k order by load) as i, count(*) over (partition by k) as n from (${load}) l) l group by k`;
  };
const openLoad =
  (amount: string, isMoney: boolean) =>
  (asked: AskedByHand): string => `
    select coalesce(r.merged_into, r.id) as rep, p.starts as month, ${amount} as load
    from ${ends(asked)} p join deal_changes c on c.held_from <= p.at and c.held_to > p.at and c.status = 'open' ${dealOf("c.deal_id", asked)}
    join reps r on r.id = c.rep_id ${isMoney ? rateOn("c", "p.at") : ""} group by 1, 2`;
const leadLoad = (asked: AskedByHand): string =>
  `select k::uuid as rep, ${instant(asked.from)} as month, v as load from (${untouched({ ...asked, by: "rep" })}) l where k is not null`;

const targets: Write = (asked) => {
  const key = {
    rep: "g.rep_id::text",
    team: "g.team_id::text",
    month: "date_trunc('month', g.from_day::timestamptz)::text",
  };
  const isWhose =
    asked.by === "rep"
      ? "g.rep_id is not null"
      : asked.by === "team"
        ? "g.team_id is not null"
        : "g.rep_id is null and g.team_id is null";
  return `select ${asked.by === null || asked.by === "stage" ? "'all'" : key[asked.by]} as k, sum(g.target) as v from goals g
    where g.metric = 'won_value' and g.from_day >= ${instant(asked.from)} and g.to_day < ${instant(asked.to)} and ${isWhose} group by 1`;
};
const won = closed(`sum(${inOwn("x")})`, true, "x.status = 'won'");
const newLeads = came("count(*)");
const spent = dated(
  "spend",
  "day",
  "sum(case when t.currency = 'EUR' then t.amount_minor else round(t.amount_minor * rate.rate) end)",
  {
    joins: "left join exchange_rates rate on rate.currency = t.currency and rate.day = t.day",
    has: "",
  },
);
const sessions = dated("web_traffic", "day", "sum(t.sessions)", { has: "" });
const mails = (what: string): Write => dated("campaigns", "sent_at", what, { has: "" });

/** Meetings that were somebody's first since they came in, with the touches before. */
const met =
  (what: string, key = ""): Write =>
  (asked) => {
    const way = slice(asked.by, { at: "t.occurred_at", rep: "t.rep_id" });
    return `select ${way[0]} ${key === "" ? "" : `|| ${key}`} as k, ${what} as v
    from activities t join people own on own.id = t.person_id
    left join lateral (select max(x.at) as at from deals d join deal_closings x on x.deal_id = d.id and ${held("x", asked)}
      where (d.person_id = t.person_id or d.company_id = own.company_id) and x.at <= t.occurred_at and d.merged_into is null and ${counts("d", asked)}) closed on true
    cross join lateral (select greatest(coalesce(own.lead_created_at, '-infinity'), coalesce(closed.at, '-infinity')) as at) start
    cross join lateral (select count(*) as touches from activities a where a.person_id = t.person_id and a.type <> 'meeting' and ${isTouch("a", asked)} and ${isOut("a")}
      and a.occurred_at >= start.at and a.occurred_at < t.occurred_at) n ${way[1]}
    where ${isIn("t.occurred_at", asked)} and t.type = 'meeting' and ${isTouch("t", asked)}
      and not exists (select from activities e where e.person_id = t.person_id and e.type = 'meeting' and ${isTouch("e", asked)} and e.occurred_at >= start.at and e.occurred_at < t.occurred_at)
    group by 1`;
  };
const followed =
  (what: string, key = ""): Write =>
  (asked) => {
    const way = slice(asked.by, { at: "x.at", rep: "x.rep_id", stage: "x.stage_id" });
    return `select ${way[0]} ${key === "" ? "" : `|| ${key}`} as k, ${what} as v
    from deal_closings x ${dealOf("x.deal_id", asked)}
    join lateral (select max(e.at) as at from deal_entries e join stages s on s.id = e.stage_id and s.canonical = 'close' where e.deal_id = x.deal_id and e.at <= x.at) came on came.at is not null
    cross join lateral (select count(*) as touches from activities a where a.deal_id = x.deal_id and ${isTouch("a", asked)} and ${isOut("a")}
      and a.occurred_at >= came.at and a.occurred_at <= x.at) n ${way[1]}
    where ${isIn("x.at", asked)} and ${held("x", asked)} and x.status = 'won' group by 1`;
  };

/** How likely deals were won by each age: of those created, by when they closed; a loss competes, the open ones are watched until now. */
const wonByAge: Write = (asked) => {
  const way = slice(asked.by, {
    at: "d.created_at",
    rep: "coalesce(x.rep_id, c.rep_id)",
    stage: "coalesce(x.stage_id, c.stage_id)",
  });
  const open =
    asked.by === null || asked.by === "month"
      ? ""
      : `left join deal_changes c on c.deal_id = d.id and ${held("c", asked)}`;
  return `select k, age, ends, sum(wins * still / risk) over (partition by k order by age) as won from (
    select *, coalesce(exp(sum(case when ends < risk then ln(1 - ends::float8 / risk) else -700 end)
      over (partition by k order by age rows between unbounded preceding and 1 preceding)), 1) as still
    from (select *, sum(deals) over (partition by k order by age desc)::float8 as risk from (
      select ${way[0]} as k, ${days("d.created_at", `coalesce(x.at, ${instant(asked.now)})`)} as age,
        count(*) filter (where x.status = 'won') as wins, count(x.status) as ends, count(*) as deals
      from deals d left join deal_closings x on x.deal_id = d.id and ${held("x", asked)} ${open} ${way[1]}
      where ${isIn("d.created_at", asked)} and d.merged_into is null and ${counts("d", asked)} group by 1, 2) a) r) s`;
};

const around = (asked: AskedByHand, isSo: string): string => `
  exists (select from activities a where a.deal_id = x.deal_id and ${isTouch("a", asked)} and ${isOut("a")} and ${isSo})
  or exists (select from activities a where a.person_id = d.person_id and ${isTouch("a", asked)} and ${isOut("a")} and ${isSo})
  or exists (select from activities a join people s on s.id = a.person_id where s.company_id = d.company_id and ${isTouch("a", asked)} and ${isOut("a")} and ${isSo})
  or exists (select from activities a where a.company_id = d.company_id and ${isTouch("a", asked)} and ${isOut("a")} and ${isSo})`;
const ofDeal = (asked: AskedByHand): string =>
  `from activities a where a.deal_id = c.deal_id and ${counts("a", asked)} and a.duplicate_of is null`;
const PUSHES = (until: string, from = "'-infinity'"): string => `(
  select count(*) from deal_changes n join deal_changes b on b.deal_id = n.deal_id and b.ordinal = n.ordinal - 1
  where n.deal_id = d.id and 'expected_close_on' = any(n.changed) and n.expected_close_on > b.expected_close_on and n.held_from >= ${from} and n.held_from <= ${until})`;
const kinds = "case t.type when 'call' then 1 when 'meeting' then 5 end";

const BY_HAND: { readonly [metric: string]: Write } = {
  won_value: won,
  lost_value: closed(`sum(${inOwn("x")})`, true, "x.status = 'lost'"),
  deals_won: closed("count(*)", false, "x.status = 'won'"),
  deals_lost: closed("count(*)", false, "x.status = 'lost'"),
  average_deal_size: closed(`avg(${inOwn("x")})`, true, "x.status = 'won'"),
  rep_leaderboard: (asked) => {
    const [key, join] = slice("rep", { at: "x.at", rep: "x.rep_id" });
    return `select ${asked.by === "month" ? "date_trunc('month', x.at)::text || " : ""} ${key} as k, sum(${inOwn("x")}) as v
      from deal_closings x ${dealOf("x.deal_id", asked)} ${rateOn("x", "x.at")} ${join}
      where ${isIn("x.at", asked)} and ${held("x", asked)} and x.doubt is distinct from 'no_closing_date' and x.status = 'won' group by 1 order by 2 desc`;
  },
  win_rate: closed(share("x.status = 'won'")),
  win_rate_value: closed(`sum(${inOwn("x")}) filter (where x.status = 'won') / sum(${inOwn("x")})`, true),
  win_rate_cohort: created(share("x.status = 'won'")),
  time_to_close_mean: closed(`avg(${days("d.created_at", "x.at")})`, false, "x.status = 'won'"),
  time_to_close_median: closed(median(days("d.created_at", "x.at")), false, "x.status = 'won'"),
  pushes_per_deal: closed(`avg(${PUSHES("x.at")})`),
  open_deal_count: standing("count(*)"),
  open_pipeline_value: standing(`sum(${inOwn("c")})`, { isMoney: true }),
  deal_count: standing("count(*)", { isOpen: false }),
  weighted_pipeline_value: (asked) => {
    const year = `(select v.stage_id, avg((x.status = 'won')::int) as rate from deal_closings x ${dealOf("x.deal_id", asked)}
      cross join lateral unnest(x.been_in) v(stage_id)
      where x.at > ${last(asked)} - interval '365 days' and x.at <= ${last(asked)} and ${held("x", asked)} group by 1)`;
    return standing(`sum(${inOwn("c")} * coalesce(s.probability, history.rate))`, {
      isMoney: true,
      joins: `left join stages s on s.id = c.stage_id left join ${year} history on history.stage_id = c.stage_id`,
    })(asked);
  },
  stalled_deals: (asked) => {
    const year = `(select s.stage_id, ${median(days("s.started_at", "s.ended_at"))} as usual from deal_stays s ${dealOf("s.deal_id", asked)}
      where s.ended_at > ${last(asked)} - interval '365 days' and s.ended_at <= ${last(asked)} group by 1)`;
    return standing("count(*)", {
      joins: `join deal_stays stay on stay.deal_id = c.deal_id and stay.started_at <= p.at and stay.ended_at > p.at left join ${year} year on year.stage_id = c.stage_id`,
      more: `${days("stay.started_at", "p.at")} > greatest(14, 2 * coalesce(year.usual, 0))`,
    })(asked);
  },
  slipped_deals: standing("count(*)", { more: `${PUSHES("p.at", "p.starts")} > 0` }),
  no_next_step: (asked) =>
    standing("count(*)", {
      more: `not exists (select ${ofDeal(asked)} and a.type in ('meeting', 'task') and a.occurred_at > p.at and coalesce(a.booked_at, '-infinity') <= p.at)`,
    })(asked),
  single_threaded_deals: (asked) =>
    standing("count(*)", {
      more: `(select count(distinct a.person_id) ${ofDeal(asked)} and ${isTouch("a", asked)} and a.occurred_at >= d.created_at and a.occurred_at <= p.at) <= 1`,
    })(asked),
  sales_velocity: together("open.v * rate.v * size.v / days.v", {
    open: standing("count(*)"),
    rate: closed(share("x.status = 'won'")),
    size: closed(`avg(${inOwn("x")})`, true, "x.status = 'won'"),
    days: closed(`avg(${days("d.created_at", "x.at")})`, false, "x.status = 'won'"),
  }),
  sales_velocity_close: created(
    `count(*) * avg((x.status = 'won')::int) filter (where x.status is not null) * avg(${inOwn("x")}) filter (where x.status = 'won')
      / nullif(avg(${days("d.created_at", "x.at")}) filter (where x.status = 'won'), 0)`,
    true,
  ),
  quota_attainment: together("won.v / nullif(goal.v, 0)", { won, goal: targets }),
  pace: (asked) => {
    const [starts, ends] =
      asked.by === "month"
        ? ["k::timestamptz", "(k::timestamptz + interval '1 month')"]
        : [instant(asked.from), instant(asked.to)];
    const gone = `(least(date_trunc('day', ${instant(asked.now)}), ${ends}) - ${starts})`;
    const shareGone = `extract(epoch from ${gone}) / extract(epoch from ${ends} - ${starts})`;
    return together(`won.v / nullif(goal.v * ${shareGone}, 0)`, { won, goal: targets })(asked);
  },
  pipeline_coverage: together("open.v / nullif(goal.v - won.v, 0)", {
    open: (asked) =>
      standing(`sum(${inOwn("c")})`, {
        isMoney: true,
        more: `c.expected_close_on >= p.starts and c.expected_close_on < ${asked.by === "month" ? "p.starts + interval '1 month'" : instant(asked.to)}`,
      })(asked),
    goal: targets,
    won,
  }),
  assignment_balance: unevenly(openLoad("count(*)", false)),
  assignment_balance_value: unevenly(openLoad(`sum(${inOwn("c")})`, true)),
  assignment_balance_leads: unevenly(leadLoad),
  stage_conversion: (asked) =>
    entered(
      `count(distinct e.deal_id) filter (where e.passed_at <= ${instant(asked.now)} or x.status = 'won')::float8 / count(distinct e.deal_id)`,
    )(asked),
  stage_leak: entered(
    "count(distinct e.deal_id) filter (where x.status = 'lost' and x.stage_id = e.stage_id)::float8 / count(distinct e.deal_id)",
  ),
  time_in_stage: stayed,
  progress_rate: (asked) => {
    const columns = { at: asked.by === "month" ? "p.starts" : "p.at", rep: "c.rep_id", stage: "c.stage_id" };
    const until = asked.by === "month" ? "p.at" : last(asked);
    return sliced(
      asked,
      "avg(went.so::int)",
      `from ${ends(asked)} p join deal_changes c on c.status = 'open' and (c.held_from < p.starts and c.held_to >= p.starts or c.held_from >= p.starts and c.held_from < p.at and c.ordinal = 0)
        ${dealOf("c.deal_id", asked)} join stages s on s.id = c.stage_id
        cross join lateral (select exists (select from deal_changes n left join stages t on t.id = n.stage_id
          where n.deal_id = c.deal_id and n.held_from < ${until} and n.ordinal > c.ordinal
            and (n.status = 'won' or n.status = 'open' and t.pipeline_id = s.pipeline_id and t.position > s.position)) as so) went`,
      "true",
      columns,
    );
  },
  conversion_by_activity: (asked) => {
    const way = slice(asked.by, { at: "e.at", rep: "e.rep_id", stage: "e.stage_id" });
    return `select ${way[0]} || e.stage_id || case when n.meetings > 0 then 'meeting' when n.touches = 0 then 'none' when n.calls = n.touches then 'calls' when n.emails = n.touches then 'emails' else 'both' end as k,
      avg((e.passed_at <= ${instant(asked.now)} or x.status is not distinct from 'won')::int) as v
      from deal_entries e ${dealOf("e.deal_id", asked)} left join deal_closings x on x.deal_id = e.deal_id and ${held("x", asked)}
      join deal_changes c on c.deal_id = e.deal_id and c.held_from <= e.at + interval '7 days' and c.held_to > e.at + interval '7 days' and c.stage_id = e.stage_id and c.status = 'open'
      cross join lateral (select count(*) as touches, count(*) filter (where a.type = 'meeting') as meetings, count(*) filter (where a.type = 'call') as calls, count(*) filter (where a.type = 'email') as emails
        from activities a where a.deal_id = e.deal_id and ${isTouch("a", asked)} and ${isOut("a")} and a.occurred_at >= e.at and a.occurred_at < e.at + interval '7 days') n
      ${way[1]} where ${isIn("e.at", asked)} and e.at <= ${instant(asked.now)} - interval '7 days' group by 1`;
  },
  new_leads: newLeads,
  speed_to_lead_median: speed(0.5),
  speed_to_lead_p90: speed(0.9),
  speed_to_lead_working_median: speed(0.5),
  speed_to_lead_working_p90: speed(0.9),
  timely_contact_rate: (asked) =>
    came(
      share(
        "first.at <= l.lead_created_at + interval '1 hour'",
        `l.lead_created_at <= ${instant(asked.now)} - interval '1 hour'`,
      ),
      firstTouch,
    )(asked),
  untouched_leads: untouched,
  cold_leads: together("coalesce(leads.v, 0) + coalesce(deals.v, 0)", {
    leads: (asked) =>
      openLeads(
        () =>
          `l.lead_created_at <= p.at - interval '30 days' and ${untouchedBy(asked, "a.occurred_at > p.at - interval '30 days'")}`,
      )(asked),
    deals: (asked) =>
      standing("count(*)", {
        more: `d.created_at <= p.at - interval '30 days'
          and not exists (select ${ofDeal(asked)} and ${isTouch("a", asked)} and a.occurred_at <= p.at and a.occurred_at > p.at - interval '30 days')`,
      })(asked),
  }),
  disqualified_leads: (asked) =>
    sliced(
      asked,
      "count(distinct w.lead_id)",
      "from lead_statuses w left join people l on l.id = w.lead_id",
      `${isIn("w.at", asked)} and ${SAYS} = 'disqualified'`,
      { at: "w.at", rep: "l.rep_id" },
    ),
  disqualification_rate: (asked) => {
    const way = slice(asked.by, { at: "x.at", rep: "x.rep_id" });
    return `select ${way[0]} as k, avg(x.is_out::int) as v from (
      select w.at, l.rep_id, ${SAYS} = 'disqualified' as is_out from lead_statuses w join people l on l.id = w.lead_id where ${isIn("w.at", asked)} and ${SAYS} <> 'open'
      union all
      select d.at, l.rep_id, false from (
        select l.id, l.rep_id, min(d.created_at) as at from people l join deals d on d.person_id = l.id and d.merged_into is null and ${counts("d", asked)}
        where l.lead_created_at is not null group by 1, 2
        union all
        select l.id, l.rep_id, min(d.created_at) from companies l join deals d on d.company_id = l.id and d.merged_into is null and ${counts("d", asked)}
        where l.lead_created_at is not null group by 1, 2) d join lateral (select d.id, d.rep_id) l on true
      where ${isIn("d.at", asked)} and not exists (select from lead_statuses w where w.lead_id = d.id and w.at <= d.at and ${SAYS} <> 'open')
    ) x ${way[1]} group by 1`;
  },
  lead_to_deal_rate: came(
    "avg(has.so::int)",
    hasDeal(() => ""),
  ),
  lead_to_win_rate: came(
    "avg(has.so::int)",
    hasDeal((asked) => `join deal_closings x on x.deal_id = d.id and x.status = 'won' and ${held("x", asked)}`),
  ),
  activities: acted("count(*)"),
  points: (asked) =>
    together("coalesce(acts.v, 0) + coalesce(deals.v, 0)", {
      acts: acted(`sum(${kinds})`, "t.type in ('call', 'meeting')"),
      deals: closed("10 * count(*)", false, "x.status = 'won'"),
    })(asked),
  streak_days: (asked) => `
    with days as (
      select coalesce(r.merged_into, r.id) as rep, t.occurred_at::date as day, count(*) >= 5 as so from activities t join reps r on r.id = t.rep_id
      where t.type = 'call' and t.occurred_at <= ${instant(asked.now)} and ${HAPPENED} and ${counts("t", asked)} group by 1, 2)
    select rep::text as k, count(*) filter (where so and day > coalesce(missed, '-infinity')) as v
    from (select d.*, max(day) filter (where not so) over (partition by rep) as missed from days d) d group by 1`,
  talk_minutes: acted("sum(t.duration_s) / 60.0", "t.type = 'call'"),
  connected_call_rate: acted(
    share("case when t.outcome is null then t.duration_s >= 30 else t.outcome = 'answered' end"),
    "t.type = 'call' and t.direction = 'outbound'",
  ),
  reply_rate: (asked) =>
    acted(
      `avg((exists (select from activities i where i.person_id = t.person_id and i.type = 'email' and i.direction = 'inbound' and i.duplicate_of is null
        and i.occurred_at > t.occurred_at and i.occurred_at <= t.occurred_at + interval '14 days'
        and not exists (select from activities o where o.person_id = t.person_id and o.type = 'email' and o.direction = 'outbound' and o.duplicate_of is null and o.occurred_at > t.occurred_at and o.occurred_at < i.occurred_at)))::int)`,
      `t.type = 'email' and t.direction = 'outbound' and t.person_id is not null and t.occurred_at <= ${instant(asked.now)} - interval '14 days'`,
    )(asked),
  touches_to_meeting_mean: met("avg(n.touches)"),
  touches_to_meeting_median: met(median("n.touches")),
  touches_to_meeting_distribution: met("count(*)", "n.touches"),
  meeting_probability_by_touches: (asked) => `
    select k || ' ' || touches as k, (sum(met) over w)::float8 / sum(all_of) over (partition by k) as v from (
      select ${slice(asked.by, LEAD)[0]} as k, n.touches, count(first.at) as met, count(*) as all_of from ${cameIn(asked)} l
      left join lateral (select min(m.occurred_at) as at from activities m where m.person_id = l.person and m.type = 'meeting' and ${isTouch("m", asked)} and m.occurred_at >= l.lead_created_at) first on true
      cross join lateral (select count(*) as touches from activities a where a.person_id = l.person and a.type <> 'meeting' and ${isTouch("a", asked)} and ${isOut("a")}
        and a.occurred_at >= l.lead_created_at and a.occurred_at < coalesce(first.at, 'infinity')) n ${slice(asked.by, LEAD)[1]}
      where l.person is not null group by 1, 2) x window w as (partition by k order by touches)`,
  follow_ups_to_close_mean: followed("avg(n.touches)"),
  follow_ups_to_close_median: followed(median("n.touches")),
  follow_ups_to_close_distribution: followed("count(*)", "n.touches"),
  onboarding_touch_rate: (asked) =>
    closed(
      `avg((${around(asked, "a.occurred_at > x.at and a.occurred_at <= x.at + interval '14 days'")})::int)`,
      false,
      `x.status = 'won' and x.at <= ${instant(asked.now)} - interval '14 days'`,
    )(asked),
  repeat_sale_rate: (asked) =>
    closed(
      `avg((exists (select from deals e join deal_closings b on b.deal_id = e.id and b.status = 'won' and ${held("b", asked)} and b.at < x.at
        where e.company_id = d.company_id and e.id <> d.id and e.merged_into is null and ${counts("e", asked)}))::int)`,
      false,
      "x.status = 'won'",
    )(asked),
  referrals: (asked) =>
    sliced(
      asked,
      "count(*)",
      `from deals d left join people p on p.id = d.person_id left join companies f on f.id = d.company_id ${
        asked.by === null || asked.by === "month"
          ? ""
          : `left join deal_changes c on c.deal_id = d.id and ${held("c", asked)}`
      }`,
      `${isIn("d.created_at", asked)} and d.merged_into is null and ${counts("d", asked)}
        and coalesce(d.attributes ->> 'source', d.attributes ->> 'channel', case when p.lead_created_at is not null then p.attributes ->> 'channel' end,
          case when f.lead_created_at is not null then f.attributes ->> 'channel' end) = 'referral'`,
      { at: "d.created_at", rep: "c.rep_id", stage: "c.stage_id" },
    ),
  time_to_win_km: (asked) =>
    `select k, min(age) filter (where won >= half - 1e-12 and half > 0) as v from (select *, max(won) over (partition by k) / 2 as half from (${wonByAge(asked)}) c) c group by k`,
  win_probability: (asked) => `select k, max(won) as v from (${wonByAge(asked)}) c group by k`,
  win_probability_by_age: (asked) =>
    `select k || ' ' || ceil(age) as k, max(won) as v from (${wonByAge(asked)}) c where ends > 0 group by 1`,
  tickets_opened: dated("tickets", "opened_at"),
  tickets_open: (asked) =>
    sliced(
      asked,
      "count(*)",
      `from ${ends(asked)} p join tickets t on t.opened_at <= p.at and (t.solved_at is null or t.solved_at > p.at)`,
      counts("t", asked),
      { at: asked.by === "month" ? "p.starts" : "p.at", rep: "t.rep_id" },
    ),
  first_reply_median: dated("tickets", "first_reply_at", median(hours("t.opened_at", "t.first_reply_at"))),
  first_reply_working_median: dated("tickets", "first_reply_at", median(hours("t.opened_at", "t.first_reply_at"))),
  resolution_median: dated("tickets", "solved_at", median(hours("t.opened_at", "t.solved_at"))),
  reopen_rate: dated("tickets", "solved_at", share("t.reopens > 0")),
  csat: dated("tickets", "solved_at", share("t.satisfaction = 'good'", "t.satisfaction is not null")),
  tickets_per_customer: together("tickets.v::float8 / nullif(customers.v, 0)", {
    tickets: dated("tickets", "opened_at"),
    customers: (asked) =>
      sliced(
        asked,
        "count(distinct d.company_id)",
        `from ${ends(asked)} p join deal_closings x on x.status = 'won' and x.at <= p.at and ${held("x", asked)} ${dealOf("x.deal_id", asked)}`,
        "true",
        { at: asked.by === "month" ? "p.starts" : "p.at" },
      ),
  }),
  conversations: dated("conversations", "started_at"),
  chat_first_response_median: dated(
    "conversations",
    "first_response_at",
    `60 * ${median(hours("t.started_at", "t.first_response_at"))}`,
  ),
  chat_to_lead_rate: dated(
    "conversations",
    "started_at",
    "avg((exists (select from people l where l.id = t.person_id and l.lead_created_at >= t.started_at and l.lead_created_at <= t.started_at + interval '14 days'))::int)",
  ),
  emails_sent: mails("sum(t.recipients)"),
  open_rate: mails("sum(t.opens)::float8 / sum(t.recipients - t.bounces)"),
  human_open_rate: mails("sum((t.attributes ->> 'human_opens')::numeric) / sum(t.recipients - t.bounces)"),
  click_rate: mails("sum(t.clicks)::float8 / sum(t.recipients - t.bounces)"),
  unsubscribe_rate: mails("sum(t.unsubscribes)::float8 / sum(t.recipients - t.bounces)"),
  bounce_rate: mails("sum(t.bounces)::float8 / sum(t.recipients)"),
  sessions,
  key_events: dated("web_traffic", "day", "sum(t.key_events)", { has: "" }),
  session_to_lead_rate: together("leads.v::float8 / sessions.v", { leads: newLeads, sessions }),
  spend: spent,
  cost_per_lead: together("spent.v / leads.v", { spent, leads: newLeads }),
  cost_per_win: together("spent.v / won.v", { spent, won: closed("count(*)", false, "x.status = 'won'") }),
  return_on_spend: together("won.v / spent.v", { won, spent }),
};

/** @returns null: nobody has written one. */
export function byHand(metric: string, asked: AskedByHand): string | null {
  return BY_HAND[metric]?.(asked) ?? null;
}
