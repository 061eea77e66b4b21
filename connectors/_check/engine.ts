import type { TributaryError } from "../../core/base/errors.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { AnyConnector } from "../../core/connector/define.ts";

/**
 * What the checks need of the hub: the real engine over a real database, handed in, since nothing under connectors/ may reach it.
 */
export type CheckEngine = {
  /** Sets up a connection of its own, with nothing pulled yet. */
  connect(connector: AnyConnector, setUp: { settings: JsonObject; credentials: JsonObject }): Promise<CheckConnection>;
};

export type CheckConnection = {
  readonly id: string;
  /** One pull of a stream from where the last one stopped. Each page lands by itself. */
  pull(stream: string, options?: PullOptions): Promise<PullReport>;
  /** What has landed of a stream and was not taken back: the record's id → the record. */
  records(stream: string): Promise<ReadonlyMap<string, Json>>;
  /** Every fact that counts, written down so that equal facts give equal texts. */
  facts(): Promise<string>;
  /** Makes all facts anew from what has landed. */
  replay(): Promise<void>;
  /** All that the hub has written down about the connection: log lines, runs with their errors and lines, its settings. */
  written(): Promise<string>;
  /** Takes the connection away with all that it brought: the next check finds none that could be related to its own. */
  remove(): Promise<void>;
};

export type PullOptions = {
  /** The process dies when so many pages have landed. */
  readonly dieAfterPages?: number;
  /** The connector's time-outs are cut down to this. */
  readonly timeoutMs?: number;
};

export type PullReport = {
  readonly state: "succeeded" | "failed" | "waiting" | "interrupted";
  readonly error: TributaryError | null;
  readonly pages: number;
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
  /** Records that could not be mapped. */
  readonly skipped: number;
};
