import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Behaves like Geckoboard's Datasets API as its documentation describes it (sources in ../README.md): Basic authentication with the key
 * as user name, find-or-create, replace, append, delete, type checks, and 60 requests a minute for each key.
 */
export type GeckoboardSimulator = {
  readonly baseUrl: string;
  /** What the account holds now. */
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** The next requests answer with this status instead. */
  failNext(count: number, status: number): void;
  close(): Promise<void>;
};

type Field = {
  readonly type: string;
  readonly name: string;
  readonly optional?: boolean;
  readonly currency_code?: string;
};
type Row = { readonly [field: string]: unknown };
export type Dataset = {
  readonly fields: { readonly [id: string]: Field };
  readonly unique_by: readonly string[];
  rows: readonly Row[];
};

type Refusal = { readonly status: number; readonly message: string };

export async function startGeckoboardSimulator(options: {
  readonly apiKey: string;
  readonly port?: number;
  readonly requestsPerMinute?: number;
  readonly now?: () => number;
}): Promise<GeckoboardSimulator> {
  const now = options.now ?? Date.now;
  const datasets = new Map<string, Dataset>();
  let failures: { left: number; status: number } = { left: 0, status: 500 };
  let recent: number[] = [];
  const server = createServer((request, response) => {
    handle(request)
      .then((body) => answer(response, 200, body))
      .catch((error: unknown) => {
        const refusal = isRefusal(error) ? error : { status: 500, message: "Something went wrong" };
        answer(response, refusal.status, { error: { message: refusal.message } });
      });
  });

  async function handle(request: IncomingMessage): Promise<unknown> {
    const body = await readJson(request);
    if (failures.left > 0) {
      failures = { ...failures, left: failures.left - 1 };
      refuse(failures.status, "Simulated failure");
    }
    const expected = `Basic ${Buffer.from(`${options.apiKey}:`).toString("base64")}`;
    if (request.headers.authorization !== expected) refuse(401, "Your API key is invalid");
    recent = recent.filter((at) => at > now() - 60_000);
    if (recent.length >= (options.requestsPerMinute ?? 60)) {
      refuse(429, "You have exceeded the API rate limit of 60 requests per minute. Try sending data less frequently");
    }
    recent.push(now());
    return route(datasets, request.method ?? "GET", new URL(request.url ?? "/", "http://simulator").pathname, body);
  }

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    datasets,
    failNext(count, status) {
      failures = { left: count, status };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function route(datasets: Map<string, Dataset>, method: string, path: string, body: unknown): unknown {
  if (path === "/" && method === "GET") return {};
  const match = /^\/datasets\/([^/]+)(\/data)?$/.exec(path);
  const id = decodeURIComponent(match?.[1] ?? "");
  if (match === null) refuse(404, "Not found");
  if (match?.[2] === undefined) {
    if (method === "PUT") return findOrCreate(datasets, id, body);
    if (method === "DELETE") {
      if (!datasets.delete(id)) refuse(404, `Dataset with id "${id}" was not found`);
      return {};
    }
    return refuse(405, "Method not allowed");
  }
  const dataset = datasets.get(id) ?? refuse(404, `Dataset with id "${id}" was not found`);
  const rows = readRows(dataset, body);
  if (method === "PUT") dataset.rows = rows;
  else if (method === "POST") dataset.rows = append(dataset, rows);
  else refuse(405, "Method not allowed");
  return {};
}

function findOrCreate(datasets: Map<string, Dataset>, id: string, body: unknown): unknown {
  if (!/^[0-9a-z][0-9a-z._-]*$/.test(id))
    refuse(422, "Dataset id may only contain lowercase letters, digits, dots, hyphens and underscores");
  const fields =
    isObject(body) && isObject(body["fields"])
      ? (body["fields"] as Dataset["fields"])
      : refuse(422, "fields is required");
  const uniqueBy = isObject(body) && Array.isArray(body["unique_by"]) ? (body["unique_by"] as string[]) : [];
  if (Object.keys(fields).length > 10) refuse(422, "A dataset may have at most 10 fields");
  for (const [name, field] of Object.entries(fields)) {
    if (!/^[a-z][a-z0-9_]{2,}$/.test(name))
      refuse(422, `Field id "${name}" must be at least 3 lowercase letters, digits or underscores`);
    if (!["number", "money", "percentage", "date", "datetime", "string", "duration"].includes(field.type)) {
      refuse(422, `Unknown type of field "${name}"`);
    }
    if (field.type === "money" && !/^[A-Z]{3}$/.test(field.currency_code ?? ""))
      refuse(422, `Field "${name}" needs a currency_code`);
  }
  for (const name of uniqueBy) if (!(name in fields)) refuse(422, `unique_by names an unknown field "${name}"`);
  const existing = datasets.get(id);
  if (existing !== undefined) {
    if (JSON.stringify([existing.fields, existing.unique_by]) !== JSON.stringify([fields, uniqueBy])) {
      refuse(409, `A dataset with id "${id}" already exists with a different schema`);
    }
    return { id, fields: existing.fields, unique_by: existing.unique_by };
  }
  datasets.set(id, { fields, unique_by: uniqueBy, rows: [] });
  return { id, fields, unique_by: uniqueBy };
}

function readRows(dataset: Dataset, body: unknown): Row[] {
  const rows =
    isObject(body) && Array.isArray(body["data"]) ? (body["data"] as unknown[]) : refuse(422, "data is required");
  if (rows.length > 500) refuse(413, "A request may carry at most 500 records");
  return rows.map((row) => {
    if (!isObject(row)) return refuse(422, "A record must be an object");
    for (const name of Object.keys(row)) if (!(name in dataset.fields)) refuse(422, `Unknown field "${name}"`);
    for (const [name, field] of Object.entries(dataset.fields)) checkValue(name, field, row[name]);
    return row;
  });
}

function checkValue(name: string, field: Field, value: unknown): void {
  if (value === undefined || value === null) {
    if (field.optional !== true) refuse(422, `Field "${name}" is required`);
    return;
  }
  const isNumeric =
    field.type === "number" || field.type === "money" || field.type === "percentage" || field.type === "duration";
  if (isNumeric) {
    if (typeof value !== "number") refuse(422, `Field "${name}" must be a number`);
    return;
  }
  const text = typeof value === "string" ? value : refuse(422, `Field "${name}" must be a string`);
  if (field.type === "string" && text.length > 100) refuse(422, `Field "${name}" is longer than 100 characters`);
  if (field.type === "date" && !/^\d{4}-\d{2}-\d{2}$/.test(text)) refuse(422, `Field "${name}" must be YYYY-MM-DD`);
  if (field.type === "datetime" && Number.isNaN(Date.parse(text)))
    refuse(422, `Field "${name}" must be an ISO 8601 date-time`);
}

/** With unique_by a record of the same key is replaced; beyond 5,000 records the oldest go. */
function append(dataset: Dataset, rows: readonly Row[]): Row[] {
  if (dataset.unique_by.length === 0) return [...dataset.rows, ...rows].slice(-5_000);
  const key = (row: Row): string => JSON.stringify(dataset.unique_by.map((name) => row[name]));
  const merged = new Map([...dataset.rows, ...rows].map((row) => [key(row), row]));
  return [...merged.values()].slice(-5_000);
}

function refuse(status: number, message: string): never {
  throw Object.assign(new Error(message), { status });
}

function isRefusal(error: unknown): error is Error & Refusal {
  return error instanceof Error && "status" in error && typeof error.status === "number";
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (chunks.length === 0) return null;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    return refuse(400, "The body is not JSON");
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
