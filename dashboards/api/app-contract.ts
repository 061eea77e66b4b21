import { z } from "zod";
import { type Json, isObject, type JsonObject } from "../../core/base/json.ts";
import { EVENT_TYPES, EVENTS, eventSample, type EventType } from "../../core/outbox/catalogue.ts";
import {
  type AppAction,
  type AppContract,
  type AppField,
  type AppList,
  type AppOutput,
  type AppRecord,
  type AppTrigger,
  flatEvent,
} from "./app-shared.ts";

/**
 * What the apps of automation tools (Zapier, n8n) offer: made from the catalogue of events and the API's OpenAPI document, so that neither app can
 * offer what the hub does not have. Each app has a copy, since it is published by itself; a test holds them equal.
 */
export function appContract(document: JsonObject): AppContract {
  return {
    triggers: EVENT_TYPES.map(triggerOf),
    searches: SEARCHES.map((one) => action(one, queryFields(document, one.path))),
    creates: CREATES.map((one) => action(one, bodyFields(document, one.path))),
  };
}

function triggerOf(type: EventType): AppTrigger {
  const { title } = EVENTS[type];
  // What is made of JSON is JSON.
  const sample = flatEvent(eventSample(type)) as AppRecord;
  return {
    key: type.replaceAll(".", "_"),
    type,
    label: labelOf(type),
    description: `Triggers when ${title.charAt(0).toLowerCase()}${title.slice(1)}.`,
    filters: filtersOf(type, sample),
    sample,
    outputs: outputsOf(sample),
  };
}

const FILTERS = {
  pipelines: filter("pipelines", "Pipelines", "Only deals of these pipelines.", { isList: true, from: "pipelines" }),
  min_amount: filter("min_amount", "Least Value", "Only deals of at least this value, in the deal's currency.", {
    type: "number",
  }),
  metrics: filter("metrics", "KPIs", "Only these KPIs.", { isList: true, from: "kpis" }),
  rises_to: filter("rises_to", "Rises To", "Only when the value comes to this or more, from less.", { type: "number" }),
  falls_to: filter("falls_to", "Falls To", "Only when the value comes to this or less, from more.", { type: "number" }),
  rules: filter("rules", "Rules", "Only what these rules of the hub's config tell, by id.", { isList: true }),
  digests: filter("digests", "Digests", "Only these digests of the hub's config, by id.", { isList: true }),
} as const;

function filter(key: string, label: string, help: string, more: Partial<AppField>): AppField {
  return { key, label, type: "string", required: false, help, choices: [], isList: false, from: null, ...more };
}

/** Which filters can be of use: those of what the event carries. */
function filtersOf(type: EventType, sample: AppRecord): readonly AppField[] {
  const found: AppField[] = [];
  if (type.startsWith("deal.")) found.push(FILTERS.pipelines, FILTERS.min_amount);
  if (type.startsWith("kpi.")) found.push(FILTERS.metrics);
  if (type === "kpi.updated") found.push(FILTERS.rises_to, FILTERS.falls_to);
  if ("rule" in sample) found.push(FILTERS.rules);
  if ("digest" in sample) found.push(FILTERS.digests);
  return found;
}

/** An operation as people see it. `fields`: those of the operation that are offered, in this order; `!` marks one that the app asks for. */
type Offer = Pick<AppAction, "key" | "path" | "noun" | "label" | "description" | "sample"> & {
  readonly fields: readonly string[];
  readonly fixed?: AppAction["fixed"];
  readonly labels?: { readonly [field: string]: string };
};

const KEPT = { connection: "apps", id: "call-17", record: "5b1f7c52-1a8e-8f3d-9a44-7e0c2b6d9f11" } as const;
const WHO = ["rep", "person", "company"] as const;
const WHERE = ["connection", "id"] as const;

