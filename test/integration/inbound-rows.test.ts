import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findConnector } from "../../connectors/index.ts";
import { takeInbound } from "../../core/land/inbound.ts";
import { keepWebhookSecret } from "../../core/setup/vendor.ts";
import { createPullDeps } from "../../workers/pull.ts";
import { acceptInbound } from "../../workers/inbound.ts";
import { inbound } from "../../connectors/inbound/index.ts";
import { SheetHub } from "../support/sheets.ts";
import { json, newKey, type Running, startServer, testDeps } from "./server-support.ts";

/** Rows that any tool posts: from HTTP to the number on a screen. */

const CONFIG = `
workspace: { timezone: Europe/Berlin, currency: EUR }
connections:
  - id: tools
    connector: inbound
    settings:
      pipelines: { Sales: { stages: [Lead, Offer], won: [Won], lost: [Lost] } }
      tables:
        activities: {}
        people: { key: contact.id, columns: { email: contact.emails, name: { template: "{contact.first} {contact.last}" } } }
        deals: { source_time: updated_at, columns: { value: amount }, attributes: { product: product } }
        spend: { key: [day, channel] }
        deal_changes: {}
        goals: {}
  - id: signed
    connector: inbound
    settings: { tables: { activities: {} } }
`;

const cleaning: (() => Promise<void>)[] = [];
let hub: SheetHub;
let running: Running;
let tokens: ReadonlyMap<string, string>;
let key: string;
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

beforeAll(async () => {
  hub = await SheetHub.open("2026-11-24T12:00:00Z", (clean) => cleaning.push(clean));
  await hub.apply(CONFIG);
  await hub.sync("tools");
  const { secrets, log } = testDeps(hub.store);
  const engine = createPullDeps({
    store: hub.store,
    secrets,
    clock: { now: () => hub.now },
    log,
    connectors: [inbound],
    allowPrivateNetworks: false,
    fileFolders: [],
  });
  await keepWebhookSecret(engine, "test", "signed", SECRET);
  const rows = await hub.store.db.selectFrom("connections").select(["id", "inbound_token"]).execute();
  tokens = new Map(rows.map((row) => [row.id, row.inbound_token]));
  // What the queue does a moment later happens before the answer here.
  const requestPull = async ({ connectionId }: { readonly connectionId: string }): Promise<void> => {
    await takeInbound(engine, connectionId, new AbortController().signal);
  };
  const requestInbound = (connectionId: string): Promise<void> => requestPull({ connectionId });
  key = await newKey(hub.store, "write");
  running = await startServer(hub.store, {
    connectors: [inbound],
    setup: { ...testDeps(hub.store, { connectors: [inbound], clock: { now: () => hub.now } }).setup, requestInbound },
    clock: { now: () => hub.now },
    acceptInbound: (id, request) => acceptInbound({ ...engine, findConnector, requestPull }, id, request),
  });
});
afterAll(async () => {
  await running.close();
  for (const clean of cleaning) await clean();
});

