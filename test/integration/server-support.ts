import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { silentLog } from "../../core/base/log.ts";
import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { createUser } from "../../core/store/setup/users.ts";
import { issueKey } from "../../dashboards/auth/keys.ts";
import { hashPassword } from "../../dashboards/auth/password.ts";
import type { Actions, ServerDeps } from "../../dashboards/web/deps.ts";
import { metricsOf } from "../../dashboards/metrics.ts";
import { type Server, createServer } from "../../dashboards/web/server.ts";

/** A server over a real database, as a process would run it, on a free port. What it sets in motion is noted, not done. */
export type Running = {
  readonly server: Server;
  readonly url: string;
  readonly asked: string[];
  /** A request with what it came with; `as` is a bearer token or a cookie. */
  fetch(path: string, init?: RequestInit & { readonly as?: string }): Promise<Response>;
  close(): Promise<void>;
};

export const NOW = new Date("2026-11-24T12:00:00Z");

/** A tool with a setting, a secret and a stream: enough to be set up. */
export const acme: AnyConnector = defineConnector({
  key: "acme",
  title: "Acme CRM",
  docs: "https://developer.acme.example",
  settings: z.strictObject({ region: z.enum(["us", "eu"]).describe("Where the account is") }),
  auth: [{ kind: "api_key", title: "API key", credentials: z.object({ api_key: z.string().min(4) }) }],
  everyS: 300,
  createClient: () => null,
  check: () => Promise.reject(new Error("not called by these tests")),
  streams: {},
});

export function testDeps(store: Store, change: Partial<ServerDeps> = {}, asked: string[] = []): ServerDeps {
  return {
    store,
    clock: { now: () => NOW },
    log: silentLog,
    metrics: metricsOf(store.db),
    connectors: [acme],
    actions: recordingActions(store, asked),
    secrets: createSecrets([parseSecretKey(generateSecretKey())]),
    routers: {},
    health: {
      queue: () => Promise.resolve(),
      isMigrated: () => Promise.resolve(true),
      queueDepths: () => Promise.resolve({ pull: { waiting: 3 } }),
    },
    oauth: null,
    options: {
      host: "127.0.0.1",
      port: 0,
      publicUrl: null,
      trustedProxies: 0,
      allowPrivateNetworks: false,
      closeGraceMs: 1000,
    },
    ...change,
  };
}

export async function startServer(store: Store, change: Partial<ServerDeps> = {}): Promise<Running> {
  const asked: string[] = [];
  const server = createServer(testDeps(store, change, asked));
  const { url } = await server.listen();
  return {
    server,
    url,
    asked,
    fetch: (path, init = {}) => {
      const { as, headers, ...rest } = init;
      const credentials: Record<string, string> =
        as === undefined ? {} : as.includes("=") ? { Cookie: as } : { Authorization: `Bearer ${as}` };
      return fetch(url + path, { redirect: "manual", ...rest, headers: { ...credentials, ...(headers as object) } });
    },
    close: () => server.close(),
  };
}

export function json(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
}

/** A form as the console's own pages post it. */
export function form(fields: Record<string, string>, origin: string): RequestInit {
  return {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: origin },
  };
}

export async function newKey(store: Store, ...scopes: string[]): Promise<string> {
  return (await issueKey(store.db, { name: scopes.join(" "), scopes, actor: "test" })).token;
}

/** Adds a person and signs them in. @returns the session's cookie. */
export async function newSession(running: Running, store: Store, role: "admin" | "viewer"): Promise<string> {
  const email = `${role}-${crypto.randomUUID()}@example.com`;
  await createUser(store.db, { email, passwordHash: await hashPassword("correct horse"), role });
  const response = await running.fetch("/sign-in", form({ email, password: "correct horse" }, running.url));
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

export async function newConnection(store: Store, id: string, title = "Acme main"): Promise<void> {
  await store.db
    .insertInto("connections")
    .values({
      id,
      connector: "acme",
      title,
      settings: '{"region":"eu"}',
      inbound_token: `token-of-${id}`,
      credentials: "sealed",
    })
    .execute();
}

function recordingActions(store: Store, asked: string[]): Actions {
  return {
    requestSync: (id, { stream, full }) => {
      asked.push(`sync ${id} ${stream ?? "all"}${full ? " full" : ""}`);
      return Promise.resolve(["deals"]);
    },
    testConnection: () =>
      Promise.reject(
        new TributaryError({
          code: "acme.auth.key_rejected",
          kind: "auth",
          message: "Acme refuses the API key.",
          mend: "Make a new key.",
        }),
      ),
    createConnection: async (input) => {
      asked.push(`create ${input.id}`);
      await newConnection(store, input.id, input.title);
    },
    updateConnection: async (id, changes) => {
      asked.push(`update ${id}`);
      if (changes.title !== undefined) {
        await store.db.updateTable("connections").set({ title: changes.title }).where("id", "=", id).execute();
      }
    },
    removeConnection: async (id) => {
      asked.push(`remove ${id}`);
      await store.db.deleteFrom("connections").where("id", "=", id).execute();
    },
    requestMeasure: () => {
      asked.push("measure");
      return Promise.resolve();
    },
    pauseConnection: async (id) => {
      asked.push(`pause ${id}`);
      await store.db.updateTable("connections").set({ state: "paused" }).where("id", "=", id).execute();
    },
    resumeConnection: async (id) => {
      asked.push(`resume ${id}`);
      await store.db.updateTable("connections").set({ state: "active" }).where("id", "=", id).execute();
    },
    subscribeWebhook: (id) => {
      asked.push(`subscribe ${id}`);
      return Promise.resolve();
    },
    keepWebhookSecret: (id, secret) => {
      asked.push(`secret ${id} ${secret}`);
      return Promise.resolve();
    },
    acceptInbound: (id, { headers, body }) => {
      if (headers["x-signature"] !== "right") {
        return Promise.reject(
          new TributaryError({
            code: "acme.webhook.bad_signature",
            kind: "auth",
            message: "The signature does not hold.",
            mend: "Paste the secret again.",
          }),
        );
      }
      asked.push(`inbound ${id} ${body.toString("utf8")}`);
      return Promise.resolve("accepted");
    },
  };
}
