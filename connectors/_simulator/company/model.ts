import type { Day } from "../../../core/base/time.ts";
import type { CanonicalStage, DealStatus, Direction, ValuePeriod } from "../../../core/schema/canonical.ts";

/**
 * One invented company and its market, in no vendor's words. Each vendor's simulator turns these into its own objects and ids, so that all
 * tools tell one coherent story: a won deal has its calls, its newsletter opens, its visit and its later ticket.
 *
 * Ids are short, stable texts (`deal-000017`), unique over the whole company. Instants are `Date`; days are in the company's time zone.
 * Money is minor units of `profile.currency`.
 */
export type CompanyData = {
  readonly profile: Profile;
  readonly teams: readonly Team[];
  /** Everyone who sells or has sold, managers included; who has left stays in the list. */
  readonly reps: readonly Rep[];
  readonly supportAgents: readonly SupportAgent[];
  readonly pipelines: readonly Pipeline[];
  readonly leads: readonly Lead[];
  readonly people: readonly Person[];
  readonly deals: readonly Deal[];
  /** All kinds, oldest `createdAt` first. Meetings and tasks may lie ahead of `now`. */
  readonly activities: readonly Activity[];
  readonly campaigns: readonly Campaign[];
  readonly tickets: readonly Ticket[];
  readonly chats: readonly Chat[];
  readonly webDays: readonly WebDay[];
  readonly spend: readonly Spend[];
  readonly goals: readonly Goal[];
};

export type Profile = {
  readonly name: string;
  readonly domain: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly seed: number;
  /** Where the history begins. */
  readonly startedAt: Date;
  /** Where the generated history ends and live activity begins. */
  readonly now: Date;
};

export type Team = {
  readonly id: string;
  readonly name: string;
  readonly managerId: string;
  readonly pipelineId: string;
};

export type Rep = {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly teamId: string;
  readonly isManager: boolean;
  readonly timeZone: string;
  readonly hiredAt: Date;
  /** After this instant the rep does nothing; null: still here. */
  readonly leftAt: Date | null;
  /** Days from being hired until full productivity. */
  readonly rampDays: number;
  /** About 0.6 to 1.4; 1 is ordinary. */
  readonly skill: number;
};

export type SupportAgent = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly timeZone: string;
};

export type Pipeline = {
  readonly id: string;
  readonly name: string;
  /** In order: the open stages, then the outcomes. */
  readonly stages: readonly PipelineStage[];
};

export type PipelineStage = {
  readonly id: string;
  readonly name: string;
  readonly type: DealStatus;
  /** Null for outcomes. */
  readonly canonical: CanonicalStage | null;
  /** 0 to 1. */
  readonly probability: number;
};

export const LEAD_SOURCES = ["inbound", "paid_search", "referral", "partner", "event", "webinar", "outbound"] as const;
export type LeadSource = (typeof LEAD_SOURCES)[number];

export const LEAD_STATUSES = ["new", "contacted", "qualified", "customer", "cold", "bad_fit"] as const;
export type LeadStatus = (typeof LEAD_STATUSES)[number];

export const SEGMENTS = ["small", "mid_market", "enterprise"] as const;
export type Segment = (typeof SEGMENTS)[number];

/** A company in the market. */
export type Lead = {
  readonly id: string;
  readonly name: string;
  /** Under `.example`. */
  readonly domain: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly city: string;
  readonly timeZone: string;
  readonly phone: string | null;
  readonly industry: string;
  readonly segment: Segment;
  readonly employees: number;
  readonly source: LeadSource;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Who looks after it now; always someone who is still here. */
  readonly ownerId: string;
  readonly status: LeadStatus;
  /** Oldest first; the first has `from: null` and is the creation. */
  readonly statusChanges: readonly LeadStatusChange[];
};

export type LeadStatusChange = {
  readonly id: string;
  readonly at: Date;
  readonly byId: string;
  readonly from: LeadStatus | null;
  readonly to: LeadStatus;
};

export type Person = {
  readonly id: string;
  readonly leadId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly name: string;
  readonly title: string;
  readonly email: string;
  /** E.164, from ranges reserved for fiction; null where such a range has run out. */
  readonly phone: string | null;
  readonly createdAt: Date;
  readonly isSubscribed: boolean;
};

