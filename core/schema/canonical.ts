/** The shared vocabulary that every tool's words are mapped to. */

/** The stages a sale goes through, in order. Won and lost are outcomes, not stages. */
export const CANONICAL_STAGES = [
  "prospecting",
  "qualification",
  "first_contact",
  "meeting",
  "needs_analysis",
  "close",
  "follow_up",
] as const;
export type CanonicalStage = (typeof CANONICAL_STAGES)[number];

export const DEAL_STATUSES = ["open", "won", "lost"] as const;
export type DealStatus = (typeof DEAL_STATUSES)[number];

/** How often a deal's value is paid. Annualised: monthly × 12, the others × 1. */
export const VALUE_PERIODS = ["one_time", "monthly", "annual"] as const;
export type ValuePeriod = (typeof VALUE_PERIODS)[number];

export const ACTIVITY_TYPES = [
  "call",
  "email",
  "sms",
  "whatsapp",
  "social",
  "meeting",
  "note",
  "task",
  "chat",
  "form",
  "visit",
  "email_open",
  "email_click",
  "custom",
] as const;
export type ActivityType = (typeof ACTIVITY_TYPES)[number];

/** The activities by which a rep reaches a person or company, or is reached. */
export const TOUCH_TYPES = [
  "call",
  "email",
  "sms",
  "whatsapp",
  "social",
  "meeting",
  "chat",
] as const satisfies readonly ActivityType[];

/** What numbers are about. The other facts (reps, companies, stages) say who and where. A person or company that is a lead is both. */
export const MEASURED = [
  "deal",
  "activity",
  "lead",
  "ticket",
  "conversation",
  "campaign",
  "web_traffic",
  "spend",
  "goal",
] as const;
export type Measured = (typeof MEASURED)[number];

/** Seen from us: `outbound` left a rep, `inbound` reached one. */
export const DIRECTIONS = ["inbound", "outbound"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Why the time of a change of a deal is not what the source says: the date cannot be, or there is none. */
export type DealDoubt = "odd_closing_date" | "no_closing_date" | "odd_creation_date";
