import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import axios, { type AxiosInstance, type AxiosResponse } from "axios";
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from "request-filtering-agent";
import type { Clock } from "../base/clock.ts";
import { findTributaryError, TributaryError } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { CredentialSource } from "./define.ts";
import type { BucketLimit, Http, HttpFactory, HttpFailure, HttpOptions, HttpRequest } from "./http.ts";
import {
  classifyStatus,
  foreignAddress,
  mismatch,
  privateAddress,
  retryAfterMs,
  unreachable,
  unreadable,
} from "./http-errors.ts";
import type { Limiter } from "./limits.ts";

export type HttpDeps = {
  readonly credentials: CredentialSource;
  readonly limiter: Limiter;
  readonly clock: Clock;
  /** Ends every request that is under way, and every wait. */
  readonly signal: AbortSignal;
  readonly allowPrivateNetworks: boolean;
};

/** A safe request is sent so often at most before its failure is passed on. The job's own retries come after that, with longer pauses. */
const MOST_TRIES = 4;
const FIRST_PAUSE_MS = 250;
/** A wait that the vendor asks for is sat out up to here; a longer one would only hold a worker. */
const LONGEST_WAIT_MS = 10_000;
const MOST_REDIRECTS = 3;
/** An answer that is larger is refused before it fills the memory. The largest page seen of any vendor is below 10 MB. */
const MOST_BYTES = 64 * 1024 * 1024;
const USER_AGENT = "tributary";

/** Makes the HTTP clients of one connection; see {@link Http} for what they promise. */
export function createHttpFactory(deps: HttpDeps): HttpFactory {
  const transport = createTransport(deps.allowPrivateNetworks);
  return (options) => createHttp(deps, options, transport);
}

