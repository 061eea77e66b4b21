import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import core, { createAppTester } from "zapier-platform-core";
import { inbound } from "../../connectors/inbound/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { takeInbound } from "../../core/land/inbound.ts";
import { eventId } from "../../core/outbox/append.ts";
import { EVENT_TYPES, EVENTS, type EventType } from "../../core/outbox/catalogue.ts";
import { createCourier } from "../../core/outbox/courier.ts";
import { addApp } from "../../core/setup/apps.ts";
import { insertEvents } from "../../core/store/outbox/events.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { hubAddress } from "../../dashboards/destinations/zapier/address.ts";
import { byOauth } from "../../dashboards/destinations/zapier/authentication.ts";
import { withProof } from "../../dashboards/destinations/zapier/hub.ts";
import * as zapierApp from "../../dashboards/destinations/zapier/index.ts";
import { eventTriggers, listTriggers } from "../../dashboards/destinations/zapier/triggers.ts";
import { contextOf, loadN8nPackage, type N8nPackage, type Node, type Placed } from "../support/n8n-host.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { SheetHub } from "../support/sheets.ts";
import { createPullDeps } from "../../workers/pull.ts";
import {
  form,
  newKey,
  newSession,
  type Running,
  secrets,
  startServer,
  testDeps,
} from "../integration/server-support.ts";

/** The apps of automation tools, run as those tools run them, against one hub. */

const CONFIG = `
workspace: { timezone: Europe/Berlin, currency: EUR }
connections:
  - id: apps
    connector: inbound
    settings:
      pipelines: { Sales: { stages: [Lead, Offer], won: [Won], lost: [Lost] } }
      tables: { activities: {}, deals: {}, deal_changes: {}, people: {}, spend: {}, goals: {} }
`;

/** Its types leave it out. */
const { createAppHandler } = core as unknown as {
  readonly createAppHandler: (app: object) => (event: object) => Promise<{ readonly results: unknown }>;
};

type Fields = Record<string, unknown>;
const cleaning: (() => Promise<void>)[] = [];
let hub: SheetHub;
let running: Running;
let courier: ReturnType<typeof createCourier>;
let receiver: Receiver;
let key: string;

beforeAll(async () => {
  process.env["TRIBUTARY_ALLOW_PRIVATE"] = "true";
  hub = await SheetHub.open("2026-11-24T12:00:00Z", (clean) => cleaning.push(clean));
  await hub.apply(CONFIG);
  await hub.sync("apps");
  const clock = { now: () => hub.now };
  const { setup } = testDeps(hub.store, { connectors: [inbound], clock });
  const engine = createPullDeps({ ...setup, connectors: [inbound] });
  // What the queue does a moment later happens before the answer here.
  const requestInbound = async (id: string): Promise<void> => {
    await takeInbound(engine, id, new AbortController().signal);
  };
  running = await startServer(hub.store, {
    connectors: [inbound],
    // The tokens of apps are as old as they are.
    clock: systemClock,
    setup: { ...setup, clock, requestInbound },
    options: { ...testDeps(hub.store).options, allowPrivateNetworks: true },
  });
  courier = createCourier({
    store: hub.store,
    secrets,
    destinations: DESTINATIONS,
    clock: systemClock,
    log: silentLog,
    allowPrivateNetworks: true,
  });
  key = await newKey(hub.store, "write", "webhooks");
  receiver = await startReceiver();
});
afterEach(() => {
  receiver.received.length = 0;
});
afterAll(async () => {
  for (const name of ["TRIBUTARY_ALLOW_PRIVATE", "CLIENT_ID", "CLIENT_SECRET"]) delete process.env[name];
  await courier.drain(0);
  await running.close();
  for (const clean of cleaning) await clean();
});

