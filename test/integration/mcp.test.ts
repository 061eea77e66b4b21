import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { testDatabase } from "../support/database.ts";
import { COMMAND, run } from "../support/spawn.ts";
import { World } from "./kpi-world.ts";
import { json, newConnection, newKey, type Running, startServer } from "./server-support.ts";

/** Everything is asked with the protocol's own client, by both ways. */
const store = await testDatabase();
let running: Running;
let read: string;
const clients: { [transport: string]: Client } = {};
beforeAll(async () => {
  running = await startServer(store);
  read = await newKey(store, "read");
  await newConnection(store, "acme-1");
  const world = await World.create(store);
  for (const [name, amountMinor, rep] of [
    ["Small", 100_00, "Ann"],
    ["Large", 250_00, "Bo"],
  ] as const) {
    await world.rep(rep);
    await world.deal(name, {
      changes: [
        { at: "2026-11-02", amountMinor, currency: "USD", rep },
        { at: "2026-11-10", status: "won" },
      ],
    });
  }
  clients["streamable HTTP"] = await connected(
    new StreamableHTTPClientTransport(new URL(`${running.url}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${read}` } },
    }),
  );
  clients["stdio"] = await connected(
    new StdioClientTransport({
      command: process.execPath,
      args: [COMMAND, "mcp", "--hub", running.url],
      env: { PATH: process.env["PATH"] ?? "", TRIBUTARY_API_KEY: read },
    }),
  );
});
afterAll(async () => {
  for (const client of Object.values(clients)) await client.close();
  await running.close();
});

async function connected(transport: Parameters<Client["connect"]>[0]): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  return client;
}

const answer = z.looseObject({
  isError: z.boolean().optional(),
  structuredContent: z.record(z.string(), z.unknown()),
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })),
});

async function call(client: Client | undefined, name: string, args: Record<string, unknown> = {}) {
  const answered = answer.parse(await client?.callTool({ name, arguments: args }));
  // Those who read the text alone are told the same.
  expect(JSON.parse(answered.content[0]?.text ?? "")).toEqual(answered.structuredContent);
  return answered;
}

describe.each(["streamable HTTP", "stdio"])("an assistant, by %s", (transport) => {
  it("is told what can be asked, and that nothing of it changes anything", async () => {
    const client = clients[transport];
    expect(client?.getInstructions()).toContain("Begin with list_kpis");
    const { tools } = (await client?.listTools()) ?? { tools: [] };
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["list_kpis", "get_kpi", "get_kpi_records", "get_review", "get_forecast", "get_funnel"]),
    );
    expect(tools.filter(({ annotations }) => annotations?.readOnlyHint !== true)).toEqual([]);
    const { properties, required } = tools.find(({ name }) => name === "get_kpi")?.inputSchema ?? {};
    expect(Object.keys(properties ?? {})).toEqual(
      expect.arrayContaining(["metric", "by", "period", "from", "to", "as_of", "compare", "grain", "filter"]),
    );
    expect(required).toEqual(["metric"]);
  });

  it("gets a KPI with breakdown, period, as-of and comparison, as the REST API answers it", async () => {
    const { structuredContent } = await call(clients[transport], "get_kpi", {
      metric: "won_value",
      by: "rep",
      from: "2026-11-01",
      to: "2026-11-30",
      as_of: "2026-11-20T00:00:00Z",
      compare: "previous",
    });
    const asked = "by=rep&from=2026-11-01&to=2026-11-30&as_of=2026-11-20T00:00:00Z&compare=previous";
    const rest = await running.fetch(`/api/v1/kpis/won_value?${asked}`, { as: read });
    expect(structuredContent).toEqual(await rest.json());
    const values = (structuredContent["rows"] as { value: number }[]).map(({ value }) => value);
    expect(values.toSorted((a, b) => a - b)).toEqual([100, 250]);
  });

  it("reads records, the review, the forecast, funnel and movement", async () => {
    const client = clients[transport];
    const days = { from: "2026-11-01", to: "2026-11-24" };
    const records = await call(client, "get_kpi_records", { metric: "won_value", ...days, limit: 1 });
    expect(records.structuredContent["data"]).toHaveLength(1);
    const next = { metric: "won_value", ...days, limit: 1, cursor: records.structuredContent["next_cursor"] };
    expect((await call(client, "get_kpi_records", next)).structuredContent).toMatchObject({ next_cursor: null });
    expect((await call(client, "get_review")).structuredContent["text"]).toMatch(/^# /);
    for (const [name, args] of [
      ["get_forecast", { horizon: "30" }],
      ["get_funnel", days],
      ["get_movement", days],
      ["list_kpis", { locale: "fr" }],
      ["list_activities", {}],
      ["list_connections", {}],
      ["list_review_actions", {}],
      ["get_scorecard", { rep: "Ann" }],
    ] as const)
      expect([name, (await call(client, name, args)).isError]).toEqual([name, undefined]);
  });

  it("is told what is wrong as a problem document, and what to do", async () => {
    const client = clients[transport];
    const said = async (name: string, args: Record<string, unknown>): Promise<unknown> => {
      const { isError, structuredContent } = await call(client, name, args);
      return [isError, structuredContent["status"], structuredContent["code"]];
    };
    expect(await said("get_kpi", { metric: "no_such_kpi" })).toEqual([true, 404, "request.not_found"]);
    expect(await said("get_kpi", { metric: "won_value", form: "2026-01-01" })).toEqual([true, 400, "request.invalid"]);
    expect(await said("get_kpi", { metric: "won_value", by: "colour" })).toEqual([true, 422, "kpi.unknown_dimension"]);
    expect(await said("get_kpi", {})).toEqual([true, 400, "request.invalid"]);
    expect(await said("erase_everything", {})).toEqual([true, 400, "request.invalid"]);
  });
});

describe("the address of assistants", () => {
  it("is closed without a key, and to a key that may not read", async () => {
    const initialise = json({
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } },
    });
    expect((await running.fetch("/mcp", initialise)).status).toBe(401);
    for (const scope of ["webhooks", "metrics", "tv:*"])
      expect((await running.fetch("/mcp", { ...initialise, as: await newKey(store, scope) })).status).toBe(403);
  });

  it("takes one message a request: it has no stream and no session", async () => {
    for (const method of ["GET", "DELETE"]) {
      const response = await running.fetch("/mcp", { method, as: read });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
      expect(await response.json()).toMatchObject({ code: "request.method_not_allowed" });
    }
  });

  it("is not bridged with a key that the hub refuses, nor to a hub that is not there", async () => {
    const refused = await run(["mcp", "--hub", running.url, "--json"], { TRIBUTARY_API_KEY: "trib_made_up" });
    expect([refused.code, JSON.parse(refused.stderr)]).toMatchObject([1, { code: "mcp.key_refused" }]);
  });
});
