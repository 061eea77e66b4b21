import { entityId } from "../base/ids.ts";
import { type Day, startOfDay } from "../base/time.ts";
import type {
  ActivityFact,
  CampaignFact,
  CompanyFact,
  ConversationFact,
  DealFact,
  Fact,
  GoalFact,
  Moment,
  PersonFact,
  PipelineFact,
  RepFact,
  SpendFact,
  TeamFact,
  TicketFact,
  WebTrafficFact,
} from "../schema/facts.ts";

/**
 * How each kind of fact becomes a row: a shelf per table, as plain data. A row is its columns' texts as PostgreSQL reads them, so the same
 * row goes through COPY or into an update without being made twice.
 */
export type Cell = string | null;
export type Cells = readonly Cell[];

type ColumnType =
  "text" | "uuid" | "timestamptz" | "date" | "boolean" | "bigint" | "integer" | "float8" | "jsonb" | "text[]";
export type Column = readonly [name: string, type: ColumnType];

export type ShelfName =
  | "reps"
  | "teams"
  | "people"
  | "companies"
  | "pipelines"
  | "stages"
  | "deals"
  | "activities"
  | "tickets"
  | "conversations"
  | "campaigns"
  | "web_traffic"
  | "spend"
  | "goals";

export type Shelf = {
  readonly table: ShelfName;
  readonly columns: readonly Column[];
  /** Whether rows can come from records that only name them. */
  readonly hasMentions: boolean;
};

/** What a row says of the record it was made from. */
export type Origin = {
  readonly connectionId: string;
  readonly recordId: string;
  readonly deletedAt: Date | null;
  readonly sourceTime: Date | null;
};

const FROM_SOURCE: readonly Column[] = [
  ["id", "uuid"],
  ["connection_id", "text"],
  ["record_id", "uuid"],
  ["external_id", "text"],
  ["deleted_at", "timestamptz"],
];
const MENTION: Column = ["is_mention", "boolean"];

function shelf(table: ShelfName, hasMentions: boolean, columns: readonly Column[]): Shelf {
  return {
    table,
    hasMentions,
    columns: [...FROM_SOURCE, ...(hasMentions && table !== "stages" ? [MENTION] : []), ...columns],
  };
}

export const SHELVES: { readonly [name in ShelfName]: Shelf } = {
  reps: shelf("reps", true, [
    ["name", "text"],
    ["email", "text"],
    ["phone", "text"],
    ["is_active", "boolean"],
  ]),
  teams: shelf("teams", true, [
    ["name", "text"],
    ["manager", "text"],
  ]),
  people: shelf("people", true, [
    ["name", "text"],
    ["title", "text"],
    ["emails", "text[]"],
    ["phones", "text[]"],
    ["company_id", "uuid"],
    ["rep_id", "uuid"],
    ["lead_created_at", "timestamptz"],
    ["url", "text"],
    ["attributes", "jsonb"],
  ]),
  companies: shelf("companies", true, [
    ["name", "text"],
    ["domains", "text[]"],
    ["phones", "text[]"],
    ["rep_id", "uuid"],
    ["lead_created_at", "timestamptz"],
    ["url", "text"],
    ["attributes", "jsonb"],
  ]),
  pipelines: shelf("pipelines", true, [["name", "text"]]),
  // Mentions of a pipeline bring its stages along; the pipeline's row says which they are.
  stages: shelf("stages", true, [
    ["pipeline_id", "uuid"],
    ["name", "text"],
    ["position", "integer"],
    ["type", "text"],
    ["canonical", "text"],
    ["probability", "float8"],
  ]),
  deals: shelf("deals", false, [
    ["name", "text"],
    ["status", "text"],
    ["pipeline_id", "uuid"],
    ["stage_id", "uuid"],
    ["amount_minor", "bigint"],
    ["currency", "text"],
    ["value_period", "text"],
    ["rep_id", "uuid"],
    ["company_id", "uuid"],
    ["person_id", "uuid"],
    ["probability", "float8"],
    ["expected_close_on", "date"],
    ["created_at", "timestamptz"],
    ["created_is_day", "boolean"],
    ["closed_at", "timestamptz"],
    ["closed_is_day", "boolean"],
    ["lost_reason", "text"],
    ["url", "text"],
    ["attributes", "jsonb"],
    ["source_time", "timestamptz"],
  ]),
  activities: shelf("activities", false, [
    ["type", "text"],
    ["direction", "text"],
    ["occurred_at", "timestamptz"],
    ["occurred_is_day", "boolean"],
    ["booked_at", "timestamptz"],
    ["duration_s", "integer"],
    ["outcome", "text"],
    ["subject", "text"],
    ["rep_id", "uuid"],
    ["person_id", "uuid"],
    ["company_id", "uuid"],
    ["deal_id", "uuid"],
    ["url", "text"],
    ["match_keys", "text[]"],
    ["attributes", "jsonb"],
  ]),
  tickets: shelf("tickets", false, [
    ["subject", "text"],
    ["status", "text"],
    ["priority", "text"],
    ["channel", "text"],
    ["opened_at", "timestamptz"],
    ["first_reply_at", "timestamptz"],
    ["solved_at", "timestamptz"],
    ["reopens", "integer"],
    ["satisfaction", "text"],
    ["rep_id", "uuid"],
    ["person_id", "uuid"],
    ["company_id", "uuid"],
    ["url", "text"],
    ["attributes", "jsonb"],
  ]),
  conversations: shelf("conversations", false, [
    ["channel", "text"],
    ["status", "text"],
    ["started_at", "timestamptz"],
    ["first_response_at", "timestamptz"],
    ["closed_at", "timestamptz"],
    ["rep_id", "uuid"],
    ["person_id", "uuid"],
    ["company_id", "uuid"],
    ["url", "text"],
    ["attributes", "jsonb"],
  ]),
  campaigns: shelf("campaigns", false, [
    ["name", "text"],
    ["status", "text"],
    ["channel", "text"],
    ["sent_at", "timestamptz"],
    ["recipients", "bigint"],
    ["opens", "bigint"],
    ["clicks", "bigint"],
    ["bounces", "bigint"],
    ["unsubscribes", "bigint"],
    ["url", "text"],
    ["attributes", "jsonb"],
  ]),
  web_traffic: shelf("web_traffic", false, [
    ["day", "date"],
    ["channel", "text"],
    ["source_medium", "text"],
    ["landing_page", "text"],
    ["sessions", "bigint"],
    ["users", "bigint"],
    ["key_events", "bigint"],
    ["attributes", "jsonb"],
  ]),
  spend: shelf("spend", false, [
    ["day", "date"],
    ["channel", "text"],
    ["campaign", "text"],
    ["amount_minor", "bigint"],
    ["currency", "text"],
    ["attributes", "jsonb"],
  ]),
  goals: shelf("goals", false, [
    ["metric", "text"],
    ["rep_id", "uuid"],
    ["team_id", "uuid"],
    ["from_day", "date"],
    ["to_day", "date"],
    ["target", "float8"],
  ]),
};

