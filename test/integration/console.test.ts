import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createUser } from "../../core/store/setup/users.ts";
import { hashPassword } from "../../core/secrets/password.ts";
import { testDatabase } from "../support/database.ts";
import { type Running, form, newConnection, newSession, startServer } from "./server-support.ts";

const store = await testDatabase();
const NASTY = `"><script>alert('x')</script>`;
let running: Running;
let admin: string;
let viewer: string;
beforeAll(async () => {
  running = await startServer(store);
  admin = await newSession(running, store, "admin");
  viewer = await newSession(running, store, "viewer");
});
afterAll(() => running.close());

const page = async (path: string, as: string): Promise<string> =>
  await (await running.fetch(path, { as, headers: { Accept: "text/html" } })).text();
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
    expect((await running.fetch("/", { as: session })).status).toBe(200);
    await post("/sign-out", {}, session);
    expect((await running.fetch("/", { as: session })).status).toBe(401);
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

describe("the pages", () => {
  it("show what vendors and people wrote as text, never as markup", async () => {
    await newConnection(store, "nasty", NASTY);
    const failed = {
      connection_id: "nasty",
      stream: NASTY,
      kind: "pull",
      trigger: "manual",
      state: "failed",
      error_code: NASTY,
      error_message: NASTY,
      error_mend: NASTY,
    };
    const { id } = await store.db
      .insertInto("runs")
      .values(failed as never)
      .returning("id")
      .executeTakeFirstOrThrow();
    await store.db
      .insertInto("run_logs")
      .values({ run_id: id, level: "error", code: NASTY, message: NASTY, data: JSON.stringify({ [NASTY]: NASTY }) })
      .execute();
    await store.db
      .updateTable("connections")
      .set({ state_reason: NASTY, state_code: NASTY, account_name: NASTY })
      .execute();
    for (const path of ["/", "/connections/nasty", `/runs/${id}`, "/connections/nasty/edit"]) {
      const text = await page(path, admin);
      expect([path, text.includes("&lt;script&gt;"), text.includes("<script>alert")]).toEqual([path, true, false]);
    }
  });

  it("show an error with its code and what to do about it", async () => {
    await newConnection(store, "broken");
    const failed = {
      connection_id: "broken",
      stream: "deals",
      kind: "pull",
      trigger: "schedule",
      state: "failed",
      error_code: "acme.down",
      error_message: "Acme does not answer.",
      error_mend: "Wait.",
    };
    await store.db
      .insertInto("runs")
      .values(failed as never)
      .execute();
    expect(await page("/", viewer)).toMatch(/Acme does not answer\.[^]*acme\.down[^]*Wait\./);
  });

  it("show a viewer no button that a viewer may not press", async () => {
    const text = await page("/connections/broken", viewer);
    expect(text).not.toContain("Sync now");
    expect(await page("/connections/broken", admin)).toContain("Sync now");
  });
});

describe("setting up an account", () => {
  it("asks for what the connector's schema asks for", async () => {
    const text = await page("/connections/new/acme", admin);
    expect(text).toMatch(/<select[^>]*name="settings\.region"/);
    expect(text).toMatch(/<input[^>]*name="credentials\.api_key"[^>]*type="password"/);
  });

  it("says at the field what is wrong, and never shows the secret back", async () => {
    const fields = {
      auth: "api_key",
      "general.id": "Bad Id",
      "general.title": "A",
      "settings.region": "mars",
      "credentials.api_key": "s3cr3t-value",
    };
    const response = await post("/connections/new/acme", fields);
    expect(response.status).toBe(422);
    const text = await response.text();
    expect(text).not.toContain("s3cr3t-value");
    expect(text.match(/aria-invalid="true"/g)).toHaveLength(2);
  });

  it("creates it, and notes who did", async () => {
    const fields = {
      auth: "api_key",
      "general.id": "acme-9",
      "general.title": "Acme 9",
      "settings.region": "eu",
      "credentials.api_key": "s3cr3t-value",
    };
    const response = await post("/connections/new/acme", fields);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/connections/acme-9?notice=created"]);
    expect(running.asked).toContain("pull acme-9 deals");
    const audit = await store.db
      .selectFrom("audit_log")
      .select(["actor", "action", "details"])
      .where("target", "=", "acme-9")
      .execute();
    expect(audit).toMatchObject([{ action: "connection.create" }]);
    expect(JSON.stringify(audit)).not.toContain("s3cr3t");
  });
});

describe("the buttons", () => {
  it("set in motion what they say", async () => {
    for (const action of ["sync", "pause", "resume"]) {
      expect((await post(`/connections/acme-9/${action}`, {})).status).toBe(303);
    }
    expect(running.asked.slice(-2)).toEqual(["pull acme-9 deals", "pull acme-9 deals"]);
    const noted = store.db.selectFrom("audit_log").select("action").where("target", "=", "acme-9").orderBy("id");
    expect((await noted.execute()).slice(-3).map(({ action }) => action)).toEqual([
      "connection.sync",
      "connection.pause",
      "connection.resume",
    ]);
  });

  it("show the vendor's complaint on the page when a test fails", async () => {
    await newConnection(store, "acme-refused", "Acme", "refused");
    const response = await post("/connections/acme-refused/test", {});
    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(/Acme refuses the API key\.[^]*acme\.auth\.key_rejected[^]*Make a new key\./);
  });
});

it("makes a link that opens its screen, and revokes it", async () => {
  const made = await (await post("/keys", { name: "TV", scope: "tv:sales-floor" })).text();
  const link = /\/tv\/sales-floor\?key=[\w-]+/.exec(made)?.[0] ?? "";
  expect((await running.fetch(link)).status).toBe(200);
  const { id } = await store.db.selectFrom("api_keys").select("id").where("name", "=", "TV").executeTakeFirstOrThrow();
  await post(`/keys/${id}/revoke`, {});
  expect((await running.fetch(link)).status).toBe(401);
});
