import { z } from "zod";
import { DEAL_STATUSES } from "../../core/schema/canonical.ts";
import {
  type DealFound,
  findDeals,
  findPeople,
  findPipelines,
  findReps,
  type PersonFound,
} from "../../core/store/facts/look-up.ts";
import { notFound } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, shortListQuery, shortPage, toPage } from "./pages.ts";

const instant = z.iso.datetime();
const named = z.object({ id: z.uuid(), name: z.string().nullable() }).nullable();

const deal = z
  .object({
    id: z.uuid(),
    connection: z.string(),
    external_id: z.string().describe("The tool's own id"),
    name: z.string().nullable(),
    status: z.enum(DEAL_STATUSES),
    pipeline: z.string().nullable(),
    stage: z.string().nullable(),
    value: z.object({
      amount: z.number().nullable().describe("In main units"),
      currency: z.string().nullable(),
    }),
    owner: named,
    company: named,
    person: named,
    expected_close_on: z.string().nullable().describe("A day"),
    created_at: instant.nullable(),
    closed_at: instant.nullable(),
    lost_reason: z.string().nullable(),
    url: z.string().nullable(),
  })
  .meta({ id: "Deal" });

const person = z
  .object({
    id: z.uuid(),
    name: z.string().nullable(),
    emails: z.array(z.string()),
    phones: z.array(z.string()).describe("As E.164 where they can be read"),
    title: z.string().nullable(),
    company: named,
    owner: named.describe("The rep"),
    lead_created_at: instant.nullable(),
    url: z.string().nullable(),
  })
  .meta({ id: "Person" });

const rep = z
  .object({
    id: z.uuid(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    is_active: z.boolean().nullable().describe("Null: no tool says"),
    teams: z.array(z.string()).describe("That the rep is in now"),
  })
  .meta({ id: "Rep" });

const pipeline = z
  .object({ id: z.uuid(), name: z.string(), stages: z.array(z.string()).describe("The open ones, in their order") })
  .meta({ id: "Pipeline" });

const text = z.string().min(1).max(200);
const byWho = {
  ...pageQuery,
  email: text.optional().describe("A whole address"),
  search: text.optional().describe("Part of a name, or a whole address, number or id"),
};
const byId = { id: z.uuid() };
const access = { kind: "api", scope: "read" } as const;
const tag = "Look-ups";
const whoPlace = z.tuple([z.uuid()]);

export const lookUpEndpoints = [
  endpoint({
    method: "get",
    path: "/deals",
    access,
    tag,
    summary: "Deals as they stand, newest first; none found is an empty list",
    query: {
      ...pageQuery,
      search: text.optional().describe("Part of the name, or a whole id, the tool's or ours"),
      status: z.enum(DEAL_STATUSES).optional(),
      connection: text.optional().describe("Of this connection"),
      person: z.uuid().optional().describe("Of this person, after merging"),
    },
    response: pageOf(deal),
    run: async ({ query }, { deps }) => {
      const { search = null, status = null, connection = null, person: whose = null, limit, cursor } = query;
      const position = decodeCursor(cursor, z.tuple([z.number(), z.uuid()]));
      const before = position === null ? null : { at: position[0], id: position[1] };
      const wanted = { search, status, connection, person: whose };
      const rows = await findDeals(deps.store.db, wanted, { limit: limit + 1, before });
      return toPage(rows, limit, (row) => [row.place, row.id], presentDeal);
    },
  }),
  endpoint({
    method: "get",
    path: "/deals/{id}",
    access,
    tag,
    summary: "One deal as it stands",
    params: byId,
    response: deal,
    run: async ({ params }, { deps }) => {
      const wanted = { search: params.id, status: null, connection: null, person: null };
      const rows = await findDeals(deps.store.db, wanted, { limit: 2, before: null });
      const found = rows.find((row) => row.id === params.id.toLowerCase());
      if (found === undefined) throw notFound("There is no deal with this id.");
      return presentDeal(found);
    },
  }),
  endpoint({
    method: "get",
    path: "/people",
    access,
    tag,
    summary: "People, each once, whichever tools know them; none found is an empty list",
    query: byWho,
    response: pageOf(person),
    run: async ({ query: { email = null, search = null, limit, cursor } }, { deps }) => {
      const after = decodeCursor(cursor, whoPlace)?.[0] ?? null;
      const rows = await findPeople(deps.store.db, { email, search }, { limit: limit + 1, after });
      return toPage(rows, limit, (row) => [row.id], presentPerson);
    },
  }),
  endpoint({
    method: "get",
    path: "/reps",
    access,
    tag,
    summary: "Reps, each once, whichever tools know them; none found is an empty list",
    query: byWho,
    response: pageOf(rep),
    run: async ({ query: { email = null, search = null, limit, cursor } }, { deps }) => {
      const after = decodeCursor(cursor, whoPlace)?.[0] ?? null;
      const rows = await findReps(deps.store.db, { email, search }, { limit: limit + 1, after });
      return toPage(
        rows,
        limit,
        (row) => [row.id],
        ({ isActive, teams, ...row }) => ({ ...row, is_active: isActive, teams: [...teams] }),
      );
    },
  }),
  endpoint({
    method: "get",
    path: "/pipelines",
    access,
    tag,
    summary: "Pipelines by name, each with its stages",
    query: shortListQuery,
    response: pageOf(pipeline),
    run: async ({ query }, { deps }) =>
      shortPage(
        await findPipelines(deps.store.db),
        query,
        ({ id }) => id,
        (row) => ({ ...row, stages: [...row.stages] }),
      ),
  }),
];

function presentDeal(row: DealFound): z.input<typeof deal> {
  return {
    id: row.id,
    connection: row.connectionId,
    external_id: row.externalId,
    name: row.name,
    status: row.status,
    pipeline: row.pipeline,
    stage: row.stage,
    value: { amount: row.amount, currency: row.currency },
    owner: row.owner,
    company: row.company,
    person: row.person,
    expected_close_on: row.expectedCloseOn,
    created_at: row.createdAt?.toISOString() ?? null,
    closed_at: row.closedAt?.toISOString() ?? null,
    lost_reason: row.lostReason,
    url: row.url,
  };
}

function presentPerson(row: PersonFound): z.input<typeof person> {
  return {
    id: row.id,
    name: row.name,
    emails: [...row.emails],
    phones: [...row.phones],
    title: row.title,
    company: row.company,
    owner: row.owner,
    lead_created_at: row.leadCreatedAt?.toISOString() ?? null,
    url: row.url,
  };
}
