import type { Day } from "../base/time.ts";
import type { ActivityType, CanonicalStage, DealStatus, Direction, ValuePeriod } from "./canonical.ts";
import type { Outcome } from "./outcomes.ts";

/**
 * What normalisers return.
 *
 * Glossary, one word for each thing:
 * - connection    an account of a tool that we pull from.
 * - stream        one kind of record of a connection, with a checkpoint of its own.
 * - raw record    what the tool sent, verbatim, keyed by connection, stream and the tool's own id.
 * - fact          one row's worth of the shared schema, made from one raw record.
 * - ref           the tool's own id of a row of the same connection; it may arrive later, or never.
 * - activity      one touch between us and a customer.
 * - deal, rep, metric, destination   as everyone says.
 *
 * Every field is present; what the source does not say is null. Money is minor units plus currency.
 */
export type Ref = string;

/**
 * The id under which another tool has the same one, as Zendesk's `external_id` or the CRM's ids in a call's context. `system`: the
 * connector's key (`close`), where the record says or implies it; an id of unknown system counts only where it is no plain number.
 */
export type OtherId = { readonly system: string | null; readonly id: string };

/** A point in time as exactly as the source knows it: an instant, or only a calendar day (in the workspace's time zone). */
export type Moment = { readonly instant: Date } | { readonly day: Day };

/**
 * Facts about who. `isMention`: the record only names this one (a deal that carries its owner's name). A mention creates the row
 * where there is none yet and never overwrites or deletes what the row's own record said. A row that is only ever mentioned is all that its
 * mentions say.
 */
export type RepFact = {
  readonly kind: "rep";
  readonly externalId: Ref;
  readonly isMention: boolean;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly isActive: boolean | null;
  /** The team the rep is in now, where the rep's record says so; null where teams list their members instead. */
  readonly team: Ref | null;
};

export type TeamFact = {
  readonly kind: "team";
  readonly externalId: Ref;
  readonly isMention: boolean;
  readonly name: string | null;
  readonly manager: string | null;
  /** The reps who are in it now, where the team's record lists them; else null. */
  readonly members: readonly Ref[] | null;
};

export type PersonFact = {
  readonly kind: "person";
  readonly externalId: Ref;
  readonly isMention: boolean;
  readonly name: string | null;
  readonly title: string | null;
  readonly emails: readonly string[];
  readonly phones: readonly string[];
  /** Absent: the tool knows no other tool's ids, as most do. */
  readonly otherIds?: readonly OtherId[];
  readonly company: Ref | null;
  readonly rep: Ref | null;
  /** When the source created it as a lead; null when it is no lead. */
  readonly leadCreatedAt: Moment | null;
  readonly url: string | null;
  readonly attributes: Attributes;
};

export type CompanyFact = {
  readonly kind: "company";
  readonly externalId: Ref;
  readonly isMention: boolean;
  readonly name: string | null;
  /** Host names of its own, lower case, without `www.`. */
  readonly domains: readonly string[];
  readonly phones: readonly string[];
  /** As a person's. */
  readonly otherIds?: readonly OtherId[];
  readonly rep: Ref | null;
  readonly leadCreatedAt: Moment | null;
  readonly url: string | null;
  readonly attributes: Attributes;
};

/**
 * Where a lead stands, in the tool's own word; `lead_statuses` of the config says what the word means. Either a witnessed change
 * (`changedAt` and what it was before), or the status that the lead's record shows.
 */
export type LeadStatusFact = {
  readonly kind: "lead_status";
  readonly externalId: Ref;
  readonly lead: { readonly kind: "person" | "company"; readonly ref: Ref };
  /** From when it holds; null: the record only shows how it is. */
  readonly changedAt: Moment | null;
  /** Null where it is not said. */
  readonly before: string | null;
  readonly status: string | null;
};

/** A customer's pipeline with its stages in their order. Stage refs are unique within the connection. */
export type PipelineFact = {
  readonly kind: "pipeline";
  readonly externalId: Ref;
  readonly isMention: boolean;
  readonly name: string | null;
  readonly stages: readonly {
    readonly externalId: Ref;
    readonly name: string;
    /** `open` stages are the pipeline's stages; won and lost ones are outcomes with a name. */
    readonly type: DealStatus;
    readonly probability: number | null;
    readonly canonical: CanonicalStage | null;
  }[];
};

/** What can change about a deal over time. */
export type DealState = {
  readonly status: DealStatus;
  readonly pipeline: Ref | null;
  readonly stage: Ref | null;
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly valuePeriod: ValuePeriod;
  readonly rep: Ref | null;
  /** 0 to 1. */
  readonly probability: number | null;
  readonly expectedCloseOn: Day | null;
};

/**
 * A deal as its source shows it now.
 *
 * `says`: the fields of the state that the source speaks of; absent: all. What it does not speak of is left as other records of the same
 * deal say. `precedence`: which of several records counts where two speak of the same field, the lowest first; absent: it is the only one.
 */
