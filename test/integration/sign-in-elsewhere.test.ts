import { createServer, type Server } from "node:http";
import Provider, { interactionPolicy } from "oidc-provider";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sealSection } from "../../core/destination/settings.ts";
import { SIGN_IN_SECTION, signInSection } from "../../core/setup/providers.ts";
import { addUser } from "../../core/setup/users.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { testDatabase } from "../support/database.ts";
import { type Running, secrets, startServer } from "./server-support.ts";
import { portOf } from "../../core/base/network.ts";

/** People of a company sign in at its own provider of identities, which is a real one, on this machine. */
const store = await testDatabase();
const SECRET = "a secret of the company's provider";

type Person = { readonly email?: string; readonly email_verified?: boolean; readonly groups?: readonly string[] };
const PEOPLE: { readonly [sub: string]: Person } = {
  ada: { email: "Ada@Example.com", email_verified: true, groups: ["sales", "ops"] },
  bo: { email: "bo@example.com", email_verified: true, groups: ["sales"] },
  cy: { email: "cy@elsewhere.example", email_verified: true, groups: [] },
  dee: { email: "dee@example.com", email_verified: false, groups: ["ops"] },
  nul: { email: "a\0b@example.com", email_verified: true, groups: ["\0", "\ud83d"] },
  long: { email: `${"l".repeat(3000)}@example.com`, email_verified: true, groups: ["x".repeat(5000)] },
  list: { email: ["bo@example.com"] as never, email_verified: "yes" as never, groups: { ops: "ops" } as never },
  eve: { email: "ada@example.com", email_verified: true, groups: [] },
};

let running: Running;
let server: Server;
let issuer: string;
let nowMs: number;
beforeAll(async () => {
  nowMs = Date.now();
  running = await startServer(store, { clock: { now: () => new Date(nowMs) } });
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${portOf(server)}`;
  const answer = companyProvider().callback();
  server.on("request", (request, response) => void answer(request, response));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await running.close();
});
beforeEach(async () => {
  nowMs = Date.now();
  await store.db.deleteFrom("users").execute();
  await configure({});
});

/** Whoever comes is asked who they are by a page that believes them: `/as/{interaction}?sub=ada`. */
function companyProvider(): Provider {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "tributary",
        client_secret: SECRET,
        redirect_uris: [`${running.url}/sign-in/return/acme`],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    scopes: ["openid", "email", "groups"],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: ["of the test"] },
    features: { devInteractions: { enabled: false } },
    interactions: { policy: interactionPolicy.base(), url: (_context, { uid }) => `/as/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...PEOPLE[sub] }) }),
  });
  provider.use(async (context, next) => {
    if (!context.path.startsWith("/as/")) {
      await next();
      return;
    }
    const sub = String(context.query["sub"]);
    const grant = new provider.Grant({ accountId: sub, clientId: "tributary" });
    grant.addOIDCScope("openid email groups");
    const result =
      sub === "nobody"
        ? { error: "access_denied" }
        : { login: { accountId: sub }, consent: { grantId: await grant.save() } };
    context.redirect(await provider.interactionResult(context.req, context.res, result));
  });
  return provider;
}

async function configure(rules: object): Promise<void> {
  const acme = {
    title: "Acme",
    issuer,
    client_id: "tributary",
    client_secret: SECRET,
    scopes: ["openid", "email", "groups"],
  };
  const section = signInSection.parse({ acme: { ...acme, ...rules } });
  await writeSettings(store.db, SIGN_IN_SECTION.key, sealSection(SIGN_IN_SECTION, section, secrets));
}