/** Something happens, as its sample says. @returns the event's id. */
async function happen(
  type: EventType,
  change: (data: Fields) => Fields = (data) => data,
  told: "at once" | "later" = "at once",
): Promise<string> {
  const id = eventId(type, crypto.randomUUID());
  const data = change(structuredClone(EVENTS[type].sample) as Fields);
  await hub.store.db.transaction().execute((tx) =>
    // It is data of the type's own sample.
    insertEvents(tx, [{ eventId: id, type, entityKey: id, occurredAt: new Date(), data: data as never }]),
  );
  if (told === "at once") await courier.settle();
  return id;
}

/** What was sent since the test began, by what was sent: JSON. */
const sent = (): Fields[] => receiver.received.map(({ body }) => JSON.parse(body) as Fields);
const worth = (amount: number) => (data: Fields) => ({
  ...data,
  deal: { ...(data["deal"] as Fields), value: { amount, currency: "EUR" } },
});
const webhooks = async (): Promise<Fields[]> => {
  const response = await running.fetch("/api/v1/webhooks", { as: key });
  return ((await response.json()) as { readonly data: Fields[] }).data;
};

describe("the Zapier app", () => {
  const app = { ...zapierApp };
  const oauthApp = { ...zapierApp, ...byOauth };
  const run = createAppTester(app);
  const meta = { isPopulatingDedupe: false };
  const authData = (): Record<string, string> => ({ base: running.url, api_key: key });
  const trigger = (name: string) => operationOf(eventTriggers, name);
  const search = (name: string, inputData: Fields): Promise<unknown> =>
    run(operationOf(zapierApp.searches, name).perform, { authData: authData(), inputData });
  const create = (name: string, inputData: Fields): Promise<unknown> =>
    run(operationOf(zapierApp.creates, name).perform, { authData: authData(), inputData });

  it.each([
    ["with a key", app],
    ["that people let in", oauthApp],
  ])("is valid for Zapier: the one %s", async (_which, one) => {
    expect((await createAppHandler(one)({ command: "validate" })).results).toEqual([]);
  });

  it("has what Zapier's own checks ask for and its validation lets pass", () => {
    const wrong: string[] = [];
    const triggers = Object.values(zapierApp.triggers) as unknown as {
      readonly key: string;
      readonly display: { readonly hidden?: boolean; readonly description: string };
      readonly operation: Fields;
    }[];
    const shown = triggers.filter(({ display }) => display.hidden !== true);
    expect(shown.map((one) => one.key)).toEqual(EVENT_TYPES.map((type) => type.replace(".", "_")));
    for (const { key: name, display, operation } of shown) {
      // D006, D012, D024; D021.
      for (const part of ["perform", "performList", "performSubscribe", "performUnsubscribe", "sample", "outputFields"])
        if (operation[part] === undefined) wrong.push(`${name}: no ${part}`);
      if (!display.description.startsWith("Triggers when ")) wrong.push(`${name}: ${display.description}`);
    }
    const actions = [...Object.values(zapierApp.searches), ...Object.values(zapierApp.creates)];
    for (const { key: name, operation } of [...shown, ...actions] as { key: string; operation: Fields }[]) {
      const told = operation["outputFields"] as readonly { readonly key: string }[];
      // D024, T004: what is told of is there; and what is there is told of.
      expect([name, told.map((one) => one.key).toSorted()]).toEqual([
        name,
        keysOf(operation["sample"] as Fields).toSorted(),
      ]);
      // D005.
      for (const { dynamic } of operation["inputFields"] as readonly { readonly dynamic?: string }[])
        if (dynamic !== undefined && !(dynamic.split(".")[0] ?? "" in zapierApp.triggers))
          wrong.push(`${name}: ${dynamic}`);
      // D018.
      for (const { label } of operation["inputFields"] as readonly { readonly label: string }[])
        if (!/^[A-Z]/.test(label) || label.length < 2) wrong.push(`${name}: ${label}`);
    }
    // D009, D023.
    for (const one of Object.values(zapierApp.searches))
      if (one.operation.inputFields.length === 0) wrong.push(`${one.key}: no field`);
    expect(JSON.stringify(triggers)).not.toMatch(/"\d{4}-\d\d-\d\dT[\d:.]+"/);
    expect(wrong).toEqual([]);
  });

  it("tells of every event by a webhook as its list does, in the shape of its sample, until the Zap is switched off", async () => {
    const bundle = { meta, authData: authData(), targetUrl: `${receiver.url}/hooks/standard/1/abc` };
    const of = (type: EventType) => trigger(type.replaceAll(".", "_"));
    const subscribed: [EventType, { id: string }][] = [];
    for (const type of EVENT_TYPES)
      subscribed.push([type, (await run(of(type).performSubscribe, bundle)) as { id: string }]);
    // Zapier repeats what it is not sure of.
    const [[first, subscribeData] = ["deal.created" as const, { id: "" }]] = subscribed;
    expect(await run(of(first).performSubscribe, bundle)).toEqual(subscribeData);
    const ids: string[] = [];
    for (const type of EVENT_TYPES) ids.push(await happen(type, undefined, "later"));
    await courier.settle();
    const came = new Map(sent().map((body) => [body["id"], body]));
    expect(new Set(came.keys())).toEqual(new Set(ids));
    for (const [at, type] of EVENT_TYPES.entries()) {
      const cleanedRequest = came.get(ids[at]);
      const [live] = (await run(of(type).perform, { ...bundle, cleanedRequest })) as Fields[];
      const list = (await run(of(type).performList, bundle)) as Fields[];
      expect([type, live?.["id"], list[0]]).toEqual([type, ids[at], live]);
      expect(keysOf(live ?? {}).toSorted()).toEqual(keysOf(of(type).sample as Fields).toSorted());
    }
    expect(await webhooks()).toHaveLength(EVENT_TYPES.length);
    const end = (type: EventType, data: { id: string }): Promise<unknown> =>
      run(of(type).performUnsubscribe, { ...bundle, subscribeData: data });
    for (const [type, data] of subscribed) expect(await end(type, data)).toEqual({});
    expect(await end(first, subscribeData)).toEqual({});
    expect(await webhooks()).toEqual([]);
    await happen("deal.won");
    expect(receiver.received.length).toBe(EVENT_TYPES.length);
  });

  it("sends and lists what fits the Zap's filters alone, newest first", async () => {
    const bundle = {
      meta,
      authData: authData(),
      targetUrl: `${receiver.url}/hooks/2`,
      inputData: { min_amount: 20_000, pipelines: ["New Business"] },
    };
    const { performSubscribe, performUnsubscribe, performList } = trigger("deal_lost");
    const subscribeData = (await run(performSubscribe, bundle)) as { id: string };
    const first = await happen("deal.lost", worth(30_000));
    await happen("deal.lost", worth(10_000));
    const second = await happen("deal.lost", worth(20_000));
    expect(sent().map(({ id }) => id)).toEqual([first, second]);
    expect(((await run(performList, bundle)) as Fields[]).map(({ id }) => id)).toEqual([second, first]);
    await run(performUnsubscribe, { ...bundle, subscribeData });
  });

  it("writes once however often a Zap is run, and finds what it wrote", async () => {
    const note = { subject: "Wants a call in May", person: "jo@fjord.example", occurred_at: "2026-11-23T11:00:00Z" };
    const touch = {
      type: "call",
      occurred_at: "2026-11-23T10:00:00+01:00",
      person: "jo@fjord.example",
      rep: "ada@acme.example",
      outcome: "",
    };
    const kept = (await create("log_touch", touch)) as Fields;
    expect(await create("log_touch", touch)).toEqual(kept);
    expect(await create("add_note", note)).toEqual(await create("add_note", note));
    expect(await hub.value("activities", { from: "2026-11-23", to: "2026-11-23" })).toBe(2);
    await create("add_person", { email: "jo@fjord.example", name: "Jo Hansen" });
    const deal = (await create("add_deal", {
      id: "d-81",
      name: "Fjord boats",
      stage: "Offer",
      value: 12_500,
      person: "jo@fjord.example",
    })) as Fields;
    await create("change_deal", { deal: "d-81", stage: "Won", changed_at: "2026-11-24T09:30:00Z" });
    await create("add_spend", { day: "2026-11-23", amount: 250, channel: "Paid search" });
    await create("set_goal", { metric: "won_value", from: "2026-11-01", to: "2026-11-30", target: 25_000 });

    expect(await search("find_deal", { search: "fjord" })).toMatchObject([
      { id: deal["record"], status: "won", value: { amount: 12_500, currency: "EUR" } },
    ]);
    expect(await search("find_person", { email: "jo@fjord.example" })).toMatchObject([{ name: "Jo Hansen" }]);
    expect(await search("find_rep", { email: "ada@acme.example" })).toMatchObject([{ email: "ada@acme.example" }]);
    const november = { from: "2026-11-01", to: "2026-11-30" };
    expect(await search("find_kpi", { metric: "won_value", ...november })).toMatchObject([
      { id: "won_value", value: 12_500, currency: "EUR" },
    ]);
    expect(await search("find_kpi", { metric: "quota_attainment", ...november })).toMatchObject([{ value: 0.5 }]);
    expect(await search("find_kpi", { metric: "won_value", ...november, filter: ["pipeline=Sales"] })).toMatchObject([
      { value: 12_500 },
    ]);
    for (const name of ["find_deal", "find_person", "find_rep"]) {
      const [found] = (await search(name, {
        search: name === "find_deal" ? "boats" : name === "find_rep" ? "ada@acme.example" : "Jo",
      })) as Fields[];
      const sample = operationOf(zapierApp.searches, name).sample as Fields;
      expect(Object.keys(found ?? {}).toSorted()).toEqual(Object.keys(sample).toSorted());
      expect(await search(name, { search: "nobody of that name" })).toEqual([]);
      expect(await search(name, {})).toEqual([]);
    }
    const listed = async (name: string): Promise<unknown> =>
      run(operationOf(listTriggers, name).perform, { authData: authData() });
    expect(await listed("pipeline_list")).toMatchObject([{ name: "Sales" }]);
    expect(await listed("connection_list")).toMatchObject([{ id: "apps" }]);
    expect(await listed("rep_list")).toMatchObject([{ ref: "ada@acme.example" }]);
    expect(await listed("kpi_list")).toContainEqual(expect.objectContaining({ id: "won_value" }));
  });

  it("says what is wrong in a sentence", async () => {
    await expect(create("add_deal", { id: "d-2", stage: "Somewhere" })).rejects.toThrow(
      /stage: .*Somewhere.* is none of Lead, Offer/,
    );
    await expect(create("log_touch", { type: "call", occurred_at: "yesterday" })).rejects.toThrow("occurred_at");
    await expect(search("find_kpi", { metric: "no_such" })).rejects.toThrow("There is no KPI with this id.");
    const test = (base: string, api_key = key): Promise<unknown> =>
      run(zapierApp.authentication.test, { authData: { base, api_key } });
    expect(await test(`${running.url}/connections?x=1`)).toMatchObject({
      name: "write webhooks",
      hub: new URL(running.url).host,
    });
    await expect(test(running.url, "trb_wrong")).rejects.toThrow("This needs a sign-in or an API key.");
    await expect(test(receiver.url)).rejects.toThrow("is no Tributary hub");
    await expect(test("ftp://hub.example")).rejects.toThrow("https://");
  });

  it("connects by OAuth 2: code with PKCE, the token at the hub's address alone, and a new one when it has run out", async () => {
    const back = "https://zapier.com/dashboard/auth/oauth/return/App1CLIAPI/";
    const { app: known, secret } = await addApp(hub.store.db, "test", {
      name: "Zapier",
      redirect_uris: [back],
      scopes: ["read", "write", "webhooks"],
      public: false,
    });
    process.env["CLIENT_ID"] = known.id;
    process.env["CLIENT_SECRET"] = secret ?? "";
    const tester = createAppTester(oauthApp);
    const { oauth2Config } = byOauth.authentication;
    // What Zapier makes: RFC 7636, appendix B.
    const code_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const inputData = { base: running.url, redirect_uri: back, state: "s-1", code_challenge };
    const address = await tester(oauth2Config.authorizeUrl, { inputData });
    const returned = await letIn(address);
    expect(returned.searchParams.get("state")).toBe("s-1");
    const code = returned.searchParams.get("code") ?? "";
    const tokens = (await tester(oauth2Config.getAccessToken, {
      inputData: { ...inputData, code, code_verifier },
    })) as Record<string, string>;
    const connected = { base: running.url, ...tokens };
    expect(await tester(byOauth.authentication.test, { authData: connected })).toMatchObject({
      hub: new URL(running.url).host,
    });
    const renewed = (await tester(oauth2Config.refreshAccessToken, { authData: connected })) as Record<string, string>;
    expect(renewed["access_token"]).not.toBe(tokens["access_token"]);
    expect(await tester(byOauth.authentication.test, { authData: { ...connected, ...renewed } })).toBeDefined();
    // That the token has run out Zapier mends by itself; that nobody is let in any more it tells the person.
    const expired = { ...connected, access_token: "of yesterday" };
    await expect(tester(byOauth.authentication.test, { authData: expired })).rejects.toMatchObject({
      name: "RefreshAuthError",
    });
    await expect(
      tester(oauth2Config.refreshAccessToken, { authData: { ...connected, refresh_token: "of last year" } }),
    ).rejects.toThrow("Connect again");
  });

  /** Somebody who is signed in lets the app in, in their browser. @returns where they are sent back to. */
  async function letIn(address: string): Promise<URL> {
    const cookies = new Map<string, string>();
    const keep = (pair: string): void => void cookies.set(pair.split("=")[0] ?? "", pair);
    keep(await newSession(running, hub.store, "admin"));
    const visit = async (where: string, init: RequestInit = {}): Promise<string> => {
      const Cookie = [...cookies.values()].join("; ");
      const headers = { Accept: "text/html", ...(init.headers as object), Cookie };
      const response = await fetch(new URL(where, running.url), { redirect: "manual", ...init, headers });
      for (const cookie of response.headers.getSetCookie()) keep(cookie.split(";")[0] ?? "");
      await response.arrayBuffer();
      return response.headers.get("location") ?? "";
    };
    const consent = await visit(address);
    return new URL(await visit(await visit(consent, form({ decision: "allow" }, running.url))));
  }
});

