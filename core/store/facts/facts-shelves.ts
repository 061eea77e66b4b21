import type {
  ActivityFact,
  CampaignFact,
  CompanyFact,
  ConversationFact,
  DealFact,
  GoalFact,
  PersonFact,
  PipelineFact,
  RepFact,
  SpendFact,
  TeamFact,
  TicketFact,
  WebTrafficFact,
} from "../../schema/facts.ts";
import type { Outcome } from "../../schema/outcomes.ts";
import {
  type Cell,
  type Cells,
  flag,
  isDay,
  json,
  list,
  moment,
  number,
  type RowKind,
  type RowMaker,
  time,
} from "./facts-cells.ts";

/** Where each kind of fact is stored: a shelf per table, which says of each column what of the fact stands in it. */

export type ColumnType =
  | "text"
  | "uuid"
  | "timestamptz"
  | "date"
  | "boolean"
  | "bigint"
  | "integer"
  | "numeric"
  | "float8"
  | "jsonb"
  | "text[]"
  | "uuid[]";
export type Column = readonly [name: string, type: ColumnType];

/** What a row says of the record it was made from. */
export type Origin = {
  readonly connectionId: string;
  readonly recordId: string;
  readonly deletedAt: Date | null;
  readonly sourceTime: Date | null;
};

export type Shelf<Fact> = {
  readonly table: ShelfName;
  readonly kind: RowKind;
  /** Whether rows can come from records that only name them. */
  readonly hasMentions: boolean;
  readonly columns: readonly Column[];
  /** Those in which the fact itself speaks; a mention may fill them in where another mention has left them empty. */
  readonly said: readonly Column[];
  /** A row: the texts of its columns. */
  cells(fact: Fact, make: RowMaker, origin: Origin): Cells;
};

type Named = { readonly externalId: string };
type Mentionable = Named & { readonly isMention: boolean };
type SaidColumn<S> = readonly [name: string, type: ColumnType, cell: (said: S, make: RowMaker, origin: Origin) => Cell];

const FROM_SOURCE: readonly Column[] = [
  ["id", "uuid"],
  ["connection_id", "text"],
  ["record_id", "uuid"],
  ["external_id", "text"],
  ["deleted_at", "timestamptz"],
];

function shelf<S extends Named>(table: ShelfName, kind: RowKind, columns: readonly SaidColumn<S>[]): Shelf<S> {
  const said = columns.map(([name, type]): Column => [name, type]);
  return {
    table,
    kind,
    hasMentions: false,
    columns: [...FROM_SOURCE, ...said],
    said,
    cells: (fact, make, origin) => {
      const { connectionId, recordId, deletedAt } = origin;
      const cells: Cell[] = [make.id(kind, fact.externalId), connectionId, recordId, fact.externalId, time(deletedAt)];
      for (const [, , cell] of columns) cells.push(cell(fact, make, origin));
      return cells;
    },
  };
}

function shelfOfWho<S extends Mentionable>(
  table: ShelfName,
  kind: RowKind,
  columns: readonly SaidColumn<S>[],
): Shelf<S> {
  const plain = shelf<S>(table, kind, [["is_mention", "boolean", (fact) => flag(fact.isMention)], ...columns]);
  return { ...plain, hasMentions: true, said: plain.said.slice(1) };
}

/** A stage of a pipeline, with what the workspace's own settings say of it, where they say something. */
export type StageSaid = PipelineFact["stages"][number] &
  Pick<PipelineFact, "isMention"> & { readonly pipeline: string; readonly position: number };

/** An activity, with what the label of its disposition says of its outcome, where there is one that does. */
export type ActivitySaid = ActivityFact & { readonly labelled: Outcome | null };

/** What is stored on each shelf. */
export type ShelfFacts = {
  readonly reps: RepFact;
  readonly teams: TeamFact;
  readonly people: PersonFact;
  readonly companies: CompanyFact;
  readonly pipelines: PipelineFact;
  readonly stages: StageSaid;
  readonly deals: DealFact;
  readonly activities: ActivitySaid;
  readonly tickets: TicketFact;
  readonly conversations: ConversationFact;
  readonly campaigns: CampaignFact;
  readonly web_traffic: WebTrafficFact;
  readonly spend: SpendFact;
  readonly goals: GoalFact;
};

export type ShelfName = keyof ShelfFacts;

