import { afterAll, beforeAll, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { form, json, newConnection, newSession, type Running, startServer } from "./server-support.ts";

/** Who may sign in, and who changed what, over the API. */

const store = await testDatabase();
let running: Running;
let admin: string;
beforeAll(async () => {
  running = await startServer(store);
  admin = await newSession(running, store, "admin");
});
afterAll(() => running.close());

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const sent = body === undefined ? { headers: { Origin: running.url } } : json(body, { Origin: running.url });
  const response = await running.fetch(`/api/v1${path}`, { ...sent, method, as: admin });
  return { status: response.status, body: response.status === 204 ? null : await response.json() };
}
const signIn = async (password: string): Promise<number> =>
  (await running.fetch("/sign-in", form({ email: "bo@example.com", password }, running.url))).status;

it("somebody is let in, given another password, and let in no longer; each is noted, no password is", async () => {
  const made = await ask("POST", "/users", { email: "Bo@example.com", password: "first password", role: "viewer" });
  expect(made).toMatchObject({ status: 201, body: { email: "bo@example.com", role: "viewer" } });
  expect(await signIn("first password")).toBe(303);
  expect((await ask("POST", "/users/bo@example.com/password", { password: "short" })).status).toBe(422);
  expect((await ask("POST", "/users/bo@example.com/password", { password: "second password" })).status).toBe(204);
  expect([await signIn("first password"), await signIn("second password")]).toEqual([401, 303]);
  expect((await ask("DELETE", "/users/bo@example.com")).status).toBe(204);
  expect(await signIn("second password")).toBe(401);
  const { body } = await ask("GET", "/audit?action=user.");
  const { data } = body as { data: { action: string }[] };
  // The admin who asks was made by the test itself.
  expect(data.map(({ action }) => action)).toEqual(["user.remove", "user.set_password", "user.create", "user.create"]);
  expect(JSON.stringify(body)).not.toMatch(/(first|second) password/);
});

it("somebody may change everything once they are an admin, in the session that they have", async () => {
  await ask("POST", "/users", { email: "cy@example.com", password: "first password", role: "viewer" });
  const signedIn = await running.fetch(
    "/sign-in",
    form({ email: "cy@example.com", password: "first password" }, running.url),
  );
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const mayList = async (): Promise<number> => (await running.fetch("/api/v1/users", { headers: { cookie } })).status;
  expect(await mayList()).toBe(403);
  expect(await ask("PATCH", "/users/Cy@example.com", { role: "admin" })).toMatchObject({
    status: 200,
    body: { email: "cy@example.com", role: "admin" },
  });
  expect(await mayList()).toBe(200);
  expect((await ask("PATCH", "/users/cy@example.com", { role: "owner" })).status).toBe(400);
  expect(await ask("PATCH", "/users/no@example.com", { role: "admin" })).toMatchObject({
    body: { code: "user.unknown" },
  });
  expect((await ask("GET", "/audit?action=user.set_role")).body).toMatchObject({
    data: [{ details: { role: "admin" } }],
  });
});

it("nobody removes or demotes themselves by a slip", async () => {
  const { body } = await ask("GET", "/me");
  const { name } = body as { name: string };
  const refused = { status: 400, body: { code: "request.invalid" } };
  expect(await ask("DELETE", `/users/${name}`)).toMatchObject(refused);
  expect(await ask("PATCH", `/users/${name}`, { role: "viewer" })).toMatchObject(refused);
});

it("the log comes in pages, newest first", async () => {
  const first = (await ask("GET", "/audit?limit=2")).body as { data: { id: number }[]; next_cursor: string };
  const next = (await ask("GET", `/audit?limit=2&cursor=${first.next_cursor}`)).body as { data: { id: number }[] };
  const ids = [...first.data, ...next.data].map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted((a, b) => b - a));
  expect(new Set(ids).size).toBe(4);
});

it("how the company counts is changed field by field; facts are made anew where days or money change, and it is noted", async () => {
  await ask("PATCH", "/workspace", { name: "Fjord" });
  expect(running.asked).toContain("measure");
  await newConnection(store, "a");
  await store.db
    .insertInto("stream_states")
    .values({ connection_id: "a", stream: "deals", landed_seq: 5, normalised_seq: 5 })
    .execute();
  const marks = async (): Promise<unknown> => store.db.selectFrom("stream_states").select("normalised_seq").execute();
  expect((await ask("PATCH", "/workspace", { locale: "fr-FR" })).body).toMatchObject({
    name: "Fjord",
    locale: "fr-FR",
  });
  expect(await marks()).toEqual([{ normalised_seq: 5 }]);
  expect((await ask("PATCH", "/workspace", { time_zone: "Europe/Oslo" })).status).toBe(200);
  expect(running.asked.at(-1)).toBe("rebuild");
  expect(await marks()).toEqual([{ normalised_seq: 0 }]);
  for (const wrong of [
    { time_zone: "Mars/Base" },
    { currency: "money" },
    { week_start: 8 },
    { locale: "!" },
    { surprise: 1 },
  ])
    expect([wrong, (await ask("PATCH", "/workspace", wrong)).status]).toEqual([wrong, 400]);
  const { body } = await ask("GET", "/audit?action=workspace.update");
  expect(body).toMatchObject({
    data: [{ details: { fields: ["time_zone"] } }, { details: { fields: ["locale"] } }, {}],
  });
});
