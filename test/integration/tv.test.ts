import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entityId } from "../../core/base/ids.ts";
import { silentLog } from "../../core/base/log.ts";
import { EVENTS } from "../../core/outbox/catalogue.ts";
import { appendEvents } from "../../core/outbox/append.ts";
import type { Measured } from "../../core/schema/canonical.ts";
import { announce } from "../../core/store/channels.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { createSecrets, generateSecretKey, parseSecretKey } from "../../core/secrets/index.ts";
import { measure } from "../../workers/measure.ts";
import { testDatabase } from "../support/database.ts";
import { type ServerEvent, readEvents } from "../support/events.ts";
import { SOURCE, World } from "./kpi-world.ts";
import { NOW, type Running, newConnection, newKey, startServer } from "./server-support.ts";

const store = await testDatabase();
const world = await World.create(store);
/** One deal is all that was won this month, for so much. */
async function winFor(amountMinor: number): Promise<void> {
  await world.remove("steady");
  await world.deal("steady", {
    changes: [
      { at: "2026-11-02", amountMinor, currency: "USD" },
      { at: "2026-11-20", status: "won" },
    ],
  });
  await measure(
    {
      store,
      secrets: createSecrets([parseSecretKey(generateSecretKey())]),
      clock: { now: () => NOW },
      log: silentLog,
      destinations: [],
    },
    { reason: "facts" },
  );
}
let running: Running;
let key: string;
beforeAll(async () => {
  await winFor(1000_00);
  await writeSettings(store.db, "dashboards", [
    {
      id: "small",
      title: "<b>Small</b>",
      tiles: [{ metric: "won_value", title: "<script>alert(1)</script>" }, { metric: "nonsense" }],
    },
  ]);
  running = await startServer(store);
  key = await newKey(store, "tv:small");
});
afterAll(() => running.close());

/** The connection's connector says that its stream `deals` gives these. */
async function declare(id: string, ...given: readonly Measured[]): Promise<void> {
  const declared = JSON.stringify({ everyS: 300, gives: { deals: given } });
  await store.db.updateTable("connections").set({ declared }).where("id", "=", id).execute();
}

const stream = { stream: "deals", first_load_done_at: NOW, last_success_at: NOW };

