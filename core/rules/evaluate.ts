import { createHash } from "node:crypto";
import { dayOf } from "../base/time.ts";
import { workingSeconds } from "../base/working-time.ts";
import { forecast } from "../forecast/index.ts";
import { askedNow, filtersOf, question } from "../metrics/ask/question.ts";
import { keptAnswer, type MetricAnswer, readCatalogue } from "../metrics/index.ts";
import { type CountedRecord, countedRecords } from "../metrics/reports/counted.ts";
import { appendEvents, type OutboxEvent } from "../outbox/append.ts";
import type { EventData } from "../outbox/catalogue.ts";
import type { Db } from "../store/db.ts";
import {
  forgetRules,
  forgetSubjects,
  readRuleStates,
  type RuleState,
  writeRuleStates,
} from "../store/outbox/rule-states.ts";
import { listConclusions } from "../store/reviews/conclusions.ts";
import { readWorkspace, readWorkspaceRow, type Workspace } from "../store/setup/workspace.ts";
import { takeTurn } from "../store/turns.ts";
import { readRules, type Rule, type RuleOf } from "./settings.ts";
import { hasMoved, isOver, type Order, orderOf, type Ranks, type Seen, stepsOf } from "./steps.ts";

/**
 * Looks at what rules watch, and tells what has come about since it last looked: each crossing once, in the transaction that remembers it. So
 * neither a restart nor a second process tells it again, and nothing that was told is forgotten.
 *
 * @param onError of a rule that cannot be looked at; the others are.
 */
export async function runRules(db: Db, now: Date, onError: (rule: string, error: unknown) => void): Promise<void> {
  const rules = await readRules(db);
  const workspace = await readWorkspace(db);
  const known = rules.map((rule) => ({ id: rule.id, definition: definitionOf(rule) }));
  await db.transaction().execute((tx) => forgetRules(tx, known));
  for (const rule of rules) {
    try {
      await runRule({ db, workspace, now }, rule);
    } catch (error) {
      onError(rule.id, error);
    }
  }
}

type Frame = { readonly db: Db; readonly workspace: Workspace; readonly now: Date };

/** What is remembered of another definition says nothing of this one. */
function definitionOf(rule: Rule): string {
  return createHash("sha256").update(JSON.stringify(rule)).digest("hex").slice(0, 16);
}

/** So long at least between two looks, in minutes: what is read from many records is not read each minute. */
const PAUSE_MINUTES: { readonly [when in Rule["when"]]: number } = {
  kpi_crosses: 0,
  goal_reached: 0,
  rank_changed: 0,
  deal_stuck: 5,
  lead_cold: 5,
  lead_untouched: 1,
  forecast_moved: 60,
  conclusion_fails: 0,
};

/** What is to be told and remembered, found out before the transaction that does both. */
type Outcome = {
  readonly events: readonly Told[];
  readonly kept: readonly Pick<RuleState, "subject" | "isMet" | "state">[];
  readonly gone: readonly string[];
};

type RuleEvent = Extract<
  OutboxEvent["type"],
  | "kpi.crossed"
  | "goal.reached"
  | "rank.changed"
  | "deal.stuck"
  | "lead.cold"
  | "lead.untouched"
  | "forecast.moved"
  | "conclusion.no_longer_holds"
>;
type Told = {
  [Type in RuleEvent]: { readonly type: Type; readonly subject: string; readonly data: EventData<Type> };
}[RuleEvent];

async function runRule(frame: Frame, rule: Rule): Promise<void> {
  const { db, now } = frame;
  const definition = definitionOf(rule);
  const before = await readRuleStates(db, rule.id, definition);
  const own = before.get("");
  const pauseMs = PAUSE_MINUTES[rule.when] * 60_000;
  if (own !== undefined && now.getTime() - own.since.getTime() < pauseMs) return;
  const outcome = await lookAt(frame, rule, own === undefined ? null : before);
  await db.transaction().execute(async (tx) => {
    await takeTurn(tx, "rules");
    // Another process looked meanwhile, at something that may be newer: this look is forgotten.
    const current = (await readRuleStates(tx, rule.id, definition)).get("");
    if (current?.since.getTime() !== own?.since.getTime()) return;
    const states = outcome.kept.map((one) => ({ ...one, since: now }));
    const marker = { subject: "", isMet: false, state: {}, since: now };
    await writeRuleStates(tx, rule.id, definition, [marker, ...states]);
    await forgetSubjects(tx, rule.id, outcome.gone);
    await appendEvents(
      tx,
      outcome.events.map(
        ({ type, subject, data }) =>
          ({
            type,
            key: `${rule.id}|${definition}|${subject}|${now.toISOString()}`,
            entityKey: "deal" in data ? `deal/${data.deal.id}` : `rule/${rule.id}`,
            occurredAt: now,
            data,
            // The type and the data of one member of the union.
          }) as OutboxEvent,
      ),
    );
  });
}

