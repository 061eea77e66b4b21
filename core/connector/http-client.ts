import axios, { type AxiosInstance, type AxiosResponse } from "axios";
import { type Json, type JsonObject, parseJson } from "../base/json.ts";
import { guardedAgents, isRefusedAddress } from "./guard.ts";
import type { HttpFactory, HttpOptions, HttpRequest, LibraryCall } from "./http.ts";
import { foreignAddress, mismatch, privateAddress, unreachable, unreadable } from "./http-errors.ts";
import { type HttpDeps, Passage } from "./http-policy.ts";

const MOST_REDIRECTS = 3;
/** An answer that is larger is refused before it fills the memory. The largest page seen of any vendor is below 10 MB. */
const MOST_BYTES = 64 * 1024 * 1024;
const USER_AGENT = "tributary";

/** Makes the HTTP clients of one connection; see {@link Http} for what they promise. */
export function createHttpFactory(deps: HttpDeps): HttpFactory {
  const transport = createTransport(deps.allowPrivateNetworks);
  return (options) => ({
    request: (request) => requestOver(transport, deps, options, request),
    call: (call) => callThrough(deps, options, call),
  });
}

/** Connections are kept open: a TLS handshake for each page would cost more than most pages. */
export function createTransport(allowPrivateNetworks: boolean): AxiosInstance {
  const agents = guardedAgents(allowPrivateNetworks, { keepAlive: true, maxSockets: 16 });
  return axios.create({
    ...agents,
    // A proxy from the environment would get the credentials and would dodge the guard against private networks.
    proxy: false,
    responseType: "arraybuffer",
    validateStatus: () => true,
    maxRedirects: 0,
    maxContentLength: MOST_BYTES,
    headers: { "User-Agent": USER_AGENT, Accept: "application/json" },
  });
}

/** A request by axios. */
async function requestOver<T>(
  transport: AxiosInstance,
  deps: HttpDeps,
  options: HttpOptions,
  request: HttpRequest<T>,
): Promise<T> {
  const passage = new Passage(deps, options, request);
  const exchange = new Exchange(passage, transport, request);
  const body = await passage.through((credentials) => exchange.tryOnce(credentials));
  if (request.schema === undefined) return body as T; // The caller takes JSON as it is: T is Json then.
  const parsed = request.schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".")}: ${issue.code}`);
  throw mismatch(options.vendor, passage.method, request.path, fields.join(", "));
}

/** A request by the vendor's own client library. */
function callThrough<T>(deps: HttpDeps, options: HttpOptions, call: LibraryCall<T>): Promise<T> {
  const passage = new Passage(deps, options, call);
  return passage.through(async (credentials) => {
    const result = await passage.inTime(
      (signal) => Promise.race([call.send(credentials, signal), rejectedAt(signal)]),
      (error) => {
        const answer = call.answerOf(error);
        if (answer !== null && answer.status >= 400) return passage.refused(answer);
        if (answer !== null)
          return unreadable(options.vendor, passage.method, call.path, "the client library could make nothing of it");
        return unreachable(options.vendor, passage.method, call.path, error);
      },
    );
    const headers = call.headersOf?.(result);
    if (headers !== undefined) await passage.observe(headers);
    return result;
  });
}

/** Most libraries cannot end a call from outside: it is left behind then, and its result dropped. */
function rejectedAt(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("ended")), { once: true });
  });
}

type Answer = { readonly status: number; readonly headers: { readonly [name: string]: string }; readonly text: string };

/** One request and its answer over the wire. */
class Exchange {
  private readonly passage: Passage;
  private readonly transport: AxiosInstance;
  private readonly request: HttpRequest<unknown>;

  constructor(passage: Passage, transport: AxiosInstance, request: HttpRequest<unknown>) {
    this.passage = passage;
    this.transport = transport;
    this.request = request;
  }

  async tryOnce(credentials: JsonObject): Promise<Json> {
    const { passage } = this;
    const answer = await this.send(credentials);
    await passage.observe(answer.headers);
    if (answer.status < 200 || answer.status >= 300)
      throw passage.refused({ status: answer.status, headers: answer.headers, body: parseOrCut(answer.text) });
    if (answer.text === "") return null;
    try {
      return parseJson(answer.text);
    } catch {
      const isPage = /^\s*</.test(answer.text);
      const reason = isPage ? "it is a web page, not JSON" : "its JSON is broken or cut off";
      throw unreadable(passage.options.vendor, passage.method, this.request.path, reason);
    }
  }

  /** Sends it, following redirects that stay at the vendor. */
  private async send(credentials: JsonObject): Promise<Answer> {
    const { method, isSafe } = this.passage;
    const { vendor, baseUrl } = this.passage.options;
    const origin = new URL(baseUrl).origin;
    let url = new URL(this.request.path, baseUrl);
    for (const [name, value] of Object.entries(this.request.params ?? {})) {
      if (value === undefined) continue;
      if (typeof value === "object") for (const one of value) url.searchParams.append(name, one);
      else url.searchParams.set(name, String(value));
    }
    for (let redirects = 0; ; redirects += 1) {
      if (url.origin !== origin) throw foreignAddress(vendor, method, this.request.path, url.origin);
      const answer = await this.exchange(url, credentials);
      const location = answer.headers["location"];
      if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
      if (!isSafe || redirects === MOST_REDIRECTS) return answer;
      url = new URL(location, url);
    }
  }

  /** One request, one answer, within `timeoutMs` from first to last byte: a server that drips cannot hold us. */
  private exchange(url: URL, credentials: JsonObject): Promise<Answer> {
    const { method, options } = this.passage;
    const { body, path } = this.request;
    return this.passage.inTime(
      async (signal) => {
        const response = await this.transport.request<Buffer>({
          url: url.href,
          method,
          headers: {
            ...options.authorize(credentials),
            ...this.request.headers,
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          },
          ...(body === undefined ? {} : { data: JSON.stringify(body) }),
          signal,
        });
        return { status: response.status, headers: toHeaders(response), text: response.data.toString("utf8") };
      },
      (error) =>
        isRefusedAddress(error)
          ? privateAddress(options.vendor, method, path, url.host)
          : unreachable(options.vendor, method, path, error),
    );
  }
}

function toHeaders(response: AxiosResponse<Buffer>): { readonly [name: string]: string } {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(response.headers as { readonly [name: string]: unknown }))
    if (typeof value === "string") headers[name.toLowerCase()] = value;
    else if (Array.isArray(value)) headers[name.toLowerCase()] = value.join(", ");
  return headers;
}

function parseOrCut(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text.slice(0, 2000);
  }
}
