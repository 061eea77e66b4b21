import { expect, test, beforeAll, beforeEach } from "vitest";
import { z } from "zod";
import { applyConfig, planConfig } from "../../config/apply.ts";
import { parseConfig } from "../../config/file.ts";
import type { Change } from "../../config/plan.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { systemClock } from "../../core/base/clock.ts";
import { silentLog } from "../../core/base/log.ts";
import { defineDestination, type OutgoingEvent } from "../../core/destination/define.ts";
import { question } from "../../core/metrics/ask/question.ts";
import { secret } from "../../core/secrets/declared.ts";
import { createSecrets, generateSecretKey, parseSecretKey, type Secrets } from "../../core/secrets/index.ts";
import { rotateAll } from "../../core/setup/secrets.ts";
import type { Store } from "../../core/store/db.ts";
import { createCourier } from "../../core/outbox/courier.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { pushDestination, pushedDestinations } from "../../dashboards/destinations/push.ts";
import { measure } from "../../workers/measure.ts";
import { testDatabase } from "../support/database.ts";

/** What a folder below dashboards/destinations would hold: a noticeboard that is pushed one number, and a bell that rings at events. */
const pinned: { readonly pin: string; readonly value: number | null }[] = [];
const rung: { readonly code: string; readonly event: OutgoingEvent }[] = [];

const noticeboard = defineDestination({
  key: "noticeboard",
  title: "Noticeboard",
  docs: "https://noticeboard.example/docs",
  settings: z.strictObject({
    host: z.url(),
    // Neither `api_key` nor `secret`: being declared is what counts.
    pin: secret(z.string().min(4)),
    metric: z.string(),
  }),
  addresses: ({ host }) => [host],
  takes: {
    kind: "answers",
    everyS: 300,
    questions: ({ metric }) => [question({ metric, period: "all" })],
    async push({ settings, ask, memory, remember }) {
      const answer = await ask(question({ metric: settings.metric, period: "all" }));
      const value = answer.rows[0]?.value ?? null;
      if (memory["value"] === value) return [];
      pinned.push({ pin: settings.pin, value });
      await remember({ value });
      return ["number"];
    },
  },
});

const bell = defineDestination({
  key: "bells",
  title: "Bell",
  docs: "https://bell.example/docs",
  settings: z.strictObject({ room: z.string(), doors: z.array(z.strictObject({ code: secret(z.string()) })) }),
  addresses: () => ["https://bell.example"],
  takes: {
    kind: "events",
    noun: "bell",
    name: ({ room }) => room,
    subscription: () => ({
      types: ["deal.won"],
      filters: {},
      isOrdered: false,
      perSecond: null,
      description: null,
    }),
    open: () => ({
      send({ doors }, event) {
        for (const { code } of doors) rung.push({ code, event });
        return Promise.resolve({
          statusCode: 200,
          durationMs: 1,
          error: null,
          retryAfterS: null,
          wish: null,
          request: null,
          response: null,
        });
      },
      close: () => undefined,
    }),
  },
});

/** The one line each. */
const destinations = [...DESTINATIONS, noticeboard, bell];

const FILE = `
noticeboard: { host: "https://noticeboard.example", pin: "\${PIN}", metric: deal_count }
bells:
  - { room: floor, doors: [{ code: "\${FRONT}" }, { code: "\${BACK}" }] }
`;
const variables: { [name: string]: string } = { PIN: "pin-1234", FRONT: "front-77", BACK: "back-88" };
const parse = (text: string): ReturnType<typeof parseConfig> =>
  parseConfig(text, "c.yaml", { connectors: CONNECTORS, destinations, variable: (name) => variables[name] });

let store: Store;
let secrets: Secrets;
const apply = (text: string): Promise<readonly Change[]> =>
  applyConfig(store.db, parse(text), {
    secrets,
    connectors: CONNECTORS,
    destinations,
    actor: "test",
    prune: true,
  });
beforeAll(async () => {
  store = await testDatabase();
});
beforeEach(async () => {
  secrets = createSecrets([parseSecretKey(generateSecretKey())]);
  pinned.length = 0;
  rung.length = 0;
  await apply("workspace: { name: Empty }");
  await store.db.deleteFrom("destination_states").execute();
  await apply(FILE);
});

