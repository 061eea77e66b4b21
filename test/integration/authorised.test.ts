import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bullBoard } from "../../bin/hub/bull-board.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { entityId } from "../../core/base/ids.ts";
import { addApp, authoriseApp } from "../../core/setup/apps.ts";
import { API_SCOPES, type ApiScope } from "../../core/setup/keys.ts";
import { testDatabase } from "../support/database.ts";
import { SOURCE, World } from "./kpi-world.ts";
import { newConnection, newKey, newSession, type Running, startServer } from "./server-support.ts";

/** Who may call what, written down once more beside the code: an operation that is new, or whose scope changes, changes this list. */
const SCOPES: { readonly [operation: string]: ApiScope } = {
  "get /activities": "read",
  "get /activities/{id}": "read",
  "post /activities": "write",
  "get /deals": "read",
  "get /deals/{id}": "read",
  "post /deals": "write",
  "post /deal-changes": "write",
  "get /people": "read",
  "post /people": "write",
  "get /reps": "read",
  "get /pipelines": "read",
  "get /stages": "read",
  "post /spend": "write",
  "post /goals": "write",
  "get /apps": "admin",
  "post /apps": "admin",
  "delete /apps/{id}": "admin",
  "get /app-grants": "admin",
  "delete /app-grants/{id}": "admin",
  "get /api-keys": "admin",
  "post /api-keys": "admin",
  "delete /api-keys/{id}": "admin",
  "get /connections": "read",
  "post /connections": "connections",
  "get /connections/{id}": "read",
  "patch /connections/{id}": "connections",
  "delete /connections/{id}": "connections",
  "post /connections/{id}/test": "connections",
  "post /connections/{id}/sync": "write",
  "post /connections/{id}/pause": "write",
  "post /connections/{id}/resume": "write",
  "post /connections/check": "connections",
  "post /connections/preview": "connections",
  "get /connections/{id}/webhook": "connections",
  "post /connections/{id}/webhook": "connections",
  "post /connections/{id}/replay": "write",
  "post /connections/{id}/reconcile": "write",
  "get /conclusions": "read",
  "get /conclusions/{id}": "read",
  "post /conclusions": "write",
  "post /conclusions/{id}/test": "write",
  "delete /conclusions/{id}": "write",
  "post /erasures": "admin",
  "patch /workspace": "admin",
  "get /connectors": "read",
  "get /event-types": "read",
  "get /events/{type}": "read",
  "get /exports/{name}": "read",
  "get /forecast": "read",
  "get /backtest": "read",
  "get /identities/{entity}": "read",
  "get /identities/{entity}/{id}": "read",
  "get /identity-links/{entity}": "read",
  "post /identity-links": "write",
  "post /identity-links/{id}/undo": "write",
  "get /kpis": "read",
  "get /kpis/{metric}": "read",
  "get /kpis/{metric}/records": "read",
  "get /movement": "read",
  "get /funnel": "read",
  "get /review": "read",
  "get /review/document": "read",
  "get /reviews": "read",
  "post /reviews": "write",
  "get /reviews/{id}": "read",
  "get /reviews/{id}/document": "read",
  "get /reviews/{id}/notes": "read",
  "post /reviews/{id}/notes": "write",
  "get /review-actions": "read",
  "post /review-actions": "write",
  "patch /review-actions/{id}": "write",
  "get /review-picks": "read",
  "post /review-picks": "write",
  "delete /review-picks/{deal}": "write",
  "get /runs": "read",
  "get /runs/{id}": "read",
  "get /runs/{id}/log": "read",
  "get /dashboards": "read",
  "get /dashboards/{id}": "read",
  "get /feeds": "read",
  "put /exchange-rates": "admin",
  "put /stages": "admin",
  "put /destinations/{key}": "admin",
  "delete /destinations/{key}": "admin",
  "post /destinations/{key}/receivers": "admin",
  "post /destinations/{key}/receivers/{id}/pause": "admin",
  "post /destinations/{key}/receivers/{id}/resume": "admin",
  "post /destinations/{key}/receivers/{id}/test": "admin",
  "delete /destinations/{key}/receivers/{id}": "admin",
  "put /goals/{id}": "write",
  "delete /goals/{id}": "write",
  "put /dashboards/{id}": "write",
  "delete /dashboards/{id}": "write",
  "post /dashboards/preview": "read",
  "put /feeds/{id}": "write",
  "delete /feeds/{id}": "write",
  "post /feeds/preview": "read",
  "post /uploads": "write",
  "get /uploads": "read",
  "delete /uploads/{name}": "write",
  "get /audit": "admin",
  "get /users": "admin",
  "post /users": "admin",
  "patch /users/{email}": "admin",
  "delete /users/{email}": "admin",
  "post /users/{email}/password": "admin",
  "get /webhooks": "webhooks",
  "post /webhooks": "webhooks",
  "get /webhooks/{id}": "webhooks",
  "patch /webhooks/{id}": "webhooks",
  "delete /webhooks/{id}": "webhooks",
  "post /webhooks/{id}/rotate": "webhooks",
  "post /webhooks/{id}/test": "webhooks",
  "get /webhooks/{id}/deliveries/{delivery}/attempts": "webhooks",
  "post /webhooks/{id}/pause": "webhooks",
  "post /webhooks/{id}/resume": "webhooks",
  "get /webhooks/{id}/deliveries": "webhooks",
  "post /webhooks/{id}/replay": "webhooks",
};

