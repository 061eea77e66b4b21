import { z } from "zod";
import { plainJson } from "../../core/base/json.ts";
import { readCatalogue } from "../../core/metrics/index.ts";
import { ACTIVITY_TYPES, DEAL_STATUSES, DIRECTIONS, VALUE_PERIODS } from "../../core/schema/canonical.ts";
import { newRowId, postRow, type RowTable } from "../../core/setup/rows.ts";
import { readWorkspace } from "../../core/store/setup/workspace.ts";
import { actorOf } from "../auth/principal.ts";
import { invalidRequest } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { day } from "./kpis.ts";

/** Rows that apps write: touches, deals, people, spend, goals. What has no connector comes in here, and goes the way of every record. */

const text = z.string().min(1).max(1_000);
const key = z.string().min(1).max(500);
const when = z.union([z.iso.datetime({ offset: true }), day]);
const currency = z.string().regex(/^[A-Z]{3}$/, "An ISO 4217 code: EUR");
const ownId = key.optional();
const connection = key.optional().describe("The connection that takes it; may be left out where one alone does");
const who = {
  rep: key.optional().describe("The rep's e-mail address, or the tool's own id"),
  person: key.optional().describe("The person's e-mail address, or the tool's own id"),
  company: key.optional().describe("The company's name, domain or id"),
};

const kept = z
  .object({
    connection: z.string().describe("Under which it is kept"),
    id: z.string().describe("The row's own id: sent again under it, it replaces itself"),
    record: z.uuid().describe("The id under which it will be found, seconds from now"),
  })
  .meta({ id: "KeptRow" });

const access = { kind: "api", scope: "write" } as const;
const tag = "Into the hub";

/** What all of them are alike in. */
const common = { method: "post", access, tag, status: 202, response: kept } as const;

