import { type Document, OpenAPIClientAxios } from "openapi-client-axios";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testDatabase } from "../support/database.ts";
import { type Running, json, newConnection, newKey, startServer } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let read: string;
let write: string;
let admin: string;
beforeAll(async () => {
  running = await startServer(store);
  [read, write, admin] = [
    await newKey(store, "read"),
    await newKey(store, "write", "connections"),
    await newKey(store, "admin"),
  ];
});
afterAll(() => running.close());

type Parameters = Record<string, string>;
type Body = Record<string, unknown>;
async function body(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

describe("connections", () => {
  it("are created, changed, paused, resumed and removed, and who did it is noted", async () => {
    const created = await running.fetch("/api/v1/connections", {
      ...json({
        id: "acme-1",
        connector: "acme",
        settings: { region: "eu" },
        credentials: { api_key: "hunter2hunter2" },
      }),
      as: write,
    });
    expect(created.status).toBe(201);
    const text = await created.text();
    expect(text).not.toContain("hunter2");
    expect(JSON.parse(text)).toMatchObject({ id: "acme-1", title: "Acme CRM", state: "active", has_credentials: true });

    const patch = { ...json({ title: "Acme EU" }), method: "PATCH", as: write };
    expect(await body(await running.fetch("/api/v1/connections/acme-1", patch))).toMatchObject({ title: "Acme EU" });
    const paused = await running.fetch("/api/v1/connections/acme-1/pause", { method: "POST", as: write });
    expect(await body(paused)).toMatchObject({ state: "paused" });
    const sync = await running.fetch("/api/v1/connections/acme-1/sync", { ...json({ full: true }), as: write });
    expect([sync.status, await body(sync)]).toEqual([202, { streams: ["deals"] }]);
    expect((await running.fetch("/api/v1/connections/acme-1", { method: "DELETE", as: write })).status).toBe(204);
    expect((await running.fetch("/api/v1/connections/acme-1", { as: read })).status).toBe(404);

    const audit = await store.db
      .selectFrom("audit_log")
      .select(["actor", "action"])
      .where("target", "=", "acme-1")
      .orderBy("id")
      .execute();
    expect(audit).toEqual(
      ["create", "update", "pause", "sync", "remove"].map((verb) => ({
        actor: "key:write connections",
        action: `connection.${verb}`,
      })),
    );
  });

  it("are tested with the vendor's own complaint as the answer", async () => {
    await newConnection(store, "tested", "Acme", "refused");
    const response = await running.fetch("/api/v1/connections/tested/test", { method: "POST", as: write });
    expect(response.status).toBe(422);
    expect(await body(response)).toMatchObject({ code: "acme.auth.key_rejected", mend: "Make a new key." });
  });

  it("come a page at a time, each once, in order", async () => {
    for (const n of [3, 1, 5, 2, 4]) await newConnection(store, `page-${n}`);
    const seen: unknown[] = [];
    let next = "/api/v1/connections?limit=2";
    for (let pages = 0; next !== "" && pages < 10; pages += 1) {
      const page = await body(await running.fetch(next, { as: read }));
      seen.push(...(page["data"] as Body[]).map((row) => row["id"]));
      const cursor = page["next_cursor"];
      next = typeof cursor === "string" ? `/api/v1/connections?limit=2&cursor=${cursor}` : "";
    }
    expect(seen.filter((id) => String(id).startsWith("page-"))).toEqual([
      "page-1",
      "page-2",
      "page-3",
      "page-4",
      "page-5",
    ]);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe("requests that are not valid", () => {
  it("are refused with the field that is wrong", async () => {
    for (const [path, init, field] of [
      ["/api/v1/connections?limit=0", {}, "limit"],
      ["/api/v1/connections?limt=5", {}, "limt"],
      ["/api/v1/connections?cursor=nonsense", {}, "cursor"],
      ["/api/v1/connections", json({ id: "Not An Id", connector: "acme" }), "id"],
      ["/api/v1/connections", json({ id: "x", connector: "acme", surprise: 1 }), "surprise"],
      ["/api/v1/connections", json({ id: "x", connector: "nobody" }), "connector"],
      ["/api/v1/kpis/won_value?from=2026-02-30", {}, "from"],
    ] as const) {
      const response = await running.fetch(path, { ...init, as: write });
      expect([path, response.status]).toEqual([path, 400]);
      expect(String((await body(response))["detail"])).toContain(field);
    }
  });

  it("are refused when they are no JSON, or too much of it", async () => {
    const broken = await running.fetch("/api/v1/connections", { ...json(null), body: "{", as: write });
    expect([broken.status, (await body(broken))["code"]]).toEqual([400, "request.malformed"]);
    const form = await running.fetch("/api/v1/connections", { method: "POST", body: "id=x", as: write });
    expect(form.status).toBe(400);
    const large = await running.fetch("/api/v1/connections", { ...json({ id: "x".repeat(300_000) }), as: write });
    expect([large.status, (await body(large))["code"]]).toEqual([413, "request.too_large"]);
  });
});

describe("Idempotency-Key", () => {
  const create = (id: string, key: string) => ({
    ...json({ id, connector: "acme", settings: { region: "eu" } }, { "Idempotency-Key": key }),
    as: write,
  });

  it("makes the same request run once, and answers it again as before", async () => {
    const first = await running.fetch("/api/v1/connections", create("once", "k-1"));
    const second = await running.fetch("/api/v1/connections", create("once", "k-1"));
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(running.asked.filter((what) => what === "pull once deals")).toHaveLength(1);
  });

  it("is not taken for another request", async () => {
    const response = await running.fetch("/api/v1/connections", create("other", "k-1"));
    expect([response.status, (await body(response))["code"]]).toEqual([422, "request.idempotency_mismatch"]);
  });

  it("runs only one of two equal requests that come at the same time", async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => running.fetch("/api/v1/connections", create("race", "k-race"))),
    );
    expect(
      answers
        .filter(({ status }) => status !== 201)
        .map(({ status }) => status)
        .every((status) => status === 409),
    ).toBe(true);
    expect(running.asked.filter((what) => what === "pull race deals")).toHaveLength(1);
  });

  it("is free again when the request failed", async () => {
    await newConnection(store, "failing", "Acme", "refused");
    const test = { method: "POST", headers: { "Idempotency-Key": "k-fail" }, as: write };
    expect((await running.fetch("/api/v1/connections/failing/test", test)).status).toBe(422);
    expect((await running.fetch("/api/v1/connections/failing/test", test)).status).toBe(422);
  });

  it("keeps no secret of an answer readable", async () => {
    const request = { ...json({ name: "Zapier", scopes: ["read"] }, { "Idempotency-Key": "k-secret" }), as: admin };
    const first = await body(await running.fetch("/api/v1/api-keys", request));
    const again = await body(await running.fetch("/api/v1/api-keys", request));
    expect(again["token"]).toBe(first["token"]);
    const rows = await store.db
      .selectFrom("idempotency_keys")
      .select("response")
      .where("key", "=", "k-secret")
      .execute();
    expect(JSON.stringify(rows)).not.toContain(String(first["token"]).slice(5));
  });
});

describe("API keys", () => {
  it("are shown once, kept as a hash, and work until they are revoked", async () => {
    const made = await body(
      await running.fetch("/api/v1/api-keys", { ...json({ name: "Zap", scopes: ["read"] }), as: admin }),
    );
    const token = String(made["token"]);
    expect((await running.fetch("/api/v1/kpis", { as: token })).status).toBe(200);
    const list = await (await running.fetch("/api/v1/api-keys", { as: admin })).text();
    expect(list).not.toContain(token);
    expect(
      (await running.fetch(`/api/v1/api-keys/${String(made["id"])}`, { method: "DELETE", as: admin })).status,
    ).toBe(204);
    expect((await running.fetch("/api/v1/kpis", { as: token })).status).toBe(401);
  });

  it("are for the API or for screens, never both", async () => {
    const response = await running.fetch("/api/v1/api-keys", {
      ...json({ name: "x", scopes: ["read", "tv:*"] }),
      as: admin,
    });
    expect(response.status).toBe(400);
  });
});

describe("runs", () => {
  it("come newest first, with their log", async () => {
    await newConnection(store, "runner");
    const ids: number[] = [];
    for (const state of ["succeeded", "failed"] as const) {
      const run = { connection_id: "runner", stream: "deals", kind: "pull", trigger: "manual", state } as const;
      ids.push(
        (
          await store.db
            .insertInto("runs")
            .values(run as never)
            .returning("id")
            .executeTakeFirstOrThrow()
        ).id,
      );
    }
    await store.db
      .insertInto("run_logs")
      .values({ run_id: ids[1] ?? 0, level: "warn", code: "acme.odd", message: "Odd.", data: null })
      .execute();
    const list = await body(await running.fetch("/api/v1/runs?connection=runner", { as: read }));
    expect((list["data"] as Body[]).map((run) => run["id"])).toEqual(ids.toReversed());
    const run = await body(await running.fetch(`/api/v1/runs/${ids[1]}`, { as: read }));
    expect(run["log"]).toMatchObject([{ level: "warn", code: "acme.odd", message: "Odd." }]);
  });
});

describe("the description", () => {
  it("is OpenAPI 3.1 and names every operation once", async () => {
    const document = await body(await running.fetch("/api/v1/openapi.json"));
    expect(document["openapi"]).toBe("3.1.0");
    const operations = Object.values(document["paths"] as Record<string, Record<string, Body>>).flatMap((path) =>
      Object.values(path),
    );
    const ids = operations.map((operation) => operation["operationId"]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(running.server.routes.filter(({ path }) => path.startsWith("/api/v1/")).length - 1);
  });

  it("is shown to people from files of our own", async () => {
    const page = await (await running.fetch("/docs")).text();
    for (const [, address] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(address?.startsWith("/")).toBe(true);
      expect([address, (await running.fetch(address ?? "")).status]).toEqual([address, 200]);
    }
  });
});

describe("a client that a library makes of the description", () => {
  it("asks by the operations' names, with what they take, and gets what they say", async () => {
    const definition = await body(await running.fetch("/api/v1/openapi.json"));
    const { paths } = definition as { paths: Record<string, Record<string, { operationId: string }>> };
    const nameOf = (method: string, path: string): string => paths[path]?.[method]?.operationId ?? "";
    const api = new OpenAPIClientAxios({
      definition: definition as unknown as Document,
      withServer: { url: `${running.url}/api/v1` },
      axiosConfigDefaults: { headers: { Authorization: `Bearer ${admin}` }, validateStatus: () => true },
    });
    const client = await api.init();
    const call = async (method: string, path: string, parameters: Parameters, data?: unknown): Promise<unknown[]> => {
      const response = await client[nameOf(method, path)]?.(parameters, data);
      return [response?.status, response?.data as unknown];
    };
    const asked = { metric: "won_value", from: "2026-11-01", to: "2026-11-30", grain: "week" };
    expect(await call("get", "/kpis/{metric}", asked)).toMatchObject([200, { metric: "won_value", unit: "money" }]);
    const made = await call("post", "/api-keys", {}, { name: "made", scopes: ["read"] });
    expect(made).toMatchObject([201, { name: "made" }]);
    const { id } = made[1] as { readonly id: string };
    expect(await call("delete", "/api-keys/{id}", { id })).toMatchObject([204, ""]);
    expect(await call("get", "/kpis/{metric}", { metric: "nonsense" })).toMatchObject([404, { status: 404 }]);
  });
});

describe("how often a key may ask", () => {
  it("is said with each answer; who asks more often waits until the minute is over, and nobody else does", async () => {
    let nowMs = Date.parse("2026-11-24T12:00:20Z");
    const options = { ...running.deps.options, requestsPerMinute: 2 };
    const limited = { clock: { now: () => new Date(nowMs) }, options };
    const servers = [await startServer(store, limited), await startServer(store, limited)] as const;
    const [one, other] = [await newKey(store, "read"), await newKey(store, "read")];
    const ask = async (key: string, server = servers[0], path = "/api/v1/me"): Promise<(string | number | null)[]> => {
      const response = await server.fetch(path, { as: key });
      const { headers } = response;
      const { code } = await body(response);
      return [response.status, headers.get("ratelimit"), headers.get("retry-after"), code as string];
    };
    expect(await ask(one)).toEqual([200, '"key";r=1;t=40', null, undefined]);
    // Another process counts on.
    expect(await ask(one, servers[1])).toEqual([200, '"key";r=0;t=40', null, undefined]);
    nowMs += 15_000;
    expect(await ask(one)).toEqual([429, '"key";r=0;t=25', "25", "request.too_many"]);
    expect((await ask(other))[0]).toBe(200);
    const policy = await servers[0].fetch("/api/v1/me", { as: other });
    expect(policy.headers.get("ratelimit-policy")).toBe('"key";q=2;w=60');
    nowMs += 25_000;
    expect(await ask(one)).toEqual([200, '"key";r=1;t=60', null, undefined]);
    await Promise.all(servers.map((server) => server.close()));
  });
});

describe("KPIs", () => {
  it("answer with the shape of `kpi get --json`, and null for no value", async () => {
    const answer = await body(await running.fetch("/api/v1/kpis/win_rate?from=2026-11-01&to=2026-11-30", { as: read }));
    expect(answer).toMatchObject({
      metric: "win_rate",
      unit: "ratio",
      from: "2026-11-01",
      to: "2026-11-30",
      timezone: "UTC",
    });
    expect((answer["rows"] as Body[])[0]).toMatchObject({ dimensions: {}, period: null, value: null, denominator: 0 });
  });

  it("that there are not are 404; dimensions that there are not are named", async () => {
    expect((await running.fetch("/api/v1/kpis/nonsense", { as: read })).status).toBe(404);
    const response = await running.fetch("/api/v1/kpis/win_rate?by=colour", { as: read });
    expect([response.status, (await body(response))["code"]]).toEqual([422, "kpi.unknown_dimension"]);
  });
});