const SOMETHING_NEW = "1b4e28ba-2fa1-4d3b-883f-0016d3cca427";
const GOAL = { metric: "deals_won", from: "2026-11-01", to: "2026-11-30", target: 5 };

/** Open to everyone: no more than whether a hub is new. */
const OPEN = ["get /start"];

/**
 * What changes nothing of ours although it is posted, what only a tool that offers it does, and rows, of which each is kept with who sent it. Each is
 * looked at in the tests of its part.
 */
const NOT_NOTED = [
  "post /activities",
  "post /deals",
  "post /deal-changes",
  "post /people",
  "post /spend",
  "post /goals",
  "post /connections/check",
  "post /connections/preview",
  "post /feeds/preview",
  "post /dashboards/preview",
  "post /connections/{id}/reconcile",
  "post /connections/{id}/webhook",
];

/** The scopes of keys that open each: whoever may write or set up may read. */
const OPENED_BY: { readonly [scope in ApiScope]: readonly string[] } = {
  read: ["read", "write", "connections", "admin"],
  write: ["write", "admin"],
  connections: ["connections", "admin"],
  webhooks: ["webhooks", "admin"],
  metrics: ["metrics", "admin"],
  admin: ["admin"],
};

const SOMETHING = "b8b7c2d6-6a1e-8a3a-9c55-0d3f6a1b2c3d";

const store = await testDatabase();
let running: Running;
let callers: { [name: string]: string | null };
let operations: string[];
beforeAll(async () => {
  running = await startServer(store, { routers: { queues: bullBoard({ bull: {} as never }) } });
  callers = {
    nobody: null,
    "a made-up key": "trb_0000000000000000000000000000000000000000",
    "tv:*": await newKey(store, "tv:*"),
    "feed:*": await newKey(store, "feed:*"),
    viewer: await newSession(running, store, "viewer"),
    "admin of the console": await newSession(running, store, "admin"),
  };
  for (const scope of API_SCOPES) callers[scope] = await newKey(store, scope);
  const description = (await (await running.fetch("/api/v1/openapi.json")).json()) as JsonObject;
  operations = Object.entries(description["paths"] as JsonObject).flatMap(([path, methods]) =>
    Object.keys(methods as JsonObject).map((method) => `${method} ${path}`),
  );
});
afterAll(() => running.close());

/** Something that somebody has allowed an app. */
async function newGrant(): Promise<string> {
  const { app } = await addApp(store.db, "test", {
    name: "Other",
    redirect_uris: ["https://other.example/back"],
    scopes: ["read"],
  });
  const { id } = await store.db.selectFrom("users").select("id").limit(1).executeTakeFirstOrThrow();
  const grant = { id: "a-grant", appId: app.id, userId: id, scopes: ["read"], payload: {} };
  await authoriseApp(store.db, "test", grant);
  return grant.id;
}

/** An operation, called by somebody with nothing in it: what is refused is refused before anybody looks inside. */
async function call(operation: string, as: string | null): Promise<Response> {
  const [method = "", path = ""] = operation.split(" ");
  const response = await running.fetch(`/api/v1${path.replaceAll(/\{\w+\}/g, SOMETHING)}`, {
    method: method.toUpperCase(),
    ...(as === null ? {} : { as }),
    headers: { "Content-Type": "application/json", Origin: running.url },
    ...(method === "get" || method === "delete" ? {} : { body: "{}" }),
  });
  await response.arrayBuffer();
  return response;
}

