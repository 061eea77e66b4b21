import { Router } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Access } from "../../dashboards/auth/principal.ts";
import {
  createSecrets,
  credentialsOf,
  generateSecretKey,
  parseSecretKey,
  type Secrets,
} from "../../core/secrets/index.ts";
import { createServer } from "../../dashboards/web/server.ts";
import { endHeartbeat, noteHeartbeat, readRolesAlive } from "../../core/store/heartbeats.ts";
import { testDatabase } from "../support/database.ts";
import { type Running, newConnection, newKey, newSession, startServer, testDeps } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let viewer: string;
beforeAll(async () => {
  const queues = Router().get("/", (_request, response) => void response.send("the queues"));
  running = await startServer(store, {
    routers: { queues },
    options: { ...testDeps(store).options, publicUrl: "http://hub.example" },
  });
  viewer = await newSession(running, store, "viewer");
});
afterAll(() => running.close());

describe("every route", () => {
  it("is in the list of routes: Express knows no other", () => {
    const stack = running.server.app.router.stack.flatMap(({ route }) => (route === undefined ? [] : [route]));
    const known = stack.map(({ path, stack: [layer] }) => `${layer?.method} ${path}`).toSorted();
    expect(known).toEqual(running.server.routes.map(({ method, path }) => `${method} ${path}`).toSorted());
    // Whatever is mounted besides is behind a guard of its own.
    expect(running.server.mounts.map(({ path }) => path)).toEqual(["/queues"]);
  });

  it("lets nobody in who does not say who they are, and says so in a problem document", async () => {
    for (const { method, path } of guarded()) {
      const response = await running.fetch(concrete(path), { method: method.toUpperCase() });
      expect([`${method} ${path}`, response.status]).toEqual([`${method} ${path}`, 401]);
      expect([path, response.headers.get("content-type")]).toEqual([path, "application/problem+json; charset=utf-8"]);
    }
  });

  it("lets nobody in whose key is for something else", async () => {
    const keys = {
      api: await newKey(store, "tv:*"),
      link: await newKey(store, "metrics"),
      console: await newKey(store, "admin"),
      metrics: await newKey(store, "read"),
    };
    for (const { method, path, access } of guarded()) {
      if (access.kind === "public" || access.kind === "inbound") continue;
      const response = await running.fetch(concrete(path), { method: method.toUpperCase(), as: keys[access.kind] });
      expect([`${method} ${path}`, response.status]).toEqual([`${method} ${path}`, 403]);
    }
  });

  it("lets a viewer change nothing", async () => {
    for (const { method, path, access } of guarded()) {
      const isForAdmins =
        (access.kind === "console" && access.role === "admin") || (access.kind === "api" && access.scope !== "read");
      if (!isForAdmins) continue;
      const response = await running.fetch(concrete(path), {
        method: method.toUpperCase(),
        as: viewer,
        headers: { Origin: running.url },
      });
      expect([`${method} ${path}`, response.status]).toEqual([`${method} ${path}`, 403]);
    }
  });

  it("is closed again when the key is revoked", async () => {
    const key = await newKey(store, "read");
    expect((await running.fetch("/api/v1/kpis", { as: key })).status).toBe(200);
    await store.db.updateTable("api_keys").set({ revoked_at: new Date() }).where("name", "=", "read").execute();
    expect((await running.fetch("/api/v1/kpis", { as: key })).status).toBe(401);
  });
});

describe("requests from other sites", () => {
  it("change nothing, even with an admin's session", async () => {
    const admin = await newSession(running, store, "admin");
    for (const headers of [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }, {}]) {
      const response = await running.fetch("/api/v1/api-keys", { method: "POST", as: admin, headers });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "access.cross_site" });
    }
  });
});

describe("security headers", () => {
  it("allow no inline script anywhere, and no frame", async () => {
    for (const path of ["/sign-in", "/docs", "/healthz", "/tv/sales-floor", "/nowhere"]) {
      const policy = (await running.fetch(path)).headers.get("content-security-policy") ?? "";
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
    }
  });

  it("do not say what the server is made of", async () => {
    expect((await running.fetch("/healthz")).headers.get("x-powered-by")).toBeNull();
  });
});

describe("problem documents", () => {
  it("carry code, detail, mend and the request's id", async () => {
    const response = await running.fetch("/api/v1/nowhere");
    expect(response.status).toBe(404);
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status: 404, title: "Not Found", code: "request.not_found" });
    expect(problem["instance"]).toBe(`urn:uuid:${response.headers.get("x-request-id")}`);
  });

  it("say nothing of what went wrong inside", async () => {
    const connectors = new Proxy(testDeps(store).connectors, {
      get: () => {
        throw new Error("password=hunter2");
      },
    });
    const other = await startServer(store, { connectors });
    const response = await other.fetch("/api/v1/connectors", { as: await newKey(store, "write") });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("hunter2");
    await other.close();
  });

  it("are pages for people who browse", async () => {
    const response = await running.fetch("/nowhere", { headers: { Accept: "text/html" } });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("request.not_found");
  });

  it("are the console where the sign-in is missing: it asks for that", async () => {
    const response = await running.fetch("/oauth/start/x", { headers: { Accept: "text/html" } });
    expect([response.status, await response.text()]).toEqual([401, expect.stringContaining("The console")]);
  });
});