export const rowEndpoints = [
  endpoint({
    ...common,
    path: "/activities",
    summary: "Log a touch: a call, a mail, a meeting, a note …",
    body: z.strictObject({
      connection,
      id: ownId.describe("Default: one for each `Idempotency-Key`, else a new one"),
      type: z.enum(ACTIVITY_TYPES),
      occurred_at: when.optional().describe("Default: now"),
      direction: z.enum(DIRECTIONS).optional(),
      booked_at: z.iso.datetime({ offset: true }).optional().describe("When it was arranged"),
      duration: z.number().min(0).max(31_536_000).optional().describe("Seconds"),
      outcome: text.optional().describe("In the tool's own words"),
      subject: text.optional().describe("Of a note: the note"),
      ...who,
      deal: key.optional().describe("The deal's id in this connection"),
      match_key: key.optional().describe("What names the same touch in another tool: a calendar UID, a message id"),
      url: text.optional().describe("Where it can be seen"),
    }),
    run: async ({ body }, call) =>
      keep("activities", { occurred_at: call.now.toISOString(), ...body }, body.id ?? newId(call), call),
  }),
  endpoint({
    ...common,
    path: "/deals",
    summary: "Add a deal, or replace what is said of it: the row is the whole deal",
    body: z.strictObject({
      connection,
      id: key.describe("The deal's id in the tool that it comes from"),
      name: text.optional(),
      stage: text.optional().describe("One of the connection's `pipelines`; its won and lost names close the deal"),
      status: z.enum(DEAL_STATUSES).optional().describe("Wins over what the stage says"),
      pipeline: text.optional().describe("May be left out where the connection has one"),
      value: z.number().optional().describe("In main units"),
      currency: currency.optional().describe("Default: the connection's, else the workspace's"),
      value_period: z.enum(VALUE_PERIODS).optional(),
      ...who,
      created_at: when.optional(),
      closed_at: when.optional().describe("Of a deal that is won or lost"),
      expected_close_on: day.optional(),
      probability: z.number().min(0).max(1).optional(),
      lost_reason: text.optional(),
      url: text.optional().describe("Where it can be seen"),
    }),
    run: async ({ body }, call) => keep("deals", body, body.id, call),
  }),
  endpoint({
    ...common,
    path: "/deal-changes",
    summary: "Change a deal that was added: what is left out stays as it is",
    body: z.strictObject({
      connection,
      id: ownId.describe("Default: one for each `Idempotency-Key`, else a new one"),
      deal: key.describe("The deal's id, as it was added"),
      changed_at: when.optional().describe("From when it holds; default: now"),
      stage: text.optional(),
      status: z.enum(DEAL_STATUSES).optional(),
      pipeline: text.optional(),
      value: z.number().optional().describe("In main units"),
      currency: currency.optional(),
      rep: who.rep,
      expected_close_on: day.optional(),
      probability: z.number().min(0).max(1).optional(),
    }),
    run: async ({ body }, call) =>
      keep("deal_changes", { changed_at: call.now.toISOString(), ...body }, body.id ?? newId(call), call, body.deal),
  }),
  endpoint({
    ...common,
    path: "/people",
    summary: "Add a person or lead, or replace what is said of them",
    body: z.strictObject({
      connection,
      id: ownId.describe("Default: the e-mail address"),
      email: z.email().max(320).optional(),
      name: text.optional(),
      title: text.optional().describe("What they do"),
      phone: z.string().min(1).max(50).optional(),
      company: who.company,
      rep: who.rep,
      lead_created_at: when.optional().describe("When they came in as a lead"),
      lead_status: text.optional(),
      url: text.optional().describe("Where they can be seen"),
    }),
    run: async ({ body }, call) => {
      const id = body.id ?? body.email?.toLowerCase();
      if (id === undefined) throw invalidRequest("A person needs an `id` or an `email`.");
      return keep("people", body, id, call);
    },
  }),
  endpoint({
    ...common,
    path: "/spend",
    summary: "Say what was spent on a day; of one day, channel and campaign the last word counts",
    body: z.strictObject({
      connection,
      id: ownId.describe("Default: the day, channel and campaign"),
      day,
      amount: z.number().min(0).describe("In main units"),
      currency: currency.optional().describe("Default: the connection's, else the workspace's"),
      channel: key.optional(),
      campaign: key.optional(),
    }),
    run: async ({ body }, call) =>
      keep("spend", body, body.id ?? together([body.day, body.channel, body.campaign]), call),
  }),
  endpoint({
    ...common,
    path: "/goals",
    summary: "Set a goal; of one KPI, time, rep and team the last word counts",
    body: z.strictObject({
      connection,
      id: ownId.describe("Default: the KPI, time, rep and team"),
      metric: key.describe("The id of a KPI: won_value"),
      from: day.describe("First day"),
      to: day.describe("Last day, inclusive"),
      target: z.number().describe("In the KPI's unit; amounts in main units"),
      currency: currency.optional().describe("Of an amount; default: the connection's, else the workspace's"),
      rep: who.rep,
      team: key.optional().describe("The team's name or id in this connection"),
    }),
    run: async ({ body }, call) => {
      const { db } = call.deps.store;
      const metric = (await readCatalogue(db)).find(body.metric);
      if (metric === null) throw invalidRequest("`metric` is no KPI; GET /api/v1/kpis lists them.");
      const isMoney = metric.unit === "money";
      if (!isMoney && body.currency !== undefined)
        throw invalidRequest(`\`currency\` is for amounts, and ${body.metric} is none.`);
      const asMoney = isMoney ? { currency: body.currency ?? (await readWorkspace(db)).currency } : {};
      const id = body.id ?? together([body.metric, body.from, body.to, body.rep, body.team]);
      return keep("goals", { ...body, ...asMoney }, id, call);
    },
  }),
];

async function keep(
  table: RowTable,
  { connection: named, ...fields }: { readonly connection?: string | undefined; readonly [field: string]: unknown },
  id: string,
  { deps, principal }: Call,
  of = id,
): Promise<z.input<typeof kept>> {
  // Of what its own schema has read: texts and numbers.
  const said = plainJson(fields);
  return postRow(deps.setup, actorOf(principal), { table, connection: named ?? null, id, of, fields: said });
}

function newId({ principal, idempotencyKey }: Call): string {
  return newRowId(principal.kind === "anonymous" ? "" : `${principal.kind}:${principal.id}`, idempotencyKey);
}

/** Several values that are one key; what is left out is empty. */
function together(parts: readonly (string | undefined)[]): string {
  return JSON.stringify(parts.map((part) => part ?? ""));
}