/** @param before null: the rule is new. */
async function lookAt(frame: Frame, rule: Rule, before: ReadonlyMap<string, RuleState> | null): Promise<Outcome> {
  switch (rule.when) {
    case "kpi_crosses":
      return kpiCrosses(frame, rule, before);
    case "goal_reached":
      return goalReached(frame, rule, before);
    case "rank_changed":
      return rankChanged(frame, rule, before);
    case "deal_stuck":
      return recordsCome(frame, rule, before, {
        metric: "stalled_deals",
        told: (record) => ({
          type: "deal.stuck",
          subject: record.id,
          data: { rule: idOf(rule), deal: dealOf(record, frame.workspace) },
        }),
      });
    case "lead_cold":
      return recordsCome(frame, rule, before, {
        metric: "cold_leads",
        told: (record) => ({ type: "lead.cold", subject: record.id, data: { rule: idOf(rule), lead: leadOf(record) } }),
      });
    case "lead_untouched":
      return leadUntouched(frame, rule, before);
    case "forecast_moved":
      return forecastMoved(frame, rule, before);
    case "conclusion_fails":
      return conclusionFails(frame, rule, before);
    default:
      return rule satisfies never;
  }
}

function idOf({ id, when }: Rule): { readonly id: string; readonly when: Rule["when"] } {
  return { id, when };
}

/** On which side subjects were. The rule's own row is none. */
function sidesOf(before: ReadonlyMap<string, RuleState> | null): ReadonlyMap<string, boolean> | null {
  if (before === null) return null;
  return new Map([...before].flatMap(([subject, { isMet }]) => (subject === "" ? [] : [[subject, isMet]])));
}

function outcomeOf(
  before: ReadonlyMap<string, RuleState> | null,
  seen: readonly Seen<Told>[],
  stateOf: (subject: string) => object = () => ({}),
): Outcome {
  const { told, kept, gone } = stepsOf(sidesOf(before), seen);
  return { events: told, kept: kept.map((one) => ({ ...one, state: stateOf(one.subject) })), gone };
}

/** A slice of a period: in the next one it begins anew. */
function sliceOf(answer: MetricAnswer, dimensions: { readonly [name: string]: string | null }): string {
  return JSON.stringify([answer.from, answer.to, ...Object.values(dimensions)]);
}

const SMALLEST_MARGIN = 0.02;

async function kpiCrosses(
  { db, workspace, now }: Frame,
  rule: RuleOf<"kpi_crosses">,
  before: ReadonlyMap<string, RuleState> | null,
): Promise<Outcome> {
  const { metric, of, period, filters, by } = rule;
  const asked = question({ metric, of, period, filters: filtersOf(filters), by: by === undefined ? [] : [by] });
  const answer = await keptAnswer(db, askedNow(asked, now, workspace).query);
  const [risesTo, fallsTo] = [rule.rises_to ?? null, rule.falls_to ?? null];
  const threshold = risesTo ?? fallsTo ?? 0;
  const margin = rule.margin ?? Math.abs(threshold) * SMALLEST_MARGIN;
  const seen = answer.rows.map((row): Seen<Told> => {
    const subject = sliceOf(answer, row.dimensions);
    const data = {
      rule: idOf(rule),
      ...kpiOf(answer, row),
      threshold,
      direction: risesTo === null ? ("falls" as const) : ("rises" as const),
    };
    return {
      subject,
      isMet: (was) => isOver(row.value, was, { risesTo, fallsTo, margin }),
      about: { type: "kpi.crossed", subject, data },
    };
  });
  return outcomeOf(before, seen);
}