const CREATES: readonly Offer[] = [
  {
    key: "log_touch",
    path: "/activities",
    noun: "Touch",
    label: "Log Touch",
    description: "Logs a call, a mail, a meeting or another touch.",
    // A touch that is told of again has the same time, and so is the same.
    fields: [
      "type",
      "occurred_at!",
      "direction",
      ...WHO,
      "deal",
      "subject",
      "outcome",
      "duration",
      "url",
      "match_key",
      ...WHERE,
    ],
    sample: KEPT,
  },
  {
    key: "add_note",
    path: "/activities",
    noun: "Note",
    label: "Add Note",
    description: "Adds a note to a person, a company or a deal.",
    fields: ["subject!", ...WHO, "deal", "occurred_at", "url", ...WHERE],
    labels: { subject: "Note" },
    fixed: { type: "note" },
    sample: { ...KEPT, id: "note-4" },
  },
  {
    key: "add_deal",
    path: "/deals",
    noun: "Deal",
    label: "Add Deal",
    description: "Adds a deal, or replaces all that is said of it.",
    fields: [
      "id",
      "name",
      "stage",
      "status",
      "pipeline",
      "value",
      "currency",
      "value_period",
      ...WHO,
      "created_at",
      "closed_at",
      "expected_close_on",
      "probability",
      "lost_reason",
      "url",
      "connection",
    ],
    sample: { ...KEPT, id: "d-81" },
  },
  {
    key: "change_deal",
    path: "/deal-changes",
    noun: "Deal",
    label: "Change Deal",
    description: "Changes a deal that was added; what is left out stays as it is.",
    fields: [
      "deal",
      "stage",
      "status",
      "pipeline",
      "value",
      "currency",
      "rep",
      "expected_close_on",
      "probability",
      "changed_at",
      ...WHERE,
    ],
    sample: { ...KEPT, id: "change-2" },
  },
  {
    key: "add_person",
    path: "/people",
    noun: "Person",
    label: "Add Person",
    description: "Adds a person or lead, or replaces all that is said of them.",
    fields: ["email", "name", "title", "phone", "company", "rep", "lead_created_at", "lead_status", "url", ...WHERE],
    sample: { ...KEPT, id: "jo@fjord.example" },
  },
  {
    key: "add_spend",
    path: "/spend",
    noun: "Spend",
    label: "Add Spend",
    description: "Says what was spent on a day; of one day, channel and campaign the last word counts.",
    fields: ["day", "amount", "currency", "channel", "campaign", ...WHERE],
    sample: { ...KEPT, id: "2026-11-23 ads" },
  },
  {
    key: "set_goal",
    path: "/goals",
    noun: "Goal",
    label: "Set Goal",
    description: "Sets a goal; of one KPI, time, rep and team the last word counts.",
    fields: ["metric", "from", "to", "target", "currency", "rep", "team", ...WHERE],
    sample: { ...KEPT, id: "won_value 2026-11" },
  },
];

const ANN = { id: "5b1f7c52-1a8e-8f3d-9a44-7e0c2b6d9f11", name: "Ada Lovelace" } as const;
const FJORD = { id: "7a0c2b6d-9f11-8f3d-9a44-5b1f7c521a8e", name: "Fjord Supplies AS" } as const;
const JO = { id: "2d1f7c52-1a8e-8f3d-9a44-7e0c2b6d9f12", name: "Jo Hansen" } as const;

const SEARCHES: readonly Offer[] = [
  {
    key: "find_kpi",
    path: "/kpis/{metric}",
    noun: "KPI",
    label: "Find KPI Value",
    description: "Finds the value of a KPI in a period.",
    fields: ["metric!", "period", "from", "to", "filter"],
    sample: {
      id: "won_value",
      metric: "won_value",
      unit: "money",
      currency: "EUR",
      from: "2026-11-01",
      to: "2026-11-30",
      value: 184_300,
      numerator: 184_300,
      denominator: 1,
      sample_size: 14,
      fresh_as_of: "2026-11-23T06:00:00.000Z",
      notes: "",
    },
  },
  {
    key: "find_deal",
    path: "/deals",
    noun: "Deal",
    label: "Find Deal",
    description: "Finds a deal by part of its name or by an id; the newest of several.",
    fields: ["search!", "status", "connection"],
    sample: {
      id: "3f0c1f0a-9c1e-8b7a-b6a4-2f1d3c5e7a90",
      connection: "close-main",
      external_id: "oppo_1",
      name: "Fjord Supplies, renewal",
      status: "open",
      pipeline: "New Business",
      stage: "Proposal Sent",
      value: { amount: 12_500, currency: "EUR" },
      owner: ANN,
      company: FJORD,
      person: JO,
      expected_close_on: "2026-12-15",
      created_at: "2026-11-02T09:00:00.000Z",
      closed_at: "2026-11-23T06:00:00.000Z",
      lost_reason: "Price",
      url: "https://app.close.com/lead/lead_1/",
    },
  },
  {
    key: "find_person",
    path: "/people",
    noun: "Person",
    label: "Find Person",
    description: "Finds a person by e-mail address, name, number or id.",
    fields: ["email", "search"],
    sample: {
      ...JO,
      emails: ["jo@fjord.example"],
      phones: ["+4722222222"],
      title: "Head of boats",
      company: FJORD,
      owner: ANN,
      lead_created_at: "2026-11-20T08:00:00.000Z",
      url: "https://app.close.com/lead/lead_1/",
    },
  },
  {
    key: "find_rep",
    path: "/reps",
    noun: "Rep",
    label: "Find Rep",
    description: "Finds a rep by e-mail address, name or id.",
    fields: ["email", "search"],
    sample: { ...ANN, email: "ada@acme.example", is_active: true, teams: ["North"] },
  },
];

