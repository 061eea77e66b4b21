import * as oauth from "openid-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addApp, removeApp, revokeGrant } from "../../core/setup/apps.ts";
import { removeUser } from "../../core/setup/users.ts";
import { expireRecords } from "../../core/store/setup/oauth-records.ts";
import { testDatabase } from "../support/database.ts";
import { form, json, newSession, type Running, startServer } from "./server-support.ts";

/** What an app does is done by a client library that has never seen us; what a person does, by their browser's requests. */
const store = await testDatabase();
const BACK = "https://app.example/back";
let running: Running;
let admin: string;
let viewer: string;
let nowMs: number;
beforeAll(async () => {
  nowMs = Date.now();
  running = await startServer(store, { clock: { now: () => new Date(nowMs) } });
  admin = await newSession(running, store, "admin");
  viewer = await newSession(running, store, "viewer");
});
afterEach(() => {
  nowMs = Date.now();
});
afterAll(() => running.close());

type Client = { readonly config: oauth.Configuration; readonly id: string; readonly secret: string | null };

async function newClient(
  scopes: readonly ("read" | "write" | "webhooks" | "connections")[],
  auth: "post" | "basic" | "none" = "post",
): Promise<Client> {
  const redirect = auth === "none" ? "http://127.0.0.1/back" : BACK;
  const { app, secret } = await addApp(store.db, "test", {
    name: "Zapier",
    redirect_uris: [redirect],
    scopes: [...scopes],
    public: auth === "none",
  });
  const ways = {
    post: () => oauth.ClientSecretPost(secret ?? ""),
    basic: () => oauth.ClientSecretBasic(secret ?? ""),
    none: () => oauth.None(),
  };
  const config = await oauth.discovery(new URL(running.url), app.id, {}, ways[auth](), {
    execute: [oauth.allowInsecureRequests],
    algorithm: "oauth2",
  });
  return { config, id: app.id, secret };
}

/** A browser's cookies. */
class Jar {
  private readonly cookies = new Map<string, string>();

  constructor(session: string) {
    const [name = "", value = ""] = session.split("=");
    this.cookies.set(name, value);
  }

