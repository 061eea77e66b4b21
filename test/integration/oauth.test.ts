import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { close } from "../../connectors/close/index.ts";
import { type CloseSimulator, startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { silentLog } from "../../core/base/log.ts";
import { createSecrets, credentialsOf, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { runPull } from "../../core/land/run.ts";
import { readCredentials } from "../../core/store/setup/connections.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { testDatabase } from "../support/database.ts";
import { newSession, type Running, setupOf, startServer } from "./server-support.ts";

/** Signing in to Close by OAuth 2, from the button in the console to a pull that uses what came of it. */

const store = await testDatabase();
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const engine = createPullDeps({
  store,
  secrets,
  clock: systemClock,
  log: silentLog,
  connectors: [close],
  allowPrivateNetworks: true,
});
let simulator: CloseSimulator;
let running: Running;
let admin: string;

beforeAll(async () => {
  simulator = await startCloseSimulator({ company: null, limits: "off" });
  running = await startServer(store, { secrets, clock: systemClock, connectors: [close], setup: setupOf(engine) });
  admin = await newSession(running, store, "admin");
  const { clientId: client_id, clientSecret: client_secret } = simulator.oauth;
  await store.db
    .insertInto("connections")
    .values({
      id: "close-oauth",
      connector: "close",
      title: "Close",
      settings: JSON.stringify({ base_url: simulator.baseUrl }),
      inbound_token: "token-of-close-oauth",
      credentials: secrets.seal(JSON.stringify({ client_id, client_secret }), credentialsOf("close-oauth")),
    })
    .execute();
});
afterAll(async () => {
  await running.close();
  await simulator.close();
});

/** Presses the button. @returns where the vendor is, and the browser's cookies from then on. */
async function begin(): Promise<{ readonly vendor: URL; readonly cookies: string }> {
  const started = await running.fetch("/oauth/start/close-oauth", { as: admin });
  expect(started.status).toBe(303);
  const pending = (started.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return { vendor: new URL(started.headers.get("location") ?? ""), cookies: `${admin}; ${pending}` };
}

/** Agrees at the vendor. @returns the path and query on the hub that the vendor sends the browser to. */
async function agree(vendor: URL): Promise<string> {
  const agreed = await fetch(vendor, { redirect: "manual" });
  expect(agreed.status).toBe(302);
  const back = new URL(agreed.headers.get("location") ?? "");
  expect(back.origin).toBe(running.url);
  return back.pathname + back.search;
}

async function storedCredentials(): Promise<JsonObject> {
  const sealed = (await readCredentials(store.db, "close-oauth")) ?? "";
  const opened = JSON.parse(secrets.open(sealed, credentialsOf("close-oauth"))) as JsonObject;
  // The whole token: three letters of it stand in a random cipher text by chance now and then.
  const { access_token: token } = opened;
  expect(typeof token === "string" && sealed.includes(token)).toBe(false);
  return opened;
}

test("an answer with another state, in another browser, or without the cookie gives no token", async () => {
  const { vendor, cookies } = await begin();
  const path = await agree(vendor);
  const forged = path.replace(/state=[^&]+/, "state=forged");
  const stranger = await newSession(running, store, "admin");
  const pending = cookies.split("; ")[1] ?? "";
  for (const [address, as] of [
    [forged, cookies],
    [path, admin],
    [path, `${stranger}; ${pending}`],
  ] as const) {
    const response = await running.fetch(address, { as });
    expect(await response.json()).toMatchObject({ code: "oauth.state_mismatch" });
  }
  expect(simulator.oauth.issued.count).toBe(0);
  expect(await storedCredentials()).not.toHaveProperty("access_token");
});

test("a code that somebody else began to get is of no use here: the vendor asks for this sign-in's own PKCE secret", async () => {
  const [mine, other] = [await begin(), await begin()];
  expect(mine.vendor.searchParams.get("code_challenge_method")).toBe("S256");
  const foreign = new URL(await agree(other.vendor), running.url).searchParams.get("code") ?? "";
  const path = `/oauth/callback?code=${foreign}&state=${mine.vendor.searchParams.get("state") ?? ""}`;
  const response = await running.fetch(path, { as: mine.cookies });
  expect(await response.json()).toMatchObject({
    code: "oauth.refused",
    detail: expect.stringContaining("invalid_grant") as string,
  });
  expect(simulator.oauth.issued.count).toBe(0);
});

test("agreeing at the vendor stores the tokens sealed, and the next pull signs in with them", async () => {
  await store.db.updateTable("connections").set({ state: "needs_auth" }).where("id", "=", "close-oauth").execute();
  const { vendor, cookies } = await begin();
  const finished = await running.fetch(await agree(vendor), { as: cookies });
  expect([finished.status, finished.headers.get("location")]).toEqual([
    303,
    "/connections/close-oauth?notice=authorised",
  ]);
  // It can be used once.
  expect(finished.headers.get("set-cookie")).toMatch(/^tributary_oauth=;/);

  const credentials = await storedCredentials();
  expect(credentials).toMatchObject({
    client_id: "oa2client_simulated",
    access_token: expect.stringMatching(/^at_/) as string,
  });
  const connection = await store.db
    .selectFrom("connections")
    .select("state")
    .where("id", "=", "close-oauth")
    .executeTakeFirst();
  expect(connection).toEqual({ state: "active" });

  const request = {
    connectionId: "close-oauth",
    stream: "users",
    kind: "pull",
    trigger: "manual",
    since: null,
  } as const;
  const outcome = await runPull(engine, request, new AbortController().signal);
  expect(outcome).toMatchObject({ kind: "ended", error: null, run: { state: "succeeded", counts: { added: 3 } } });
});

test("only an admin may begin", async () => {
  const viewer = await newSession(running, store, "viewer");
  expect((await running.fetch("/oauth/start/close-oauth", { as: viewer })).status).toBe(403);
  expect((await running.fetch("/oauth/start/close-oauth")).status).toBe(401);
});

describe("setting up an account", () => {
  const post = async (id: string, credentials: JsonObject): Promise<Response> =>
    running.fetch("/api/v1/connections", {
      method: "POST",
      as: admin,
      headers: { "Content-Type": "application/json", Origin: running.url },
      body: JSON.stringify({ id, connector: "close", settings: { base_url: simulator.baseUrl }, credentials }),
    });
  const stored = async (id: string) =>
    store.db.selectFrom("connections").selectAll().where("id", "=", id).executeTakeFirst();

  test("keeps nothing where the vendor refuses the key, and says so", async () => {
    const response = await post("close-wrong", { api_key: "api_wrong" });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: "close.auth.key_rejected" });
    expect(await stored("close-wrong")).toBeUndefined();
  });

  test("knows the account from the start where the key is good", async () => {
    const response = await post("close-good", { api_key: simulator.apiKey });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ state: "active", account: { name: expect.any(String) as string } });
    expect((await post("close-good", { api_key: simulator.apiKey })).status).toBe(422);
  });

  test("waits for somebody to sign in where that is how it is done, and pulls nothing before", async () => {
    const { clientId: client_id, clientSecret: client_secret } = simulator.oauth;
    const response = await post("close-later", { client_id, client_secret });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ state: "needs_auth", state_code: "oauth.not_signed_in" });
  });

  test("is kept, and tried again, where the vendor does not answer", async () => {
    const gone = await running.fetch("/api/v1/connections", {
      method: "POST",
      as: admin,
      headers: { "Content-Type": "application/json", Origin: running.url },
      body: JSON.stringify({
        id: "close-down",
        connector: "close",
        settings: { base_url: "http://127.0.0.1:9/api/v1" },
        credentials: { api_key: "api_any" },
      }),
    });
    expect(await gone.json()).toMatchObject({ state: "active", account: { name: null } });
  });

  test("to sign in at the vendor with a key is answered by a page that says what to do", async () => {
    const answer = await running.fetch("/oauth/start/close-good", { as: admin, headers: { Accept: "text/html" } });
    expect(answer.status).toBe(422);
    const text = await answer.text();
    expect(text).toContain("it has a key");
    expect(text).toContain('href="/connections/close-good"');
  });
});
