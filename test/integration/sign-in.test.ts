import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { firstAdminCode } from "../../core/setup/first-admin.ts";
import { addUser } from "../../core/setup/users.ts";
import { testDatabase } from "../support/database.ts";
import { form, NOW, type Running, startServer, testDeps } from "./server-support.ts";

/** Who gets in, and who does not: the first admin, guessing slowed down by account and address, devices that are known. */

const store = await testDatabase();
let nowMs = NOW.getTime();
const clock = { now: () => new Date(nowMs) };
const options = { ...testDeps(store).options, trustedProxies: 1 };
/** Two processes on one database. */
let one: Running;
let other: Running;
beforeAll(async () => {
  [one, other] = [await startServer(store, { clock, options }), await startServer(store, { clock, options })];
});
afterAll(() => Promise.all([one.close(), other.close()]));
beforeEach(async () => {
  for (const table of ["sign_in_attempts", "known_devices", "sessions"] as const)
    await store.db.deleteFrom(table).execute();
});

type Try = {
  readonly at?: Running;
  readonly email?: string;
  readonly password?: string;
  readonly from?: string;
  readonly as?: string;
};
async function attempt({
  at = one,
  email = "ada@example.com",
  password = "wrong",
  from = "9.9.9.9",
  as,
}: Try): Promise<Response> {
  const { headers, ...rest } = form({ email, password }, at.url);
  const sent = { ...(headers as object), "X-Forwarded-For": from };
  return at.fetch("/sign-in", { ...rest, headers: sent, ...(as === undefined ? {} : { as }) });
}
const status = async (one: Try): Promise<number> => (await attempt(one)).status;
const RIGHT = "correct horse battery";
const cookies = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");

describe("a fresh hub", () => {
  const hasUsers = async (): Promise<unknown> => (await one.fetch("/api/v1/start")).json();

  it("says to whoever asks that nobody may sign in yet", async () => {
    expect(await hasUsers()).toEqual({ has_users: false, providers: [] });
  });

  it("makes the first admin by its code, once, and nobody by another", async () => {
    const code = (await firstAdminCode(store.db, one.deps.secrets)) ?? "";
    expect(await firstAdminCode(store.db, one.deps.secrets)).toBe(code);
    expect(JSON.stringify(await store.db.selectFrom("first_admin_code").selectAll().execute())).not.toContain(code);
    const make = async (fields: { readonly [name: string]: string }): Promise<number> =>
      (await one.fetch("/first-admin", form({ code, email: "ada@example.com", password: RIGHT, ...fields }, one.url)))
        .status;
    expect(await make({ code: "guessed" })).toBe(422);
    expect(await make({ code: "" })).toBe(422);
    expect(await make({ email: "nobody" })).toBe(400);
    expect(await make({ password: "short" })).toBe(422);
    expect(await store.db.selectFrom("users").select("email").execute()).toEqual([]);
    const twice = await Promise.all([make({}), make({ email: "eve@example.com" })]);
    expect(twice.toSorted((a, b) => a - b)).toEqual([303, 422]);
    expect(await store.db.selectFrom("users").select("role").execute()).toEqual([{ role: "admin" }]);
    expect(await firstAdminCode(store.db, one.deps.secrets)).toBeNull();
    expect(await make({ email: "mallory@example.com" })).toBe(422);
    expect(await hasUsers()).toEqual({ has_users: true, providers: [] });
    await store.db.deleteFrom("users").execute();
    await addUser(store.db, "test", { email: "ada@example.com", password: RIGHT, role: "admin" });
  });

  it("takes the form from its own pages alone", async () => {
    const request = form({ code: "x", email: "a@example.com", password: RIGHT }, "https://evil.example");
    expect((await one.fetch("/first-admin", request)).status).toBe(403);
  });
});

describe("guessing", () => {
  it("is slowed down by account, over all processes and addresses, and says for how long", async () => {
    for (let n = 0; n < 6; n += 1)
      expect(await status({ at: n % 2 === 0 ? one : other, from: `9.9.9.${n}` })).toBe(401);
    const slowed = await attempt({ at: other, from: "8.8.8.8", password: RIGHT });
    expect([slowed.status, slowed.headers.get("retry-after")]).toEqual([429, expect.stringMatching(/^\d+$/) as string]);
    // Not for long, and never for good.
    nowMs += 61_000;
    expect(await status({ password: RIGHT, from: "8.8.8.8" })).toBe(303);
    expect(await status({})).toBe(401);
  });

  it("is slowed down by address, whatever accounts it tries, and an IPv6 network counts as one", async () => {
    for (const from of [(): string => "7.7.7.7", (n: number): string => `2a00:1450:4001:80b::${n.toString(16)}`]) {
      const tries: number[] = [];
      for (let n = 1; n <= 22; n += 1) tries.push(await status({ email: `u${n}@example.com`, from: from(n) }));
      expect(tries.indexOf(429)).toBe(21);
      expect(await status({ password: RIGHT, from: "6.6.6.6" })).toBe(303);
    }
  });

  it("is not sped up by trying at the same time", async () => {
    const tries = await Promise.all(Array.from({ length: 12 }, (_, n) => status({ from: `5.5.5.${n}` })));
    expect(tries.filter((one) => one === 401)).toHaveLength(6);
    expect(tries.filter((one) => one === 429)).toHaveLength(6);
  });

  it("shuts no device out from which its owner has signed in before", async () => {
    const device = cookies(await attempt({ password: RIGHT, from: "1.1.1.1" }));
    expect(device).toContain("tributary_device=");
    for (let n = 0; n < 8; n += 1) await status({ from: "9.9.9.9" });
    expect(await status({ password: RIGHT, from: "9.9.9.9" })).toBe(429);
    expect(await status({ password: RIGHT, from: "9.9.9.9", as: device })).toBe(303);
    // A device of somebody else, or an invented one, is not known.
    await addUser(store.db, "test", { email: "bob@example.com", password: RIGHT, role: "viewer" });
    const bobs = cookies(await attempt({ email: "bob@example.com", password: RIGHT, from: "1.1.1.2" }));
    expect(await status({ password: RIGHT, from: "9.9.9.8", as: bobs })).toBe(429);
    expect(await status({ password: RIGHT, from: "9.9.9.8", as: "tributary_device=invented" })).toBe(429);
    // And who has stolen one is slowed down as well.
    const tries: number[] = [];
    for (let n = 0; n < 12; n += 1) tries.push(await status({ as: device }));
    expect(tries).toContain(429);
  });
});

describe("the page that a form comes from", () => {
  it("has to have the scheme of the hub too", async () => {
    const secure = await startServer(store, { options: { ...options, publicUrl: "https://hub.example" } });
    const from = async (origin: string): Promise<number> =>
      (await secure.fetch("/sign-out", { method: "POST", headers: { Origin: origin } })).status;
    expect(await from("https://hub.example")).toBe(303);
    expect(await from("http://hub.example")).toBe(403);
    expect(await from(secure.url.replace("http:", "https:"))).toBe(403);
    expect(await from("null")).toBe(403);
    await secure.close();
  });
});