const push = (key: string): Promise<readonly string[]> =>
  pushDestination(
    { store, secrets, clock: systemClock, destinations, allowPrivateNetworks: false },
    key,
    new AbortController().signal,
  );

test("its section is checked, planned and applied, with its secrets nowhere in the clear", async () => {
  const changes = await planConfig(store.db, parse(FILE.replace("pin:", "pin: ").replace("deal_count", "won_value")), {
    secrets,
    destinations,
    prune: true,
  });
  expect(changes.filter(({ action }) => action === "update")).toEqual([
    {
      action: "update",
      what: "section",
      id: "noticeboard",
      fields: [{ field: "metric", from: '"deal_count"', to: '"won_value"' }],
    },
  ]);
  variables["BACK"] = "back-99";
  const changed = await planConfig(store.db, parse(FILE), { secrets, destinations, prune: true });
  variables["BACK"] = "back-88";
  const doors = JSON.stringify([{ code: "«secret»" }, { code: "«secret»" }]);
  expect(changed.find(({ what }) => what === "bell")).toMatchObject({
    action: "update",
    id: "floor",
    fields: [{ field: "doors", from: doors, to: doors }],
  });
  const tables = await Promise.all(
    ["settings", "webhook_endpoints", "audit_log"].map((table) => store.pool.query(`select * from ${table}`)),
  );
  const text = JSON.stringify([changed, ...tables.map((result) => result.rows as unknown)]);
  for (const value of Object.values(variables)) expect(text).not.toContain(value);
  expect(text).toContain('"action":"bell.create","target":"floor"');
});

test("a misspelt setting, an unknown KPI and a secret in the file itself are told with their line", () => {
  expect(() => parse(FILE.replace("metric: deal_count", "metrik: deal_count"))).toThrow(/did you mean "metric"/);
  expect(() => parse(FILE.replace("deal_count", "deal_cuont"))).toThrow(/c.yaml:2:.*no KPI "deal_cuont"/);
  expect(() => parse(FILE.replace('pin: "${PIN}"', "pin: abc"))).toThrow(/got «hidden»/);
  expect(parse(FILE.replace("${FRONT}", "front-door")).warnings).toEqual([
    expect.stringMatching(/bells\[0\]\.doors\[0\]\.code: is a secret in the file itself/),
  ]);
  expect(() => parse(`${FILE}  - { room: floor, doors: [] }\n`)).toThrow(/"floor" is there twice/);
});

test("a rotation seals its secrets anew, and both go on working", async () => {
  const fresh = createSecrets([parseSecretKey(generateSecretKey())]);
  expect(await rotateAll(store.db, "test", { from: secrets, to: fresh, destinations, keyId: "fresh" })).toBe(3);
  await expect(push("noticeboard")).rejects.toMatchObject({ code: "secrets.unknown_key" });
  secrets = fresh;
  expect(await push("noticeboard")).toEqual(["number"]);
});

test("the push loop keeps it up to date, and what it shows is measured and told", async () => {
  expect(pushedDestinations(destinations).map(({ destination }) => destination.key)).toContain("noticeboard");
  expect(await push("noticeboard")).toEqual(["number"]);
  expect(await push("noticeboard")).toEqual([]);
  expect(pinned).toEqual([{ pin: "pin-1234", value: 0 }]);
  const deps = { store, secrets, destinations, clock: systemClock, log: silentLog };
  const withNoticeboard = await measure(deps, { reason: "facts" });
  await apply(FILE.replace(/noticeboard.*\n/, ""));
  expect((await measure(deps, { reason: "facts" })).watches).toBe(withNoticeboard.watches - 1);
});

test("each entry of its list receives events, from a queue of its own", async () => {
  await store.db
    .insertInto("outbox")
    .values([
      { event_id: "evt_won", type: "deal.won", entity_key: "d", payload: "{}", occurred_at: new Date(0) },
      { event_id: "evt_lost", type: "deal.lost", entity_key: "d", payload: "{}", occurred_at: new Date(0) },
    ])
    .execute();
  const courier = createCourier({
    store,
    secrets,
    destinations,
    clock: systemClock,
    log: silentLog,
    allowPrivateNetworks: false,
  });
  await courier.settle();
  await courier.drain(0);
  expect(rung.map(({ code, event }) => [code, event.eventId])).toEqual([
    ["front-77", "evt_won"],
    ["back-88", "evt_won"],
  ]);
});
