import { z } from "zod";
import { makeOne, takeApart } from "../../core/setup/identities.ts";
import { findWho, listLinks, listWho, WHO_ENTITIES, type WhoLink, type WhoRow } from "../../core/store/identity/who.ts";
import { notFound } from "../web/problem.ts";
import { actorOf } from "../auth/principal.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const instant = z.iso.datetime();
const entity = z.enum(WHO_ENTITIES);
const end = z.object({
  id: z.uuid(),
  name: z.string().nullable(),
  connection: z.string().nullable(),
  external_id: z.string().nullable().describe("The tool's own id; null when the row is no more"),
});
const link = z
  .object({
    id: z.number().int(),
    entity,
    from: end,
    into: end,
    rule: z.string().describe("`person.email`, `manual` …"),
    evidence: z.string().describe("What the rule went by: `email:eve@acme.example`"),
    created_at: instant,
    undone_at: instant.nullable().describe("Not null: taken apart for good, no rule makes it again"),
    undone_by: z.string().nullable(),
  })
  .meta({ id: "IdentityLink" });
const summary = z
  .object({
    id: z.uuid(),
    name: z.string().nullable(),
    connection: z.string(),
    external_id: z.string(),
    rows: z.number().int().describe("How many rows of the tools are one; 1 stands for itself"),
  })
  .meta({ id: "IdentitySummary" });
const whole = z
  .object({
    id: z.uuid().describe("The row that stands for all"),
    entity,
    name: z.string().nullable(),
    rows: z.array(
      z.object({
        id: z.uuid(),
        name: z.string().nullable(),
        connection: z.string(),
        external_id: z.string(),
        keys: z.array(z.object({ type: z.string(), value: z.string() })).describe("What it can be recognised by"),
      }),
    ),
    links: z.array(link).describe("Every link of any of the rows, undone ones included"),
  })
  .meta({ id: "Identity" });

const read = { kind: "api", scope: "read" } as const;
const write = { kind: "api", scope: "write" } as const;
const tag = "Identities";

export const identityEndpoints = [
  endpoint({
    method: "get",
    path: "/identities/{entity}",
    access: read,
    tag,
    summary:
      "People, companies, reps, teams or pipelines that several rows of the tools are; with `search`, all that match",
    params: { entity },
    query: {
      ...pageQuery,
      search: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe("Part of a name, or a whole address, number, domain or id"),
    },
    response: pageOf(summary),
    run: async ({ params, query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.uuid()]));
      const page = { search: query.search ?? null, limit: query.limit + 1, after: position?.[0] ?? null };
      const rows = await listWho(deps.store.db, params.entity, page);
      return toPage(
        rows,
        query.limit,
        (row) => [row.id],
        ({ connectionId, externalId, ...row }) => ({ ...row, connection: connectionId, external_id: externalId }),
      );
    },
  }),
  endpoint({
    method: "get",
    path: "/identities/{entity}/{id}",
    access: read,
    tag,
    summary: "Who a row is: the rows that are one, and by which rule and evidence",
    params: { entity, id: z.uuid() },
    response: whole,
    run: async ({ params }, { deps }) => {
      const who = await findWho(deps.store.db, params.entity, params.id);
      if (who === null) throw notFound(`There is no ${params.entity} with this id.`);
      return { ...who, entity: params.entity, rows: who.rows.map(presentRow), links: who.links.map(present) };
    },
  }),
  endpoint({
    method: "get",
    path: "/identity-links/{entity}",
    access: read,
    tag,
    summary: "Links between rows, newest first",
    params: { entity },
    query: { ...pageQuery, undone: z.stringbool().default(false).describe("Those that were undone") },
    response: pageOf(link),
    run: async ({ params, query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.number().int()]));
      const page = { isUndone: query.undone, limit: query.limit + 1, before: position?.[0] ?? null };
      return toPage(await listLinks(deps.store.db, params.entity, page), query.limit, (row) => [row.id], present);
    },
  }),
  endpoint({
    method: "post",
    path: "/identity-links",
    access: write,
    tag,
    summary: "Make two rows one by hand; it holds whatever the rules say, until it is undone",
    body: z.strictObject({ entity, from: z.uuid(), into: z.uuid() }),
    status: 201,
    response: z.object({ id: z.number().int().describe("The link's number") }),
    run: async ({ body }, { deps, principal }) => ({ id: await makeOne(deps.setup, actorOf(principal), body) }),
  }),
  endpoint({
    method: "post",
    path: "/identity-links/{id}/undo",
    access: write,
    tag,
    summary: "Take the two rows of a link apart, for good: no rule makes them one again",
    params: { id: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER) },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => takeApart(deps.setup, actorOf(principal), params.id),
  }),
];

function presentRow({ connectionId, externalId, keys, ...row }: WhoRow): z.input<typeof whole>["rows"][number] {
  return { ...row, keys: [...keys], connection: connectionId, external_id: externalId };
}

function present(row: WhoLink): z.input<typeof link> {
  const side = ({ connectionId, externalId, ...rest }: WhoLink["from"]): z.input<typeof end> => ({
    ...rest,
    connection: connectionId,
    external_id: externalId,
  });
  return {
    id: row.id,
    // Links are asked for by one of these.
    entity: row.entity,
    from: side(row.from),
    into: side(row.into),
    rule: row.rule,
    evidence: row.evidence,
    created_at: row.createdAt.toISOString(),
    undone_at: row.undoneAt?.toISOString() ?? null,
    undone_by: row.undoneBy,
  };
}
