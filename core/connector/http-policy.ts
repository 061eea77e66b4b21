import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { findTributaryError, TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { CredentialSource } from "./define.ts";
import type { BucketLimit, HttpFailure, HttpOptions, HttpRequest, VendorAnswer } from "./http.ts";
import { classifyStatus, retryAfterMs } from "./http-errors.ts";
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

/** One request on its way to an answer, whoever carries it: signs in, waits its turn, tries again. */
export class Passage {
  readonly deps: HttpDeps;
  readonly options: HttpOptions;
  readonly method: string;
  readonly path: string;
  readonly isSafe: boolean;
  private readonly bucket: string;
  private readonly limit: BucketLimit;
  /** Milliseconds that were spent waiting because the vendor asked for it. */
  private waitedMs = 0;

  constructor(deps: HttpDeps, options: HttpOptions, request: HttpRequest<unknown>) {
    this.deps = deps;
    this.options = options;
    this.method = request.method ?? "GET";
    this.path = request.path;
    this.isSafe = request.isSafe ?? this.method === "GET";
    this.bucket = options.bucketOf(request);
    // An undeclared bucket is the connector's mistake; one request a second harms nobody.
    this.limit = options.limits[this.bucket] ?? { capacity: 1, refillPerS: 1 };
  }

  /** @param tryOnce sends it once; throws what {@link refused} makes of a status that says no, or a TributaryError. */
  async through<T>(tryOnce: (credentials: JsonObject) => Promise<T>): Promise<T> {
    let credentials = await this.deps.credentials.current();
    let isRefreshed = false;
    for (let tries = 1; ;) {
      await this.takeTurn();
      try {
        return await tryOnce(credentials);
      } catch (error) {
        const failure = findTributaryError(error);
        if (failure === null || this.deps.signal.aborted) throw error;
        if (error instanceof Refused) await this.countFailure(error.status);
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

  /** What the vendor's headers say of the limit is passed on to everyone who shares it. */
  async observe(headers: VendorAnswer["headers"]): Promise<void> {
    const observed = this.options.readLimit(headers);
    if (observed !== null) await this.deps.limiter.observe(this.bucket, observed);
  }

  /** What an answer with a status that says no means. */
  refused(answer: VendorAnswer): Refused {
    const failure: HttpFailure = {
      status: answer.status,
      headers: answer.headers,
      body: answer.body,
      request: { method: this.method, path: this.path },
      now: this.deps.clock.now(),
    };
    const own = this.options.classify(failure) ?? classifyStatus(this.options.vendor, failure);
    const isUndated = own.kind === "rate_limited" && own.retryAt === undefined;
    const retryAt = new Date(failure.now.getTime() + retryAfterMs(failure));
    return new Refused(answer.status, new TributaryError(isUndated ? { ...own, retryAt } : own));
  }

  /**
   * Does something that has to end within the options' `timeoutMs`, and at once when the run ends; `signal` tells it so.
   *
   * @throws TributaryError what `asFailure` makes of its failure; the run's own end as it is.
   */
  async inTime<T>(work: (signal: AbortSignal) => Promise<T>, asFailure: (error: unknown) => Error): Promise<T> {
    const { signal } = this.deps;
    const { timeoutMs } = this.options;
    signal.throwIfAborted();
    const ended = new AbortController();
    const onAbort = (): void => ended.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(onAbort, timeoutMs);
    try {
      return await work(ended.signal);
    } catch (error) {
      signal.throwIfAborted();
      throw asFailure(ended.signal.aborted ? new Error(`no complete answer within ${timeoutMs} ms`) : error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
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

  /** A failure that the vendor counts. When too many have been, everyone waits until one more can be borne. */
  private async countFailure(status: number): Promise<void> {
    const { failures, limits } = this.options;
    const limit = failures === undefined ? undefined : limits[failures.bucket];
    if (failures === undefined || limit === undefined || !failures.counts(status)) return;
    const waitMs = await this.deps.limiter.take(failures.bucket, limit);
    if (waitMs > 0) await this.deps.limiter.block(this.bucket, this.limit, waitMs);
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
}

/** A status that says no, with what it means. */
export class Refused extends Error {
  readonly status: number;
  readonly failure: TributaryError;

  constructor(status: number, failure: TributaryError) {
    super(failure.message, { cause: failure });
    this.status = status;
    this.failure = failure;
  }
}
