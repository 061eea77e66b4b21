import { ACTIVITY_TYPES, DEAL_STATUSES, DIRECTIONS, VALUE_PERIODS } from "../../core/schema/canonical.ts";

/** The tables of the shared schema that a spreadsheet can fill; each is one stream. */
export const TABLES = [
  "deals",
  "deal_changes",
  "activities",
  "people",
  "companies",
  "reps",
  "teams",
  "tickets",
  "spend",
  "goals",
] as const;
export type Table = (typeof TABLES)[number];

/** Each table's fields, with what is special about them. `required` ones must be mapped, and must not be empty in a row. */
export const FIELDS = {
  deals: {
    required: [],
    optional: {
      name: "The deal's name",
      stage: "A stage of `pipelines`; its won and lost names close the deal",
      status: `${DEAL_STATUSES.join(", ")}; wins over what the stage says`,
      pipeline: "One of `pipelines`; may be left out where there is one",
      value: "An amount in main units",
      currency: "An ISO 4217 code; wins over the mapping's currency",
      value_period: VALUE_PERIODS.join(", "),
      rep: "The key of the rep who owns it",
      company: "The key of the company",
      person: "The key of the person",
      created_at: "When it was opened",
      closed_at: "When it was won or lost; not read for open deals",
      expected_close_on: "A day",
      probability: "0 to 1, or a percentage",
      lost_reason: "Text",
      url: "Where it can be seen",
    },
  },
  deal_changes: {
    required: ["deal", "changed_at"],
    optional: {
      deal: "The key of the deal",
      changed_at: "From when it held",
      stage: "The new stage; an empty cell means that it did not change (so for every field)",
      stage_before: "The stage until then",
      status: DEAL_STATUSES.join(", "),
      pipeline: "One of `pipelines`",
      value: "The new amount in main units",
      currency: "An ISO 4217 code",
      rep: "The new owner's key",
      expected_close_on: "A day",
      probability: "0 to 1, or a percentage",
    },
  },
  activities: {
    required: ["type", "occurred_at"],
    optional: {
      type: ACTIVITY_TYPES.join(", "),
      occurred_at: "When it took place",
      direction: DIRECTIONS.join(", "),
      booked_at: "When it was arranged",
      duration: "A number, in `unit` (default seconds)",
      outcome: "Text",
      subject: "Text",
      rep: "The key of the rep",
      person: "The key of the person",
      company: "The key of the company",
      deal: "The key of the deal",
      match_key: "What names the same touch in another tool: a calendar UID, a message id",
      url: "Where it can be seen",
    },
  },
  people: {
    required: [],
    optional: {
      name: "Full name",
      title: "What they do",
      email: "One or more, separated by , or ;",
      phone: "One or more, separated by , or ;",
      company: "The key of the company",
      rep: "The key of the rep",
      lead_created_at: "When they came in as a lead",
      lead_status: "Where the lead stands; `lead_statuses` says what the words mean",
      lead_status_since: "From when; default: from when the row was first seen with it",
      url: "Where they can be seen",
    },
  },
  companies: {
    required: [],
    optional: {
      name: "The company's name",
      domain: "One or more host names or addresses, separated by , or ;",
      phone: "One or more, separated by , or ;",
      rep: "The key of the rep",
      lead_created_at: "When it came in as a lead",
      lead_status: "Where the lead stands; `lead_statuses` says what the words mean",
      lead_status_since: "From when; default: from when the row was first seen with it",
      url: "Where it can be seen",
    },
  },
  reps: {
    required: [],
    optional: {
      name: "Full name; default: the key",
      email: "One address",
      phone: "One number",
      is_active: "yes or no",
      team: "The key of the team; the team is made when `teams` has no row of it",
    },
  },
  teams: { required: [], optional: { name: "Default: the key", manager: "Who leads it" } },
  tickets: {
    required: ["opened_at"],
    optional: {
      subject: "Text",
      status: "Text",
      priority: "Text",
      channel: "Text",
      opened_at: "When it came in",
      first_reply_at: "When it was first answered",
      solved_at: "When it was solved",
      reopens: "A whole number",
      satisfaction: "good, bad",
      rep: "The key of the rep",
      person: "The key of the person",
      company: "The key of the company",
      url: "Where it can be seen",
    },
  },
  spend: {
    required: ["day", "amount"],
    optional: {
      day: "A day",
      amount: "In main units",
      currency: "An ISO 4217 code; wins over the mapping's currency",
      channel: "Text",
      campaign: "Text",
    },
  },
  goals: {
    required: ["metric", "from", "to", "target"],
    optional: {
      metric: "The id of a KPI: won_value, deals_won",
      from: "First day",
      to: "Last day, inclusive",
      target: "In the KPI's unit; amounts in main units (`unit: money` where the KPI is not one of ours)",
      currency: "An ISO 4217 code",
      rep: "The key of the rep it is for",
      team: "The key of the team it is for",
    },
  },
} as const satisfies {
  readonly [table in Table]: {
    readonly required: readonly string[];
    readonly optional: { readonly [field: string]: string };
  };
};