/** The part of an event that tells of a KPI's row. */
function kpiOf(answer: MetricAnswer, row: MetricAnswer["rows"][number]) {
  const { metric, unit, currency, timezone, from, to, as_of, fresh_as_of } = answer;
  return {
    metric,
    unit,
    currency,
    timezone,
    dimensions: { ...row.dimensions },
    from,
    to,
    value: row.value,
    as_of,
    fresh_as_of,
  };
}

async function goalReached(
  { db, workspace, now }: Frame,
  rule: RuleOf<"goal_reached">,
  before: ReadonlyMap<string, RuleState> | null,
): Promise<Outcome> {
  const { of, period, by } = rule;
  const asked = question({ metric: "quota_attainment", of, period, by: by === undefined ? [] : [by] });
  const answer = await keptAnswer(db, askedNow(asked, now, workspace).query);
  const { unit } = (await readCatalogue(db)).need(of);
  const seen = answer.rows.map((row): Seen<Told> => {
    const subject = sliceOf(answer, row.dimensions);
    const { currency, from, to } = answer;
    const data = {
      rule: idOf(rule),
      of,
      unit,
      currency,
      dimensions: { ...row.dimensions },
      from,
      to,
      attainment: row.value,
      reached: row.numerator,
      goal: row.denominator,
    };
    // What is reached and undone by a correction is told again only when a twentieth was missing in between.
    const isMet = (was: boolean): boolean => isOver(row.value, was, { risesTo: 1, fallsTo: null, margin: 0.05 });
    return { subject, isMet, about: { type: "goal.reached", subject, data } };
  });
  return outcomeOf(before, seen);
}

async function rankChanged(
  { db, workspace, now }: Frame,
  rule: RuleOf<"rank_changed">,
  before: ReadonlyMap<string, RuleState> | null,
): Promise<Outcome> {
  const asked = question({ metric: "rep_leaderboard", of: rule.of, period: rule.period });
  const answer = await keptAnswer(db, askedNow(asked, now, workspace).query);
  const first = answer.rows.filter(
    ({ rank, value }) => rank != null && rank <= rule.top && value !== null && value !== 0,
  );
  const nameOf = (row: (typeof first)[number]): string => row.dimensions["rep"] ?? "";
  const ranks: Ranks = Object.fromEntries(first.map((row) => [nameOf(row), row.rank ?? 0]));
  const subject = JSON.stringify([answer.from, answer.to]);
  // Written below, and by nobody else.
  const was = (before?.get(subject)?.state as Order | undefined) ?? null;
  const { order, isTold } = orderOf(was, ranks, now, rule.for_minutes);
  const { unit, currency, from, to } = answer;
  const data: EventData<"rank.changed"> = {
    rule: idOf(rule),
    of: rule.of,
    unit,
    currency,
    from,
    to,
    ranks: first.map((row) => ({
      rep: nameOf(row),
      rank: row.rank ?? 0,
      previous_rank: was?.told[nameOf(row)] ?? null,
      value: row.value,
    })),
  };
  return {
    events: isTold ? [{ type: "rank.changed", subject, data }] : [],
    kept: [{ subject, isMet: false, state: order }],
    gone: [...(before?.keys() ?? [])].filter((one) => one !== "" && one !== subject),
  };
}

async function readRecords(
  { db, workspace, now }: Frame,
  metric: string,
  filters: Parameters<typeof filtersOf>[0],
): Promise<readonly CountedRecord[]> {
  const asked = question({ metric, period: "today", filters: filtersOf(filters) });
  return countedRecords(db, askedNow(asked, now, workspace).query);
}

/** Records that a KPI has come to count. */
async function recordsCome(
  frame: Frame,
  rule: RuleOf<"deal_stuck" | "lead_cold">,
  before: ReadonlyMap<string, RuleState> | null,
  of: { readonly metric: string; readonly told: (record: CountedRecord) => Told },
): Promise<Outcome> {
  const records = await readRecords(frame, of.metric, rule.filters);
  const seen = records.map((record): Seen<Told> => ({ subject: record.id, isMet: () => true, about: of.told(record) }));
  return outcomeOf(before, seen);
}

