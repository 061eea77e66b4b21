import { afterAll, beforeAll, expect, it } from "vitest";
import { zendesk } from "../../connectors/zendesk/index.ts";
import { startZendeskSimulator, type ZendeskSimulator } from "../../connectors/zendesk/simulator/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import type { TributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { silentLog } from "../../core/base/log.ts";
import { runPull } from "../../core/land/run.ts";
import { createSecrets, credentialsOf, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { finishSignIn, startSignIn } from "../../core/setup/vendor.ts";
import { readCredentials } from "../../core/store/setup/connections.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { testDatabase } from "../support/database.ts";

/** Signing in to Zendesk by its three ways, through the engine and its store. */

const store = await testDatabase();
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);
const deps = createPullDeps({
  store,
  secrets,
  clock: systemClock,
  log: silentLog,
  connectors: [zendesk],
  allowPrivateNetworks: true,
});
let sim: ZendeskSimulator;

beforeAll(async () => {
  sim = await startZendeskSimulator({ company: null, limits: "off" });
});
afterAll(() => sim.close());

async function connection(id: string, credentials: JsonObject): Promise<void> {
  const settings = { subdomain: sim.subdomain, base_url: sim.origin, exports_per_minute: 100_000 };
  await store.db
    .insertInto("connections")
    .values({
      id,
      connector: "zendesk",
      title: id,
      settings: JSON.stringify(settings),
      inbound_token: `token-of-${id}`,
      credentials: secrets.seal(JSON.stringify(credentials), credentialsOf(id)),
    })
    .execute();
}

async function stored(id: string): Promise<JsonObject> {
  const sealed = (await readCredentials(store.db, id)) ?? "";
  return JSON.parse(secrets.open(sealed, credentialsOf(id))) as JsonObject;
}

/** @returns why the pull failed; null when it did not. */
async function pull(id: string, stream: string): Promise<TributaryError | null> {
  const start = { connectionId: id, stream, kind: "pull", trigger: "manual", since: null } as const;
  const outcome = await runPull(deps, start, new AbortController().signal);
  if (outcome.kind === "busy") throw new Error("somebody else pulls");
  return outcome.error;
}

const client = { client_id: "tributary_simulated", client_secret: "simulated-client-secret" };

it("a confidential client needs nobody to sign in: it asks for a token, and for the next when that has ended", async () => {
  await connection("own-right", client);
  expect(await pull("own-right", "users")).toBeNull();
  const first = await stored("own-right");
  expect(first["refresh_token"]).toBeUndefined();
  sim.oauth.expireAccessTokens();
  expect(await pull("own-right", "users")).toBeNull();
  expect((await stored("own-right"))["access_token"]).not.toBe(first["access_token"]);
});

it("after signing in, refresh tokens that work once are used once, however many pulls notice, and the new one is stored", async () => {
  await connection("signed-in", client);
  const redirectUri = "https://hub.example/oauth/callback";
  const { url, verifier } = await startSignIn(deps, "signed-in", { redirectUri, state: "s" });
  const agreed = await fetch(url, { redirect: "manual" });
  const code = new URL(agreed.headers.get("location") ?? "").searchParams.get("code") ?? "";
  await finishSignIn(deps, "cli", "signed-in", { redirectUri, code, verifier });
  const first = await stored("signed-in");
  expect(first["refresh_token"]).toMatch(/^rt_/);
  sim.oauth.expireAccessTokens();
  const issuedBefore = sim.oauth.issued.count;
  const streams = ["users", "tickets", "groups"];
  expect(await Promise.all(streams.map((stream) => pull("signed-in", stream)))).toEqual([null, null, null]);
  expect(sim.oauth.issued.count - issuedBefore).toBe(1);
  const second = await stored("signed-in");
  expect(second["refresh_token"]).not.toBe(first["refresh_token"]);
  // The old one is used up: whoever had kept it would be locked out. (It is a text: see above.)
  const reused = sim.oauth.refresh(
    { id: client.client_id, secret: client.client_secret },
    first["refresh_token"] as string,
  );
  expect(reused).toBeNull();
});

it("an API token still works, with a user name that holds /token already", async () => {
  await connection("token", { email: `${sim.apiToken.email}/token`, api_token: sim.apiToken.token });
  expect(await pull("token", "users")).toBeNull();
});

it("refused credentials are an auth failure in each of the ways", async () => {
  await connection("wrong-client", { ...client, client_secret: "wrong" });
  await connection("wrong-token", { email: "nobody@example.com", api_token: "wrong" });
  expect(await pull("wrong-client", "users")).toMatchObject({ kind: "auth", code: "oauth.refused" });
  expect(await pull("wrong-token", "users")).toMatchObject({ kind: "auth", code: "zendesk.auth.rejected" });
});

it("a subdomain that could lead elsewhere is refused before an address is made of it", () => {
  for (const subdomain of ["evil.example/", "a", "acme@evil", "ACME", "acme.zendesk.com", "-acme"])
    expect(zendesk.settings.safeParse({ subdomain }).success).toBe(false);
  expect(zendesk.settings.safeParse({ subdomain: "acme-2" }).success).toBe(true);
});