/** What can change about a deal. */
export type DealState = {
  readonly status: DealStatus;
  readonly stageId: string;
  readonly ownerId: string;
  readonly amountMinor: number | null;
  readonly valuePeriod: ValuePeriod;
  /** 0 to 1: what the rep believes. 1 when won, 0 when lost. */
  readonly probability: number;
  /** Kept as it last was once the deal is closed. */
  readonly expectedCloseOn: Day;
  readonly lostReason: string | null;
};

export const DEAL_CHANGE_KINDS = [
  "created",
  "stage",
  "won",
  "lost",
  "reopened",
  "owner",
  "value",
  "expected_close",
] as const;
export type DealChangeKind = (typeof DEAL_CHANGE_KINDS)[number];

/** `before` and `after` hold the fields that changed, all of them in `after` for `created` (whose `before` is empty). */
export type DealChange = {
  readonly id: string;
  readonly at: Date;
  readonly kind: DealChangeKind;
  readonly byId: string;
  readonly before: Partial<DealState>;
  readonly after: Partial<DealState>;
};

export type Deal = {
  readonly id: string;
  readonly name: string;
  readonly product: string;
  readonly leadId: string;
  readonly personId: string;
  readonly pipelineId: string;
  readonly createdAt: Date;
  /** When it last changed. */
  readonly updatedAt: Date;
  /** The latest change into won or lost, unless reopened since. */
  readonly closedAt: Date | null;
  /** As it is now: the changes applied one after another give exactly this. */
  readonly state: DealState;
  /** Oldest first, strictly rising; the first is `created`. */
  readonly changes: readonly DealChange[];
};