/** Connections are kept open: a TLS handshake for each page would cost more than most pages. */
export function createTransport(allowPrivateNetworks: boolean): AxiosInstance {
  const keepAlive = { keepAlive: true, maxSockets: 16 };
  const agents = allowPrivateNetworks
    ? { httpAgent: new HttpAgent(keepAlive), httpsAgent: new HttpsAgent(keepAlive) }
    : {
        httpAgent: new RequestFilteringHttpAgent(keepAlive),
        httpsAgent: new RequestFilteringHttpsAgent(keepAlive),
      };
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

function createHttp(deps: HttpDeps, options: HttpOptions, transport: AxiosInstance): Http {
  return {
    async request<T>(request: HttpRequest<T>): Promise<T> {
      const call = new Call(deps, options, transport, request);
      const body = await call.answer();
      if (request.schema === undefined) return body as T; // The caller takes JSON as it is: T is Json then.
      const parsed = request.schema.safeParse(body);
      if (parsed.success) return parsed.data;
      const fields = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".")}: ${issue.code}`);
      throw mismatch(options.vendor, call.method, request.path, fields.join(", "));
    },
  };
}

type Answer = { readonly status: number; readonly headers: { readonly [name: string]: string }; readonly text: string };

/** One request on its way to an answer: signs in, waits its turn, tries again. */
class Call {
  readonly method: string;
  private readonly deps: HttpDeps;
  private readonly options: HttpOptions;
  private readonly transport: AxiosInstance;
  private readonly request: HttpRequest<unknown>;
  private readonly bucket: string;
  private readonly limit: BucketLimit;
  private readonly isSafe: boolean;
  /** Milliseconds that were spent waiting because the vendor asked for it. */
  private waitedMs = 0;

  constructor(deps: HttpDeps, options: HttpOptions, transport: AxiosInstance, request: HttpRequest<unknown>) {
    this.deps = deps;
    this.options = options;
    this.transport = transport;
    this.request = request;
    this.method = request.method ?? "GET";
    this.isSafe = request.isSafe ?? this.method === "GET";
    this.bucket = options.bucketOf(request);
    // An undeclared bucket is the connector's mistake; one request a second harms nobody.
    this.limit = options.limits[this.bucket] ?? { capacity: 1, refillPerS: 1 };
  }

  async answer(): Promise<Json> {
    let credentials = await this.deps.credentials.current();
    let isRefreshed = false;
    for (let tries = 1; ;) {
      await this.takeTurn();
      try {
        return await this.tryOnce(credentials);
      } catch (error) {
        const failure = findTributaryError(error);
        if (failure === null || this.deps.signal.aborted) throw error;
        if (error instanceof Refused && error.status === 401 && !isRefreshed) {
          isRefreshed = true;
          const renewed = await this.deps.credentials.refresh(credentials);
          if (renewed === credentials) throw error.failure;
          credentials = renewed;
        } else if (failure.kind === "rate_limited") {
          await this.sitOut(failure);
        } else if (failure.kind === "transient" && this.isSafe && tries < MOST_TRIES) {
          await this.pause(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + Math.random()));
          tries += 1;
        } else {
          throw failure;
        }
      }
    }
  }

  /** Waits for a token of the shared bucket. */
  private async takeTurn(): Promise<void> {
    for (;;) {
      const waitMs = await this.deps.limiter.take(this.bucket, this.limit);
      if (waitMs === 0) return;
      if (waitMs > LONGEST_WAIT_MS) throw this.toldToWait(waitMs);
      // A little more for each, so that all who wait do not come back in the same instant.
      await this.pause(waitMs + Math.random() * Math.min(waitMs, 50));
    }
  }

  /** A 429: the whole bucket waits, and so do we, unless it takes too long. */
  private async sitOut(failure: TributaryError): Promise<void> {
    const retryAt = failure.retryAt ?? this.deps.clock.now();
    // Some vendors round down to 0 (or give fractions): never hammer.
    const waitMs = Math.max(50, retryAt.getTime() - this.deps.clock.now().getTime());
    await this.deps.limiter.block(this.bucket, this.limit, waitMs);
    this.waitedMs += waitMs;
    if (this.waitedMs > LONGEST_WAIT_MS) throw failure;
    await this.pause(waitMs);
  }

  private toldToWait(waitMs: number): TributaryError {
    return new TributaryError({
      code: `${this.options.vendor}.http.rate_limited`,
      kind: "rate_limited",
      message: `The shared rate limit "${this.bucket}" has nothing left for ${Math.ceil(waitMs / 1000)} s.`,
      mend: "Nothing to do: it goes on by itself.",
      retryAt: new Date(this.deps.clock.now().getTime() + waitMs),
    });
  }

  private pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.deps.signal });
  }

  private async tryOnce(credentials: JsonObject): Promise<Json> {
    const answer = await this.send(credentials);
    const observed = this.options.readLimit(answer.headers);
    if (observed !== null) await this.deps.limiter.observe(this.bucket, observed);
    if (answer.status < 200 || answer.status >= 300) throw this.refused(answer);
    if (answer.text === "") return null;
    try {
      return JSON.parse(answer.text) as Json;
    } catch {
      const isPage = /^\s*</.test(answer.text);
      const reason = isPage ? "it is a web page, not JSON" : "its JSON is broken or cut off";
      throw unreadable(this.options.vendor, this.method, this.request.path, reason);
    }
  }

  private refused(answer: Answer): Refused {
    const failure: HttpFailure = {
      status: answer.status,
      headers: answer.headers,
      body: parseOrCut(answer.text),
      request: { method: this.method, path: this.request.path },
      now: this.deps.clock.now(),
    };
    const own = this.options.classify(failure) ?? classifyStatus(this.options.vendor, failure);
    const isUndated = own.kind === "rate_limited" && own.retryAt === undefined;
    const retryAt = new Date(failure.now.getTime() + retryAfterMs(failure));
    return new Refused(answer.status, new TributaryError(isUndated ? { ...own, retryAt } : own));
  }

  /** Sends it, following redirects that stay at the vendor. */
  private async send(credentials: JsonObject): Promise<Answer> {
    const { vendor, baseUrl } = this.options;
    const origin = new URL(baseUrl).origin;
    let url = new URL(this.request.path, baseUrl);
    for (const [name, value] of Object.entries(this.request.params ?? {})) {
      if (value === undefined) continue;
      if (typeof value === "object") for (const one of value) url.searchParams.append(name, one);
      else url.searchParams.set(name, String(value));
    }
    for (let redirects = 0; ; redirects += 1) {
      if (url.origin !== origin) throw foreignAddress(vendor, this.method, this.request.path, url.origin);
      const answer = await this.exchange(url, credentials);
      const location = answer.headers["location"];
      if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
      if (!this.isSafe || redirects === MOST_REDIRECTS) return answer;
      url = new URL(location, url);
    }
  }

  /** One request, one answer, within `timeoutMs` from first to last byte: a server that drips cannot hold us. */
  private async exchange(url: URL, credentials: JsonObject): Promise<Answer> {
    const { vendor, timeoutMs } = this.options;
    const { signal } = this.deps;
    signal.throwIfAborted();
    const ended = new AbortController();
    const onAbort = (): void => ended.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(onAbort, timeoutMs);
    try {
      const response = await this.transport.request<Buffer>({
        url: url.href,
        method: this.method,
        headers: {
          ...this.options.authorize(credentials),
          ...this.request.headers,
          ...(this.request.body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(this.request.body === undefined ? {} : { data: JSON.stringify(this.request.body) }),
        signal: ended.signal,
      });
      return { status: response.status, headers: toHeaders(response), text: response.data.toString("utf8") };
    } catch (error) {
      signal.throwIfAborted();
      const timedOut = ended.signal.aborted ? new Error(`no complete answer within ${timeoutMs} ms`) : error;
      if (isPrivateAddress(error)) throw privateAddress(vendor, this.method, this.request.path, url.host);
      throw unreachable(vendor, this.method, this.request.path, timedOut);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** A status that says no, with what it means. */
class Refused extends Error {
  readonly status: number;
  readonly failure: TributaryError;

  constructor(status: number, failure: TributaryError) {
    super(failure.message, { cause: failure });
    this.status = status;
    this.failure = failure;
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
    return JSON.parse(text) as Json;
  } catch {
    return text.slice(0, 2000);
  }
}

/** How request-filtering-agent says no; it has no code of its own. */
function isPrivateAddress(error: unknown): boolean {
  return error instanceof Error && /is not allowed\. Because,? It is/.test(error.message);
}