function action({ fields, fixed = {}, labels = {}, ...offer }: Offer, known: ReadonlyMap<string, AppField>): AppAction {
  const offered = fields.map((name) => {
    const key = name.replace("!", "");
    const field = known.get(key);
    if (field === undefined) throw new Error(`${offer.path} has no field ${key}`);
    return { ...field, required: field.required || name !== key, label: labels[key] ?? field.label };
  });
  return { ...offer, fields: offered, fixed, outputs: outputsOf(offer.sample) };
}

const schemaOf = z.looseObject({
  description: z.string().default(""),
  enum: z.array(z.string()).default([]),
  type: z.string().optional(),
  format: z.string().optional(),
  get anyOf() {
    return z.array(schemaOf).optional();
  },
});
const body = z.looseObject({ properties: z.record(z.string(), schemaOf), required: z.array(z.string()).default([]) });
const operation = z.looseObject({
  parameters: z.array(
    z.looseObject({ name: z.string(), required: z.boolean(), description: z.string().default(""), schema: schemaOf }),
  ),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: body })) }).optional(),
});
const described = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

function bodyFields(document: JsonObject, path: string): ReadonlyMap<string, AppField> {
  const { requestBody } = operation.parse(described.parse(document).paths[path]?.["post"]);
  const { properties = {}, required = [] } = Object.values(requestBody?.content ?? {})[0]?.schema ?? {};
  return new Map(
    Object.entries(properties).map(([key, schema]) => [
      key,
      fieldOf(key, required.includes(key), schema, schema.description),
    ]),
  );
}

function queryFields(document: JsonObject, path: string): ReadonlyMap<string, AppField> {
  const { parameters } = operation.parse(described.parse(document).paths[path]?.["get"]);
  return new Map(
    parameters.map(({ name, required, schema, description }) => [name, fieldOf(name, required, schema, description)]),
  );
}

function fieldOf(key: string, required: boolean, schema: z.output<typeof schemaOf>, said: string): AppField {
  const kinds = [schema, ...(schema.anyOf ?? [])];
  const has = (type: string): boolean => kinds.some((one) => one.type === type || one.format === type);
  const type = has("date-time") ? "datetime" : has("number") || has("integer") ? "number" : "string";
  // The descriptions are the API's, which writes code in backticks.
  const help = said === "" ? `${labelOf(key)}.` : `${said.replaceAll("`", "")}.`;
  return {
    key,
    label: labelOf(key),
    type,
    required,
    help,
    choices: schema.enum,
    isList: has("array"),
    from: LISTS[key] ?? null,
  };
}

/** Fields that are chosen from a list of the hub's. */
const LISTS: { readonly [key: string]: AppList } = {
  metric: "kpis",
  pipeline: "pipelines",
  rep: "reps",
  connection: "connections",
};

const WORDS: { readonly [word: string]: string } = { id: "ID", url: "URL", kpi: "KPI", metric: "KPI", of: "of" };

/** `lead_created_at`, `deal.won` → Lead Created At, Deal Won. */
function labelOf(key: string): string {
  const words = key.split(/[^a-z0-9]+/i).filter((word) => word !== "");
  const titled = words.map((word) => WORDS[word] ?? word.charAt(0).toUpperCase() + word.slice(1));
  const label = titled.join(" ");
  // Titles of two letters at least.
  return label === "of" ? "Of KPI" : label;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

function outputsOf(sample: Json, prefix = ""): readonly AppOutput[] {
  if (Array.isArray(sample)) {
    const [first] = sample as readonly Json[];
    return isObject(first) ? membersOf(first, `${prefix}[]`) : [outputOf(prefix, first ?? null)];
  }
  if (isObject(sample)) return membersOf(sample, prefix === "" ? "" : `${prefix}__`);
  return [outputOf(prefix, sample)];
}

function membersOf(sample: JsonObject, prefix: string): readonly AppOutput[] {
  return Object.entries(sample).flatMap(([key, value]) => outputsOf(value, prefix + key));
}

function outputOf(key: string, value: Json): AppOutput {
  const label = labelOf(key.replaceAll("[]", " "));
  switch (typeof value) {
    case "number":
    case "boolean":
      return { key, label, type: typeof value === "number" ? "number" : "boolean" };
    case "string":
      return { key, label, type: INSTANT.test(value) ? "datetime" : "string" };
    default:
      return { key, label, type: null };
  }
}
