import type { Json, JsonObject } from "../../core/base/json.ts";

/**
 * What a connector's `simulator/index.ts` exports as `harness`, so that the acceptance checks can run any connector against its vendor.
 *
 * ```ts
 * export const harness: ConnectorHarness = { start: (options) => startAcmeHarness(options) };
 * ```
 */
export type ConnectorHarness = {
  /** Starts a vendor of its own on a free port of 127.0.0.1. Equal options give the equal vendor. */
  start(options: HarnessOptions): Promise<Harness>;
};

export type HarnessOptions = {
  readonly seed: number;
  /** About how many records the vendor holds over all streams; at least two pages of the main stream. */
  readonly records: number;
  /** What time it is at the vendor when it starts. */
  readonly now: Date;
  /** By how much the vendor's clock is ahead of this machine's when something changes there; negative: behind. Default 0. */
  readonly skewMs?: number;
};

/** A running vendor and what the checks may do to it. */
export type Harness = {
  /** Input for the connector's settings schema, pointing at the simulator. */
  readonly settings: JsonObject;
  readonly credentials: JsonObject;
  /** Texts that may stand in no log line, error or record: keys, tokens, signing secrets. */
  readonly secrets: readonly string[];
  /** The streams that the checks pull, in an order in which what one stream says of another has arrived (an event log last). */
  readonly streams: readonly string[];
  /** What the source holds of a stream now: the record's id → `digest` of the record as the connector pulls it. */
  expected(stream: string): ReadonlyMap<string, string>;
  /** What tells two versions of a record apart, whichever of the vendor's forms it came in (its update time, a hash of its content). */
  digest(stream: string, record: Json): string;
  /** Changes one record so that the next pull has to bring it. Its id; null where this stream's records never change. */
  mutate(stream: string): string | null;
  /** Adds one record that the next pull has to bring. Its id; null where the simulator cannot. */
  add(stream: string): string | null;
  /** Takes one record back. Its id; null where the source never takes one back. */
  remove(stream: string): string | null;
  /**
   * From now on the vendor serves one record of the stream with an unknown field (`unknown`), or with a field that the connector reads in
   * another type (`mistyped`). Its id; null where this cannot happen to the stream.
   */
  spoil(stream: string, how: "unknown" | "mistyped"): string | null;
  /** Called before each answer to a request for records; for changes while somebody pages. Null ends it. */
  onRequest(listener: (() => void) | null): void;
  /** What the next `times` requests get in place of an answer, in the order of the calls. */
  fail(fault: HarnessFault, times?: number): void;
  /** Records come twice, out of order, and with an older version after the newer one, where the vendor is known to do so. */
  disorder(isOn: boolean): void;
  /** Takes the right to read the stream from the account, or gives it back. False where this vendor has no such right to take. */
  permit(stream: string, isPermitted: boolean): boolean;
  /** The credentials are refused from now on. */
  revoke(): void;
  /** How many requests the vendor has had. */
  requestCount(): number;
  stop(): Promise<void>;
};

export const HARNESS_FAULTS = [
  "rate_limited",
  "rate_limited_without_header",
  "server_error",
  "unavailable_html",
  "reset",
  "drip",
  "truncated",
  "html",
] as const;
/**
 * - `rate_limited`                 429 with the vendor's header that says to wait one second.
 * - `rate_limited_without_header`  429 and nothing else.
 * - `server_error`                 500, 502, 503, 504 with the vendor's error body: one after another where it is asked for several.
 * - `unavailable_html`             503 with a page of HTML.
 * - `reset`                        the connection ends before an answer.
 * - `drip`                         200, and then the answer comes a byte at a time and never ends.
 * - `truncated`                    200 and half of the JSON.
 * - `html`                         200 and a page of HTML where JSON belongs.
 */
export type HarnessFault = (typeof HARNESS_FAULTS)[number];