/** Cookies by site, as a browser keeps them. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async visit(address: URL): Promise<Response> {
    const own = [...this.cookies].filter(([key]) => key.startsWith(`${address.host} `));
    const response = await fetch(address, {
      redirect: "manual",
      headers: {
        Accept: "text/html",
        Cookie: own.map(([key, value]) => `${key.slice(address.host.length + 1)}=${value}`).join("; "),
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const equals = pair.indexOf("=");
      this.cookies.set(`${address.host} ${pair.slice(0, equals)}`, pair.slice(equals + 1));
    }
    return response;
  }

  cookie(name: string): string | undefined {
    return this.cookies.get(`${new URL(running.url).host} ${name}`);
  }
}

/** Goes where it is sent, saying at the provider who it is, until it is back at the hub with an answer. */
async function away(browser: Browser, sub: string, next = "/kpis"): Promise<URL> {
  let address = new URL(`/sign-in/with/acme?next=${encodeURIComponent(next)}`, running.url);
  for (let steps = 0; steps < 10; steps += 1) {
    const response = await browser.visit(address);
    expect([address.href, response.status < 400]).toEqual([address.href, true]);
    address = new URL(response.headers.get("location") ?? "", address);
    if (address.pathname.startsWith("/as/")) address.searchParams.set("sub", sub);
    if (address.pathname.startsWith("/sign-in/return/")) return address;
  }
  throw new Error("never came back");
}

type Outcome = {
  readonly status: number;
  readonly to: string | null;
  readonly text: string;
  readonly browser: Browser;
};

async function signIn(sub: string, browser = new Browser()): Promise<Outcome> {
  const response = await browser.visit(await away(browser, sub));
  return { status: response.status, to: response.headers.get("location"), text: await response.text(), browser };
}

async function me(browser: Browser): Promise<unknown> {
  const response = await running.fetch("/api/v1/me", {
    as: `tributary_session=${browser.cookie("tributary_session")}`,
  });
  const { name, role } = (await response.json()) as Record<string, unknown>;
  return [response.status, name, role];
}

describe("who signs in at their company's provider", () => {
  it("comes in by a domain as a viewer, by a claim with its role, and is led to where they wanted to go", async () => {
    await configure({ domains: ["example.com"], admit: [{ claim: "groups", value: "ops", role: "admin" }] });
    const [ada, bo] = [await signIn("ada"), await signIn("bo")];
    expect([ada.status, ada.to, await me(ada.browser)]).toEqual([303, "/kpis", [200, "ada@example.com", "admin"]]);
    expect([bo.status, await me(bo.browser)]).toEqual([303, [200, "bo@example.com", "viewer"]]);
    const noted = await store.db
      .selectFrom("audit_log")
      .select(["actor", "action", "details"])
      .where("actor", "=", "user:bo@example.com")
      .execute();
    expect(noted.map(({ action, details }) => [action, details])).toEqual([
      ["user.create", { email: "bo@example.com", role: "viewer" }],
      ["sign_in", { by: "acme" }],
    ]);
  });

  it("stays out whom no rule lets in, nor an admin, nor a verified address", async () => {
    await configure({ domains: ["example.com"], admit: [{ claim: "groups", value: "ops", role: "admin" }] });
    for (const sub of ["cy", "dee"]) {
      const { status, text, browser } = await signIn(sub);
      expect([sub, status, browser.cookie("tributary_session")]).toEqual([sub, 403, undefined]);
      expect(text).toContain("access.not_admitted");
    }
    expect(await store.db.selectFrom("users").select("email").execute()).toEqual([]);
    await configure({ domains: ["example.com"], trusts_email: true });
    expect((await signIn("dee")).status).toBe(303);
  });

  it("is whom an admin has added by their verified address, keeps their role, and is known by issuer and subject from then on", async () => {
    await addUser(store.db, "test", { email: "cy@elsewhere.example", password: "correct horse", role: "admin" });
    const cy = await signIn("cy");
    expect(await me(cy.browser)).toEqual([200, "cy@elsewhere.example", "admin"]);
    await store.db.updateTable("users").set({ email: "cyril@elsewhere.example" }).execute();
    expect(await me((await signIn("cy")).browser)).toEqual([200, "cyril@elsewhere.example", "admin"]);
  });

  it("is not taken for somebody who had the address before", async () => {
    await configure({ domains: ["example.com"] });
    expect((await signIn("ada")).status).toBe(303);
    expect((await signIn("eve")).status).toBe(403);
  });

  it("has the role of their claims from then on, and goes when no rule fits any more", async () => {
    await configure({ admit: [{ claim: "groups", value: "sales", role: "viewer" }] });
    expect(await me((await signIn("ada")).browser)).toEqual([200, "ada@example.com", "viewer"]);
    await configure({ admit: [{ claim: "groups", value: "ops", role: "admin" }] });
    expect(await me((await signIn("ada")).browser)).toEqual([200, "ada@example.com", "admin"]);
    await configure({});
    expect((await signIn("ada")).status).toBe(403);
  });

  it("has no password here that could be guessed", async () => {
    await configure({ domains: ["example.com"] });
    await signIn("bo");
    for (const password of ["", "null", "correct horse"]) {
      const response = await running.fetch("/sign-in", {
        method: "POST",
        body: new URLSearchParams({ email: "bo@example.com", password }).toString(),
        headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: running.url },
      });
      expect(response.status).toBe(401);
    }
  });
});