  async visit(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(new URL(address, running.url), {
      redirect: "manual",
      ...init,
      headers: { Accept: "text/html", ...(init.headers as object), Cookie },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const equals = pair.indexOf("=");
      this.cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return response;
  }
}

type Asking = { readonly verifier: string; readonly state: string; readonly address: URL };

async function asking(client: Client, scope: string, redirect = BACK): Promise<Asking> {
  const verifier = oauth.randomPKCECodeVerifier();
  const state = oauth.randomState();
  const address = oauth.buildAuthorizationUrl(client.config, {
    redirect_uri: redirect,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  return { verifier, state, address };
}

/** A person is asked, and answers. @returns the page that asked, and where they were sent back to. */
async function answered(
  session: string,
  { address }: Asking,
  decision: "allow" | "deny",
): Promise<{ readonly page: Response; readonly text: string; readonly back: URL }> {
  const browser = new Jar(session);
  const started = await browser.visit(address);
  const consent = started.headers.get("location") ?? "";
  expect([started.status, consent]).toEqual([
    303,
    expect.stringMatching(/^(http:\/\/[^/]+)?\/oauth\/consent\/[\w-]+$/),
  ]);
  const page = await browser.visit(consent);
  const text = await page.text();
  const posted = await browser.visit(consent, form({ decision }, running.url));
  expect(posted.status).toBe(303);
  const resumed = await browser.visit(posted.headers.get("location") ?? "");
  return { page, text, back: new URL(resumed.headers.get("location") ?? "") };
}

async function connected(client: Client, session: string, scope: string) {
  const asked = await asking(client, scope);
  const { back } = await answered(session, asked, "allow");
  return oauth.authorizationCodeGrant(client.config, back, {
    pkceCodeVerifier: asked.verifier,
    expectedState: asked.state,
  });
}

async function status(path: string, token: string, init: RequestInit = {}): Promise<number> {
  const response = await running.fetch(path, { ...init, as: token });
  await response.arrayBuffer();
  return response.status;
}

describe("an app that asks a person to let it in", () => {
  it.each(["post", "basic"] as const)(
    "gets tokens that open what was allowed, and no more (secret by %s)",
    async (auth) => {
      const client = await newClient(["read", "webhooks"], auth);
      const tokens = await connected(client, admin, "read offline_access");
      expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 3600 });
      expect(tokens.scope?.split(" ")).toContain("read");
      expect(await status("/api/v1/kpis", tokens.access_token)).toBe(200);
      expect(await status("/api/v1/webhooks", tokens.access_token)).toBe(403);
      expect(await status("/api/v1/users", tokens.access_token)).toBe(403);
      const me = await running.fetch("/api/v1/me", { as: tokens.access_token });
      const { kind, name, scopes } = (await me.json()) as Record<string, unknown>;
      expect([kind, name, scopes]).toEqual(["app", "Zapier", expect.arrayContaining(["read"])]);
      expect((await running.fetch("/", { as: tokens.access_token })).status).not.toBe(500);
    },
  );

  it("is named with what it could do, in the person's language, on a page that leads back to it and nowhere else", async () => {
    const client = await newClient(["read", "write"]);
    const { page, text, back } = await answered(admin, await asking(client, "read write"), "deny");
    expect(page.headers.get("content-security-policy")).toContain("form-action 'self' https://app.example;");
    expect(text).toContain("Let Zapier in?");
    expect(text).toContain("pull, pause and resume connections");
    expect(text).toContain("app.example");
    expect([back.origin + back.pathname, back.searchParams.get("error")]).toEqual([BACK, "access_denied"]);
    const french = new Jar(admin);
    const consent = (await french.visit((await asking(client, "read")).address)).headers.get("location") ?? "";
    const page2 = await french.visit(consent, { headers: { "Accept-Language": "fr-CA" } });
    expect(await page2.text()).toContain('<html lang="fr">');
  });

  it("needs a person who has signed in, whose browser it asked, from our own page", async () => {
    const client = await newClient(["read"]);
    const browser = new Jar(admin);
    const consent = (await browser.visit((await asking(client, "read")).address)).headers.get("location") ?? "";
    expect((await fetch(new URL(consent, running.url), { headers: { Accept: "text/html" } })).status).toBe(401);
    const other = await new Jar(viewer).visit(consent, { headers: { Accept: "application/json" } });
    expect(await other.json()).toMatchObject({ code: "app.nothing_asked" });
    const forged = await browser.visit(consent, form({ decision: "allow" }, "https://evil.example"));
    expect(forged.status).toBe(403);
  });

  it("gets no more than the person may, now and later", async () => {
    const client = await newClient(["read", "write", "webhooks"]);
    const tokens = await connected(client, viewer, "read write webhooks");
    expect(await status("/api/v1/kpis", tokens.access_token)).toBe(200);
    expect(await status("/api/v1/webhooks", tokens.access_token)).toBe(403);
    const strong = await newSession(running, store, "admin");
    const token = (await connected(client, strong, "read webhooks")).access_token;
    expect(await status("/api/v1/webhooks", token)).toBe(200);
    const { email } = await store.db
      .selectFrom("users")
      .select("email")
      .orderBy("created_at", "desc")
      .limit(1)
      .executeTakeFirstOrThrow();
    await store.db.updateTable("users").set({ role: "viewer" }).where("email", "=", email).execute();
    expect(await status("/api/v1/webhooks", token)).toBe(403);
    await removeUser(store.db, "test", email);
    expect(await status("/api/v1/kpis", token)).toBe(401);
  });

  it("is refused without PKCE, with another address, another secret, or a scope that it may not ask for", async () => {
    const client = await newClient(["read"]);
    const { address } = await asking(client, "read");
    const without = new URL(address);
    without.searchParams.delete("code_challenge");
    without.searchParams.delete("code_challenge_method");
    const plain = await new Jar(admin).visit(without);
    expect(new URL(plain.headers.get("location") ?? "").searchParams.get("error")).toBe("invalid_request");
    const elsewhere = new URL(address);
    elsewhere.searchParams.set("redirect_uri", "https://evil.example/back");
    const refused = await new Jar(admin).visit(elsewhere);
    expect([refused.status, refused.headers.get("location"), await refused.text()]).toEqual([
      400,
      null,
      expect.stringContaining("invalid_redirect_uri"),
    ]);
    const greedy = new URL(address);
    greedy.searchParams.set("scope", "read webhooks");
    const answer = await new Jar(admin).visit(greedy);
    expect(new URL(answer.headers.get("location") ?? "").searchParams.get("error")).toBe("invalid_scope");
    const asked = await asking(client, "read");
    const { back } = await answered(admin, asked, "allow");
    const stranger = await running.fetch("/oauth/token", {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: back.searchParams.get("code") ?? "",
        redirect_uri: BACK,
        client_id: client.id,
        client_secret: "tribapp_guessed",
        code_verifier: asked.verifier,
      }),
    });
    expect([stranger.status, await stranger.json()]).toMatchObject([401, { error: "invalid_client" }]);
  });

  it("on a person's own machine has no secret, and is sent back to whatever port it has", async () => {
    const client = await newClient(["read"], "none");
    const asked = await asking(client, "read", "http://127.0.0.1:49152/back");
    const { back } = await answered(admin, asked, "allow");
    expect(back.port).toBe("49152");
    const tokens = await oauth.authorizationCodeGrant(client.config, back, {
      pkceCodeVerifier: asked.verifier,
      expectedState: asked.state,
    });
    expect(await status("/api/v1/kpis", tokens.access_token)).toBe(200);
  });
});