type Touch = {
  readonly id: string;
  readonly repId: string;
  readonly leadId: string;
  readonly personId: string;
  readonly dealId: string | null;
  /** When it happens: a call's or meeting's start, an e-mail's sending, a task's creation. */
  readonly at: Date;
  /** When a tool first knew of it: for a meeting, when it was booked; else `at`. */
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export const CALL_OUTCOMES = ["answered", "voicemail", "no_answer", "busy", "wrong_number"] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

export type Call = Touch & {
  readonly type: "call";
  readonly direction: Direction;
  /** 0 where nobody answered. */
  readonly durationS: number;
  readonly outcome: CallOutcome;
  readonly phone: string | null;
  readonly note: string | null;
};

export type Email = Touch & {
  readonly type: "email";
  readonly direction: Direction;
  readonly subject: string;
  readonly body: string;
  /** RFC 5322, without angle brackets. */
  readonly messageId: string;
  readonly threadId: string;
  /** Of outbound ones. */
  readonly openedAt: readonly Date[];
};

export const MEETING_STATUSES = ["upcoming", "completed", "no_show", "canceled"] as const;
export type MeetingStatus = (typeof MEETING_STATUSES)[number];

export type Meeting = Touch & {
  readonly type: "meeting";
  readonly title: string;
  readonly endsAt: Date;
  readonly status: MeetingStatus;
  /** iCalendar UID. */
  readonly calendarUid: string;
};

export type Sms = Touch & { readonly type: "sms"; readonly direction: Direction; readonly text: string };

export type Note = Touch & { readonly type: "note"; readonly text: string };

export type Task = Touch & {
  readonly type: "task";
  readonly text: string;
  readonly dueOn: Day;
  readonly completedAt: Date | null;
};

export type Activity = Call | Email | Meeting | Sms | Note | Task;

/** A newsletter. */
export type Campaign = {
  readonly id: string;
  readonly name: string;
  readonly subject: string;
  readonly sentAt: Date;
  readonly sends: readonly CampaignSend[];
};

export type CampaignSend = {
  readonly personId: string;
  readonly bounce: "hard" | "soft" | null;
  readonly openedAt: readonly Date[];
  /** The opens are a mail program's own fetching, nobody has read. */
  readonly isProxyOpen: boolean;
  readonly clicks: readonly { readonly at: Date; readonly url: string }[];
  readonly unsubscribedAt: Date | null;
};

/** A question of a customer, after a won deal. */
export type Ticket = {
  readonly id: string;
  readonly leadId: string;
  readonly personId: string;
  readonly dealId: string;
  readonly agentId: string;
  readonly subject: string;
  readonly channel: "email" | "web" | "chat" | "phone";
  readonly priority: "low" | "normal" | "high" | "urgent";
  readonly status: "new" | "open" | "pending" | "solved";
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly firstReplyAt: Date | null;
  readonly firstSolvedAt: Date | null;
  /** The latest time; kept when it is opened again, so only a ticket with that status is solved. */
  readonly solvedAt: Date | null;
  readonly reopens: number;
  readonly satisfaction: "good" | "bad" | null;
  readonly messages: readonly { readonly at: Date; readonly author: "customer" | "agent"; readonly text: string }[];
};

/** A conversation on the company's web site. */
export type Chat = {
  readonly id: string;
  /** Null where the visitor never said who it is. */
  readonly personId: string | null;
  readonly leadId: string | null;
  /** Null where only the bot answered. */
  readonly repId: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  /** The first answer of a person, not the bot's. */
  readonly firstResponseAt: Date | null;
  readonly closedAt: Date | null;
  readonly landingPage: string;
  readonly messages: readonly {
    readonly at: Date;
    readonly author: "visitor" | "rep" | "bot";
    readonly text: string;
  }[];
};

export type WebDay = {
  readonly day: Day;
  readonly channel: string;
  readonly sourceMedium: string;
  readonly landingPage: string;
  readonly sessions: number;
  readonly users: number;
  readonly keyEvents: number;
};

export type Spend = {
  readonly id: string;
  readonly day: Day;
  readonly channel: string;
  readonly campaign: string;
  readonly amountMinor: number;
};

/** A target for a calendar month: of one rep, of one team (`repId` null), or of all (both null). */
export type Goal = {
  readonly id: string;
  readonly metric: "won_value" | "deals_won" | "new_leads";
  readonly repId: string | null;
  readonly teamId: string | null;
  readonly from: Day;
  readonly to: Day;
  /** Minor units for money. */
  readonly target: number;
};

/** What has just happened in the live company. The records in it are whole and new: the old ones are never changed in place. */
export type CompanyChange =
  | { readonly type: "lead.created"; readonly at: Date; readonly lead: Lead; readonly people: readonly Person[] }
  | { readonly type: "lead.updated"; readonly at: Date; readonly lead: Lead; readonly previous: Lead }
  | { readonly type: "deal.created"; readonly at: Date; readonly deal: Deal; readonly change: DealChange }
  | {
      readonly type: "deal.updated";
      readonly at: Date;
      readonly deal: Deal;
      readonly previous: Deal;
      readonly change: DealChange;
    }
  | { readonly type: "activity.created"; readonly at: Date; readonly activity: Activity }
  | {
      readonly type: "activity.updated";
      readonly at: Date;
      readonly activity: Activity;
      readonly previous: Activity;
    }
  | { readonly type: "ticket.created"; readonly at: Date; readonly ticket: Ticket }
  | { readonly type: "ticket.updated"; readonly at: Date; readonly ticket: Ticket; readonly previous: Ticket }
  | { readonly type: "chat.created"; readonly at: Date; readonly chat: Chat }
  | { readonly type: "chat.updated"; readonly at: Date; readonly chat: Chat; readonly previous: Chat };

export type CompanyOptions = {
  readonly seed: number;
  /** Where the history ends. The same seed and instant give the same company, byte for byte. */
  readonly now: Date;
  /** The company's own; default `America/New_York`. */
  readonly timeZone?: string;
  /** Length of the history; default 24. */
  readonly months?: number;
  /** Multiplies leads and what follows from them; 1 (the default) makes about 1,900 leads and 35,000 CRM records. */
  readonly scale?: number;
};

/** A company that may come alive. The lists are always as of the latest tick. */
export type Company = CompanyData & {
  /** The web traffic of any day of the company's zone, later ones included, as it will be when the day is over. */
  webDaysOf(day: Day): readonly WebDay[];
  /** Life after `now`. One life per company: a second call throws. */
  live(options: LiveOptions): LiveCompany;
};

export type LiveOptions = { readonly clock: { now(): Date } };

export type LiveCompany = {
  /**
   * The next thing that happens, dated by the clock: a call, an e-mail, a stage move, a new lead, an answer to a ticket or in a chat,
   * every twelfth time or so a win. The what and who follow from seed and number of ticks alone.
   *
   * @returns what changed, in order; also given to the listeners, synchronously.
   */
  tick(): readonly CompanyChange[];
  /** Returns how to stop listening. */
  onChange(listener: (change: CompanyChange) => void): () => void;
};
