import { z } from "zod";
import { addApp, newApp, removeApp, revokeGrant } from "../../core/setup/apps.ts";
import { type App, type Grant, listApps, listGrants } from "../../core/store/setup/apps.ts";
import { actorOf } from "../auth/principal.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const instant = z.iso.datetime();
const appFields = {
  id: z.uuid().describe("Its `client_id`"),
  name: z.string(),
  redirect_uris: z.array(z.string()),
  scopes: z.array(z.string()).describe("The most that it may ask for"),
  public: z.boolean().describe("Whether it has no secret"),
  created_by: z.string(),
  created_at: instant,
};
const app = z.object(appFields).meta({ id: "App" });
const grant = z
  .object({
    id: z.string(),
    app: z.object({ id: z.uuid(), name: z.string() }),
    user: z.string().describe("Who let it in"),
    scopes: z.array(z.string()),
    created_at: instant,
    last_used_at: instant.nullable(),
  })
  .meta({ id: "AppGrant" });
const access = { kind: "api", scope: "admin" } as const;
const tag = "Apps";

export const appEndpoints = [
  endpoint({
    method: "get",
    path: "/apps",
    access,
    tag,
    summary: "The apps that may ask people to act for them (OAuth 2), by name",
    query: pageQuery,
    response: pageOf(app),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.string().max(100), z.uuid()]));
      const after = position === null ? null : { name: position[0], id: position[1] };
      const rows = await listApps(deps.store.db, { limit: query.limit + 1, after });
      return toPage(rows, query.limit, (row) => [row.name, row.id], present);
    },
  }),
  endpoint({
    method: "post",
    path: "/apps",
    access,
    tag,
    summary: "Make an app known; its secret is shown once",
    body: newApp,
    status: 201,
    response: z.object({ ...appFields, secret: z.string().nullable().describe("Shown here and never again") }),
    isSecret: true,
    run: async ({ body }, { deps, principal }) => {
      const added = await addApp(deps.store.db, actorOf(principal), body);
      return { ...present(added.app), secret: added.secret };
    },
  }),
  endpoint({
    method: "delete",
    path: "/apps/{id}",
    access,
    tag,
    summary: "End an app: nobody is let in by it any more, and what it has subscribed ends",
    params: { id: z.uuid() },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => removeApp(deps.store.db, actorOf(principal), params.id),
  }),
  endpoint({
    method: "get",
    path: "/app-grants",
    access,
    tag,
    summary: "Who has let which app in, newest first",
    query: { ...pageQuery, app: z.uuid().optional().describe("Of this app alone") },
    response: pageOf(grant),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([instant, z.string().max(100)]));
      const before = position === null ? null : { createdAt: new Date(position[0]), id: position[1] };
      const rows = await listGrants(deps.store.db, { limit: query.limit + 1, appId: query.app ?? null, before });
      return toPage(rows, query.limit, (row) => [row.createdAt.toISOString(), row.id], presentGrant);
    },
  }),
  endpoint({
    method: "delete",
    path: "/app-grants/{id}",
    access,
    tag,
    summary: "Take back what somebody allowed an app; what it has subscribed under it ends",
    params: { id: z.string().min(1).max(100) },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal }) => revokeGrant(deps.store.db, actorOf(principal), params.id),
  }),
];

function present(row: App): z.input<typeof app> {
  return {
    id: row.id,
    name: row.name,
    redirect_uris: [...row.redirectUris],
    scopes: [...row.scopes],
    public: row.secretHash === null,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
  };
}

function presentGrant(row: Grant): z.input<typeof grant> {
  return {
    id: row.id,
    app: { id: row.appId, name: row.appName },
    user: row.email,
    scopes: [...row.scopes],
    created_at: row.createdAt.toISOString(),
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
  };
}