describe("what an app holds", () => {
  it("is stored as hashes alone", async () => {
    const client = await newClient(["read"]);
    const tokens = await connected(client, admin, "read");
    const stored = JSON.stringify([
      await store.db.selectFrom("oauth_records").selectAll().execute(),
      await store.db.selectFrom("oauth_grants").selectAll().execute(),
      await store.db.selectFrom("oauth_apps").selectAll().execute(),
      await store.db.selectFrom("audit_log").selectAll().execute(),
    ]);
    for (const secret of [tokens.access_token, tokens.refresh_token ?? "", client.secret ?? ""]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(stored.includes(secret)).toBe(false);
    }
  });

  it("is refreshed: each refresh token is good once, and for a minute more for the app's other workers", async () => {
    const client = await newClient(["read"]);
    const first = await connected(client, admin, "read");
    const used = first.refresh_token ?? "";
    // Two workers at the same time, neither of which knows of the other.
    const [one, two] = await Promise.all([
      oauth.refreshTokenGrant(client.config, used),
      oauth.refreshTokenGrant(client.config, used),
    ]);
    expect(new Set([used, one.refresh_token, two.refresh_token]).size).toBe(3);
    nowMs += 59_000;
    const third = await oauth.refreshTokenGrant(client.config, one.refresh_token ?? "");
    for (const token of [first, one, two, third]) expect(await status("/api/v1/kpis", token.access_token)).toBe(200);
    // Later it is a copy: whoever has it, all that was allowed ends.
    nowMs += 2_000;
    await expect(oauth.refreshTokenGrant(client.config, used)).rejects.toMatchObject({ error: "invalid_grant" });
    for (const token of [first, one, two, third]) expect(await status("/api/v1/kpis", token.access_token)).toBe(401);
    await expect(oauth.refreshTokenGrant(client.config, third.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
  });

  it("runs out: an access token after an hour", async () => {
    const client = await newClient(["read"]);
    const { access_token: token } = await connected(client, admin, "read");
    nowMs += 3_601_000;
    expect(await status("/api/v1/kpis", token)).toBe(401);
  });

  it("ends with what it has subscribed, whoever ends it: the app, an admin, or the end of the app", async () => {
    const client = await newClient(["read", "webhooks"]);
    const subscribed = async (): Promise<{
      readonly token: string;
      readonly refresh: string;
      readonly hook: string;
    }> => {
      const tokens = await connected(client, admin, "read webhooks");
      const made = await running.fetch("/api/v1/webhooks", {
        ...json({ url: `https://hooks.example.com/${crypto.randomUUID()}`, events: ["deal.won"] }),
        as: tokens.access_token,
      });
      expect(made.status).toBe(201);
      const { id } = (await made.json()) as { readonly id: string };
      return { token: tokens.access_token, refresh: tokens.refresh_token ?? "", hook: id };
    };
    const isThere = async (hook: string): Promise<boolean> => {
      const found = await store.db.selectFrom("webhook_endpoints").select("id").where("id", "=", hook).execute();
      return found.length > 0;
    };
    const left = await subscribed();
    const [byApp, byAdmin, byPerson] = [await subscribed(), await subscribed(), await subscribed()];
    await oauth.tokenRevocation(client.config, byApp.refresh);
    const { data } = (await (await running.fetch("/api/v1/app-grants?limit=2", { as: admin })).json()) as {
      readonly data: readonly { readonly id: string; readonly app: { readonly id: string } }[];
    };
    expect(data.map((grant) => grant.app.id)).toEqual([client.id, client.id]);
    // Newest first: what was allowed last is `byPerson`.
    const deleted = await running.fetch(`/api/v1/app-grants/${data[0]?.id}`, {
      method: "DELETE",
      as: admin,
      headers: { Origin: running.url },
    });
    expect(deleted.status).toBe(204);
    await revokeGrant(store.db, "test", data[1]?.id ?? "");
    for (const ended of [byApp, byAdmin, byPerson]) {
      expect(await status("/api/v1/kpis", ended.token)).toBe(401);
      expect(await isThere(ended.hook)).toBe(false);
    }
    expect([await status("/api/v1/kpis", left.token), await isThere(left.hook)]).toEqual([200, true]);
    await removeApp(store.db, "test", client.id);
    expect([await status("/api/v1/kpis", left.token), await isThere(left.hook)]).toEqual([401, false]);
  });

  it("is forgotten when it is over, and what is in use stays", async () => {
    const client = await newClient(["read"]);
    const { access_token: token } = await connected(client, admin, "read");
    await expireRecords(store.db, new Date(nowMs));
    expect(await status("/api/v1/kpis", token)).toBe(200);
    await expireRecords(store.db, new Date(nowMs + 1_000 * 86_400_000));
    expect(await store.db.selectFrom("oauth_records").select("model").execute()).toEqual([]);
  });
});

describe("apps", () => {
  it("are added with a secret that is shown once, listed without, and held to addresses that are safe", async () => {
    const asked = { name: "n8n", redirect_uris: ["https://n8n.example/back"], scopes: ["read"] };
    const session = { as: admin, headers: { Origin: running.url } };
    const post = (body: unknown): Promise<Response> =>
      running.fetch("/api/v1/apps", { ...json(body, session.headers), as: admin });
    const added = await post(asked);
    const { secret, id } = (await added.json()) as { readonly secret: string; readonly id: string };
    expect([added.status, secret]).toEqual([201, expect.stringMatching(/^tribapp_[\w-]{43}$/)]);
    const listed = await (await running.fetch("/api/v1/apps", session)).text();
    expect(listed).toContain(id);
    expect(listed.includes(secret)).toBe(false);
    for (const address of [
      "http://app.example/back",
      "https://app.example/back#there",
      "https://ann:secret@app.example/back",
      "javascript:alert(1)",
      "app.example",
    ])
      expect([address, (await post({ ...asked, redirect_uris: [address] })).status]).toEqual([address, 400]);
    expect((await post({ ...asked, scopes: ["admin"] })).status).toBe(400);
  });

  it("and assistants find the server by what the API says to who is not let in", async () => {
    const refused = await running.fetch("/mcp", json({}));
    const [, address = ""] = /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate") ?? "") ?? [];
    const resource = (await (await fetch(address)).json()) as { readonly authorization_servers: readonly string[] };
    expect(resource.authorization_servers).toEqual([running.url]);
    const metadata: unknown = await (await running.fetch("/.well-known/oauth-authorization-server")).json();
    const { scopes_supported: scopes, ...rest } = metadata as { readonly scopes_supported: readonly string[] };
    expect(scopes).toEqual(expect.arrayContaining(["read", "write", "connections", "webhooks"]));
    expect(rest).toMatchObject({
      issuer: running.url,
      authorization_endpoint: `${running.url}/oauth/authorize`,
      token_endpoint: `${running.url}/oauth/token`,
      revocation_endpoint: `${running.url}/oauth/revoke`,
      code_challenge_methods_supported: ["S256"],
    });
  });
});
