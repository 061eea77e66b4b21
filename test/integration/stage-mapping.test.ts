import { afterAll, beforeAll, expect, test } from "vitest";
import { writeAppliedFile } from "../../core/store/setup/settings.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";
import { json, newKey, type Running, startServer } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let admin: string;
beforeAll(async () => {
  running = await startServer(store, { clock: { now: () => new Date("2026-06-01T12:00:00Z") } });
  admin = await newKey(store, "admin");
  const world = await World.create(store);
  await world.pipeline("Sales", ["Lead", "Offer"]);
  await world.deal("Big", { changes: [{ at: "2026-03-01", stage: "Lead", amountMinor: 900_00 }] });
  await world.deal("Small", { changes: [{ at: "2026-03-01", stage: "Offer", amountMinor: 50_00 }] });
});
afterAll(() => running.close());

const map = (body: object): Promise<Response> =>
  running.fetch("/api/v1/stages", { ...json(body), method: "PUT", as: admin });

type Row = { readonly name: string; readonly canonical: string | null; readonly open_deals: number };

async function stages(): Promise<readonly (readonly [string, string | null, number])[]> {
  const { data } = (await (await running.fetch("/api/v1/stages", { as: admin })).json()) as { data: readonly Row[] };
  return data.map(({ name, canonical, open_deals }) => [name, canonical, open_deals]);
}

async function openByStage(): Promise<unknown> {
  const asked = await running.fetch("/api/v1/kpis/open_pipeline_value?by=canonical_stage", { as: admin });
  const { rows } = (await asked.json()) as { rows: readonly { dimensions: object; value: number }[] };
  return Object.fromEntries(rows.map(({ dimensions, value }) => [Object.values(dimensions)[0], value]));
}

test("a stage that nobody has mapped is mapped by its name, the others stay, and numbers follow at once", async () => {
  expect(await stages()).toEqual([
    ["Lead", null, 1],
    ["Offer", null, 1],
  ]);
  const first = { pipeline: "Sales", stages: { Lead: { canonical: "qualification", probability: 0.25 } } };
  expect((await map(first)).status).toBe(200);
  expect((await map({ pipeline: "Sales", stages: { Offer: { canonical: "close" } } })).status).toBe(200);
  expect(await stages()).toEqual([
    ["Lead", "qualification", 1],
    ["Offer", "close", 1],
  ]);
  expect(await openByStage()).toEqual({ qualification: 900, close: 50 });
  const noted = await store.db.selectFrom("audit_log").select("action").where("target", "=", "pipelines").execute();
  expect(noted).toHaveLength(2);
});

test("a stage or a pipeline that is not there, and a shared stage that is none, change nothing", async () => {
  const refused = async (body: object): Promise<unknown> => {
    const response = await map(body);
    const { code } = (await response.json()) as { code: string };
    return [response.status, code];
  };
  const before = await stages();
  const close = { canonical: "close" };
  expect(await refused({ pipeline: "Sales", stages: { Lede: close } })).toEqual([
    422,
    "config.pipelines.unknown_stage",
  ]);
  expect(await refused({ pipeline: "Other", stages: { Lead: close } })).toEqual([404, "request.not_found"]);
  expect(await refused({ pipeline: "Sales", stages: { Lead: { canonical: "won" } } })).toEqual([
    400,
    "request.invalid",
  ]);
  expect(await refused({ pipeline: "Sales", stages: {} })).toEqual([400, "request.invalid"]);
  expect(await stages()).toEqual(before);
});

test("what the config file maps is mapped there", async () => {
  await store.db
    .transaction()
    .execute((tx) =>
      writeAppliedFile(tx, { workspace: [], exchange_rates: false, connections: [], sections: ["pipelines"] }),
    );
  const response = await map({ pipeline: "Sales", stages: { Lead: { canonical: "close" } } });
  expect([response.status, await response.json()]).toMatchObject([422, { code: "setup.owned_by_file" }]);
});
