import axios, { type AxiosInstance } from "axios";
import { TributaryError } from "../../../core/base/errors.ts";
import { guardedAgents, isRefusedAddress } from "../../../core/connector/guard.ts";
import { whyUnreached } from "../../../core/connector/unreached.ts";

/** A column of a dataset. Money is in minor units; a percentage is 0 to 1 (developer.geckoboard.com, "Schemas and types"). */
export type GeckoboardField =
  | { readonly type: "date" | "datetime" | "string"; readonly name: string }
  | { readonly type: "number" | "percentage"; readonly name: string; readonly optional: true }
  | {
      readonly type: "duration";
      readonly time_unit: "hours" | "minutes";
      readonly name: string;
      readonly optional: true;
    }
  | { readonly type: "money"; readonly name: string; readonly currency_code: string; readonly optional: true };

export type GeckoboardSchema = {
  readonly fields: { readonly [id: string]: GeckoboardField };
  readonly unique_by: readonly string[];
};

export type GeckoboardRow = { readonly [field: string]: string | number | null };

export type GeckoboardClientOptions = {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly allowPrivateNetworks: boolean;
  readonly now: () => Date;
};

/** Records that one request may carry (developer.geckoboard.com, "Limits and quotas"). */
export const ROWS_PER_REQUEST = 500;
/** Records that a dataset holds; beyond that the oldest would be dropped (same source). */
export const ROWS_PER_DATASET = 5_000;

/** Geckoboard's Datasets API: the calls this hub makes. Every method throws TributaryError and nothing else. */
export type GeckoboardClient = {
  /** Proves the API key. */
  ping(): Promise<void>;
  /** Creates the dataset, or finds the one that has this very schema. */
  findOrCreate(datasetId: string, schema: GeckoboardSchema): Promise<void>;
  /** Drops the dataset with its data; absent is fine. */
  remove(datasetId: string): Promise<void>;
  /** Adds rows; one with the same `unique_by` is replaced. Beyond what a dataset holds, the rows with the oldest `deleteBy` go. */
  append(datasetId: string, rows: readonly GeckoboardRow[], deleteBy: string): Promise<void>;
  /** Replaces everything in the dataset. */
  replace(datasetId: string, rows: readonly GeckoboardRow[]): Promise<void>;
  close(): void;
};

export function createGeckoboardClient(options: GeckoboardClientOptions): GeckoboardClient {
  const { httpAgent, httpsAgent } = guardedAgents(options.allowPrivateNetworks);
  const http = axios.create({
    baseURL: options.baseUrl,
    auth: { username: options.apiKey, password: "" },
    httpAgent,
    httpsAgent,
    proxy: false,
    maxRedirects: 0,
    timeout: 15_000,
    maxContentLength: 1024 * 1024,
    validateStatus: () => true,
  });
  const call = (method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: unknown): Promise<number> =>
    request(http, options.now, method, path, body);
  const dataPath = (datasetId: string): string => `/datasets/${encodeURIComponent(datasetId)}/data`;
  return {
    async ping() {
      await call("GET", "/");
    },
    async findOrCreate(datasetId, schema) {
      await call("PUT", `/datasets/${encodeURIComponent(datasetId)}`, schema);
    },
    async remove(datasetId) {
      await call("DELETE", `/datasets/${encodeURIComponent(datasetId)}`);
    },
    async append(datasetId, rows, deleteBy) {
      for (let start = 0; start < rows.length; start += ROWS_PER_REQUEST)
        await call("POST", dataPath(datasetId), {
          data: rows.slice(start, start + ROWS_PER_REQUEST),
          delete_by: deleteBy,
        });
    },
    async replace(datasetId, rows) {
      await call("PUT", dataPath(datasetId), { data: rows.slice(0, ROWS_PER_REQUEST) });
      for (let start = ROWS_PER_REQUEST; start < rows.length; start += ROWS_PER_REQUEST) {
        await call("POST", dataPath(datasetId), { data: rows.slice(start, start + ROWS_PER_REQUEST) });
      }
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

async function request(
  http: AxiosInstance,
  now: () => Date,
  method: string,
  path: string,
  body: unknown,
): Promise<number> {
  let status: number;
  let answer: unknown;
  try {
    const response = await http.request<unknown>({
      method,
      url: path,
      data: body,
      signal: AbortSignal.timeout(20_000),
    });
    status = response.status;
    answer = response.data;
  } catch (error) {
    if (isRefusedAddress(error))
      throw new TributaryError({
        code: "geckoboard.private_address",
        kind: "config",
        message: "The address under `geckoboard.base_url` leads into a private network.",
        mend: "Take base_url out of the section; for a test or a proxy set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true.",
        cause: error,
      });
    throw new TributaryError({
      code: "geckoboard.unreachable",
      kind: "transient",
      message: `Geckoboard could not be reached: ${whyUnreached(error)}.`,
      mend: "It is tried again by itself; if it goes on, check this machine's way to api.geckoboard.com.",
      cause: error,
    });
  }
  if (status < 300 || (status === 404 && method === "DELETE")) return status;
  throw refusal(status, explanation(answer), `${method} ${path}`, now());
}

/** Errors are `{"error": {"message": "…"}}` (developer.geckoboard.com, "API requests"). */
function explanation(answer: unknown): string {
  if (typeof answer === "object" && answer !== null && "error" in answer) {
    const { error } = answer;
    if (typeof error === "object" && error !== null && "message" in error && typeof error.message === "string") {
      return error.message.slice(0, 300);
    }
  }
  return "no explanation";
}

function refusal(status: number, why: string, what: string, now: Date): TributaryError {
  if (status === 401 || status === 403) {
    return new TributaryError({
      code: "geckoboard.key_rejected",
      kind: "auth",
      message: "Geckoboard refuses the API key.",
      mend: "Copy the key from Geckoboard's Account page into the variable that `geckoboard.api_key` names, and apply the config again.",
    });
  }
  if (status === 409) {
    return new TributaryError({
      code: "geckoboard.schema_conflict",
      kind: "config",
      message: `Geckoboard has this dataset with other fields: ${why} (${what}).`,
      mend: "Give the dataset another id in the config file, or delete it in Geckoboard.",
    });
  }
  if (status === 429) {
    // 60 requests a minute for each key (developer.geckoboard.com, "Rate limiting").
    return new TributaryError({
      code: "geckoboard.rate_limited",
      kind: "rate_limited",
      message: "Geckoboard takes at most 60 requests a minute.",
      mend: "It goes on by itself in a minute.",
      retryAt: new Date(now.getTime() + 60_000),
    });
  }
  if (status >= 500) {
    return new TributaryError({
      code: "geckoboard.unavailable",
      kind: "transient",
      message: `Geckoboard answered ${status} to ${what}.`,
      mend: "It is tried again by itself.",
    });
  }
  return new TributaryError({
    code: "geckoboard.refused",
    kind: "contract",
    message: `Geckoboard refuses ${what} with ${status}: ${why}.`,
    mend: "Check the dataset's definition in the config file; if it is right, report this message.",
  });
}
