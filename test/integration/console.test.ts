import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUser } from "../../core/store/setup/users.ts";
import { hashPassword } from "../../core/secrets/password.ts";
import { testDatabase } from "../support/database.ts";
import { type Running, form, json, newConnection, newSession, startServer } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let admin: string;
beforeAll(async () => {
  running = await startServer(store);
  admin = await newSession(running, store, "admin");
});
afterAll(() => running.close());

const post = (path: string, fields: Record<string, string>, as = admin): Promise<Response> => {
  const init = form(fields, running.url);
  return running.fetch(path, {
    ...init,
    as,
    headers: { ...(init.headers as Record<string, string>), Accept: "text/html" },
  });
};

describe("signing in", () => {
  it("gives a cookie that scripts cannot read and other sites cannot send, and takes it back", async () => {
    await createUser(store.db, {
      email: "Anna@Example.com",
      passwordHash: await hashPassword("correct horse"),
      role: "viewer",
    });
    const response = await running.fetch(
      "/sign-in?next=%2Fscreens",
      form({ email: "anna@example.COM", password: "correct horse" }, running.url),
    );
    expect([response.status, response.headers.get("location")]).toEqual([303, "/screens"]);
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    const session = cookie.split(";")[0] ?? "";
    const me = async (): Promise<Response> => running.fetch("/api/v1/me", { as: session });
    const anna = { kind: "user", name: "anna@example.com", role: "viewer", scopes: [], on_behalf_of: null };
    expect(await (await me()).json()).toEqual(anna);
    await post("/sign-out", {}, session);
    expect((await me()).status).toBe(401);
  });

  it("never leads to another site afterwards", async () => {
    for (const next of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      const path = `/sign-in?next=${encodeURIComponent(next)}`;
      const response = await running.fetch(
        path,
        form({ email: "anna@example.com", password: "correct horse" }, running.url),
      );
      expect([next, response.headers.get("location")]).toEqual([next, "/"]);
    }
  });

  it("says the same of a wrong password and of an unknown address", async () => {
    const answers = [];
    for (const email of ["anna@example.com", "nobody@example.com"]) {
      const response = await running.fetch("/sign-in", form({ email, password: "wrong" }, running.url));
      const { instance: _request, ...problem } = (await response.json()) as Record<string, unknown>;
      answers.push(problem);
    }
    expect(answers[0]).toMatchObject({ status: 401, code: "access.sign_in_failed" });
    expect(answers[1]).toEqual(answers[0]);
  });

  it("cannot be done from another site's form", async () => {
    const response = await running.fetch(
      "/sign-in",
      form({ email: "anna@example.com", password: "correct horse" }, "https://evil.example"),
    );
    expect(response.status).toBe(403);
  });
});

describe("the application", () => {
  const ready = {
    state: "ready",
    page: '<meta name="csp-nonce" content="__NONCE__" />',
    files: new Map([
      [
        "main-1.js",
        { type: "text/javascript", plain: Buffer.from("plain"), br: Buffer.from("br"), gzip: Buffer.from("gzip") },
      ],
    ]),
  } as const;

  it("is one page at each of its addresses, whose styles are let in by a word of their own, and no script in the page", async () => {
    const hub = await startServer(store, { consoleBuild: () => ready });
    const words = new Set<string>();
    for (const path of ["/", "/connections/acme-1", "/sign-in?next=/"]) {
      const response = await hub.fetch(path);
      expect([path, response.status]).toEqual([path, 200]);
      const nonce = /content="([^"]+)"/.exec(await response.text())?.[1] ?? "";
      words.add(nonce);
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).toContain("script-src 'self';");
    }
    expect(words.size).toBe(3);
    await hub.close();
  });

  it("is sent as the browser can take it, kept for good, and nothing else of the folder can be asked for", async () => {
    const hub = await startServer(store, { consoleBuild: () => ready });
    const get = async (accepts: string): Promise<readonly unknown[]> => {
      const response = await hub.fetch("/console/assets/main-1.js", { headers: { "Accept-Encoding": accepts } });
      return [response.headers.get("content-encoding"), response.headers.get("cache-control")];
    };
    const forGood = "public, max-age=31536000, immutable";
    expect(await get("identity")).toEqual([null, forGood]);
    // What is sent here is not really compressed: only its header is looked at.
    const head = async (accepts: string): Promise<string | null> => {
      const init = { method: "HEAD", headers: { "Accept-Encoding": accepts } };
      return (await hub.fetch("/console/assets/main-1.js", init)).headers.get("content-encoding");
    };
    expect([await head("gzip, br"), await head("gzip"), await head("gzip;q=0, identity")]).toEqual([
      "br",
      "gzip",
      null,
    ]);
    for (const path of ["/console/assets/main-2.js", "/console/assets/..%2Findex.html", "/console/index.html"])
      expect([path, (await hub.fetch(path)).status]).toEqual([path, 404]);
    await hub.close();
  });

  it("says while it is built, and when it could not be, what goes on; the API answers meanwhile", async () => {
    for (const [build, status, said] of [
      [{ state: "building" }, 503, "is being built"],
      [{ state: "failed", reason: "secret reason" }, 500, "could not be built"],
    ] as const) {
      const hub = await startServer(store, { consoleBuild: () => build });
      const response = await hub.fetch("/");
      const text = await response.text();
      expect([response.status, text.includes(said), text.includes("secret reason")]).toEqual([status, true, false]);
      expect((await hub.fetch("/api/v1/me", { as: admin })).status).toBe(200);
      await hub.close();
    }
  });
});

