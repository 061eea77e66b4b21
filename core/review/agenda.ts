import { addDays, type Day } from "../base/time.ts";
import { forecast, type ForecastAnswer } from "../forecast/index.ts";
import { computeMetric } from "../metrics/ask/evaluate.ts";
import { asKnown } from "../metrics/engine/as-of.ts";
import type { MetricFilter } from "../metrics/engine/query.ts";
import {
  attention,
  type Attention,
  type ClosedDeal,
  leakFrom,
  type OpenDeal,
  type Owned,
  type WaitingLead,
} from "../metrics/reports/attention.ts";
import { dealsSince, leadsSince } from "../metrics/reports/followed.ts";
import { movement, type Movement } from "../metrics/reports/movement.ts";
import type { Db } from "../store/db.ts";
import { listActions } from "../store/reviews/actions.ts";
import { listConclusions } from "../store/reviews/conclusions.ts";
import { latestReview, listNotes, listPicks, type Pick as PickedDeal } from "../store/reviews/reviews.ts";
import { readWorkspace, type Workspace } from "../store/setup/workspace.ts";
import { actionFor, evidenceOf, followed, type Followed, isStale, type Proposed } from "./actions.ts";
import { type ReviewWords, reviewWords } from "./words/index.ts";
import { DEFAULT_REVIEW, dueReview, readReviewSettings, type ReviewSettings } from "./settings.ts";

/** What a pipeline review goes through, in its order. Amounts are in main units of the workspace's currency. */
export type Agenda = {
  readonly from: Day;
  readonly to: Day;
  readonly as_of: string;
  readonly timezone: string;
  readonly currency: string;
  readonly fresh_as_of: string | null;
  /** The review before; null: this is the first. */
  readonly last: { readonly id: string; readonly made_at: string; readonly from: Day; readonly to: Day } | null;
  /** What was agreed on before: everything that is still open, and what the last review asked for. */
  readonly followed: readonly Followed[];
  readonly won: Closed;
  readonly lost: Closed;
  readonly forecast: {
    readonly rows: readonly ForecastLine[];
    /** What the last review said of the same ends; empty: it was about others, or there was none. */
    readonly before: readonly ForecastLine[];
    /** What moved the open pipeline over the period, and the largest moves. */
    readonly moved: Movement["rows"][number] | null;
    readonly movers: Movement["deals"];
  };
  /** For each rep the deals to talk about: those that they have picked, and the most valuable ones that something is wrong with. */
  readonly talk: readonly (Owned & { readonly deals: readonly TalkDeal[] })[];
  /** Every open deal that something is wrong with or that is large, the most valuable first. */
  readonly attention: readonly OpenDeal[];
  readonly clean_up: {
    readonly stale_deals: readonly OpenDeal[];
    readonly cold_leads: Leads;
    readonly untouched_leads: Leads;
  };
  /** The stage that most is lost from; null: no stage had ten deals. */
  readonly leak: {
    readonly stage: string | null;
    readonly lost: number | null;
    readonly entered: number;
    readonly share: number | null;
    readonly from: Day;
    readonly to: Day;
  } | null;
  /** What is concluded from the numbers and has changed its standing since the review before. */
  readonly conclusions: readonly {
    readonly id: string;
    readonly sentence: string;
    readonly verdict: string;
    readonly changed_at: string;
  }[];
  readonly notes: readonly { readonly deal_id: string | null; readonly text: string; readonly by: string }[];
  /** What it asks of each rep; the rest of what is wrong is only counted. */
  readonly actions: readonly (Owned & { readonly actions: readonly Proposed[]; readonly more: number })[];
};

type Closed = { readonly count: number; readonly value: number; readonly deals: readonly ClosedDeal[] };
/** The latest of them; `total` is how many there are. */
type Leads = { readonly total: number; readonly leads: readonly WaitingLead[] };
export type TalkDeal = OpenDeal & { readonly is_picked: boolean; readonly note: string | null };
export type ForecastLine = {
  readonly horizon: "days" | "month_end" | "quarter_end";
  readonly until: Day;
  readonly method: string;
  readonly count: number;
  readonly value: number | null;
  readonly p10: number | null;
  readonly p90: number | null;
};