describe("an answer of the provider", () => {
  it("is good once, in the browser that was sent there, within ten minutes, and unchanged", async () => {
    await configure({ domains: ["example.com"] });
    const browser = new Browser();
    const answer = await away(browser, "bo");
    expect((await new Browser().visit(answer)).status).toBe(401);
    expect((await browser.visit(answer)).status).toBe(303);
    expect((await browser.visit(answer)).status).toBe(401);
    const changed = await away(browser, "bo");
    changed.searchParams.set("state", "another");
    expect((await browser.visit(changed)).status).toBe(401);
    const late = await away(browser, "bo");
    nowMs += 10 * 60_000 + 1;
    expect((await browser.visit(late)).status).toBe(401);
  });

  it("that says no is told, and nobody is signed in", async () => {
    const { status, text, browser } = await signIn("nobody");
    expect([status, browser.cookie("tributary_session")]).toEqual([401, undefined]);
    expect(text).toContain("access.provider_refused");
  });

  it("that says what nobody is, lets nobody in and is no fault of the hub", async () => {
    await configure({ domains: ["example.com"], admit: [{ claim: "groups", value: "ops", role: "admin" }] });
    for (const sub of ["nul", "long", "list"]) {
      const { status, text, browser } = await signIn(sub);
      expect([sub.slice(0, 4), browser.cookie("tributary_session")]).toEqual([sub.slice(0, 4), undefined]);
      expect([sub.slice(0, 4), status, text.includes("internal.unexpected")]).toEqual([
        sub.slice(0, 4),
        expect.toSatisfy((one: number) => one >= 400 && one < 500),
        false,
      ]);
    }
  });

  it("leads to no other site", async () => {
    await configure({ domains: ["example.com"] });
    const browser = new Browser();
    const response = await browser.visit(await away(browser, "bo", "//evil.example"));
    expect(response.headers.get("location")).toBe("/");
  });
});

describe("the sign-in", () => {
  it("names the providers to everybody, without their secrets", async () => {
    const start = await (await running.fetch("/api/v1/start")).text();
    expect(JSON.parse(start)).toMatchObject({ providers: [{ id: "acme", title: "Acme" }] });
    expect(start).not.toContain(SECRET);
    const stored = await store.db.selectFrom("settings").select("value").where("section", "=", "sign_in").execute();
    expect(JSON.stringify(stored).includes(SECRET)).toBe(false);
  });

  it("says so where there is no such provider, or it cannot be reached", async () => {
    expect((await running.fetch("/sign-in/with/other")).status).toBe(404);
    await configure({ issuer: "http://127.0.0.1:9" });
    const response = await running.fetch("/sign-in/with/acme", { headers: { Accept: "application/json" } });
    expect([response.status, await response.json()]).toMatchObject([503, { code: "access.provider_unreachable" }]);
  });
});
