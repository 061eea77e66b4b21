import { createServer } from "node:http";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import type { OAuth2Method } from "../../core/connector/auth.ts";
import type { AnyConnector } from "../../core/connector/define.ts";
import { oauthAuthorizeUrl, oauthExchange } from "../../core/connector/oauth.ts";
import { createCredentialSource } from "../../core/land/credentials.ts";
import {
  type Secrets,
  createSecrets,
  credentialsOf,
  endpointSecretOf,
  generateSecretKey,
  inboundSecretOf,
  parseSecretKey,
} from "../../core/secrets/index.ts";
import { rotateAll } from "../../core/setup/secrets.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { readSettings, writeSettings } from "../../core/store/setup/settings.ts";
import { readCredentials } from "../../core/store/setup/connections.ts";
import { testDatabase } from "../support/database.ts";
import { addConnection, testClock, testConnector } from "../support/engine.ts";
import { portOf } from "../../core/base/network.ts";

const store = await testDatabase();
const rotate = (from: Secrets, to: Secrets): Promise<number> =>
  rotateAll(store.db, "test", { from, to, destinations: DESTINATIONS, keyId: "new-key" });
const clock = testClock();
const secrets = createSecrets([parseSecretKey(generateSecretKey())]);

/** A token endpoint whose refresh tokens are good for one use, as Close's are. */
const issued = { requests: 0, refreshToken: "refresh-0" };
const tokenServer = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const form = new URLSearchParams(body);
    issued.requests += 1;
    const answer = (status: number, value: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (form.get("client_secret") !== "shh") return answer(401, { error: "invalid_client" });
    const isCode = form.get("grant_type") === "authorization_code" && form.get("code") === "good";
    const isRefresh = form.get("grant_type") === "refresh_token" && form.get("refresh_token") === issued.refreshToken;
    const isClient = form.get("grant_type") === "client_credentials";
    if (!isCode && !isRefresh && !isClient)
      return answer(400, { error: "invalid_grant", error_description: "long text" });
    if (!isClient) issued.refreshToken = `refresh-${issued.requests}`;
    return answer(200, {
      access_token: `access-${issued.requests}`,
      expires_in: 3600,
      ...(isClient ? {} : { refresh_token: issued.refreshToken }),
    });
  });
});
await new Promise<void>((resolve) => tokenServer.listen(0, "127.0.0.1", resolve));
afterAll(() => tokenServer.close());
const tokenUrl = `http://127.0.0.1:${portOf(tokenServer)}/token/`;

const method = (grant: OAuth2Method["grant"] = "authorization_code"): OAuth2Method => ({
  kind: "oauth2",
  title: "OAuth",
  grant,
  credentials: z.looseObject({}) as unknown as OAuth2Method["credentials"],
  authorizeUrl: () => "https://vendor.example/authorize?audience=x",
  tokenUrl: () => tokenUrl,
  scopes: ["read", "offline"],
});

const connectorWith = (oauth: OAuth2Method): AnyConnector => ({ ...testConnector({}), auth: [oauth] });
const deps = { store, secrets, clock, allowPrivateNetworks: true };
const CLIENT = { client_id: "id", client_secret: "shh" };

let id = "";
let count = 0;
beforeEach(() => {
  count += 1;
  id = `s${count}`;
  issued.requests = 0;
  issued.refreshToken = "refresh-0";
});

async function connect(credentials: JsonObject): Promise<void> {
  await addConnection(store, id, { credentials: secrets.seal(JSON.stringify(credentials), credentialsOf(id)) });
}

/** As another worker would have it: nothing shared but the database. */
const source = (oauth = method()) => createCredentialSource(deps, connectorWith(oauth), { id, settings: {} });

const storedNow = async (): Promise<JsonObject> =>
  JSON.parse(secrets.open((await readCredentials(store.db, id)) ?? "", credentialsOf(id))) as JsonObject;

describe("signing in", () => {
  const request = { settings: {}, credentials: CLIENT, redirectUri: "https://hub/cb", verifier: null };

  test("sends the person to the vendor with all it needs and no secret", () => {
    const url = new URL(oauthAuthorizeUrl(method(), { ...request, state: "s1" }));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      audience: "x",
      response_type: "code",
      client_id: "id",
      redirect_uri: "https://hub/cb",
      state: "s1",
      scope: "read offline",
    });
  });

  test("gives the vendor the hash of the PKCE secret, never the secret, as RFC 7636 works it out", () => {
    // Appendix B of the RFC.
    const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const url = new URL(oauthAuthorizeUrl(method(), { ...request, state: "s1", verifier }));
    expect(url.searchParams.get("code_challenge")).toBe("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    expect(url.searchParams.get("code_challenge_method")).toBe("S256");
    expect(url.href).not.toContain(verifier);
  });

  test("trades the code for tokens, and says why when it cannot", async () => {
    expect(await oauthExchange(deps, method(), { ...request, code: "good" })).toEqual({
      ...CLIENT,
      access_token: "access-1",
      refresh_token: "refresh-1",
      expires_at: "2026-03-01T13:00:00.000Z",
    });
    await expect(oauthExchange(deps, method(), { ...request, code: "bad" })).rejects.toMatchObject({
      code: "oauth.refused",
      kind: "auth",
      message: expect.stringMatching(/invalid_grant\.$/) as string,
    });
  });
});