describe("the n8n nodes", () => {
  let loaded: N8nPackage;
  beforeAll(() => {
    loaded = loadN8nPackage();
  });
  const nodeOf = (name: string): Node => {
    const node = loaded.nodes[name];
    if (node === undefined) throw new Error(`there is no ${name}`);
    return node;
  };
  const credentials = (): Placed["credentials"] => ({ tributaryApi: { baseUrl: `${running.url}/`, apiKey: key } });
  const context = (name: string, placed: Omit<Placed, "credentials"> & Partial<Placed>) =>
    contextOf(loaded, nodeOf(name), { credentials: credentials(), ...placed });
  const act = async (operation: string, fields: Fields = {}, more: Partial<Placed> = {}): Promise<Fields[]> => {
    const open = nodeOf("Tributary").description.properties.map(({ name }) => name);
    const entries = Object.entries(fields);
    const additionalFields = Object.fromEntries(entries.filter(([name]) => !open.includes(name)));
    const parameters = {
      operation,
      additionalFields,
      ...Object.fromEntries(entries.filter(([name]) => open.includes(name))),
    };
    const execute = nodeOf("Tributary").execute;
    if (execute === undefined) throw new Error("it does nothing");
    const [done = []] = (await execute.call(context("Tributary", { parameters, ...more }))) as { json: Fields }[][];
    return done.map(({ json }) => json);
  };

  it("have every search and action of the hub, each property once where it is shown, and every event", () => {
    const { properties } = nodeOf("Tributary").description;
    const operations = properties.flatMap((one) =>
      one.name === "operation" ? (one as unknown as { options: { value: string }[] }).options : [],
    );
    const actions = [...Object.keys(zapierApp.searches), ...Object.keys(zapierApp.creates)];
    expect(operations.map(({ value }) => value).toSorted()).toEqual(actions.toSorted());
    for (const operation of actions) {
      const shown = properties.filter(
        ({ displayOptions }) => displayOptions?.show?.["operation"]?.includes(operation) === true,
      );
      expect(new Set(shown.map(({ name }) => name)).size).toBe(shown.length);
    }
    const events = nodeOf("TributaryTrigger").description.properties.find(({ name }) => name === "events");
    const types = (events as unknown as { options: { value: string }[] }).options.map(({ value }) => value);
    expect(types.toSorted()).toEqual([...EVENT_TYPES].toSorted());
  });

  it("write once however often a workflow is run, and find what they wrote", async () => {
    const touch = { type: "meeting", occurred_at: "2026-10-05T10:00:00Z", person: "liv@fjord.example" };
    const [kept] = await act("log_touch", touch);
    expect(await act("log_touch", touch)).toEqual([kept]);
    expect(await hub.value("activities", { from: "2026-10-05", to: "2026-10-05" })).toBe(1);
    const items = [{}, {}];
    expect(await act("add_deal", { id: "n-1", name: "Kayaks", stage: "Lead", value: 900 }, { items })).toHaveLength(2);
    expect(await act("find_deal", { search: "kayaks" })).toMatchObject([
      { external_id: "n-1", value: { amount: 900 } },
    ]);
    expect(await act("find_kpi", { metric: "won_value" })).toMatchObject([{ id: "won_value" }]);
    expect(await act("find_person", { search: "nobody of that name" })).toEqual([]);
    const load = (method: string): Promise<unknown> | undefined =>
      nodeOf("Tributary").methods.loadOptions[method]?.call(context("Tributary", { parameters: {} }));
    expect(await load("getPipelines")).toEqual([{ name: "Sales", value: "Sales" }]);
    expect(await load("getConnections")).toEqual([{ name: "Any other tool (posted JSON) (apps)", value: "apps" }]);
    expect(await load("getKpis")).toContainEqual(expect.objectContaining({ value: "won_value" }));
  });

  it("say what is wrong in the hub's sentence, or pass it on where the workflow is to go on", async () => {
    const wrong = { id: "n-2", stage: "Somewhere" };
    await expect(act("add_deal", wrong)).rejects.toThrow('"Somewhere" is none of Lead, Offer');
    expect(await act("add_deal", wrong, { continueOnFail: true })).toEqual([
      { error: expect.stringContaining("Somewhere") as string },
    ]);
    const at = (baseUrl: string): Promise<unknown> =>
      act("find_deal", { search: "x" }, { credentials: { tributaryApi: { baseUrl, apiKey: key } } });
    await expect(at("http://hub.example.com")).rejects.toThrow("https://");
    await expect(at("https://me:secret@hub.example.com")).rejects.toThrow("user name");
    await expect(at(receiver.url)).rejects.toThrow("is no Tributary hub");
  });

  it("start a workflow by its own webhook, one for the test and one for production, signed, until it is switched off", async () => {
    const { webhookMethods } = nodeOf("TributaryTrigger");
    const placed = (
      webhookUrl: string,
      events: readonly string[],
    ): Omit<Placed, "credentials"> & { readonly staticData: Fields } => ({
      parameters: { events, filters: { min_amount: 20_000 } },
      staticData: {},
      webhookUrl: `${receiver.url}/${webhookUrl}`,
    });
    const does = (method: string, where: Omit<Placed, "credentials">): Promise<unknown> | undefined =>
      webhookMethods?.default[method]?.call(context("TributaryTrigger", where));
    const [live, trial] = [
      placed("webhook/1", ["deal.won", "deal.lost"]),
      placed("webhook-test/1", ["deal.won", "deal.lost"]),
    ];
    for (const where of [live, trial]) {
      expect(await does("checkExists", where)).toBe(false);
      await does("create", where);
      expect(await does("checkExists", where)).toBe(true);
      // The same node saved again.
      await does("create", where);
    }
    expect(await webhooks()).toHaveLength(2);
    await happen("deal.won", worth(10_000));
    expect(sent()).toEqual([]);
    const id = await happen("deal.won", worth(50_000));
    expect(sent().map((body) => body["id"])).toEqual([id, id]);
    const [received] = receiver.received;
    const body = received?.body ?? "";
    const came = async (rawBody: string, secret = live.staticData["secret"]) => {
      const request = {
        headers: received?.headers ?? {},
        rawBody: Buffer.from(rawBody),
        body: JSON.parse(body) as Fields,
      };
      const own = context("TributaryTrigger", { ...live, staticData: { secret }, request });
      return { result: await nodeOf("TributaryTrigger").webhook?.call(own), status: own.answered.status };
    };
    // Both are sent the same; each knows its own by the secret.
    const secrets = [live.staticData["secret"], trial.staticData["secret"]];
    const mine = await Promise.all(secrets.map((secret) => came(body, secret)));
    const [taken] = mine.filter(({ status }) => status === null);
    expect(taken?.result).toMatchObject({
      workflowData: [[{ json: { id, event_type: "deal.won", deal: { value: { amount: 50_000 } } } }]],
    });
    expect(mine.filter(({ status }) => status === 401)).toHaveLength(1);
    expect(await came(`${body} `)).toEqual({ result: { noWebhookResponse: true }, status: 401 });
    // Changed to tell of something else: what is left over goes.
    const changed = { ...live, parameters: { ...live.parameters, events: ["deal.won"] } };
    expect(await does("checkExists", changed)).toBe(false);
    await does("create", changed);
    expect((await webhooks()).map((one) => one["events"])).toEqual([["deal.won", "deal.lost"], ["deal.won"]]);
    for (const where of [changed, trial, trial]) await does("delete", where);
    expect(await webhooks()).toEqual([]);
  });
});