type RefKind = "rep" | "team" | "person" | "company" | "pipeline" | "stage" | "deal";

/** Ids of one connection's rows, computed; the same refs come over and over in a batch, so they are remembered for its length. */
export type RowMaker = {
  id(kind: Exclude<Fact["kind"], "deal_change" | "label"> | "stage", externalId: string): string;
  ref(kind: RefKind, externalId: string | null): string | null;
  instant(moment: Moment): Date;
};

export function rowMaker(connectionId: string, timeZone: string): RowMaker {
  const ids = new Map<string, string>();
  const days = new Map<Day, Date>();
  const id: RowMaker["id"] = (kind, externalId) => {
    const key = `${kind}|${externalId}`;
    let found = ids.get(key);
    if (found === undefined) {
      found = entityId(kind, connectionId, externalId);
      ids.set(key, found);
    }
    return found;
  };
  return {
    id,
    ref: (kind, externalId) => (externalId === null ? null : id(kind, externalId)),
    instant: (moment) => {
      if ("instant" in moment) return moment.instant;
      let start = days.get(moment.day);
      if (start === undefined) {
        start = startOfDay(moment.day, timeZone);
        days.set(moment.day, start);
      }
      return start;
    },
  };
}

function time(value: Date | null): Cell {
  return value === null ? null : value.toISOString();
}

function number(value: number | null): Cell {
  return value === null ? null : String(value);
}

function flag(value: boolean | null): Cell {
  return value === null ? null : value ? "t" : "f";
}