/** In the order in which they are written, so that two transactions never wait for each other in a circle. */
export const SHELVES: { readonly [name in ShelfName]: Shelf<ShelfFacts[name]> } = {
  reps: shelfOfWho("reps", "rep", [
    ["name", "text", (rep) => rep.name],
    ["email", "text", (rep) => rep.email],
    ["phone", "text", (rep) => rep.phone],
    ["is_active", "boolean", (rep) => flag(rep.isActive)],
  ]),
  teams: shelfOfWho("teams", "team", [
    ["name", "text", (team) => team.name],
    ["manager", "text", (team) => team.manager],
  ]),
  people: shelfOfWho("people", "person", [
    ["name", "text", (person) => person.name],
    ["title", "text", (person) => person.title],
    ["emails", "text[]", (person) => list(person.emails)],
    ["phones", "text[]", (person) => list(person.phones)],
    ["company_id", "uuid", (person, make) => make.ref("company", person.company)],
    ["rep_id", "uuid", (person, make) => make.ref("rep", person.rep)],
    ["lead_created_at", "timestamptz", (person, make) => moment(make, person.leadCreatedAt)],
    ["url", "text", (person) => person.url],
    ["attributes", "jsonb", (person) => json(person.attributes)],
  ]),
  companies: shelfOfWho("companies", "company", [
    ["name", "text", (company) => company.name],
    ["domains", "text[]", (company) => list(company.domains)],
    ["phones", "text[]", (company) => list(company.phones)],
    ["rep_id", "uuid", (company, make) => make.ref("rep", company.rep)],
    ["lead_created_at", "timestamptz", (company, make) => moment(make, company.leadCreatedAt)],
    ["url", "text", (company) => company.url],
    ["attributes", "jsonb", (company) => json(company.attributes)],
  ]),
  pipelines: shelfOfWho("pipelines", "pipeline", [["name", "text", (pipeline) => pipeline.name]]),
  stages: shelf("stages", "stage", [
    ["pipeline_id", "uuid", (stage, make) => make.id("pipeline", stage.pipeline)],
    ["name", "text", (stage) => stage.name],
    ["position", "integer", (stage) => String(stage.position)],
    ["type", "text", (stage) => stage.type],
    ["canonical", "text", (stage) => stage.canonical],
    ["probability", "float8", (stage) => number(stage.probability)],
  ]),
  deals: shelf("deals", "deal", [
    ["name", "text", (deal) => deal.name],
    ["status", "text", (deal) => deal.status],
    ["pipeline_id", "uuid", (deal, make) => make.ref("pipeline", deal.pipeline)],
    ["stage_id", "uuid", (deal, make) => make.ref("stage", deal.stage)],
    ["amount_minor", "bigint", (deal) => number(deal.amountMinor)],
    ["currency", "text", (deal) => deal.currency],
    ["value_period", "text", (deal) => deal.valuePeriod],
    ["rep_id", "uuid", (deal, make) => make.ref("rep", deal.rep)],
    ["company_id", "uuid", (deal, make) => make.ref("company", deal.company)],
    ["person_id", "uuid", (deal, make) => make.ref("person", deal.person)],
    ["probability", "float8", (deal) => number(deal.probability)],
    ["expected_close_on", "date", (deal) => deal.expectedCloseOn],
    ["created_at", "timestamptz", (deal, make) => moment(make, deal.createdAt)],
    ["created_is_day", "boolean", (deal) => isDay(deal.createdAt)],
    ["closed_at", "timestamptz", (deal, make) => moment(make, deal.closedAt)],
    ["closed_is_day", "boolean", (deal) => isDay(deal.closedAt)],
    ["lost_reason", "text", (deal) => deal.lostReason],
    ["url", "text", (deal) => deal.url],
    ["attributes", "jsonb", (deal) => json(deal.attributes)],
    ["source_time", "timestamptz", (_, __, origin) => time(origin.sourceTime)],
  ]),
  activities: shelf("activities", "activity", [
    ["type", "text", (activity) => activity.type],
    ["direction", "text", (activity) => activity.direction],
    ["occurred_at", "timestamptz", (activity, make) => moment(make, activity.occurredAt)],
    ["occurred_is_day", "boolean", (activity) => isDay(activity.occurredAt)],
    ["booked_at", "timestamptz", (activity) => time(activity.bookedAt)],
    ["duration_s", "integer", (activity) => number(activity.durationS)],
    ["outcome", "text", (activity) => activity.labelled ?? activity.outcome],
    ["said_outcome", "text", (activity) => activity.outcome],
    ["disposition", "text", (activity) => activity.disposition],
    ["subject", "text", (activity) => activity.subject],
    ["rep_id", "uuid", (activity, make) => make.ref("rep", activity.rep)],
    ["person_id", "uuid", (activity, make) => make.ref("person", activity.person)],
    ["company_id", "uuid", (activity, make) => make.ref("company", activity.company)],
    ["deal_id", "uuid", (activity, make) => make.ref("deal", activity.deal)],
    ["url", "text", (activity) => activity.url],
    // A message id is written with and without its brackets.
    ["match_keys", "text[]", ({ matchKeys }) => list(matchKeys.map((key) => key.replace(/^[<\s]+|[>\s]+$/g, "")))],
    ["attributes", "jsonb", (activity) => json(activity.attributes)],
  ]),
  tickets: shelf("tickets", "ticket", [
    ["subject", "text", (ticket) => ticket.subject],
    ["status", "text", (ticket) => ticket.status],
    ["priority", "text", (ticket) => ticket.priority],
    ["channel", "text", (ticket) => ticket.channel],
    ["opened_at", "timestamptz", (ticket, make) => moment(make, ticket.openedAt)],
    ["first_reply_at", "timestamptz", (ticket, make) => moment(make, ticket.firstReplyAt)],
    ["solved_at", "timestamptz", (ticket, make) => moment(make, ticket.solvedAt)],
    ["reopens", "integer", (ticket) => number(ticket.reopens)],
    ["satisfaction", "text", (ticket) => ticket.satisfaction],
    ["rep_id", "uuid", (ticket, make) => make.ref("rep", ticket.rep)],
    ["person_id", "uuid", (ticket, make) => make.ref("person", ticket.person)],
    ["company_id", "uuid", (ticket, make) => make.ref("company", ticket.company)],
    ["url", "text", (ticket) => ticket.url],
    ["attributes", "jsonb", (ticket) => json(ticket.attributes)],
  ]),
  conversations: shelf("conversations", "conversation", [
    ["channel", "text", (conversation) => conversation.channel],
    ["status", "text", (conversation) => conversation.status],
    ["started_at", "timestamptz", (conversation, make) => moment(make, conversation.startedAt)],
    ["first_response_at", "timestamptz", (conversation, make) => moment(make, conversation.firstResponseAt)],
    ["closed_at", "timestamptz", (conversation, make) => moment(make, conversation.closedAt)],
    ["rep_id", "uuid", (conversation, make) => make.ref("rep", conversation.rep)],
    ["person_id", "uuid", (conversation, make) => make.ref("person", conversation.person)],
    ["company_id", "uuid", (conversation, make) => make.ref("company", conversation.company)],
    ["url", "text", (conversation) => conversation.url],
    ["attributes", "jsonb", (conversation) => json(conversation.attributes)],
  ]),
  campaigns: shelf("campaigns", "campaign", [
    ["name", "text", (campaign) => campaign.name],
    ["status", "text", (campaign) => campaign.status],
    ["channel", "text", (campaign) => campaign.channel],
    ["sent_at", "timestamptz", (campaign, make) => moment(make, campaign.sentAt)],
    ["recipients", "bigint", (campaign) => number(campaign.recipients)],
    ["opens", "bigint", (campaign) => number(campaign.opens)],
    ["clicks", "bigint", (campaign) => number(campaign.clicks)],
    ["bounces", "bigint", (campaign) => number(campaign.bounces)],
    ["unsubscribes", "bigint", (campaign) => number(campaign.unsubscribes)],
    ["url", "text", (campaign) => campaign.url],
    ["attributes", "jsonb", (campaign) => json(campaign.attributes)],
  ]),
  web_traffic: shelf("web_traffic", "web_traffic", [
    ["day", "date", (visits) => visits.day],
    ["channel", "text", (visits) => visits.channel],
    ["source_medium", "text", (visits) => visits.sourceMedium],
    ["landing_page", "text", (visits) => visits.landingPage],
    ["sessions", "bigint", (visits) => number(visits.sessions)],
    ["users", "bigint", (visits) => number(visits.users)],
    ["key_events", "bigint", (visits) => number(visits.keyEvents)],
    ["attributes", "jsonb", (visits) => json(visits.attributes)],
  ]),
  spend: shelf("spend", "spend", [
    ["day", "date", (spend) => spend.day],
    ["channel", "text", (spend) => spend.channel],
    ["campaign", "text", (spend) => spend.campaign],
    ["amount_minor", "bigint", (spend) => number(spend.amountMinor)],
    ["currency", "text", (spend) => spend.currency],
    ["attributes", "jsonb", (spend) => json(spend.attributes)],
  ]),
  goals: shelf("goals", "goal", [
    ["metric", "text", (goal) => goal.metric],
    ["rep_id", "uuid", (goal, make) => make.ref("rep", goal.rep)],
    ["team_id", "uuid", (goal, make) => make.ref("team", goal.team)],
    ["from_day", "date", (goal) => goal.from],
    ["to_day", "date", (goal) => goal.to],
    ["target", "float8", (goal) => number(goal.target)],
  ]),
};

/** The tables of the shelves. */
export const SHELF_NAMES = Object.keys(SHELVES) as readonly ShelfName[];
