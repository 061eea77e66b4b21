import { buffer } from "node:stream/consumers";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { FAULT_KINDS, type Faults } from "./faults.ts";
import { portOf } from "../../core/base/network.ts";

/** A request as a simulated vendor sees it. */
export type SimRequest = {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
};

export type SimAnswer = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  /** Text or bytes go out as they are, anything else as JSON; undefined: no body. */
  readonly body?: unknown;
};

/** What a simulator has answered, oldest first; the last 10,000. */
export type LoggedRequest = {
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly status: number;
};

export type SimulatorOptions = {
  readonly port?: number;
  readonly now: () => Date;
  readonly faults: Faults;
  /** The vendor itself: signs in, limits, answers. Whatever it throws is a 500. */
  readonly answer: (request: SimRequest) => Promise<SimAnswer> | SimAnswer;
  /** How this vendor says "too many requests" where the dial makes it. */
  readonly tooMany: () => SimAnswer;
  /** How this vendor says that the account has no right to something. Absent: 403 and an error. */
  readonly denied?: () => SimAnswer;
  /** Further orders at `POST /__control`, by name. */
  readonly controls?: { readonly [order: string]: (argument: unknown) => unknown };
  /** Called before a faultless answer is made: here lists are changed under the reader's feet. */
  readonly beforeAnswer?: (request: SimRequest) => void;
};

export type SimulatorServer = {
  /** `http://127.0.0.1:…`, without a trailing slash. */
  readonly origin: string;
  readonly log: readonly LoggedRequest[];
  close(): Promise<void>;
};

const LOGGED = 10_000;

/** Starts a vendor on a port of this machine (a free one unless said), with a dial for its faults at `/__control`. */
export async function startServer(options: SimulatorOptions): Promise<SimulatorServer> {
  const log: LoggedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    serve(options, log, incoming, outgoing).catch((error: unknown) => {
      if (outgoing.headersSent) return outgoing.destroy();
      return send(outgoing, { status: 500, body: { error: error instanceof Error ? error.message : "broken" } });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  return { origin: `http://127.0.0.1:${portOf(server)}`, log, close: () => stop(server) };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}

async function serve(
  options: SimulatorOptions,
  log: LoggedRequest[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = await readRequest(incoming);
  if (request.path === "/__control") return send(outgoing, control(options, log, request));
  options.faults.requested();
  if (options.faults.strikes("drip", nameOf(request))) return drip(outgoing);
  const answer = await answerOrFault(options, request, incoming);
  if (answer === "reset") return void incoming.socket.destroy();
  log.push({
    at: options.now(),
    method: request.method,
    path: request.path,
    query: request.query.toString(),
    status: answer.status,
  });
  if (log.length > LOGGED) log.splice(0, LOGGED / 2);
  if (options.faults.strikes("truncate", nameOf(request))) return cutShort(outgoing, answer);
  send(outgoing, answer);
}

function nameOf(request: SimRequest): string {
  return `${request.method} ${request.path}?${request.query.toString()}`;
}

async function answerOrFault(
  options: SimulatorOptions,
  request: SimRequest,
  incoming: IncomingMessage,
): Promise<SimAnswer | "reset"> {
  const { faults } = options;
  const name = nameOf(request);
  if (faults.strikes("slow", name)) await sleep(faults.slowMs);
  if (faults.strikes("reset", name) || incoming.socket.destroyed) return "reset";
  if (faults.strikes("rate429", name)) return options.tooMany();
  if (faults.strikes("rate5xx", name))
    return { status: faults.nextServerError(), body: { error: "The server is in trouble" } };
  if (faults.strikes("html502", name)) {
    const body = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    return { status: 502, headers: { "content-type": "text/html" }, body };
  }
  if (faults.isDenied(name)) return options.denied?.() ?? { status: 403, body: { error: "Forbidden" } };
  options.beforeAnswer?.(request);
  return options.answer(request);
}

async function readRequest(incoming: IncomingMessage): Promise<SimRequest> {
  const body = await buffer(incoming);
  const url = new URL(incoming.url ?? "/", "http://simulator");
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  }
  const method = incoming.method ?? "GET";
  return { method, path: url.pathname, query: url.searchParams, headers, body };
}

function payload(answer: SimAnswer): { readonly body: string | Buffer; readonly type: string } {
  if (typeof answer.body === "string" || Buffer.isBuffer(answer.body)) return { body: answer.body, type: "text/plain" };
  return { body: answer.body === undefined ? "" : JSON.stringify(answer.body), type: "application/json" };
}

function send(outgoing: ServerResponse, answer: SimAnswer): void {
  const { body, type } = payload(answer);
  outgoing.writeHead(answer.status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    ...answer.headers,
  });
  outgoing.end(body);
}

/** Half of the body, then the connection ends. */
function cutShort(outgoing: ServerResponse, answer: SimAnswer): void {
  const { body, type } = payload(answer);
  const whole = Buffer.from(body);
  outgoing.writeHead(answer.status, { "content-type": type, "content-length": whole.length, ...answer.headers });
  outgoing.write(whole.subarray(0, Math.floor(whole.length / 2)), () => outgoing.destroy());
}

/** An answer that never ends, a byte at a time, until whoever waits for it has had enough. */
function drip(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { "content-type": "application/json" });
  const timer = setInterval(() => outgoing.write(" "), 50);
  outgoing.on("close", () => clearInterval(timer));
}

const rates = z.partialRecord(z.enum(FAULT_KINDS), z.number().min(0).max(1));
const script = z.object({
  kind: z.enum(FAULT_KINDS),
  times: z.int().positive(),
  match: z.string().default(""),
  after: z.int().nonnegative().default(0),
});
const orders = z.object({
  /** Rates to set; the others stay. */
  rates: rates.optional(),
  slowMs: z.number().nonnegative().optional(),
  scripts: z.array(script).optional(),
  clear: z.boolean().optional(),
  /** The vendor's own orders. */
  do: z.record(z.string(), z.unknown()).optional(),
});

/** `GET` tells how the dial stands and what was asked; `POST` turns it. Reached from this machine only, as all of it is. */
function control(options: SimulatorOptions, log: readonly LoggedRequest[], request: SimRequest): SimAnswer {
  const { faults } = options;
  if (request.method === "GET") {
    return {
      status: 200,
      body: { ...faults.state(), controls: Object.keys(options.controls ?? {}), requests: log.length },
    };
  }
  const parsed = orders.safeParse(JSON.parse(request.body.toString("utf8") || "{}"));
  if (!parsed.success) return { status: 400, body: { error: z.prettifyError(parsed.error) } };
  const order = parsed.data;
  if (order.clear === true) faults.clear();
  if (order.rates !== undefined) faults.set(order.rates);
  if (order.slowMs !== undefined) faults.slowMs = order.slowMs;
  for (const one of order.scripts ?? []) faults.script(one);
  const done: { [order: string]: unknown } = {};
  for (const [name, argument] of Object.entries(order.do ?? {})) {
    const act = options.controls?.[name];
    if (act === undefined) return { status: 400, body: { error: `no control named ${name}` } };
    done[name] = act(argument) ?? true;
  }
  return { status: 200, body: { ...faults.state(), done } };
}
