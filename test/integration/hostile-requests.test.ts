import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../core/base/json.ts";
import { isObject } from "../../core/base/json.ts";
import { addApp } from "../../core/setup/apps.ts";
import { openStore } from "../../core/store/db.ts";
import { testDatabase, testDatabaseTarget } from "../support/database.ts";
import { form, newConnection, newKey, newSession, type Running, startServer } from "./server-support.ts";
import { portOf } from "../../core/base/network.ts";

/**
 * Every operation that the OpenAPI description names, and every other address of the server, with what nobody sends in good faith. Nothing of it
 * may be our fault (5xx), and afterwards everything still works.
 */

const store = await testDatabase();
let running: Running;
let key: string;
let session: string;
let description: JsonObject;
beforeAll(async () => {
  running = await startServer(store);
  key = await newKey(store, "admin");
  session = await newSession(running, store, "admin");
  await newConnection(store, "acme-1");
  description = (await (await running.fetch("/api/v1/openapi.json")).json()) as JsonObject;
});
afterAll(() => running.close());

const APP = { name: "App", redirect_uris: ["https://app.example/back"], scopes: ["read" as const] };

/** What an app sends a person's browser to the hub with. */
function authorization(client_id: string): { [parameter: string]: string } {
  return {
    client_id,
    redirect_uri: "https://app.example/back",
    response_type: "code",
    scope: "read",
    state: "s",
    code_challenge: "x".repeat(43),
    code_challenge_method: "S256",
  };
}

const UUID = "b8b7c2d6-6a1e-8a3a-9c55-0d3f6a1b2c3d";
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

/** As it stands in an address: encoded already, also where it is wrong. */
const HOSTILE_TEXTS: readonly string[] = [
  "%00",
  "a%00b",
  "%ED%A0%BD",
  "%FF%FE",
  "%",
  "%E2%90%9B0000",
  "",
  "0",
  "-1",
  "1e400",
  "99999999999999999999",
  "0000-01-01",
  "0000-01-01T00:00:00Z",
  "0001-01-01",
  "9999-12-31",
  "9999-12-31T23:59:59.999Z",
  "-infinity",
  "__proto__",
  "constructor",
  "..%2F..%2Fetc%2Fpasswd",
  "'%3B--",
  "x".repeat(3000),
  "%F0%9F%98%80".repeat(300),
  UUID,
  "acme-1",
  "won_value",
  "a%3D%00",
  "%00%3Da",
  "stage%3D%00",
];

/** Where a list is to go on. */
const HOSTILE_CURSORS: readonly string[] = [
  ...[
    ["0000-01-01T00:00:00.000Z", UUID],
    ["9999-12-31T23:59:59.999Z", UUID, 1, ""],
    ["0000-00-00 00:00", UUID, 1, "\0"],
    ["infinity", UUID, 9007199254740991, "x"],
    [1e300],
    [-1],
    [9007199254740991],
    ["\0"],
    ["\ud83d", "\ud83d"],
    [],
    null,
    {},
  ].map(encoded),
  Buffer.from(nested(2000)).toString("base64url"),
];

const HOSTILE_VALUES: readonly Json[] = [
  null,
  true,
  -1,
  1e308,
  2 ** 60,
  "",
  "\0",
  "a\0b",
  "\ud83d",
  "\ude00\u241b0000",
  "https:x.example",
  "javascript:alert(1)",
  "0000-01-01",
  "9999-12-31",
  "x".repeat(5000),
  [],
  {},
  ["\0"],
  { "\0": "\0", __proto__: "x", constructor: "\ud83d" },
  JSON.parse(nested(90)) as Json,
];

type Schema = JsonObject;

/** The schema that a reference leads to. */
function resolved(schema: Json | undefined): Schema {
  if (!isObject(schema)) return {};
  const { $ref } = schema;
  if (typeof $ref !== "string") return schema;
  let found: Json | undefined = description;
  for (const step of $ref.slice(2).split("/")) found = isObject(found) ? found[step] : undefined;
  return resolved(found);
}

