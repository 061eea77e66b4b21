import type { z } from "zod";
import type { TributaryErrorOptions } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";

/** Makes HTTP clients for one connection: credentials, shared rate limits, and failures turned into TributaryErrors. */
export type HttpFactory = (options: HttpOptions) => Http;

/** A vendor's HTTP interface as a connector sees it. Every method throws TributaryError and nothing else. */
export type Http = {
  /**
   * One request, answered with parsed JSON. A 401 refreshes the credentials once where they can be refreshed; connection resets and
   * time-outs of safe requests are tried again a few times; a short wait that the vendor asks for is waited out, a long one is thrown
   * as `rate_limited`.
   */
  request<T = Json>(request: HttpRequest<T>): Promise<T>;
  /** A call that the vendor's own client library makes, under the same promises. */
  call<T>(call: LibraryCall<T>): Promise<T>;
};

/** One call of a vendor's client library. */
export type LibraryCall<T> = Pick<HttpRequest, "method" | "path" | "isSafe"> & {
  /**
   * Makes the call once, signed in with these credentials. Rejects for every status that says no. Ends when `signal` says so, where the
   * library can; where it cannot, the call is left behind.
   */
  readonly send: (credentials: JsonObject, signal: AbortSignal) => Promise<T>;
  /** The vendor's answer in what the library threw; null when there was none (no connection, a time-out). */
  readonly answerOf: (error: unknown) => VendorAnswer | null;
  /** The headers that came with a result, for `readLimit`; absent where the library hides them. */
  readonly headersOf?: (result: T) => VendorAnswer["headers"];
};

/** A status and what came with it. Header names are lower case. */
export type VendorAnswer = {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  /** Parsed JSON where it was JSON, else the text's first 2,000 characters. */
  readonly body: Json;
};

export type HttpRequest<T = Json> = {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Relative to the base address, without a leading slash; or absolute where the vendor hands out next-page links (same origin only). */
  readonly path: string;
  readonly params?: { readonly [name: string]: string | number | boolean | readonly string[] | undefined };
  readonly body?: Json;
  readonly headers?: { readonly [name: string]: string };
  /** Reads the answer; absent: as it is. A mismatch is `contract`. */
  readonly schema?: z.ZodType<T>;
  /** A POST that only reads (a search) may be tried again like a GET. */
  readonly isSafe?: boolean;
};

export type HttpOptions = {
  /** First part of this vendor's error codes: `close`. */
  readonly vendor: string;
  /** With a trailing slash. */
  readonly baseUrl: string;
  /** Headers that sign a request in. */
  readonly authorize: (credentials: JsonObject) => { readonly [header: string]: string };
  readonly timeoutMs: number;
  /** The shared bucket that a request takes from. */
  readonly bucketOf: (request: HttpRequest<unknown>) => string;
  /** What each bucket holds before the vendor's headers have said more. */
  readonly limits: { readonly [bucket: string]: BucketLimit };
  /** What the vendor's headers say is left; null when they say nothing. Header names are lower case. */
  readonly readLimit: (headers: { readonly [name: string]: string }) => ObservedLimit | null;
  /** The vendor's own error shapes; null falls back to what the status means. */
  readonly classify: (failure: HttpFailure) => TributaryErrorOptions | null;
  /**
   * For vendors that lock out who has got too many failures, even if they are the vendor's own: each answer with such a status takes
   * from this bucket, and while it has nothing left nobody asks at all.
   */
  readonly failures?: { readonly bucket: string; readonly counts: (status: number) => boolean };
};

export type BucketLimit = { readonly capacity: number; readonly refillPerS: number };

export type ObservedLimit = {
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Seconds until the bucket is full again, from now; fractions are kept. */
  readonly resetS: number | null;
};

export type HttpFailure = VendorAnswer & {
  readonly request: { readonly method: string; readonly path: string };
  readonly now: Date;
};