async function leadUntouched(
  frame: Frame,
  rule: RuleOf<"lead_untouched">,
  before: ReadonlyMap<string, RuleState> | null,
): Promise<Outcome> {
  const { db, workspace, now } = frame;
  const minutes = rule.after_minutes ?? (await readWorkspaceRow(db)).timely_contact_minutes;
  const seen = (await readRecords(frame, "untouched_leads", rule.filters)).flatMap((record): Seen<Told>[] => {
    const waited =
      record.created === null
        ? Infinity
        : workingSeconds(workspace.working, record.created, now, workspace.timeZone) / 60;
    if (waited < minutes) return [];
    const data = {
      rule: idOf(rule),
      lead: leadOf(record),
      working_minutes: Number.isFinite(waited) ? Math.floor(waited) : null,
    };
    return [{ subject: record.id, isMet: () => true, about: { type: "lead.untouched", subject: record.id, data } }];
  });
  return outcomeOf(before, seen);
}

function dealOf(record: CountedRecord, { currency }: Workspace): EventData<"deal.stuck">["deal"] {
  const { id, name, url, value, pipeline, stage, company } = record;
  return { id, name, url, value: { amount: value, currency }, pipeline, stage, company, owner: ownerOf(record) };
}

function leadOf(record: CountedRecord): EventData<"lead.cold">["lead"] {
  const { kind, id, name, url, created } = record;
  return {
    kind: kind === "deal" ? "deal" : "lead",
    id,
    name,
    url,
    created_at: created?.toISOString() ?? null,
    owner: ownerOf(record),
  };
}

function ownerOf({ rep_id, rep }: CountedRecord): { readonly id: string; readonly name: string | null } | null {
  return rep_id === null ? null : { id: rep_id, name: rep };
}

async function forecastMoved(
  { db, workspace, now }: Frame,
  rule: RuleOf<"forecast_moved">,
  before: ReadonlyMap<string, RuleState> | null,
): Promise<Outcome> {
  const { rows, currency } = await forecast(db, { horizons: [30], by: null, asOf: null, now, seed: "rules" });
  const row = rows.find(({ horizon }) => horizon === rule.until);
  const said = rule.what === "count" ? row?.count : row?.value;
  if (row === undefined || said == null) return { events: [], kept: [], gone: [] };
  // Of what is to come until one day: won meanwhile, it is not to come any more. So what was won since is added again.
  const { from } = spanOf(rule.until, row.until);
  const asked = question({
    metric: rule.what === "count" ? "deals_won" : "won_value",
    period: { from, to: dayOf(now, workspace.timeZone) },
  });
  const won = (await keptAnswer(db, askedNow(asked, now, workspace).query)).rows[0]?.value ?? 0;
  const total = said.expected + won;
  const subject = row.until;
  // Written below, by an earlier look.
  const was = before?.get(subject)?.state as { readonly told: number } | undefined;
  const hasChanged = was !== undefined && hasMoved(was.told, total, rule.percent);
  const gone = [...(before?.keys() ?? [])].filter((one) => one !== "" && one !== subject);
  if (was !== undefined && !hasChanged) return { events: [], kept: [], gone };
  const data: EventData<"forecast.moved"> = {
    rule: idOf(rule),
    until: row.until,
    what: rule.what,
    currency,
    previous: was?.told ?? null,
    expected: total,
    already_won: won,
    method: said.method,
  };
  const events = hasChanged ? [{ type: "forecast.moved" as const, subject, data }] : [];
  return { events, kept: [{ subject, isMet: false, state: { told: total } }], gone };
}

/** The month or quarter that ends with a day. */
function spanOf(until: "month_end" | "quarter_end", last: string): { readonly from: string } {
  const month = Number(last.slice(5, 7)) - (until === "month_end" ? 0 : 2);
  return { from: `${last.slice(0, 4)}-${String(month).padStart(2, "0")}-01` };
}

async function conclusionFails(
  { db }: Frame,
  rule: RuleOf<"conclusion_fails">,
  before: ReadonlyMap<string, RuleState> | null,
): Promise<Outcome> {
  const seen = (await listConclusions(db)).map((row): Seen<Told> => {
    const data = {
      rule: idOf(rule),
      conclusion: {
        id: row.id,
        sentence: row.sentence,
        recorded_at: row.recordedAt.toISOString(),
        recorded_by: row.recordedBy,
      },
    };
    return {
      subject: row.id,
      // Too little to say anything leaves it as it was.
      isMet: (was) =>
        row.verdict === null || row.verdict === "not_enough_data" ? was : row.verdict === "no_longer_holds",
      about: { type: "conclusion.no_longer_holds", subject: row.id, data },
    };
  });
  return outcomeOf(before, seen);
}
