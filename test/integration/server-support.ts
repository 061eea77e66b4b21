import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { silentLog } from "../../core/base/log.ts";
import {
  type AnyConnector,
  type CredentialSource,
  defineConnector,
  defineStream,
} from "../../core/connector/define.ts";
import { unlimited } from "../../core/connector/limits.ts";
import type { EngineDeps } from "../../core/land/engine.ts";
import { createSecrets, credentialsOf, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import type { Store } from "../../core/store/db.ts";
import { createKey } from "../../core/setup/keys.ts";
import { addUser } from "../../core/setup/users.ts";
import type { SetupDeps } from "../../core/setup/verb.ts";
import type { ServerDeps } from "../../dashboards/web/deps.ts";
import { type Server, createServer } from "../../dashboards/web/server.ts";

/** A server over a real database, as a process would run it, on a free port. What it sets in motion is noted, not done. */
export type Running = {
  readonly server: Server;
  readonly deps: ServerDeps;
  readonly url: string;
  readonly asked: string[];
  /** A request with what it came with; `as` is a bearer token or a cookie. */
  fetch(path: string, init?: RequestInit & { readonly as?: string }): Promise<Response>;
  close(): Promise<void>;
};

export const NOW = new Date("2026-11-24T12:00:00Z");

/** A tool with a setting, a secret and a stream: enough to be set up. It refuses the key `refused`. */
export const acme: AnyConnector = defineConnector<{ region: string }, CredentialSource>({
  key: "acme",
  title: "Acme CRM",
  docs: "https://developer.acme.example",
  settings: z.strictObject({ region: z.enum(["us", "eu"]).describe("Where the account is") }),
  auth: [{ kind: "api_key", title: "API key", credentials: z.object({ api_key: z.string().min(4) }) }],
  sendsCredentialsTo: ({ region }) => [`https://${region}.acme.example`],
  everyS: 300,
  createClient: ({ credentials }) => credentials,
  check: async (client, { region }) => {
    if ((await client.current())["api_key"] === "refused") throw keyRejected();
    return { accountId: `acme-${region}`, accountName: "Acme", missingPermissions: [], warnings: [] };
  },
  streams: {
    deals: defineStream<{ region: string }, CredentialSource>({
      title: "Deals",
      externalId: () => "",
      sourceTime: () => null,
      pull: () => ({
        [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
      }),
      deletions: "never",
      normalise: () => ({ facts: [], skipped: [] }),
    }),
  },
});

/** The key of every server of a test file, so that {@link newConnection} can seal for it. */
export const secrets = createSecrets([parseSecretKey(generateSecretKey())]);

export function testDeps(store: Store, change: Partial<ServerDeps> = {}, asked: string[] = []): ServerDeps {
  const parts = { store, clock: { now: () => NOW }, log: silentLog, connectors: [acme], secrets, ...change };
  return {
    setup: setupOf(
      {
        ...parts,
        findConnector: (key) => parts.connectors.find((one) => one.key === key) ?? null,
        limiterOf: () => unlimited,
        allowPrivateNetworks: false,
        fileFolders: [],
        closedFolders: [],
      },
      asked,
    ),
    acceptInbound: acceptInbound(asked),
    consoleBuild: () => ({ state: "ready", page: '<p class="__NONCE__">The console</p>', files: new Map() }),
    routers: {},
    nextPulls: () => Promise.resolve(new Map()),
    health: {
      queue: () => Promise.resolve(),
      isMigrated: () => Promise.resolve(true),
      rolesAlive: () => Promise.resolve(new Set(["worker", "scheduler"])),
      queueDepths: () => Promise.resolve({ pull: { waiting: 3 } }),
    },
    options: {
      host: "127.0.0.1",
      port: 0,
      publicUrl: null,
      trustedProxies: 0,
      allowPrivateNetworks: false,
      requestsPerMinute: null,
      closeGraceMs: 1000,
    },
    ...parts,
  };
}

/** Verbs over a real database; what they ask of the queue is noted, not done. */
export function setupOf(engine: EngineDeps, asked: string[] = []): SetupDeps {
  return {
    ...engine,
    requestPull: ({ connectionId, stream, kind }) => {
      asked.push(`${kind} ${connectionId} ${stream}`);
      return Promise.resolve();
    },
    requestInbound: (connectionId) => {
      asked.push(`inbound ${connectionId}`);
      return Promise.resolve();
    },
    requestMeasure: () => {
      asked.push("measure");
      return Promise.resolve();
    },
    requestRebuild: () => {
      asked.push("rebuild");
      return Promise.resolve();
    },
    inboundAddress: (id, token) => `https://hub.example/in/${id}/${token}`,
  };
}

export async function startServer(store: Store, change: Partial<ServerDeps> = {}): Promise<Running> {
  const asked: string[] = [];
  const deps = testDeps(store, change, asked);
  const server = createServer(deps);
  const { url } = await server.listen();
  return {
    server,
    deps,
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
  return (await createKey(store.db, "test", { name: scopes.join(" "), scopes })).token;
}

/** Adds a person and signs them in. @returns the session's cookie. */
export async function newSession(running: Running, store: Store, role: "admin" | "viewer"): Promise<string> {
  const email = `${role}-${crypto.randomUUID()}@example.com`;
  await addUser(store.db, "test", { email, password: "correct horse", role });
  const response = await running.fetch("/sign-in", form({ email, password: "correct horse" }, running.url));
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

export async function newConnection(store: Store, id: string, title = "Acme main", apiKey = "accepted"): Promise<void> {
  await store.db
    .insertInto("connections")
    .values({
      id,
      connector: "acme",
      title,
      settings: '{"region":"eu"}',
      inbound_token: `token-of-${id}`,
      credentials: secrets.seal(JSON.stringify({ api_key: apiKey }), credentialsOf(id)),
    })
    .execute();
}

function keyRejected(): TributaryError {
  return new TributaryError({
    code: "acme.auth.key_rejected",
    kind: "auth",
    message: "Acme refuses the API key.",
    mend: "Make a new key.",
  });
}

function acceptInbound(asked: string[]): ServerDeps["acceptInbound"] {
  return (id, { headers, body }) => {
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
  };
}