describe("an account that is not set up yet", () => {
  const check = (body: object, as = admin): Promise<Response> => {
    const init = json(body, { Origin: running.url });
    return running.fetch("/api/v1/connections/check", { ...init, as });
  };
  const given = { connector: "acme", settings: { region: "eu" }, credentials: { api_key: "accepted" } };

  it("is reached and named, and nothing of it is kept", async () => {
    const response = await check(given);
    expect([response.status, await response.json()]).toEqual([
      200,
      { account_id: "acme-eu", account_name: "Acme", missing_permissions: [], warnings: [], details: [] },
    ]);
    expect(await store.db.selectFrom("connections").select("id").execute()).toEqual([]);
    expect(running.asked).toEqual([]);
  });

  it("says what the vendor says against it, with what to do", async () => {
    const response = await check({ ...given, credentials: { api_key: "refused" } });
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { code: "acme.auth.key_rejected", detail: "Acme refuses the API key.", mend: "Make a new key." },
    ]);
    expect(await (await check({ ...given, settings: { region: "mars" } })).json()).toMatchObject({
      code: "connection.invalid_settings",
    });
    expect((await check({ ...given, connector: "nobody" })).status).toBe(400);
  });
});

it("facts are made anew from what was pulled, without asking the vendor from the beginning, and it is noted", async () => {
  await newConnection(store, "acme-1");
  await store.db
    .insertInto("stream_states")
    .values({ connection_id: "acme-1", stream: "deals", landed_seq: 7, normalised_seq: 7 })
    .execute();
  const response = await running.fetch("/api/v1/connections/acme-1/replay", {
    ...json({}, { Origin: running.url }),
    as: admin,
  });
  expect([response.status, await response.json()]).toEqual([202, { streams: ["deals"] }]);
  expect(running.asked).toEqual(["pull acme-1 deals"]);
  const state = store.db.selectFrom("stream_states").select(["normalised_seq", "replay_to_seq"]);
  expect(await state.execute()).toEqual([{ normalised_seq: 0, replay_to_seq: 7 }]);
  const noted = store.db.selectFrom("audit_log").select("target").where("action", "=", "connection.replay");
  expect(await noted.execute()).toEqual([{ target: "acme-1" }]);
});

it("makes a link that opens its screen, and revokes it", async () => {
  const send = (path: string, init: RequestInit): Promise<Response> =>
    running.fetch(`/api/v1/api-keys${path}`, { ...init, as: admin });
  const made = await send("", json({ name: "TV", scopes: ["tv:sales-floor"] }, { Origin: running.url }));
  const { id, token } = (await made.json()) as { id: string; token: string };
  const link = `/tv/sales-floor?key=${token}`;
  expect((await running.fetch(link)).status).toBe(200);
  expect((await send(`/${id}`, { method: "DELETE", headers: { Origin: running.url } })).status).toBe(204);
  expect((await running.fetch(link)).status).toBe(401);
});