function isOpen(scope: ApiScope, caller: string): boolean {
  if (caller === "admin of the console") return true;
  return caller === "viewer" ? scope === "read" : OPENED_BY[scope].includes(caller);
}

describe("the API", () => {
  it("has no operation that changes something, or that is open to everyone, but for those that are listed here", () => {
    const listed = [...Object.keys(SCOPES), ...OPEN];
    expect(operations.filter((operation) => !operation.startsWith("get ") && !listed.includes(operation))).toEqual([]);
    expect(listed.filter((operation) => !operations.includes(operation))).toEqual([]);
  });

  it("lets each caller do what their key or role says, and nothing else", async () => {
    const wrong: string[] = [];
    // What is new and only reads is for those who may read, or for fewer.
    const unlisted = operations.filter((operation) => SCOPES[operation] === undefined && !OPEN.includes(operation));
    const all = [...Object.entries(SCOPES), ...unlisted.map((operation) => [operation, null] as const)];
    for (const [operation, scope] of all) {
      for (const [caller, as] of Object.entries(callers)) {
        const { status } = await call(operation, as);
        const isRefused = status === 401 || status === 403;
        const refusal = as === null || as.startsWith("trb_0") ? 401 : 403;
        const isRight = isOpen(scope ?? "read", caller) ? scope === null || !isRefused : status === refusal;
        if (!isRight) wrong.push(`${operation} as ${caller}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("notes who did it, of every operation that changes something", async () => {
    const world = await World.create(store);
    await world.rep("Ann");
    await world.rep("Anne");
    await world.pipeline("Sales", ["Lead"]);
    await world.deal("Big", { changes: [{ at: "2026-11-01", rep: "Ann" }] });
    await world.deal("Won", {
      changes: [
        { at: "2026-02-01", rep: "Ann" },
        { at: "2026-03-01", status: "won" },
      ],
    });
    await newConnection(store, "acme-1");
    const rep = (name: string): string => entityId("rep", SOURCE, name);
    const deal = entityId("deal", SOURCE, "Big");
    const made: { [operation: string]: JsonObject } = {};
    const granted = await newGrant();
    const idOf = (operation: string): string => JSON.stringify(made[operation]?.["id"] ?? null).replaceAll('"', "");
    const hook = { url: "https://hooks.example.com/a", events: ["deal.won"] };
    const acme = { connector: "acme", settings: { region: "eu" }, credentials: { api_key: "accepted" } };
    const receiver = (): string => `/destinations/slack/receivers/${idOf("post /destinations/{key}/receivers")}`;
    const steps: readonly (readonly [operation: string, path: () => string, body?: unknown])[] = [
      ["post /api-keys", () => "/api-keys", { name: "made", scopes: ["read"] }],
      ["delete /api-keys/{id}", () => `/api-keys/${idOf("post /api-keys")}`],
      [
        "post /apps",
        () => "/apps",
        { name: "Zapier", redirect_uris: ["https://zapier.example/back"], scopes: ["read"] },
      ],
      ["delete /app-grants/{id}", () => `/app-grants/${granted}`],
      ["delete /apps/{id}", () => `/apps/${idOf("post /apps")}`],
      ["post /connections", () => "/connections", { id: "acme-2", ...acme }],
      ["patch /connections/{id}", () => "/connections/acme-2", { title: "Other" }],
      ["post /connections/{id}/test", () => "/connections/acme-2/test"],
      ["post /connections/{id}/sync", () => "/connections/acme-2/sync", { full: true }],
      ["post /connections/{id}/replay", () => "/connections/acme-2/replay"],
      ["post /connections/{id}/pause", () => "/connections/acme-2/pause"],
      ["post /connections/{id}/resume", () => "/connections/acme-2/resume"],
      ["delete /connections/{id}", () => "/connections/acme-2"],
      ["post /identity-links", () => "/identity-links", { entity: "rep", from: rep("Anne"), into: rep("Ann") }],
      ["post /identity-links/{id}/undo", () => `/identity-links/${idOf("post /identity-links")}/undo`],
      ["post /reviews", () => "/reviews", {}],
      ["post /reviews/{id}/notes", () => "/reviews/coming/notes", { text: "Ask Ann" }],
      ["post /review-actions", () => "/review-actions", { text: "Call them", deal }],
      ["patch /review-actions/{id}", () => `/review-actions/${idOf("post /review-actions")}`, { state: "done" }],
      ["post /review-picks", () => "/review-picks", { deal }],
      ["delete /review-picks/{deal}", () => `/review-picks/${deal}`],
      ["put /exchange-rates", () => "/exchange-rates", { rates: [{ day: "2026-11-01", currency: "SEK", rate: 0.1 }] }],
      ["put /stages", () => "/stages", { pipeline: "Sales", stages: { Lead: { canonical: "meeting" } } }],
      ["put /destinations/{key}", () => "/destinations/geckoboard", { settings: { api_key: "k" } }],
      ["delete /destinations/{key}", () => "/destinations/geckoboard"],
      [
        "post /destinations/{key}/receivers",
        () => "/destinations/slack/receivers",
        { settings: { id: "wins", url: "https://hooks.slack.com/services/T/B/x" } },
      ],
      ["post /destinations/{key}/receivers/{id}/pause", () => `${receiver()}/pause`],
      ["post /destinations/{key}/receivers/{id}/resume", () => `${receiver()}/resume`],
      ["post /destinations/{key}/receivers/{id}/test", () => `${receiver()}/test`],
      ["delete /destinations/{key}/receivers/{id}", receiver],
      ["put /goals/{id}", () => `/goals/${SOMETHING_NEW}`, GOAL],
      ["delete /goals/{id}", () => `/goals/${SOMETHING_NEW}`],
      ["put /dashboards/{id}", () => "/dashboards/floor", { title: "Floor", tiles: [{ metric: "won_value" }] }],
      ["delete /dashboards/{id}", () => "/dashboards/floor"],
      ["put /feeds/{id}", () => "/feeds/won", { metric: "won_value" }],
      ["delete /feeds/{id}", () => "/feeds/won"],
      ["post /uploads", () => "/uploads?name=a.csv", "Name\nAnn\n"],
      ["delete /uploads/{name}", () => "/uploads/a.csv"],
      ["patch /workspace", () => "/workspace", { name: "Other" }],
      [
        "post /conclusions",
        () => "/conclusions",
        { claim: { metric: "win_rate", against: 0.5 }, from: "2026-01-01", to: "2026-10-31" },
      ],
      ["post /conclusions/{id}/test", () => `/conclusions/${idOf("post /conclusions")}/test`],
      ["delete /conclusions/{id}", () => `/conclusions/${idOf("post /conclusions")}`],
      ["post /erasures", () => "/erasures", { email: "eve@example.com" }],
      ["post /users", () => "/users", { email: "bo@example.com", password: "a long password" }],
      ["patch /users/{email}", () => "/users/bo@example.com", { role: "admin" }],
      ["post /users/{email}/password", () => "/users/bo@example.com/password", { password: "a longer password" }],
      ["delete /users/{email}", () => "/users/bo@example.com"],
      ["post /webhooks", () => "/webhooks", hook],
      ["patch /webhooks/{id}", () => `/webhooks/${idOf("post /webhooks")}`, { ordered: true }],
      ["post /webhooks/{id}/rotate", () => `/webhooks/${idOf("post /webhooks")}/rotate`, {}],
      ["post /webhooks/{id}/test", () => `/webhooks/${idOf("post /webhooks")}/test`],
      ["post /webhooks/{id}/pause", () => `/webhooks/${idOf("post /webhooks")}/pause`],
      ["post /webhooks/{id}/resume", () => `/webhooks/${idOf("post /webhooks")}/resume`],
      ["post /webhooks/{id}/replay", () => `/webhooks/${idOf("post /webhooks")}/replay`, { failed: true }],
      ["delete /webhooks/{id}", () => `/webhooks/${idOf("post /webhooks")}`],
    ];
    const changing = operations.filter((operation) => !operation.startsWith("get ") && !NOT_NOTED.includes(operation));
    expect(steps.map(([operation]) => operation).toSorted()).toEqual(changing.toSorted());
    const notes = async (): Promise<number> => {
      const { count } = await store.db
        .selectFrom("audit_log")
        .select((eb) => eb.fn.countAll<number>().as("count"))
        .where("actor", "=", "key:admin")
        .executeTakeFirstOrThrow();
      return Number(count);
    };
    const silent: string[] = [];
    for (const [operation, path, body] of steps) {
      const before = await notes();
      const response = await running.fetch(`/api/v1${path()}`, {
        method: (operation.split(" ")[0] ?? "").toUpperCase(),
        as: callers["admin"] ?? "",
        ...(body === undefined
          ? {}
          : {
              body: typeof body === "string" ? body : JSON.stringify(body),
              headers: { "Content-Type": typeof body === "string" ? "text/csv" : "application/json" },
            }),
      });
      const text = await response.text();
      expect(`${operation} ${response.status} ${response.ok ? "" : text}`).toBe(`${operation} ${response.status} `);
      made[operation] = text.startsWith("{") ? (JSON.parse(text) as JsonObject) : {};
      if ((await notes()) <= before) silent.push(operation);
    }
    expect(silent).toEqual([]);
  });
});

describe("every other address", () => {
  it("is open to everyone only if it is listed here, or shows everybody the same page", async () => {
    const open = running.server.routes
      .filter(({ access }) => access.kind === "public")
      .map(({ method, path }) => `${method} ${path}`)
      // Pages and files that are the same on every hub.
      .filter((route) => !/^get \/(docs|assets|console\/assets)(\/|$)/.test(route));
    const listed = [
      // Of an app that asks to be let in: the protocol says who may what.
      "get /oauth/authorize",
      "get /oauth/authorize/:uid",
      "get /oauth/jwks",
      "post /oauth/revoke",
      "post /oauth/token",
      "get /.well-known/oauth-authorization-server",
      "get /.well-known/oauth-protected-resource",
      "get /.well-known/oauth-protected-resource/mcp",
      "get /.well-known/openid-configuration",
      "get /api/v1/openapi.json",
      "get /api/v1/start",
      "get /first-admin",
      "get /healthz",
      "get /readyz",
      "get /sign-in",
      "get /sign-in/return/:provider",
      "get /sign-in/with/:provider",
      "post /first-admin",
      "post /sign-in",
      "post /sign-out",
    ];
    // The console's pages are one application without data: what it shows it asks the API for.
    const page = async (path: string): Promise<string> => {
      const response = await running.fetch(path.replaceAll(/:\w+/g, SOMETHING), { headers: { Accept: "text/html" } });
      return (await response.text()).replaceAll(/[A-Za-z0-9+/]{22}==/g, "a word of its own");
    };
    const shell = await page("/connections");
    const telling: string[] = [];
    for (const route of open.filter((one) => !listed.includes(one))) {
      const [method, path = ""] = route.split(" ");
      if (method !== "get" || (await page(path)) !== shell) telling.push(route);
    }
    expect(telling).toEqual([]);
    expect(listed.filter((route) => !open.includes(route))).toEqual([]);
  });

  it("of the console leads strangers to the sign-in, and viewers nowhere that is an admin's", async () => {
    const wrong: string[] = [];
    for (const { method, path, access } of running.server.routes) {
      if (access.kind !== "console") continue;
      const address = path.replaceAll(/:\w+/g, SOMETHING);
      const init = { method: method.toUpperCase(), headers: { Origin: running.url, Accept: "text/html" } };
      const stranger = await running.fetch(address, init);
      await stranger.arrayBuffer();
      const isSentAway = stranger.status === 401 || (stranger.headers.get("location") ?? "").startsWith("/sign-in");
      if (!isSentAway) wrong.push(`${method} ${path} as nobody: ${stranger.status}`);
      if (access.role !== "admin") continue;
      const viewer = await running.fetch(address, { ...init, as: callers["viewer"] ?? "" });
      await viewer.arrayBuffer();
      if (viewer.status !== 403) wrong.push(`${method} ${path} as viewer: ${viewer.status}`);
    }
    expect(wrong).toEqual([]);
  });

  it("of the queues' board is for admins alone, and no key opens it", async () => {
    const status = async (caller: string): Promise<number> => {
      const as = callers[caller];
      const response = await running.fetch("/queues/", {
        ...(as == null ? {} : { as }),
        headers: { Accept: "application/json" },
      });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await Promise.all(["nobody", "viewer", "admin", "read", "admin of the console"].map(status))).toEqual([
      401, 403, 403, 403, 200,
    ]);
  });

  it("says nothing of what the server is made of", async () => {
    const admin = callers["admin of the console"] ?? "";
    const paths = [
      "/",
      "/healthz",
      "/nothing",
      "/queues/",
      "/queues/api/queues",
      "/api/v1/kpis",
      "/api/v1/nothing",
      "/sign-in",
      "/tv/x",
      "/feeds/x",
      "/in/a/b",
      "/docs",
    ];
    const telling: string[] = [];
    for (const path of paths) {
      for (const as of [null, admin]) {
        const response = await running.fetch(path, as === null ? {} : { as });
        await response.arrayBuffer();
        for (const header of ["x-powered-by", "server", "via"])
          if (response.headers.has(header)) telling.push(`${path}: ${header}`);
      }
    }
    expect(telling).toEqual([]);
  });
});