/** Something that the schema allows, so that what is wrong is only the one value that is put in. */
function sampleOf(schema: Schema): Json {
  if (schema["default"] !== undefined) return schema["default"];
  if (schema["const"] !== undefined) return schema["const"];
  if (Array.isArray(schema["enum"])) return (schema["enum"] as readonly Json[])[0] ?? null;
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) return sampleOf(resolved((choices as readonly Json[])[0]));
  if (schema["format"] === "uuid") return UUID;
  if (schema["format"] === "date-time") return "2026-01-01T00:00:00Z";
  if (schema["format"] === "uri") return "https://example.com/hook";
  switch (schema["type"]) {
    case "object":
      return Object.fromEntries(fieldsOf(schema).map(([name, field]) => [name, sampleOf(resolved(field))]));
    case "array":
      return [sampleOf(resolved(schema["items"]))];
    case "integer":
    case "number":
      return typeof schema["minimum"] === "number" && schema["minimum"] > 0 ? schema["minimum"] : 1;
    case "boolean":
      return false;
    default:
      return "acme-1";
  }
}

function fieldsOf(schema: Schema): [string, Json][] {
  return isObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
}

type Path = readonly (string | number)[];

/** Where something stands in a body: each field, item and what is inside them. */
function pathsOf(value: Json, at: Path = []): Path[] {
  const inside = Array.isArray(value)
    ? (value as readonly Json[]).flatMap((item, index) => pathsOf(item, [...at, index]))
    : isObject(value)
      ? Object.entries(value).flatMap(([name, item]) => pathsOf(item, [...at, name]))
      : [];
  return at.length === 0 ? inside : [at, ...inside];
}

function withAt(whole: Json, [step, ...rest]: Path, value: Json): Json {
  if (step === undefined) return value;
  if (Array.isArray(whole)) {
    return (whole as readonly Json[]).map((item, index) => (index === step ? withAt(item, rest, value) : item));
  }
  return isObject(whole) ? { ...whole, [step]: withAt(whole[step] ?? null, rest, value) } : whole;
}

type Parameter = { readonly name: string; readonly in: "path" | "query" | "header"; readonly schema: Schema };

type Attack = { readonly path: string; readonly init: RequestInit };

function* attacksOn(path: string, method: string, operation: JsonObject): Generator<Attack> {
  const parameters = (operation["parameters"] ?? []) as unknown as readonly Parameter[];
  const content = isObject(operation["requestBody"]) ? operation["requestBody"]["content"] : null;
  const body =
    isObject(content) && isObject(content["application/json"]) ? resolved(content["application/json"]["schema"]) : null;
  const sample = body === null ? null : sampleOf(body);
  const made = (
    values: { readonly [name: string]: string },
    sent: string | null,
    headers: Record<string, string> = {},
  ): Attack => {
    const query = parameters.filter((one) => one.in === "query" && values[one.name] !== undefined);
    const address = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
      const parameter = parameters.find((one) => one.in === "path" && one.name === name);
      return values[name] ?? encodeURIComponent(`${sampleOf(resolved(parameter?.schema)) as string | number}`);
    });
    const search = query.map((one) => `${one.name}=${values[one.name]}`).join("&");
    return {
      path: `/api/v1${address}${search === "" ? "" : `?${search}`}`,
      init: {
        method: method.toUpperCase(),
        ...(sent === null ? {} : { body: sent }),
        headers: { "Content-Type": "application/json", ...headers },
      },
    };
  };
  const said = sample === null ? null : JSON.stringify(sample);
  yield made({}, said);
  for (const [nth, parameter] of parameters.entries()) {
    if (parameter.in === "header") yield made({}, said, { [parameter.name]: "x".repeat(300) });
    else {
      const texts = parameter.name === "cursor" ? [...HOSTILE_TEXTS, ...HOSTILE_CURSORS] : HOSTILE_TEXTS;
      for (const text of everyOther(texts, nth)) yield made({ [parameter.name]: text }, said);
    }
  }
  if (sample === null || !isObject(sample)) return;
  for (const [nth, path] of [...pathsOf(sample), ["surprise"]].entries())
    for (const value of everyOther(HOSTILE_VALUES, nth)) yield made({}, JSON.stringify(withAt(sample, path, value)));
  for (const raw of [
    "",
    "null",
    "[]",
    '"x"',
    "{",
    '{"a":"\0"}',
    '{"a":"\\ud83d"}',
    nested(100_000),
    `{"id":${"9".repeat(400)}}`,
  ])
    yield made({}, raw);
}

/** Half of them, at the next place the other half: what a value does hardly depends on which of two texts side by side it stands for. */
function everyOther<T>(all: readonly T[], nth: number): readonly T[] {
  return all.filter((_, index) => (index + nth) % 2 === 0);
}