export type AgendaQuery = {
  /** The days that are looked back on; null: those of the review that was due last. */
  readonly range: { readonly from: Day; readonly to: Day } | null;
  /** Of one rep or one team; null: of all. */
  readonly of: MetricFilter | null;
  readonly asOf: Date | null;
  readonly now: Date;
  /** In which language it says what is to be done; absent: the workspace's. */
  readonly language?: string | undefined;
};

/** Leads are many; these are named. */
const NAMED_LEADS = 1_000;
const MOVERS = 5;

/** @throws TributaryError `kpi.bad_period`, `kpi.unknown_dimension` */
export async function agenda(db: Db, query: AgendaQuery): Promise<Agenda> {
  const workspace = await readWorkspace(db);
  const cutoff = query.asOf !== null && query.asOf < query.now ? query.asOf : query.now;
  const words = reviewWords(query.language ?? workspace.locale);
  const settings = (await readReviewSettings(db)) ?? DEFAULT_REVIEW;
  const { latest, nextDay } = dueReview(settings, workspace, cutoff);
  const range = query.range ?? { from: latest.from, to: latest.to };
  const { asOf, now } = query;
  const filters = query.of === null ? [] : [query.of];
  const seen = await asKnown(db, asOf, (then) =>
    attention(then, workspace, { range, filters, asOf, now }, settings.large_deals),
  );
  const last = await latestReview(db, cutoff);
  const actions = await followedActions(db, workspace, { ...query, cutoff, lastId: last?.id ?? null, seen, words });
  const open = new Set(
    actions.flatMap(({ state, kind, subject_id }) =>
      state === "open" && subject_id !== null ? [`${kind} ${subject_id}`] : [],
    ),
  );
  const picks = asOf === null ? await listPicks(db) : [];
  const notes = asOf === null ? await listNotes(db, null) : [];
  const talk = talkAbout(seen, picks, settings);
  const leak = await leakiest(db, query, range, filters);
  return {
    ...range,
    as_of: seen.cutoff.toISOString(),
    timezone: workspace.timeZone,
    currency: workspace.currency,
    fresh_as_of: leak.freshAsOf,
    last: last === null ? null : { id: last.id, made_at: last.madeAt.toISOString(), from: last.from, to: last.to },
    followed: actions,
    won: summed(seen.won),
    lost: summed(seen.lost),
    forecast: await forecastPart(db, query, { range, seen, filters, before: last?.agenda ?? null }),
    talk,
    attention: seen.open.filter(({ flags }) => flags.length > 0),
    clean_up: {
      stale_deals: seen.open.filter(isStale),
      cold_leads: { total: seen.cold.length, leads: seen.cold.slice(0, NAMED_LEADS) },
      untouched_leads: { total: seen.untouched.length, leads: seen.untouched.slice(0, NAMED_LEADS) },
    },
    leak: leak.stage,
    conclusions: await changedConclusions(db, last?.madeAt ?? null, cutoff),
    notes: notes.map(({ dealId, text, writtenBy }) => ({ deal_id: dealId, text, by: writtenBy })),
    actions: proposals(seen, talk, open, { settings, dueOn: nextDay, words }),
  };
}

/** Open actions and those of the last review, each with what the data say of it; what is not done first. */
async function followedActions(
  db: Db,
  workspace: Workspace,
  asked: AgendaQuery & {
    readonly cutoff: Date;
    readonly lastId: string | null;
    readonly seen: Attention;
    readonly words: ReviewWords;
  },
): Promise<readonly Followed[]> {
  const { of, asOf, now, cutoff, lastId, seen, words } = asked;
  const rows = (await listActions(db, { openOrOf: lastId, by: cutoff })).map((row) =>
    row.settledAt !== null && row.settledAt > cutoff
      ? { ...row, state: "open" as const, settledAt: null, settledBy: null, evidence: null }
      : row,
  );
  const evidence = await evidenceFor(db, workspace, rows, { asOf, now }, words);
  // Of a team: those of everybody who has a deal or a lead there.
  const there = new Set(
    [...seen.open, ...seen.won, ...seen.lost, ...seen.cold, ...seen.untouched].map(({ rep_id }) => rep_id),
  );
  const isAsked = (row: (typeof rows)[number]): boolean =>
    of === null ||
    (row.repId !== null && there.has(row.repId)) ||
    (of.dimension === "rep" && row.rep?.toLowerCase() === of.value.toLowerCase());
  const order = { open: 0, done: 1, dropped: 2 };
  return rows
    .filter(isAsked)
    .map((row) => followed(row, evidence.get(row.id) ?? null, seen.today))
    .toSorted((a, b) => order[a.state] - order[b.state] || (a.due_on ?? "9").localeCompare(b.due_on ?? "9"));
}