describe("the components for Make in docs/automation.md", () => {
  const page = readFileSync(new URL("../../docs/automation.md", import.meta.url), "utf8");
  const component = (name: string): Fields =>
    JSON.parse(new RegExp(`\`\`\`json ${name}\n([^\`]+)`).exec(page)?.[1] ?? "null") as Fields;
  const lookUp = (scope: Fields, place: string): unknown =>
    place.split(".").reduce<unknown>((value, step) => (value as Fields | undefined)?.[step], scope);
  /** A text that is one reference is what it leads to; in a longer one each is filled in. */
  const filled = (value: unknown, scope: Fields): unknown => {
    if (Array.isArray(value)) return value.map((one) => filled(one, scope));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, scope)]));
    if (typeof value !== "string") return value;
    const whole = /^\{\{([\w.]+)\}\}$/.exec(value);
    if (whole !== null) return lookUp(scope, whole[1] ?? "");
    return value.replaceAll(/\{\{([\w.]+)\}\}/g, (_all, place: string) =>
      JSON.stringify(lookUp(scope, place)).replaceAll('"', ""),
    );
  };
  /** Asks as a component says, and gives what it makes of the answer. */
  const play = async (name: string, scope: Fields): Promise<unknown> => {
    const connection = { base: running.url, apiKey: key };
    const all = { connection, ...scope };
    const base = component("base");
    const said = filled(component(name), all) as {
      url: string;
      method?: string;
      qs?: Fields;
      body?: Fields;
      headers?: object;
    };
    const address = new URL(
      said.url.startsWith("http") ? said.url : `${String(filled(base["baseUrl"], all))}${said.url}`,
    );
    for (const [field, value] of Object.entries(said.qs ?? {})) address.searchParams.set(field, String(value));
    const response = await fetch(address, {
      method: said.method ?? "GET",
      headers: { ...(filled(base["headers"], all) as object), ...said.headers, "Content-Type": "application/json" },
      ...(said.body === undefined ? {} : { body: JSON.stringify(said.body) }),
    });
    const text = await response.text();
    const body = text === "" ? {} : (JSON.parse(text) as Fields);
    if (!response.ok)
      throw new Error(
        String(filled((base["response"] as { error: Fields }).error["message"], { statusCode: response.status, body })),
      );
    const { data, metadata, output, iterate } = (component(name)["response"] ?? {}) as Fields;
    if (iterate === undefined) return filled(output ?? data ?? metadata, { ...all, body });
    return (filled(iterate, { body }) as Fields[]).map((item) => filled(output, { ...all, item }));
  };

  it("connect, subscribe, tell, look up, write and end", async () => {
    expect(await play("connection", { parameters: { base: running.url, apiKey: key } })).toEqual({
      type: "text",
      value: "write webhooks",
    });
    const parameters = { event: "goal.reached" };
    const remembered = (await play("attach", { parameters, webhook: { url: receiver.url } })) as Fields;
    const id = await happen("goal.reached");
    const told = filled(component("instant")["output"], { body: sent()[0] });
    expect(told).toMatchObject({ id, event_type: "goal.reached", data: { attainment: 1.04 } });
    expect((await play("polling", { parameters })) as Fields[]).toContainEqual(told);
    await play("detach", { webhook: remembered });
    expect(await webhooks()).toEqual([]);
    const touch = { id: "make-1", type: "call", occurred_at: "2026-09-01T10:00:00Z", person: "siv@fjord.example" };
    expect(await play("action", { parameters: touch })).toMatchObject({ connection: "apps", id: "make-1" });
    await expect(play("action", { parameters: { ...touch, type: "shout" } })).rejects.toThrow(/^\[400\] .*type/);
    expect(await play("search", { parameters: { search: "nothing of that name" } })).toEqual([]);
    expect(await play("rpc", {})).toEqual([{ label: "Sales", value: "Sales" }]);
  });
});