/** One after the other in a few lanes; more would only wait for each other. */
async function inLanes<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: 4 }, lane));
}

/** A way to the database that can be cut, as by a server that goes down. */
async function lineTo({ host, port }: { readonly host: string; readonly port: number }) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const there = connect(port, host);
    for (const one of [socket, there]) {
      sockets.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => sockets.delete(one));
    }
    socket.pipe(there).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // An IP socket has an address with a port once it listens.
    port: portOf(server),
    cut: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function faultOf(response: Response, what: string): Promise<string | null> {
  const text = await response.text();
  const isFault = response.status >= 500 || text.includes("internal.unexpected") || /\n\s+at .+:\d+:\d+/.test(text);
  return isFault ? `${what}: ${response.status} ${text.slice(0, 200)}` : null;
}

describe("hostile requests", () => {
  it("to any operation of the API are refused or answered, and never our fault", async () => {
    const attacks: Attack[] = [];
    for (const [path, operations] of Object.entries(description["paths"] as JsonObject))
      for (const [method, operation] of Object.entries(operations as JsonObject))
        attacks.push(...attacksOn(path, method, operation as JsonObject));
    expect(attacks.length).toBeGreaterThan(1000);
    const faults: string[] = [];
    await inLanes(attacks, async ({ path, init }) => {
      const response = await running.fetch(path, { ...init, as: key });
      const fault = await faultOf(
        response,
        `${init.method} ${path.slice(0, 120)} ${((init.body ?? "") as string).slice(0, 80)}`,
      );
      if (fault !== null) faults.push(fault);
    });
    expect(faults).toEqual([]);
  });

  it("to any other address are refused or answered, and never our fault", async () => {
    const gets = running.server.routes.filter(({ method, path }) => method === "get" && path.includes(":"));
    const attacks = gets.flatMap(({ path }) =>
      [...HOSTILE_TEXTS, ...HOSTILE_CURSORS].flatMap((text) => [
        path.replaceAll(/:\w+/g, text),
        `${path.replaceAll(/:\w+/g, "acme-1")}?next=${text}&key=${text}&stream=${text}&cursor=${text}&page=${text}&connection=${text}&before=${text}`,
      ]),
    );
    const faults: string[] = [];
    await inLanes(attacks, async (path) => {
      const stop = new AbortController();
      const response = await running.fetch(path, {
        as: session,
        headers: { Accept: "text/html" },
        signal: stop.signal,
      });
      // Event streams go on for good.
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      const fault = isStream ? null : await faultOf(response, path.slice(0, 120));
      if (isStream) stop.abort();
      if (fault !== null) faults.push(fault);
    });
    expect(faults).toEqual([]);
  });

  it("by forms, at sign-in and by webhook are refused or answered, and never our fault", async () => {
    const posts = running.server.routes.filter(({ method, path }) => method === "post" && !path.startsWith("/api/"));
    const texts = ["", "\0", "a\0b", "\ud83d", "x".repeat(5000), "[".repeat(5000), '{"a":"\\u0000"}', "0000-01-01"];
    const faults: string[] = [];
    await inLanes(
      posts.flatMap(({ path }) => texts.map((text) => ({ path, text }))),
      async ({ path, text }) => {
        const fields = [
          "email",
          "password",
          "name",
          "title",
          "scope",
          "settings",
          "tables",
          "id",
          "connector",
          "other",
          "secret",
          "every",
          "region",
          "api_key",
        ];
        const address = path.replace(":connection/:token", "acme-1/token-of-acme-1").replaceAll(/:\w+/g, "acme-1");
        const sent = form(Object.fromEntries(fields.map((field) => [field, text])), running.url);
        const response = await running.fetch(address, { ...sent, as: session });
        const fault = await faultOf(response, `POST ${address} ${JSON.stringify(text).slice(0, 40)}`);
        if (fault !== null) faults.push(fault);
      },
    );
    expect(faults).toEqual([]);
  });

  it("by an app that asks to be let in are refused or answered, and never our fault", async () => {
    const { app, secret } = await addApp(store.db, "test", APP);
    const asking = authorization(app.id);
    const token = {
      grant_type: "authorization_code",
      code: "x".repeat(43),
      redirect_uri: "https://app.example/back",
      code_verifier: "v".repeat(43),
      refresh_token: "r".repeat(43),
      client_id: app.id,
      client_secret: secret ?? "",
      scope: "read",
      token: "t".repeat(43),
      token_type_hint: "access_token",
    };
    const more = ["prompt", "max_age", "login_hint", "claims", "request", "request_uri", "ui_locales", "response_mode"];
    const attacks: Attack[] = [];
    for (const name of [...Object.keys(asking), ...more])
      for (const text of HOSTILE_TEXTS) {
        const { [name]: _replaced, ...rest } = asking;
        attacks.push({ path: `/oauth/authorize?${new URLSearchParams(rest)}&${name}=${text}`, init: {} });
      }
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const post = (path: string, body: string, change: Record<string, string> = {}): Attack => ({
      path,
      init: { method: "POST", body, headers: { ...headers, ...change } },
    });
    for (const path of ["/oauth/token", "/oauth/revoke"]) {
      for (const name of Object.keys(token))
        for (const text of HOSTILE_TEXTS.filter((one) => one.length < 100)) {
          const { [name]: _replaced, ...rest } = token as { [field: string]: string };
          attacks.push(post(path, `${new URLSearchParams(rest)}&${name}=${text}`));
        }
      for (const body of ["", "\0", "[]", "a=1&a=2", "client_id=a&client_id=b", "x".repeat(300_000)])
        for (const type of ["application/json", "text/plain", "multipart/form-data"])
          attacks.push(post(path, body, { "Content-Type": type }));
      for (const who of ["", "!!!", ...["a\0b:c\0", "%00:%00", "%:%", "%ED%A0%BD:x"].map((text) => btoa(text))])
        attacks.push(post(path, "grant_type=authorization_code&code=x", { Authorization: `Basic ${who}` }));
    }
    const faults: string[] = [];
    await inLanes(attacks, async ({ path, init }) => {
      const response = await running.fetch(path, { ...init, ...(init.method === undefined ? { as: session } : {}) });
      const fault = await faultOf(response, `${path.slice(-100)} ${((init.body ?? "") as string).slice(-80)}`);
      if (fault !== null) faults.push(fault);
    });
    expect(faults).toEqual([]);
  });

  it("by an assistant are refused or answered, and never our fault", async () => {
    const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
    const post = async (body: string): Promise<Response> =>
      running.fetch("/mcp", { method: "POST", as: key, headers, body });
    const message = (method: Json, params: Json): string => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const listed = (await (await post(message("tools/list", {}))).json()) as {
      readonly result: { readonly tools: readonly { readonly name: string; readonly inputSchema: JsonObject }[] };
    };
    const bodies: string[] = ["", "null", "[]", "{}", "{", '"x"', "\0", nested(100_000)];
    for (const { name: tool, inputSchema } of listed.result.tools) {
      const required = (inputSchema["required"] ?? []) as readonly string[];
      const sample = Object.fromEntries(required.map((name) => [name, name === "metric" ? "won_value" : "x"]));
      for (const name of [...Object.keys(inputSchema["properties"] as JsonObject), "surprise"])
        // What is inside goes the way of the API's own requests, which are tried with more.
        for (const value of [null, 2 ** 60, "a\0b", "\ud83d", "9999-12-31", "", ["\0"], {}])
          bodies.push(message("tools/call", { name: tool, arguments: { ...sample, [name]: value } }));
    }
    for (const value of HOSTILE_VALUES)
      bodies.push(
        message("tools/call", value),
        message("tools/call", { name: value }),
        message("tools/call", { name: "get_kpi", arguments: value }),
        message("tools/list", { cursor: value }),
        message("initialize", { protocolVersion: value, capabilities: value, clientInfo: { name: value } }),
        message(value, {}),
        JSON.stringify({ jsonrpc: "2.0", id: value, method: "ping" }),
      );
    const faults: string[] = [];
    await inLanes(bodies, async (body) => {
      const response = await post(body);
      const text = await response.clone().text();
      // JSON-RPC says by its code whose fault it was.
      const fault = text.includes(":-32603") ? text : await faultOf(response, "");
      if (fault !== null) faults.push(`${body.slice(0, 120)}: ${fault.slice(0, 200)}`);
    });
    expect(faults).toEqual([]);
    const batch = Array.from({ length: 50 }, () => message("ping", {}));
    expect((await post(`[${batch.join()}]`)).status).toBe(400);
  });

  it("by headers are refused or answered, and never our fault", async () => {
    const long = "x".repeat(3000);
    const headers: readonly Record<string, string>[] = [
      { Cookie: "tributary_session=%00; tributary_oauth=AAAA; tributary_sign_in=%ED%A0%BD; tributary_app=%; =; a" },
      { Origin: "http://[", "X-Forwarded-For": "\u00ff", "X-Forwarded-Proto": "javascript", "Accept-Language": long },
      { Authorization: `Basic ${btoa("a\0b:\0")}`, "X-Request-Id": "a b<script>", "If-None-Match": "\u00ff" },
      { "Content-Type": "application/json; charset=utf-16", "Last-Event-ID": "1e99", Range: "bytes=9-1", Accept: long },
      { "Content-Encoding": "gzip", "Idempotency-Key": "\u00ff\u00fe", "Content-Type": "application/json" },
      { "Content-Encoding": "nothing", "Content-Type": "multipart/form-data; boundary=" },
    ];
    const faults: string[] = [];
    const attacks = running.server.routes.flatMap((route) => headers.map((one) => [route, one] as const));
    await inLanes(attacks, async ([{ method, path }, one]) => {
      const address = path.replace(":connection/:token", "acme-1/token-of-acme-1").replaceAll(/:\w+/g, "acme-1");
      const stop = new AbortController();
      const response = await running.fetch(address, {
        method: method.toUpperCase(),
        ...("Cookie" in one || "Authorization" in one ? {} : { as: session }),
        headers: { Origin: running.url, ...one },
        ...(method === "get" || method === "delete" ? {} : { body: "{}" }),
        signal: stop.signal,
      });
      // Pages of the documentation show such words; they are no answers to these.
      const isPage = path.startsWith("/docs");
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      const what = `${method} ${path} ${JSON.stringify(one).slice(0, 100)}`;
      const fault = isStream ? null : isPage && response.status < 500 ? null : await faultOf(response, what);
      if (isStream) stop.abort();
      if (fault !== null) faults.push(fault);
    });
    expect(faults).toEqual([]);
  });

  it("while the database does not answer are told so with the code, each of them, and never that it is our fault", async () => {
    const target = await testDatabaseTarget();
    const line = await lineTo(target);
    const far = openStore({ ...target, host: "127.0.0.1", port: line.port });
    const other = await startServer(far);
    const admin = await newKey(far, "admin");
    await newConnection(far, "acme-1");
    const { app } = await addApp(far.db, "test", APP);
    await line.cut();
    const wrong: string[] = [];
    let told = 0;
    await inLanes(other.server.routes, async ({ method, path, access }) => {
      const query = path === "/oauth/authorize" ? `?${new URLSearchParams(authorization(app.id))}` : "";
      const address = path.replace(":connection/:token", "acme-1/token-of-acme-1").replaceAll(/:\w+/g, UUID) + query;
      const isToken = method === "post" && path.startsWith("/oauth/token");
      const grant = `grant_type=authorization_code&code=x&client_id=${app.id}&client_secret=x`;
      const sent = isToken
        ? { body: grant, headers: { "Content-Type": "application/x-www-form-urlencoded" } }
        : method === "get"
          ? {}
          : { body: "{}", headers: { "Content-Type": "application/json" } };
      // Who shows a key is looked for in the database; where none is needed, what comes after that is tried.
      const as = access.kind === "public" ? {} : { as: admin };
      const response = await other.fetch(address, { ...sent, method: method.toUpperCase(), ...as });
      const text = await response.text();
      if (text.includes("store.unreachable") && response.status === 503) told += 1;
      else if (response.status >= 500 && !/readyz$|metrics/.test(path))
        wrong.push(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
      // A page of the documentation explains the code.
      if (text.includes("internal.unexpected") && !path.startsWith("/docs"))
        wrong.push(`${method} ${path}: ${text.slice(0, 200)}`);
    });
    expect(wrong).toEqual([]);
    expect(told).toBeGreaterThan(50);
    await other.close();
    await far.close();
  });

  it("leave everything working", async () => {
    const own = await newKey(store, "admin");
    expect((await running.fetch("/readyz")).status).toBe(200);
    for (const path of [
      "/connections",
      "/runs",
      "/kpis",
      "/kpis/won_value",
      "/activities",
      "/webhooks",
      "/api-keys",
      "/events/deal.won",
    ])
      expect([path, (await running.fetch(`/api/v1${path}`, { as: own })).status]).toEqual([path, 200]);
  });
});