describe("status", () => {
  it("is ready when database, schema and queue are, and says which one is not", async () => {
    expect((await running.fetch("/readyz")).status).toBe(200);
    const health = { ...testDeps(store).health, queue: () => Promise.reject(new Error("refused")) };
    const other = await startServer(store, { health });
    const response = await other.fetch("/readyz");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ checks: { database: "ok", migrations: "ok", queue: "failed" } });
    expect((await other.fetch("/healthz")).status).toBe(200);
    await other.close();
  });

  it("is not ready while no process does the work, whoever answers the requests", async () => {
    const alive = async () => {
      const { health } = testDeps(store);
      const other = await startServer(store, { health: { ...health, rolesAlive: () => readRolesAlive(store.db) } });
      const response = await other.fetch("/readyz");
      await other.close();
      return [response.status, await response.json()];
    };
    expect(await alive()).toMatchObject([503, { checks: { workers: "failed", scheduler: "failed", database: "ok" } }]);
    await noteHeartbeat(store.db, "one", ["worker", "scheduler"]);
    expect(await alive()).toMatchObject([200, { checks: { workers: "ok", scheduler: "ok" } }]);
    // One that was killed leaves its last word behind.
    await store.db
      .updateTable("heartbeats")
      .set({ at: new Date(Date.now() - 120_000) })
      .execute();
    expect(await alive()).toMatchObject([503, { checks: { workers: "failed" } }]);
    await noteHeartbeat(store.db, "two", ["worker"]);
    await endHeartbeat(store.db, "two");
    expect(await alive()).toMatchObject([503, { checks: { workers: "failed" } }]);
  });

  it("is not ready any more as soon as it drains", async () => {
    const other = await startServer(store);
    other.server.drain();
    expect((await other.fetch("/readyz")).status).toBe(503);
    await other.close();
  });

  it("shows measurements to this machine alone, or to a key for them", async () => {
    const local = await startServer(store);
    const open = await local.fetch("/metrics");
    expect(open.status).toBe(200);
    const text = await open.text();
    expect(text).toContain('tributary_queue_jobs{queue="pull",state="waiting"} 3');
    // Already at the first scrape.
    expect(text).toMatch(/^tributary_webhook_deliveries\{state="pending"\} \d+$/m);
    await local.close();
    // With PUBLIC_URL a proxy is in front, and everybody looks local.
    expect((await running.fetch("/metrics")).status).toBe(401);
    expect((await running.fetch("/metrics", { as: await newKey(store, "metrics") })).status).toBe(200);
  });
});

it("names the port that is taken, and the mend", async () => {
  const port = Number(new URL(running.url).port);
  const options = { ...testDeps(store).options, port };
  await expect(createServer(testDeps(store, { options })).listen()).rejects.toMatchObject({
    code: "server.port_taken",
    message: expect.stringContaining(String(port)) as string,
  });
});

it("ends open event streams when it closes, instead of waiting for them", async () => {
  const other = await startServer(store);
  const response = await other.fetch("/tv/sales-floor/events", { as: await newKey(store, "tv:sales-floor") });
  expect(response.status).toBe(200);
  await other.close();
  // Ends, rather than hanging for ever.
  await response.text();
});

function guarded(): { readonly method: string; readonly path: string; readonly access: Access }[] {
  const mounts = running.server.mounts.map((mount) => ({ ...mount, method: "get" }));
  const routes = [...running.server.routes, ...mounts].filter(
    ({ access }) => access.kind !== "public" && access.kind !== "inbound",
  );
  expect(routes.length).toBeGreaterThan(40);
  return routes;
}

/** A path with something in place of its parameters. */
function concrete(path: string): string {
  return path.replaceAll(/:\w+/g, "x");
}

describe("a wrong secret key", () => {
  it("makes the hub not ready, and the console says so; one connection that does not open is its own affair", async () => {
    const own = await testDatabase();
    const right = createSecrets([parseSecretKey(generateSecretKey())]);
    const wrong = createSecrets([parseSecretKey(generateSecretKey())]);
    await newConnection(own, "sealed");
    const seal = async (secrets: Secrets, id: string): Promise<void> => {
      const credentials = secrets.seal("{}", credentialsOf(id));
      await own.db.updateTable("connections").set({ credentials }).where("id", "=", id).execute();
    };
    await seal(right, "sealed");
    const hub = await startServer(own, { secrets: wrong });
    const ready = await hub.fetch("/readyz");
    expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { secrets: "failed", database: "ok" } }]);
    const admin = await newSession(hub, own, "admin");
    expect(await (await hub.fetch("/api/v1/health", { as: admin })).json()).toMatchObject({
      problems: [{ message: "The secret key does not open the credentials of sealed." }],
    });
    await newConnection(own, "other");
    await seal(wrong, "other");
    expect((await hub.fetch("/readyz")).status).toBe(200);
    await hub.close();
  });
});