type Answer = { readonly status: number; readonly body: Record<string, unknown> };
async function send(path: string, init: RequestInit): Promise<Answer> {
  const [connection = "", ...rest] = path.split("/");
  const response = await running.fetch(`/in/${[connection, tokens.get(connection), ...rest].join("/")}`, init);
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  send(path, json(body, headers));

const call = (id: string, change: object = {}): object => ({
  id,
  type: "call",
  occurred_at: "2026-11-23T10:00:00+01:00",
  person: "jo@fjord.example",
  ...change,
});
const deal = (change: object): object => ({
  id: "d1",
  stage: "Offer",
  amount: 1200.5,
  updated_at: "2026-11-20T09:00:00Z",
  created_at: "2026-11-01",
  product: "Kayak",
  ...change,
});

describe("rows that a tool posts", () => {
  it("are counted a moment later, in the unit and time zone of the workspace", async () => {
    const { status, body } = await post("tools/activities", [
      call("1"),
      call("2", { occurred_at: "2026-11-23T23:30:00Z" }),
    ]);
    expect([status, body]).toEqual([
      202,
      { status: "accepted", table: "activities", accepted: 2, deleted: 0, refused: [], refused_rows: 0, ignored: [] },
    ]);
    // 23:30 UTC is the 24th in Berlin.
    const query = { from: "2026-11-23", to: "2026-11-24", grain: "day" } as const;
    expect(await hub.values("activities", query)).toEqual({ "2026-11-23": 1, "2026-11-24": 1 });
  });

  it("count once, however often they are sent", async () => {
    await post("tools/activities", call("3"));
    const before = await hub.value("activities");
    for (const headers of [{}, { "Idempotency-Key": "k1" }, { "Idempotency-Key": "k1" }])
      await post("tools/activities", call("3"), headers);
    expect(await hub.value("activities")).toBe(before);
    expect((await post("tools/activities", call("3"), { "Idempotency-Key": "k1" })).status).toBe(200);
    const other = await post("tools/activities", call("4"), { "Idempotency-Key": "k1" });
    expect([other.status, other.body["code"]]).toEqual([422, "inbound.key_reused"]);
  });

  it("are refused one by one, each with its reason; the others land", async () => {
    const { status, body } = await post("tools/activities", {
      rows: [
        call("5"),
        call("6", { occurred_at: "yesterday" }),
        { id: "7", type: "shout", occured_at: "2026-11-23" },
        8,
        {},
      ],
    });
    expect([status, body["accepted"], body["refused_rows"]]).toEqual([202, 1, 4]);
    const refused = body["refused"] as { row: number; id: string | null; code: string; reason: string }[];
    expect(refused.map(({ row, id, code }) => [row, id, code])).toEqual([
      [1, "6", "csv.row.bad_date"],
      [2, "7", "csv.row.unknown_value"],
      [2, "7", "csv.row.missing_value"],
      [3, null, "csv.row.unreadable"],
      [4, null, "csv.row.missing_key"],
    ]);
    expect(refused[0]?.reason).toContain('"yesterday" is no date');
    // A misspelt name stands out.
    expect(body["ignored"]).toEqual(["occured_at"]);
  });

  it("are refused as a whole with a problem document where none can be read, and nothing is kept", async () => {
    const { status, body } = await post("tools/activities", [{ id: "x" }]);
    expect([status, body["code"], (body["refused"] as unknown[]).length]).toEqual([422, "inbound.nothing_readable", 2]);
    const kept = await hub.store.db.selectFrom("inbound_deliveries").select("body").execute();
    expect(kept.some((row) => row.body.toString().includes('"x"'))).toBe(false);
  });

  it("are read by the mapping: paths, lists, templates, keys of several parts", async () => {
    const contact = { id: 17, first: "Jo", last: "Berg", emails: ["jo@fjord.example", "jo@old.example"] };
    expect((await post("tools/people", { contact, source: "form" })).status).toBe(202);
    expect((await post("tools/spend", { day: "2026-11-02", channel: "ads", amount: "99.90" })).status).toBe(202);
    const person = await hub.store.db
      .selectFrom("people")
      .select(["external_id", "name", "emails"])
      .where("external_id", "=", "17")
      .executeTakeFirst();
    expect(person).toEqual({ external_id: "17", name: "Jo Berg", emails: ["jo@fjord.example", "jo@old.example"] });
    expect(await hub.value("spend", { from: "2026-11-01", to: "2026-11-30" })).toBe(99.9);
  });

  it("as a form's fields are a row too", async () => {
    const fields = new URLSearchParams({ id: "form-1", type: "email", occurred_at: "2026-11-22" });
    expect((await send("tools/activities", { method: "POST", body: fields })).status).toBe(202);
    expect(await hub.value("activities", { from: "2026-11-22", to: "2026-11-22" })).toBe(1);
  });

  it("replace what was said before, unless they are older, and go when they are taken back", async () => {
    const value = (): Promise<number | null> => hub.value("open_pipeline_value");
    await post("tools/deals", deal({}));
    expect(await value()).toBe(1200.5);
    await post("tools/deals", deal({ amount: 900, updated_at: "2026-11-21T09:00:00Z" }));
    await post("tools/deals", deal({ amount: 1, updated_at: "2026-11-19T09:00:00Z" }));
    expect(await value()).toBe(900);
    const ahead = await post("tools/deals", deal({ updated_at: "2030-01-01T00:00:00Z" }));
    expect([ahead.status, JSON.stringify(ahead.body["refused"])]).toEqual([
      422,
      expect.stringContaining("a day ahead"),
    ]);
    expect((await post("tools/deals", { deleted: ["d1"] })).body).toMatchObject({ accepted: 0, deleted: 1 });
    expect(await value()).toBe(0);
  });

  it("may hold whatever text there is", async () => {
    const subject = "a\u0000b \ud83d";
    expect((await post("tools/activities", call("odd", { subject, occurred_at: "2026-11-20" }))).status).toBe(202);
    expect(await hub.value("activities", { from: "2026-11-20", to: "2026-11-20" })).toBe(1);
  });
});

it("of any kind whatever is in them are read or refused, and hold nothing back", async () => {
  const samples: { readonly [table: string]: object } = {
    activities: call("h", { subject: "x", duration: 5, outcome: "completed", rep: "Ann", deal: "d1" }),
    people: {
      contact: { id: 1, first: "A", last: "B", emails: ["a@b.example"] },
      company: "C",
      created_at: "2026-01-01",
    },
    deals: deal({ id: "h", name: "H", rep: "Ann", currency: "EUR", closed_at: "2026-11-10", company: "C" }),
    spend: { day: "2026-11-01", channel: "c", amount: 5, currency: "EUR", campaign: "x" },
    deal_changes: { id: "c", deal: "d1", stage: "Won", value: 5, changed_at: "2026-11-20T10:00:00Z", rep: "Ann" },
    goals: { id: "g", metric: "won_value", from: "2026-11-01", to: "2026-11-30", target: 5, rep: "Ann" },
  };
  const values: unknown[] = [
    null,
    true,
    -1,
    0,
    1e308,
    2 ** 60,
    1e-320,
    [],
    {},
    ["\0"],
    [[[]]],
    { "\0": "\ud83d" },
    "",
    "\0",
    "a\0b",
    "\ud83d",
    "\ude00\u241b0000",
    "__proto__",
    "constructor",
    "0000-01-01",
    "0000-00-00",
    "9999-12-31T23:59:59.999Z",
    "+012026-01-01T00:00:00Z",
    "-infinity",
    "1e400",
    "x".repeat(50_000),
    "@".repeat(3_000),
    `${"a".repeat(3_000)}@x.example`,
    "€".repeat(99),
  ];
  const wrong: unknown[] = [];
  const tell = async (table: string, body: unknown): Promise<number> => {
    const { status, body: said } = await post(`tools/${table}`, body);
    if (status >= 500 || said["code"] === "internal.unexpected") wrong.push([table, status, said]);
    return status;
  };
  for (const [table, sample] of Object.entries(samples))
    expect([
      table,
      await tell(
        table,
        [...Object.keys(sample), "__proto__", "surprise"].flatMap((name) =>
          values.map((value) => Object.defineProperty({ ...sample }, name, { value, enumerable: true })),
        ),
      ),
    ]).toEqual([table, 202]);
  for (const value of values) await tell("deals", { deleted: [value] });
  expect(wrong).toEqual([]);
  const failed = await hub.store.db
    .selectFrom("runs")
    .select(["error_code", "error_message"])
    .where("state", "!=", "succeeded")
    .execute();
  expect(failed).toEqual([]);
  const waiting = await hub.store.db
    .selectFrom("inbound_deliveries")
    .select("id")
    .where("processed_at", "is", null)
    .execute();
  expect(waiting).toEqual([]);
  for (const metric of ["activities", "won_value", "open_pipeline_value"]) await hub.values(metric, { by: ["rep"] });
});

describe("a delivery", () => {
  it.each([
    ["that is no JSON", "{", "inbound.body.unreadable"],
    ["in another encoding", Buffer.from([0x22, 0xe9, 0x22]), "inbound.body.unreadable"],
    ["nested beyond reason", "[".repeat(5000) + "]".repeat(5000), "inbound.body.unreadable"],
    ["without a row", "[]", "inbound.body.unreadable"],
    ["with more rows than are taken at once", JSON.stringify(Array(1001).fill({})), "inbound.body.too_many_rows"],
  ])("%s is refused with a code that says so", async (_what, body, code) => {
    const answer = await send("tools/activities", { method: "POST", body });
    expect([answer.status, answer.body["code"]]).toEqual([422, code]);
  });

  it("names its table in the address or in itself, and need not where there is one", async () => {
    expect((await post("tools/tickets", {})).body["code"]).toBe("inbound.unknown_table");
    expect((await post("tools", call("t1"))).body["code"]).toBe("inbound.unknown_table");
    expect((await post("tools", { table: "activities", rows: [call("t1")] })).status).toBe(202);
  });

  it("is refused without the secret, where the connection has one", async () => {
    expect((await post("signed", call("s1"))).body["code"]).toBe("inbound.unproven");
    expect((await post("signed", call("s1"), { Authorization: "Bearer guess" })).status).toBe(401);
    expect((await post("signed", call("s1"), { Authorization: `Bearer ${SECRET}` })).status).toBe(202);
    expect((await post("signed", call("s1"), { "X-Api-Key": SECRET })).status).toBe(202);
  });

  it("is taken with a signature of Standard Webhooks, once per id, and not when it is old", async () => {
    const signed = (at: Date, body: string): Promise<Answer> => {
      const headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        "webhook-signature": `v1,AAAA ${new Webhook(SECRET).sign("msg_1", at, body)}`,
      };
      return send("signed/activities", { method: "POST", body, headers });
    };
    const body = JSON.stringify(call("s2"));
    expect((await signed(hub.now, body)).status).toBe(202);
    expect((await signed(hub.now, body)).status).toBe(200);
    const old = await signed(new Date(hub.now.getTime() - 301_000), body);
    expect([old.status, old.body["code"]]).toEqual([401, "inbound.too_old"]);
    const headers = { "webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA" };
    expect((await post("signed", call("s3"), headers)).body["code"]).toBe("inbound.unproven");
    const stored = await hub.store.db.selectFrom("inbound_deliveries").select(["headers", "body"]).execute();
    expect(JSON.stringify(stored)).not.toContain(SECRET);
  });
});