/** What the data say of open actions, by their ids. */
export async function evidenceFor(
  db: Db,
  workspace: Workspace,
  rows: Awaited<ReturnType<typeof listActions>>,
  query: { readonly asOf: Date | null; readonly now: Date },
  words: ReviewWords = reviewWords(workspace.locale),
): Promise<ReadonlyMap<string, string>> {
  const openOf = (entity: "deal" | "lead") =>
    rows.flatMap((row) =>
      row.state === "open" && row.entity === entity && row.subjectId !== null
        ? [{ id: row.id, subjectId: row.subjectId, madeAt: row.madeAt }]
        : [],
    );
  const [deals, leads] = [openOf("deal"), openOf("lead")];
  const since = await asKnown(db, query.asOf, async (then) => [
    ...(await dealsSince(then, workspace, deals, query)),
    ...(await leadsSince(then, workspace, leads, query)),
  ]);
  const kinds = new Map(rows.map(({ id, kind }) => [id, kind]));
  return new Map(
    since.flatMap((one) => {
      const said = evidenceOf(kinds.get(one.id) ?? "other", one, words);
      return said === null ? [] : [[one.id, said] as const];
    }),
  );
}

async function changedConclusions(db: Db, since: Date | null, cutoff: Date): Promise<Agenda["conclusions"]> {
  return (await listConclusions(db)).flatMap(({ id, sentence, verdict, changedAt }) =>
    verdict === null || changedAt === null || changedAt > cutoff || (since !== null && changedAt <= since)
      ? []
      : [{ id, sentence, verdict, changed_at: changedAt.toISOString() }],
  );
}

function summed(deals: readonly ClosedDeal[]): Closed {
  return { count: deals.length, value: deals.reduce((sum, { value }) => sum + (value ?? 0), 0), deals };
}

/** Rows by rep, in order of name; what is nobody's last. */
function byRep<Row extends Owned>(rows: readonly Row[]): (Owned & { readonly rows: readonly Row[] })[] {
  const groups = new Map<string | null, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.rep_id);
    if (group === undefined) groups.set(row.rep_id, [row]);
    else group.push(row);
  }
  return [...groups]
    .map(([rep_id, group]) => ({ rep_id, rep: group[0]?.rep ?? null, rows: group }))
    .toSorted((a, b) => (a.rep ?? "\uffff").localeCompare(b.rep ?? "\uffff", "en"));
}

function talkAbout(seen: Attention, picks: readonly PickedDeal[], { picks: most }: ReviewSettings): Agenda["talk"] {
  const picked = new Map(picks.map((one) => [one.dealId, one]));
  const isWrong = (deal: OpenDeal): boolean => deal.flags.some(({ kind }) => kind !== "large");
  return byRep(seen.open).flatMap(({ rep_id, rep, rows }) => {
    const own = rows.filter(({ id }) => picked.has(id));
    // By value, as they stand; large ones that all is well with come after those that something is wrong with.
    const others = rows.filter((deal) => !picked.has(deal.id) && deal.flags.length > 0);
    const wanted = [...others.filter(isWrong), ...others.filter((deal) => !isWrong(deal))];
    const deals = [...own, ...wanted.slice(0, Math.max(0, most - own.length))];
    const told = deals.map((deal) => ({
      ...deal,
      is_picked: picked.has(deal.id),
      note: picked.get(deal.id)?.note ?? null,
    }));
    return told.length === 0 ? [] : [{ rep_id, rep, deals: told }];
  });
}

