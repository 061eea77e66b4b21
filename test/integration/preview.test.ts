import { afterAll, beforeAll, expect, it } from "vitest";
import { csv } from "../../connectors/csv/index.ts";
import { testDatabase } from "../support/database.ts";
import { acme, json, newKey, type Running, startServer } from "./server-support.ts";

/** What people see of a spreadsheet before anything of it is kept. */

const store = await testDatabase();
let running: Running;
let key: string;
beforeAll(async () => {
  running = await startServer(store, { connectors: [acme, csv] });
  key = await newKey(store, "connections", "write");
  const content = "id,deal,phase,amount\n1,One,New,12.50\n,Two,New,1\n3,Three,New,abc\n";
  const sent = { method: "POST", body: content, headers: { "Content-Type": "application/octet-stream" }, as: key };
  await running.fetch("/api/v1/uploads?name=deals.csv", sent);
});
afterAll(() => running.close());

type Previewed = { readonly data: readonly { readonly unfinished: readonly string[] }[] };
async function preview(settings: object, connector = "csv"): Promise<{ status: number; body: Previewed }> {
  const response = await running.fetch("/api/v1/connections/preview", { ...json({ connector, settings }), as: key });
  return { status: response.status, body: (await response.json()) as Previewed };
}
const from = "upload:deals.csv";

it("shows the rows as they stand while the mapping is not finished, and what it still lacks", async () => {
  const { status, body } = await preview({ tables: { deals: { from } } });
  expect(status).toBe(200);
  const cells = { id: "1", deal: "One", phase: "New", amount: "12.50" };
  expect(body).toMatchObject({
    data: [
      {
        table: "deals",
        columns: ["id", "deal", "phase", "amount"],
        rows: [{ line: 2, cells, becomes: null }, { line: 3 }, { line: 4 }],
      },
    ],
  });
  expect(body.data[0]?.unfinished).not.toEqual([]);
});

it("shows what each row becomes, and why others are refused; nothing is kept", async () => {
  const columns = { name: "deal", stage: "phase", value: "amount" };
  const pipelines = { Sales: { stages: ["New"] } };
  const { body } = await preview({ currency: "EUR", pipelines, tables: { deals: { from, key: "id", columns } } });
  const amount = { field: "amountMinor", value: "1250" };
  expect(body).toMatchObject({
    data: [
      {
        unfinished: [],
        rows: [
          { becomes: expect.arrayContaining([amount]) as unknown, problems: [] },
          { becomes: null, problems: [expect.stringContaining("is empty")] },
          { becomes: null, problems: [expect.stringContaining('"abc" is no number')] },
        ],
      },
    ],
  });
  expect(await store.db.selectFrom("connections").select("id").execute()).toEqual([]);
});

it("refuses files of this machine, tools that have nothing to map, and what is no mapping", async () => {
  const stranger = { tables: { deals: { from: "/etc/passwd" } } };
  expect((await preview(stranger)).body).toMatchObject({ code: "files.not_allowed" });
  expect((await preview({}, "acme")).body).toMatchObject({ code: "connection.no_preview" });
  expect((await preview({ tables: { nothing: {} } })).body).toEqual({ data: [] });
  expect((await preview({ tables: { deals: { from: "upload:gone.csv" } } })).status).toBe(422);
});