/** An array as PostgreSQL writes one: every element quoted. */
function list(values: readonly string[]): Cell {
  if (values.length === 0) return "{}";
  return `{${values.map((value) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
}

/** NUL is the one character that `jsonb` cannot hold; a raw record keeps it, a fact's attribute does without. */
function json(value: object): Cell {
  const text = JSON.stringify(value);
  return text.includes("\\u0000") ? text.replace(/(?<!\\)((?:\\\\)*)\\u0000/g, "$1") : text;
}

function from(make: RowMaker, origin: Origin, kind: Parameters<RowMaker["id"]>[0], externalId: string): Cell[] {
  return [make.id(kind, externalId), origin.connectionId, origin.recordId, externalId, time(origin.deletedAt)];
}

function maybe(make: RowMaker, moment: Moment | null): Cell {
  return moment === null ? null : make.instant(moment).toISOString();
}

function isDay(moment: Moment | null): Cell {
  return flag(moment !== null && "day" in moment);
}

export function repCells(fact: RepFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "rep", fact.externalId),
    flag(fact.isMention),
    fact.name,
    fact.email,
    fact.phone,
    flag(fact.isActive),
  ];
}

export function teamCells(fact: TeamFact, make: RowMaker, origin: Origin): Cells {
  return [...from(make, origin, "team", fact.externalId), flag(fact.isMention), fact.name, fact.manager];
}

export function personCells(fact: PersonFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "person", fact.externalId),
    flag(fact.isMention),
    fact.name,
    fact.title,
    list(fact.emails),
    list(fact.phones),
    make.ref("company", fact.company),
    make.ref("rep", fact.rep),
    maybe(make, fact.leadCreatedAt),
    fact.url,
    json(fact.attributes),
  ];
}

export function companyCells(fact: CompanyFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "company", fact.externalId),
    flag(fact.isMention),
    fact.name,
    list(fact.domains),
    list(fact.phones),
    make.ref("rep", fact.rep),
    maybe(make, fact.leadCreatedAt),
    fact.url,
    json(fact.attributes),
  ];
}

export function pipelineCells(fact: PipelineFact, make: RowMaker, origin: Origin): Cells {
  return [...from(make, origin, "pipeline", fact.externalId), flag(fact.isMention), fact.name];
}

/** A stage with what the workspace's own settings say of it, where they say something. */
export function stageCells(
  pipeline: PipelineFact,
  position: number,
  stage: PipelineFact["stages"][number],
  make: RowMaker,
  origin: Origin,
): Cells {
  return [
    ...from(make, origin, "stage", stage.externalId),
    make.id("pipeline", pipeline.externalId),
    stage.name,
    String(position),
    stage.type,
    stage.canonical,
    number(stage.probability),
  ];
}

export function dealCells(fact: DealFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "deal", fact.externalId),
    fact.name,
    fact.status,
    make.ref("pipeline", fact.pipeline),
    make.ref("stage", fact.stage),
    number(fact.amountMinor),
    fact.currency,
    fact.valuePeriod,
    make.ref("rep", fact.rep),
    make.ref("company", fact.company),
    make.ref("person", fact.person),
    number(fact.probability),
    fact.expectedCloseOn,
    maybe(make, fact.createdAt),
    isDay(fact.createdAt),
    maybe(make, fact.closedAt),
    isDay(fact.closedAt),
    fact.lostReason,
    fact.url,
    json(fact.attributes),
    time(origin.sourceTime),
  ];
}

export function activityCells(fact: ActivityFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "activity", fact.externalId),
    fact.type,
    fact.direction,
    maybe(make, fact.occurredAt),
    isDay(fact.occurredAt),
    time(fact.bookedAt),
    number(fact.durationS),
    fact.outcome,
    fact.subject,
    make.ref("rep", fact.rep),
    make.ref("person", fact.person),
    make.ref("company", fact.company),
    make.ref("deal", fact.deal),
    fact.url,
    // A message id is written with and without its brackets.
    list(fact.matchKeys.map((key) => key.replace(/^[<\s]+|[>\s]+$/g, ""))),
    json(fact.attributes),
  ];
}

export function ticketCells(fact: TicketFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "ticket", fact.externalId),
    fact.subject,
    fact.status,
    fact.priority,
    fact.channel,
    maybe(make, fact.openedAt),
    maybe(make, fact.firstReplyAt),
    maybe(make, fact.solvedAt),
    number(fact.reopens),
    fact.satisfaction,
    make.ref("rep", fact.rep),
    make.ref("person", fact.person),
    make.ref("company", fact.company),
    fact.url,
    json(fact.attributes),
  ];
}

export function conversationCells(fact: ConversationFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "conversation", fact.externalId),
    fact.channel,
    fact.status,
    maybe(make, fact.startedAt),
    maybe(make, fact.firstResponseAt),
    maybe(make, fact.closedAt),
    make.ref("rep", fact.rep),
    make.ref("person", fact.person),
    make.ref("company", fact.company),
    fact.url,
    json(fact.attributes),
  ];
}

export function campaignCells(fact: CampaignFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "campaign", fact.externalId),
    fact.name,
    fact.status,
    fact.channel,
    maybe(make, fact.sentAt),
    number(fact.recipients),
    number(fact.opens),
    number(fact.clicks),
    number(fact.bounces),
    number(fact.unsubscribes),
    fact.url,
    json(fact.attributes),
  ];
}

export function webTrafficCells(fact: WebTrafficFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "web_traffic", fact.externalId),
    fact.day,
    fact.channel,
    fact.sourceMedium,
    fact.landingPage,
    number(fact.sessions),
    number(fact.users),
    number(fact.keyEvents),
    json(fact.attributes),
  ];
}

export function spendCells(fact: SpendFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "spend", fact.externalId),
    fact.day,
    fact.channel,
    fact.campaign,
    number(fact.amountMinor),
    fact.currency,
    json(fact.attributes),
  ];
}

export function goalCells(fact: GoalFact, make: RowMaker, origin: Origin): Cells {
  return [
    ...from(make, origin, "goal", fact.externalId),
    fact.metric,
    make.ref("rep", fact.rep),
    make.ref("team", fact.team),
    fact.from,
    fact.to,
    number(fact.target),
  ];
}