describe("rows that apps write over the API", () => {
  const write = async (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> => {
    const response = await running.fetch(`/api/v1${path}`, { ...json(body, headers), as: key });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
  const read = async (path: string): Promise<Record<string, unknown>[]> => {
    const response = await running.fetch(`/api/v1${path}`, { as: key });
    const body = (await response.json()) as { readonly data?: Record<string, unknown>[] };
    return body.data ?? [body];
  };
  const may = { from: "2026-05-01", to: "2026-05-31" };

  it("go the way of every record, under the schema's own names whatever the mapping says, and are found as what they are", async () => {
    const person = await write("/people", { email: "Kim@fjord.example", name: "Kim Vik", connection: "tools" });
    expect([person.status, person.body["id"]]).toEqual([202, "kim@fjord.example"]);
    const said = {
      id: "api-1",
      name: "Fjord boats",
      stage: "Offer",
      value: 1_500,
      rep: "ada@acme.example",
      person: "kim@fjord.example",
    };
    const { body: kept } = await write("/deals", { ...said, created_at: "2026-05-02" });
    expect(kept).toMatchObject({ connection: "tools", id: "api-1" });
    const [found] = await read("/deals?search=fjord%20boats");
    expect(found).toMatchObject({
      id: kept["record"],
      external_id: "api-1",
      status: "open",
      pipeline: "Sales",
      stage: "Offer",
      value: { amount: 1_500, currency: "EUR" },
      owner: { name: "ada@acme.example" },
      person: { id: person.body["record"], name: "Kim Vik" },
    });
    await write("/deal-changes", { deal: "api-1", stage: "Won", value: 1_800, changed_at: "2026-05-20T10:00:00Z" });
    const [changed] = await read(`/deals/${String(kept["record"])}`);
    expect(changed).toMatchObject({ status: "won", value: { amount: 1_800 }, name: "Fjord boats" });
    expect(await hub.value("won_value", may)).toBe(1_800);
    expect(await read("/people?email=kim@fjord.example")).toMatchObject([
      { name: "Kim Vik", emails: ["kim@fjord.example"] },
    ]);
    expect(await read("/reps?search=ada@acme.example")).toMatchObject([{ email: "ada@acme.example", teams: [] }]);
    expect(await read("/pipelines")).toMatchObject([{ name: "Sales", stages: ["Lead", "Offer"] }]);
    for (const path of ["/deals?search=nothing", "/people?email=no@one.example", "/reps?search=nobody"])
      expect(await read(path)).toEqual([]);
    const senders = await hub.store.db
      .selectFrom("inbound_deliveries")
      .select("headers")
      .orderBy("id", "desc")
      .limit(1)
      .execute();
    expect(senders).toEqual([{ headers: { "posted-by": "key:write" } }]);
  });

  it("count once: under their own id, under an Idempotency-Key, and of one day, channel and campaign", async () => {
    const touch = {
      connection: "tools",
      type: "call",
      person: "kim@fjord.example",
      occurred_at: "2026-05-05T10:00:00Z",
    };
    const twice = [
      await write("/activities", touch, { "Idempotency-Key": "a" }),
      await write("/activities", touch, { "Idempotency-Key": "a" }),
    ];
    expect(twice[1]).toEqual(twice[0]);
    await write("/activities", { ...touch, id: "x" });
    await write("/activities", { ...touch, id: "x", occurred_at: "2026-05-06T10:00:00Z" });
    expect(await hub.value("activities", may)).toBe(2);
    for (const amount of [100, 250]) await write("/spend", { day: "2026-05-03", amount, channel: "Ads" });
    expect(await hub.value("spend", may)).toBe(250);
  });

  it("say a goal in the KPI's own unit", async () => {
    await write("/goals", { metric: "won_value", ...may, target: 3_600 });
    await write("/goals", { metric: "deals_won", ...may, target: 4 });
    expect(await hub.value("quota_attainment", { ...may, of: "won_value" })).toBe(0.5);
    expect(await hub.value("quota_attainment", { ...may, of: "deals_won" })).toBe(0.25);
    expect((await write("/goals", { metric: "deals_won", ...may, target: 4, currency: "EUR" })).status).toBe(400);
  });

  it.each([
    [
      "is not a stage",
      "/deals",
      { id: "bad", stage: "Somewhere" },
      422,
      'stage: "Somewhere" is none of Lead, Offer, Won, Lost',
    ],
    ["says no day", "/spend", { day: "2026-02-30", amount: 1 }, 400, "A day that exists"],
    [
      "leaves open which connection",
      "/activities",
      { type: "call" },
      422,
      "Several connections take rows of activities: signed, tools",
    ],
    [
      "names one that is not there",
      "/activities",
      { type: "call", connection: "none" },
      422,
      "no connection of that name",
    ],
    ["has a field that nobody reads", "/spend", { day: "2026-05-03", amount: 1, chanel: "Ads" }, 400, "chanel"],
  ])("are refused with a sentence that says why: one that %s", async (_what, path, body, status, sentence) => {
    const answer = await write(path, body);
    expect([answer.status, answer.body["detail"]]).toEqual([status, expect.stringContaining(sentence)]);
    expect(JSON.stringify(answer.body)).not.toMatch(/column|workbook|sheet/);
  });

  it("are taken as docs/into-the-hub.md says: each of its examples", async () => {
    await hub.apply(exampleOf("yaml"));
    const rows = await hub.store.db.selectFrom("connections").select(["id", "inbound_token"]).execute();
    tokens = new Map(rows.map((row) => [row.id, row.inbound_token]));
    const examples = [...PAGE.matchAll(/curl "\$HUB(\S+)"([^`]*?)-d '([^']+)'/g)];
    expect(examples.length).toBeGreaterThan(5);
    const wrong: string[] = [];
    for (const [, path = "", headers = "", body = ""] of examples) {
      const where = path.replace("$TOKEN", tokens.get("apps") ?? "");
      const sent = [...headers.matchAll(/-H ["']([\w-]+): (.+?)["']/g)].map(([, name = "", value = ""]) => [
        name,
        value.replace("$KEY", key),
      ]);
      const response = await running.fetch(where, {
        method: "POST",
        body,
        headers: Object.fromEntries(sent) as Record<string, string>,
      });
      const said = await response.text();
      if (response.status !== 202 || !/"refused":\[\]|"record"/.test(said))
        wrong.push(`${path}: ${response.status} ${said}`);
    }
    expect(wrong).toEqual([]);
    // Each row is there once, though the touch was sent by both ways.
    const count = (table: "activities" | "deals" | "goals"): Promise<unknown> =>
      hub.store.db.selectFrom(table).select("external_id").where("connection_id", "=", "apps").execute();
    expect(await count("activities")).toEqual([{ external_id: "call-17" }]);
    expect(await count("deals")).toEqual([{ external_id: "d-81" }]);
    expect(await count("goals")).toHaveLength(1);
    expect(await hub.value("won_value", { from: "2026-11-24", to: "2026-11-24" })).toBe(12_500);
  });
});

const PAGE = readFileSync(new URL("../../docs/into-the-hub.md", import.meta.url), "utf8");
function exampleOf(language: string): string {
  return new RegExp(`\`\`\`${language}\n([^\`]+)`).exec(PAGE)?.[1] ?? "";
}