describe("a TV's page", () => {
  it("opens with its link key alone, shows numbers before any script runs, and escapes everything", async () => {
    const page = await (await running.fetch(`/tv/small?key=${key}`)).text();
    expect(page).toContain("$1,000");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script>alert(1)");
    expect(page).not.toMatch(/ style=| onload=|<style/);
  });

  it("stays closed to a key of another screen, to an API key in the address, and to a revoked key", async () => {
    expect((await running.fetch(`/tv/sales-floor?key=${key}`)).status).toBe(403);
    expect((await running.fetch(`/tv/small?key=${await newKey(store, "read")}`)).status).toBe(401);
    const gone = await newKey(store, "tv:small", "tv:sales-floor");
    await store.db
      .updateTable("api_keys")
      .set({ revoked_at: NOW })
      .where("name", "=", "tv:small tv:sales-floor")
      .execute();
    expect((await running.fetch(`/tv/small?key=${gone}`)).status).toBe(401);
  });

  it("says at the tile what is wrong with it, and shows the others", async () => {
    expect(await (await running.fetch(`/tv/small?key=${key}`)).text()).toContain("kpi.unknown_metric");
  });

  it("says how fresh the numbers are, and marks what is late, incomplete or stopped in words", async () => {
    const page = async (): Promise<string> => await (await running.fetch(`/tv/small?key=${key}`)).text();
    expect(await page()).toContain("No account is connected yet");
    await newConnection(store, "src", "Acme <main>");
    await declare("src", "deal");
    const fresh = new Date(NOW.getTime() - 20_000);
    await store.db
      .insertInto("stream_states")
      .values({ ...stream, connection_id: "src", fresh_as_of: fresh })
      .execute();
    expect(await page()).toContain("As of 11:59 AM");
    expect(await page()).toContain("Acme &lt;main&gt;");
    expect(await page()).not.toContain("mark-stale");

    // 300 s between pulls: late after three of them and a minute.
    const late = new Date(NOW.getTime() - 961_000);
    await store.db.updateTable("stream_states").set({ fresh_as_of: late }).execute();
    expect(await page()).toMatch(/mark-stale[^]*is late/);
    await store.db.updateTable("stream_states").set({ fresh_as_of: fresh, is_partial: true }).execute();
    expect(await page()).toMatch(/mark-partial">incomplete[^]*is incomplete/);
    await store.db.updateTable("connections").set({ state: "needs_auth" }).execute();
    expect(await page()).toMatch(/mark-stale[^]*needs a new sign-in/);
    // One whose vendor is no more has told all it will ever tell.
    await store.db.updateTable("connections").set({ state: "ended" }).execute();
    expect(await page()).not.toContain("mark-stale");
    await store.db.updateTable("connections").set({ state: "active" }).execute();
    await store.db.updateTable("stream_states").set({ fresh_as_of: null, is_partial: false }).execute();
    expect(await page()).toMatch(/still loading/);
  });

  it("marks a number that a source feeds, and no other; one that could not be read yet is missing from it", async () => {
    const page = async (): Promise<string> => await (await running.fetch(`/tv/small?key=${key}`)).text();
    await store.db.updateTable("stream_states").set({ fresh_as_of: NOW }).where("connection_id", "=", "src").execute();
    await newConnection(store, "calls", "Phones");
    await declare("calls", "activity");
    await store.db.updateTable("connections").set({ state: "needs_auth" }).where("id", "=", "calls").execute();
    // Its trouble is told once, at the foot.
    expect(await page()).not.toMatch(/class="mark/);
    expect((await page()).split("needs a new sign-in")).toHaveLength(2);
    await declare("calls", "deal");
    expect(await page()).toMatch(/mark-partial">incomplete[^]*needs a new sign-in/);
    await store.db.updateTable("connections").set({ state: "active" }).where("id", "=", "calls").execute();
    const failed = { connection_id: "calls", stream: "deals", failures_in_a_row: 2 };
    await store.db.insertInto("stream_states").values(failed).execute();
    expect(await page()).toMatch(/mark-partial">incomplete[^]*could not be read yet/);
    // Of two that are called the same, the one that is meant is named.
    await newConnection(store, "more-calls", "Phones");
    expect(await page()).toMatch(/Phones \(calls\)\s*<strong>could not be read yet/);
    await store.db.deleteFrom("connections").where("id", "=", "more-calls").execute();
    await store.db.deleteFrom("connections").where("id", "=", "calls").execute();
    expect(await page()).not.toMatch(/class="mark/);
  });

  it("says in the tile what is left out of its number", async () => {
    await world.deal("in-pesos", {
      changes: [
        { at: "2026-11-02", amountMinor: 1_00, currency: "MXN" },
        { at: "2026-11-20", status: "won" },
      ],
    });
    await winFor(1000_00);
    expect(await (await running.fetch(`/tv/small?key=${key}`)).text()).toContain("1 left out: no exchange rate");
    await world.remove("in-pesos");
    await winFor(1000_00);
  });

  it("names of many sources those that need somebody, and counts the others", async () => {
    const ids = ["many-1", "many-2", "many-3", "many-4", "many-5"];
    for (const id of ids) {
      await newConnection(store, id, `Tool ${id}`);
      await store.db
        .insertInto("stream_states")
        .values({ ...stream, connection_id: id, fresh_as_of: NOW })
        .execute();
    }
    await store.db.updateTable("connections").set({ state: "needs_auth" }).where("id", "=", "many-2").execute();
    const page = await (await running.fetch(`/tv/small?key=${key}`)).text();
    expect(page).toContain("Tool many-2");
    expect(page).toContain("needs a new sign-in");
    expect(page).not.toContain("Tool many-3");
    expect(page).toMatch(/\d other sources are up to date/);
    await store.db.deleteFrom("connections").where("id", "in", ids).execute();
  });
});

describe("a TV's event stream", () => {
  it("shows the board at once, and a changed number as soon as the change is announced", async () => {
    const events = await open();
    expect((await events.next("board")).data).toContain("$1,000");
    await winFor(2500_00);
    await store.db.transaction().execute((tx) => announce(tx, "live", '{"metric":"won_value"}'));
    // What was announced before the screen was there may be shown once more.
    let data = "";
    while (!data.includes("$2,500")) ({ data } = await events.next("board"));
    await events.close();
  });

  it("tells a screen that comes back whether it has missed something", async () => {
    const first = await open();
    const { id } = await first.next("board");
    await first.close();
    const back = await open({ "Last-Event-ID": id });
    expect((await back.next("same")).id).toBe(id);
    await back.close();
  });

  it("hears what another process announces, also after its line to the database was cut", async () => {
    const events = await open();
    await events.next("board");
    await store.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()",
    );
    await winFor(3750_00);
    // No notification at all: the screen looks again by itself when the line is back.
    expect(await events.shows("$3,750")).toBe(true);
    await events.close();
  });

  it("celebrates a deal that is won, once, and none that was won before", async () => {
    await append("11111111-1111-8111-8111-111111111111");
    const events = await open();
    await events.next("board");
    await append("22222222-2222-8222-8222-222222222222");
    const first = await events.next("won");
    await append("33333333-3333-8333-8333-333333333333");
    const second = await events.next("won");
    const { rows } = await store.pool.query<{ event_id: string }>(
      "select event_id from outbox where type = 'deal.won' order by id",
    );
    const ids = rows.map(({ event_id }) => event_id);
    expect([first, second].map(({ data }) => (JSON.parse(data) as { id: string }).id)).toEqual(ids.slice(1));
    await events.close();
  });

  it("celebrates with the value and the owner that the deal was won with, also while its own record is still on its way", async () => {
    await world.rep("ada", { shownAs: "Ada" });
    await world.deal("acme", {
      changes: [
        { at: "2026-11-02", amountMinor: 500_00, currency: "USD" },
        { at: "2026-11-20", status: "won", amountMinor: 9_420_00, rep: "ada" },
      ],
    });
    // A vendor may tell of the move by itself, and first.
    await store.db
      .updateTable("deals")
      .set({ status: "open", amount_minor: 500_00, rep_id: null })
      .where("name", "=", "acme")
      .execute();
    const events = await open();
    await events.next("board");
    await append(entityId("deal", SOURCE, "acme"));
    expect((await events.next("won")).data).toMatch(/\$9,420[^]*Ada/);
    await events.close();
  });
});

function append(deal: string): Promise<void> {
  return store.db
    .transaction()
    .execute((tx) =>
      appendEvents(tx, [
        { type: "deal.won", key: deal, entityKey: `deal:${deal}`, occurredAt: NOW, data: EVENTS["deal.won"].sample },
      ]),
    );
}

/** Reads a TV's event stream, an event at a time. */
async function open(
  headers: Record<string, string> = {},
): Promise<{ next(name: string): Promise<ServerEvent>; shows(text: string): Promise<true>; close(): Promise<void> }> {
  const response = await running.fetch(`/tv/small/events?key=${key}`, { headers });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const events = readEvents(response);
  const next = async (name: string): Promise<ServerEvent> => {
    for (;;) {
      const { value, done } = await events.next();
      if (done === true) throw new Error(`the stream ended before "${name}"`);
      if (value.name === name) return value;
    }
  };
  return {
    next,
    // A board may come in between that shows how old the sources are by now, and nothing else that is new.
    shows: async (text) => {
      while (!(await next("board")).data.includes(text));
      return true;
    },
    close: async () => void (await events.return()),
  };
}

describe("a dashboard made by the API", () => {
  const as = (scope: "read" | "write"): Promise<string> => newKey(store, scope);
  const put = async (id: string, body: object): Promise<Response> =>
    running.fetch(`/api/v1/dashboards/${id}`, {
      method: "PUT",
      as: await as("write"),
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
    });
  const shown = async (id: string): Promise<{ title: string; owner: string; yaml: string }> =>
    (await running.fetch(`/api/v1/dashboards/${id}`, { as: await as("read") })).json() as never;
  it("is on screens, lets those that show it go when it changes, and stands in for a ready one until it is removed", async () => {
    const made = { title: "Floor", tiles: [{ metric: "won_value", width: 6 }] };
    expect((await put("sales-floor", made)).status).toBe(200);
    expect(await shown("sales-floor")).toMatchObject({
      title: "Floor",
      owner: "made",
      yaml: "dashboards:\n  - id: sales-floor\n    title: Floor\n    tiles:\n      - metric: won_value\n        width: 6\n",
    });
    const screen = await running.fetch(`/tv/sales-floor/events?key=${await newKey(store, "tv:sales-floor")}`);
    const events = readEvents(screen);
    expect((await events.next()).value).toMatchObject({ name: "board" });
    expect((await put("sales-floor", { ...made, title: "Floor, Oslo" })).status).toBe(200);
    // A board of before may still come; then the stream ends.
    for await (const { name } of events) expect(name).toBe("board");
    const gone = await running.fetch("/api/v1/dashboards/sales-floor", { method: "DELETE", as: await as("write") });
    expect(gone.status).toBe(204);
    expect(await shown("sales-floor")).toMatchObject({ title: "Sales floor", owner: "ready" });
  });

  it("is refused where the config file has its id, and where a setting would not count", async () => {
    const refusal = async (id: string, body: object): Promise<string> =>
      ((await (await put(id, body)).json()) as { detail: string }).detail;
    expect(await refusal("small", { title: "Mine", tiles: [{ view: "clock" }] })).toContain("config file");
    const odd = { title: "Odd", tiles: [{ view: "clock" }, { view: "line", metric: "won_valu", period: "today" }] };
    expect(await refusal("odd", odd)).toMatch(
      /tile 2: there is no KPI "won_valu"; did you mean "won_value".*tile 2: period/,
    );
    expect((await shown("odd")).title).toBe("Not Found");
  });

  it("is previewed as the page that a screen would show, with nothing that runs in it", async () => {
    const preview = await running.fetch("/api/v1/dashboards/preview", {
      method: "POST",
      as: await as("read"),
      body: JSON.stringify({ title: "<i>P</i>", tiles: [{ view: "text", text: "Hello <there>" }] }),
      headers: { "Content-Type": "application/json" },
    });
    const { page } = (await preview.json()) as { page: string };
    expect(page).toContain("Hello &lt;there&gt;");
    expect(page).toContain("&lt;i&gt;P&lt;/i&gt;");
    expect(page).not.toContain("<script");
  });
});