export type DealFact = DealState & {
  readonly kind: "deal";
  readonly says?: readonly (keyof DealState)[];
  readonly precedence?: number;
  readonly externalId: Ref;
  readonly name: string | null;
  readonly company: Ref | null;
  readonly person: Ref | null;
  readonly createdAt: Moment | null;
  /** When it was won or lost, where the deal itself says so; null when open or not said. */
  readonly closedAt: Moment | null;
  readonly lostReason: string | null;
  readonly url: string | null;
  readonly attributes: Attributes;
};

/**
 * One witnessed change of a deal. `before` and `after` hold only the fields that the witness speaks of; a field that is absent was not
 * witnessed (which is not the same as null: null is "no value").
 */
export type DealChangeFact = {
  readonly kind: "deal_change";
  readonly externalId: Ref;
  readonly deal: Ref;
  readonly changedAt: Moment;
  readonly before: Partial<DealState>;
  readonly after: Partial<DealState>;
  /** Of the deal, added to its own. Absent: none. */
  readonly attributes?: Attributes;
};

export type ActivityFact = {
  readonly kind: "activity";
  readonly externalId: Ref;
  readonly type: ActivityType;
  readonly direction: Direction | null;
  readonly occurredAt: Moment;
  /** When it was arranged, for what is planned ahead (a meeting); else null. */
  readonly bookedAt: Date | null;
  readonly durationS: number | null;
  readonly outcome: Outcome | null;
  /**
   * What the tool or its users call the outcome (`Left voicemail`), or the ref of a label of namespace `outcome`. What such a label's name
   * says counts before `outcome`: people chose it.
   */
  readonly disposition: string | null;
  readonly subject: string | null;
  readonly rep: Ref | null;
  readonly person: Ref | null;
  readonly company: Ref | null;
  readonly deal: Ref | null;
  readonly url: string | null;
  /** What identifies the same touch in another tool: iCalendar UIDs, RFC 5322 message ids. */
  readonly matchKeys: readonly string[];
  readonly attributes: Attributes;
};

export type TicketFact = {
  readonly kind: "ticket";
  readonly externalId: Ref;
  readonly subject: string | null;
  readonly status: string | null;
  readonly priority: string | null;
  readonly channel: string | null;
  readonly openedAt: Moment;
  readonly firstReplyAt: Moment | null;
  readonly solvedAt: Moment | null;
  readonly reopens: number | null;
  readonly satisfaction: "good" | "bad" | null;
  readonly rep: Ref | null;
  readonly person: Ref | null;
  readonly company: Ref | null;
  readonly url: string | null;
  readonly attributes: Attributes;
};

export type ConversationFact = {
  readonly kind: "conversation";
  readonly externalId: Ref;
  readonly channel: string | null;
  readonly status: string | null;
  readonly startedAt: Moment;
  readonly firstResponseAt: Moment | null;
  readonly closedAt: Moment | null;
  readonly rep: Ref | null;
  readonly person: Ref | null;
  readonly company: Ref | null;
  readonly url: string | null;
  readonly attributes: Attributes;
};

export type CampaignFact = {
  readonly kind: "campaign";
  readonly externalId: Ref;
  readonly name: string | null;
  readonly status: string | null;
  readonly channel: string | null;
  readonly sentAt: Moment | null;
  readonly recipients: number | null;
  readonly opens: number | null;
  readonly clicks: number | null;
  readonly bounces: number | null;
  readonly unsubscribes: number | null;
  readonly url: string | null;
  readonly attributes: Attributes;
};

export type WebTrafficFact = {
  readonly kind: "web_traffic";
  readonly externalId: Ref;
  readonly day: Day;
  readonly channel: string | null;
  readonly sourceMedium: string | null;
  readonly landingPage: string | null;
  readonly sessions: number | null;
  readonly users: number | null;
  readonly keyEvents: number | null;
  readonly attributes: Attributes;
};

export type SpendFact = {
  readonly kind: "spend";
  readonly externalId: Ref;
  readonly day: Day;
  readonly channel: string | null;
  readonly campaign: string | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly attributes: Attributes;
};

/** A target for a metric over `from` to `to` (both inclusive), for everyone, a team or a rep. */
export type GoalFact = {
  readonly kind: "goal";
  readonly externalId: Ref;
  readonly metric: string;
  readonly rep: Ref | null;
  readonly team: Ref | null;
  readonly from: Day;
  readonly to: Day;
  /** In the metric's unit; minor units for money. */
  readonly target: number;
};

/** The name of something that other records point at by id only, such as a call outcome. */
export type LabelFact = {
  readonly kind: "label";
  readonly namespace: string;
  readonly externalId: Ref;
  readonly name: string;
};

export type Fact =
  | RepFact
  | TeamFact
  | PersonFact
  | CompanyFact
  | LeadStatusFact
  | PipelineFact
  | DealFact
  | DealChangeFact
  | ActivityFact
  | TicketFact
  | ConversationFact
  | CampaignFact
  | WebTrafficFact
  | SpendFact
  | GoalFact
  | LabelFact;

/** Further dimensions of a row, by name: product, sector, source. Breakdowns and filters reach them as `attributes.<name>`. */
export type Attributes = { readonly [name: string]: string | number | boolean | null };