describe("a hub address", () => {
  it("gets the proof at its API alone, and nobody else", () => {
    const proven = (url: string): boolean => {
      const headers: { [name: string]: string } = {};
      withProof({ url, headers }, "trb_1", "https://hub.example.com");
      return "Authorization" in headers;
    };
    expect(proven("https://hub.example.com/api/v1/me")).toBe(true);
    const others = ["https://hub.example.com/oauth/token", "https://hub.example.com.evil.example/api/v1/me"];
    expect([...others, "http://hub.example.com/api/v1/me"].map(proven)).toEqual([false, false, false]);
  });

  it("is where the hub is, whatever part of it was pasted; http and private networks only where they are allowed", () => {
    for (const said of ["hub.example.com", " https://hub.example.com/ ", "https://hub.example.com/api/v1/me?x#y"])
      expect(hubAddress(said, false)).toBe("https://hub.example.com");
    expect(hubAddress("http://127.0.0.1:8080/x", true)).toBe("http://127.0.0.1:8080");
    for (const said of [
      "",
      "https://",
      "http://hub.example.com",
      "https://me:secret@hub.example.com",
      "javascript://x",
    ])
      expect(() => hubAddress(said, false)).toThrow(/hub address/i);
    const inside = [
      "localhost",
      "hub",
      "hub.local",
      "10.1.2.3",
      "169.254.169.254",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[fd00::1]",
      "2130706433",
      "0x7f.1",
    ];
    for (const said of inside) expect(() => hubAddress(`https://${said}`, false)).toThrow("private network");
  });
});

function operationOf<Operation>(
  all: { readonly [name: string]: { readonly operation: Operation } },
  name: string,
): Operation {
  const found = all[name];
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found.operation;
}

/** Every place of a record that holds a value, as outputs name it. */
function keysOf(value: unknown, prefix = ""): string[] {
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[];
    return typeof first === "object" && first !== null ? membersOf(first, `${prefix}[]`) : [prefix];
  }
  if (typeof value === "object" && value !== null) return membersOf(value, prefix === "" ? "" : `${prefix}__`);
  return [prefix];
}

function membersOf(value: object, prefix: string): string[] {
  return Object.entries(value).flatMap(([name, one]) => keysOf(one, prefix + name));
}
