import { ACTIVITY_TYPES, DIRECTIONS } from "../../core/schema/canonical.ts";
import type { ActivityFact, Fact, GoalFact, SpendFact, TicketFact } from "../../core/schema/facts.ts";
import { MONEY_KPIS } from "../../core/schema/money-kpis.ts";
import { outcomeOf } from "../../core/schema/outcomes.ts";
import { mentionCompany, mentionPerson, mentionRep } from "./mentions.ts";
import { unitOf, type FactInput } from "./row-reader.ts";

const SECONDS = { seconds: 1, minutes: 60, hours: 3600 } as const;

export function activityFacts(input: FactInput): readonly Fact[] {
  const { id, row } = input;
  const type = row.require("type", row.choice("type", ACTIVITY_TYPES));
  const occurredAt = row.require("occurred_at", row.moment("occurred_at"));
  const [rep, person, company] = [row.text("rep"), row.text("person"), row.text("company")];
  const [matchKey, outcome] = [row.text("match_key"), row.text("outcome")];
  if (type === null || occurredAt === null) return [];
  const activity: ActivityFact = {
    kind: "activity",
    externalId: id,
    type,
    direction: row.choice("direction", DIRECTIONS),
    occurredAt,
    bookedAt: row.instant("booked_at"),
    durationS: readDuration(input),
    outcome: outcomeOf(outcome, type),
    disposition: outcome,
    subject: row.text("subject"),
    rep,
    person,
    company,
    deal: row.text("deal"),
    url: row.text("url"),
    matchKeys: matchKey === null ? [] : [matchKey],
    attributes: row.attributes(),
  };
  return [activity, ...mentionRep(rep), ...mentionPerson(person), ...mentionCompany(company)];
}

/** Whole seconds. */
function readDuration({ row, mapping }: FactInput): number | null {
  // A time in a workbook says itself how long it is.
  const clock = row.clock("duration");
  if (clock !== null) return Math.round(clock);
  const read = row.number("duration");
  if (read === null) return null;
  const unit = unitOf(mapping, "duration");
  const seconds = Math.round(read * (unit === "minutes" || unit === "hours" ? SECONDS[unit] : SECONDS.seconds));
  if (seconds >= 0) return seconds;
  row.refuse({ code: "csv.row.bad_number", field: "duration", reason: `"${read}" is negative` });
  return null;
}

export function ticketFacts({ id, row }: FactInput): readonly Fact[] {
  const openedAt = row.require("opened_at", row.moment("opened_at"));
  const [rep, person, company] = [row.text("rep"), row.text("person"), row.text("company")];
  if (openedAt === null) return [];
  const ticket: TicketFact = {
    kind: "ticket",
    externalId: id,
    subject: row.text("subject"),
    status: row.text("status"),
    priority: row.text("priority"),
    channel: row.text("channel"),
    openedAt,
    firstReplyAt: row.moment("first_reply_at"),
    solvedAt: row.moment("solved_at"),
    reopens: row.integer("reopens"),
    satisfaction: row.choice("satisfaction", ["good", "bad"]),
    rep,
    person,
    company,
    url: row.text("url"),
    attributes: row.attributes(),
  };
  return [ticket, ...mentionRep(rep), ...mentionPerson(person), ...mentionCompany(company)];
}

export function spendFacts({ id, row }: FactInput): readonly Fact[] {
  const day = row.require("day", row.day("day"));
  const money = row.require("amount", row.money("amount"));
  if (day === null || money === null) return [];
  const spend: SpendFact = {
    kind: "spend",
    externalId: id,
    day,
    channel: row.text("channel"),
    campaign: row.text("campaign"),
    ...money,
    attributes: row.attributes(),
  };
  return [spend];
}

export function goalFacts(input: FactInput): readonly Fact[] {
  const { id, row } = input;
  const metric = row.require("metric", row.text("metric"));
  const from = row.require("from", row.day("from"));
  const to = row.require("to", row.day("to"));
  const target = metric === null ? null : row.require("target", readTarget(input, metric));
  if (metric === null || from === null || to === null || target === null) return [];
  if (to < from) row.refuse({ code: "csv.row.bad_date", field: "to", reason: `${to} is before ${from}` });
  const rep = row.text("rep");
  const goal: GoalFact = { kind: "goal", externalId: id, metric, rep, team: row.text("team"), from, to, target };
  return [goal, ...mentionRep(rep)];
}

/** In the metric's unit; minor units for money. */
function readTarget({ row, mapping }: FactInput, metric: string): number | null {
  const unit = unitOf(mapping, "target");
  const isMoney = unit === "money" || (unit === undefined && (MONEY_KPIS.has(metric) || row.has("currency")));
  return isMoney ? (row.money("target")?.amountMinor ?? null) : row.number("target");
}