function proposals(
  seen: Attention,
  talk: Agenda["talk"],
  open: ReadonlySet<string>,
  how: { readonly settings: ReviewSettings; readonly dueOn: Day; readonly words: ReviewWords },
): Agenda["actions"] {
  const {
    settings: { actions_per_rep: most },
    dueOn,
    words,
  } = how;
  const { doing } = words;
  type Candidate = Owned & { readonly proposed: Proposed; readonly weight: number };
  const talkedAbout = new Set(talk.flatMap(({ deals }) => deals.map(({ id }) => id)));
  const candidates: Candidate[] = [];
  const add = (
    row: Owned & Pick<OpenDeal, "id" | "name" | "url">,
    entity: Proposed["entity"],
    kind: Proposed["kind"],
    text: string,
    weight: number,
  ): void => {
    if (open.has(`${kind} ${row.id}`)) return;
    const { rep_id, rep, id, name, url } = row;
    candidates.push({
      rep_id,
      rep,
      weight,
      proposed: { kind, entity, subject_id: id, subject: name, url, text, due_on: dueOn },
    });
  };
  // What is talked about goes first, then what is worth most; the latest lead waits least.
  for (const deal of seen.open) {
    const action = actionFor(deal, words);
    if (action !== null)
      add(deal, "deal", action.kind, action.text, talkedAbout.has(deal.id) ? 2 : 1 - 1 / (2 + (deal.value ?? 0)));
  }
  for (const deal of seen.lost) if (deal.lost_reason === null) add(deal, "deal", "say_why", doing.sayWhy(deal.at), 1.5);
  for (const lead of seen.untouched) add(lead, "lead", "touch", doing.touchLead(lead.created), 1.2);
  const untouched = new Set(seen.untouched.map(({ id }) => id));
  for (const lead of seen.cold) if (!untouched.has(lead.id)) add(lead, "lead", "clean_up", doing.letGo, 0);
  return byRep(candidates).map(({ rep_id, rep, rows }) => {
    const chosen = rows.toSorted((a, b) => b.weight - a.weight).slice(0, most);
    return {
      rep_id,
      rep,
      actions: chosen.map(({ proposed }) => proposed),
      more: rows.length - chosen.length,
    };
  });
}

async function leakiest(
  db: Db,
  { asOf, now }: AgendaQuery,
  range: { readonly from: Day; readonly to: Day },
  filters: readonly MetricFilter[],
): Promise<{ readonly stage: Agenda["leak"]; readonly freshAsOf: string | null }> {
  const [from, to] = [leakFrom(range), range.to];
  const { rows, dimensions, freshAsOf } = await computeMetric(db, {
    metric: "stage_leak",
    from,
    to,
    by: [],
    filters,
    grain: null,
    asOf,
    now,
  });
  const worst = rows.find(({ extras }) => extras?.["is_leakiest"] === true);
  const stage = worst?.groups[dimensions.indexOf("stage")]?.label ?? null;
  return {
    stage:
      worst === undefined
        ? null
        : { stage, lost: worst.numerator, entered: worst.denominator ?? 0, share: worst.value, from, to },
    freshAsOf: freshAsOf?.toISOString() ?? null,
  };
}

async function forecastPart(
  db: Db,
  { of, asOf, now }: AgendaQuery,
  about: {
    readonly range: { readonly from: Day };
    readonly seen: Attention;
    readonly filters: readonly MetricFilter[];
    readonly before: object | null;
  },
): Promise<Agenda["forecast"]> {
  const { range, seen, filters, before } = about;
  const by = of?.dimension === "rep" || of?.dimension === "team" ? of.dimension : null;
  const answer = await asKnown(db, asOf, (then) => forecast(then, { horizons: [30], by, asOf, now, seed: "review" }));
  const rows = linesOf(answer, of);
  // Written by this function, for all reps and teams.
  const told = of === null ? ((before as Partial<Agenda> | null)?.forecast?.rows ?? []) : [];
  const from = addDays(range.from, -1);
  const moved =
    from < seen.today
      ? await movement(db, { from, to: seen.today, by: [], filters, expectedIn: null, asOf, now })
      : null;
  return {
    rows,
    before: told.filter((one) =>
      rows.some(({ horizon, until }) => horizon !== "days" && one.horizon === horizon && one.until === until),
    ),
    moved: moved?.rows[0] ?? null,
    movers: moved?.deals.slice(0, MOVERS) ?? [],
  };
}

function linesOf({ rows }: ForecastAnswer, of: MetricFilter | null): ForecastLine[] {
  const label = of?.value.toLowerCase();
  return rows
    .filter(({ dimensions }) => of === null || dimensions[of.dimension]?.toLowerCase() === label)
    .map(({ horizon, until, count, value }) => ({
      horizon,
      until,
      method: (value ?? count).method,
      count: count.expected,
      value: value?.expected ?? null,
      p10: value?.p10 ?? null,
      p90: value?.p90 ?? null,
    }));
}