describe("renewing tokens", () => {
  const stale = { ...CLIENT, access_token: "old", refresh_token: "refresh-0", expires_at: "2026-03-01T23:00:00Z" };

  test("asks the vendor once however many workers were refused at the same time, and all get the new token", async () => {
    await connect(stale);
    const workers = Array.from({ length: 10 }, () => source());
    const renewed = await Promise.all(workers.map((worker) => worker.refresh(stale)));
    expect(issued.requests).toBe(1);
    expect(new Set(renewed.map((credentials) => credentials["access_token"]))).toEqual(new Set(["access-1"]));
  });

  test("stores the new refresh token before anybody uses the access token", async () => {
    await connect(stale);
    const renewed = await source().refresh(stale);
    expect(await storedNow()).toEqual(renewed);
    expect(renewed["refresh_token"]).toBe("refresh-1");
  });

  test("happens before a token ends, so that no request has to be refused", async () => {
    await connect({ ...stale, expires_at: "2026-03-01T12:00:30Z" });
    expect((await source().current())["access_token"]).toBe("access-1");
  });

  test("that the vendor refuses is the admin's to mend, and changes nothing", async () => {
    const revoked = { ...stale, refresh_token: "revoked" };
    await connect(revoked);
    await expect(source().refresh(revoked)).rejects.toMatchObject({ code: "oauth.refused", kind: "auth" });
    expect(await storedNow()).toEqual(revoked);
  });

  test("gets a first token by client credentials, without a person", async () => {
    await connect(CLIENT);
    const credentials = await source(method("client_credentials")).current();
    expect(credentials["access_token"]).toBe("access-1");
    expect((await storedNow())["access_token"]).toBe("access-1");
  });

  test("of a key is not possible, unless somebody has entered another meanwhile", async () => {
    const key = { api_key: "one" };
    await connect(key);
    const worker = source();
    const held = await worker.current();
    expect(await worker.refresh(held)).toBe(held);
    await store.db
      .updateTable("connections")
      .set({ credentials: secrets.seal('{"api_key":"two"}', credentialsOf(id)) })
      .where("id", "=", id)
      .execute();
    expect(await worker.refresh(held)).toEqual({ api_key: "two" });
  });
});

describe("a rotation", () => {
  test("seals every secret with the new key, and the old key opens none of them", async () => {
    const oldKey = parseSecretKey(generateSecretKey());
    const old = createSecrets([oldKey]);
    await store.db.deleteFrom("connections").execute();
    await addConnection(store, "r", { credentials: old.seal("credentials", credentialsOf("r")) });
    await store.db
      .updateTable("connections")
      .set({ inbound_secret: old.seal("inbound", inboundSecretOf("r")) })
      .execute();
    const endpointId = "0b2f6f0e-7d5f-4c39-9d93-0e6f6c1f0a11";
    await store.db
      .insertInto("webhook_endpoints")
      .values({
        id: endpointId,
        destination: "webhooks",
        name: "https://example.com",
        settings: JSON.stringify({ secret: old.seal("endpoint", endpointSecretOf(endpointId)) }),
        event_types: [],
        created_by: "test",
      })
      .execute();
    const destinationKey = old.seal("destination", "settings/geckoboard/api_key");
    await writeSettings(store.db, "geckoboard", { api_key: destinationKey, datasets: [] });
    await writeSettings(store.db, "feeds", []);
    const fresh = createSecrets([parseSecretKey(generateSecretKey())]);

    expect(await rotate(old, fresh)).toBe(4);

    const settings = await readSettings(store.db, "geckoboard");
    const sealed = (settings as { readonly api_key: string }).api_key;
    expect(fresh.open(sealed, "settings/geckoboard/api_key")).toBe("destination");
    await writeSettings(store.db, "geckoboard", null);

    const row = await store.db
      .selectFrom("connections")
      .select(["credentials", "inbound_secret"])
      .executeTakeFirstOrThrow();
    const receiver = await store.db.selectFrom("webhook_endpoints").select("settings").executeTakeFirstOrThrow();
    const endpoint = receiver.settings as { readonly secret: string };
    expect(fresh.open(row.credentials ?? "", credentialsOf("r"))).toBe("credentials");
    expect(fresh.open(row.inbound_secret ?? "", inboundSecretOf("r"))).toBe("inbound");
    expect(fresh.open(endpoint.secret, endpointSecretOf(endpointId))).toBe("endpoint");
    expect(() => old.open(endpoint.secret, endpointSecretOf(endpointId))).toThrow(/not the one in use/);
  });

  test("that meets a secret it cannot open changes nothing at all", async () => {
    const fresh = createSecrets([parseSecretKey(generateSecretKey())]);
    await store.db.deleteFrom("connections").execute();
    await store.db.deleteFrom("webhook_endpoints").execute();
    const good = secrets.seal("good", credentialsOf("a"));
    await addConnection(store, "a", { credentials: good });
    await addConnection(store, "b", { credentials: secrets.seal("moved", credentialsOf("a")) });
    await expect(rotate(secrets, fresh)).rejects.toMatchObject({ code: "secrets.broken" });
    expect(await readCredentials(store.db, "a")).toBe(good);
  });
});
