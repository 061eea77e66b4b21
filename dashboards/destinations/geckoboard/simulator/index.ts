import { text } from "node:stream/consumers";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { portOf } from "../../../../core/base/network.ts";
import { parseJson } from "../../../../core/base/json.ts";

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
  /** Requests of this method and path (`PUT /datasets/x/data`) answer with the status from now on; null: none do. */
  failFrom(request: string | null, status: number): void;
  close(): Promise<void>;
};

type Field = {
  readonly type: string;
  readonly name: string;
  readonly optional?: boolean;
  readonly currency_code?: string;
  readonly time_unit?: string;
};
const TIME_UNITS = new Set(["milliseconds", "seconds", "minutes", "hours"]);
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
  let broken: { request: string; status: number } | null = null;
  let recent: number[] = [];
  const server = createServer((request, response) => {
    handle(request)
      .then(({ status, body }) => answer(response, status, body))
      .catch((error: unknown) => {
        const refusal = isRefusal(error) ? error : { status: 500, message: "Something went wrong" };
        answer(response, refusal.status, { error: { message: refusal.message } });
      });
  });

  async function handle(request: IncomingMessage): Promise<Answer> {
    const body = await readJson(request);
    if (failures.left > 0) {
      failures = { ...failures, left: failures.left - 1 };
      refuse(failures.status, "Simulated failure");
    }
    if (broken !== null && broken.request === `${request.method} ${request.url}`)
      refuse(broken.status, "Simulated refusal");
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
  const port = portOf(server);
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    datasets,
    failNext(count, status) {
      failures = { left: count, status };
    },
    failFrom(request, status) {
      broken = request === null ? null : { request, status };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Answer = { readonly status: number; readonly body: unknown };
const DONE: Answer = { status: 200, body: {} };

function route(datasets: Map<string, Dataset>, method: string, path: string, body: unknown): Answer {
  if (path === "/" && method === "GET") return DONE;
  const match = /^\/datasets\/([^/]+)(\/data)?$/.exec(path);
  const id = decodeURIComponent(match?.[1] ?? "");
  if (match === null) refuse(404, "Not found");
  if (match?.[2] === undefined) {
    if (method === "PUT") return findOrCreate(datasets, id, body);
    if (method === "DELETE") {
      if (!datasets.delete(id)) refuse(404, `Dataset with id "${id}" was not found`);
      return DONE;
    }
    return refuse(405, "Method not allowed");
  }
  const dataset = datasets.get(id) ?? refuse(404, `Dataset with id "${id}" was not found`);
  const rows = readRows(dataset, body);
  if (method === "PUT") dataset.rows = rows;
  else if (method === "POST") dataset.rows = append(dataset, rows, deleteByOf(dataset, body));
  else refuse(405, "Method not allowed");
  return DONE;
}

function findOrCreate(datasets: Map<string, Dataset>, id: string, body: unknown): Answer {
  if (!/^[0-9a-z][0-9a-z._-]+[0-9a-z]$/.test(id))
    refuse(400, "Dataset id may only contain lowercase letters, digits, dots, hyphens and underscores");
  const fields =
    isObject(body) && isObject(body["fields"])
      ? (body["fields"] as Dataset["fields"])
      : refuse(400, "fields is required");
  const uniqueBy = isObject(body) && Array.isArray(body["unique_by"]) ? (body["unique_by"] as string[]) : [];
  if (Object.keys(fields).length > 10) refuse(400, "A dataset may have at most 10 fields");
  for (const [name, field] of Object.entries(fields)) {
    if (!/^[a-z][a-z0-9_]{2,}$/.test(name))
      refuse(400, `Field id "${name}" must be at least 3 lowercase letters, digits or underscores`);
    if (!["number", "money", "percentage", "date", "datetime", "string", "duration"].includes(field.type)) {
      refuse(400, `Unknown type of field "${name}"`);
    }
    if (field.type === "money" && !/^[A-Z]{3}$/.test(field.currency_code ?? ""))
      refuse(400, `Field "${name}" needs a currency_code`);
    if (field.type !== "money" && field.currency_code !== undefined)
      refuse(400, `Field "${name}" may not have a currency_code`);
    if ((field.type === "duration") !== TIME_UNITS.has(field.time_unit ?? ""))
      refuse(400, `Field "${name}" needs a time_unit, or may not have one`);
    if (typeof field.name !== "string" || field.name === "") refuse(400, `Field "${name}" needs a name`);
  }
  for (const name of uniqueBy) {
    if (!(name in fields)) refuse(400, `unique_by names an unknown field "${name}"`);
    if (!["string", "date", "datetime"].includes(fields[name]?.type ?? ""))
      refuse(400, `unique_by may not name the field "${name}" of type ${fields[name]?.type}`);
  }
  const existing = datasets.get(id);
  if (existing !== undefined) {
    if (JSON.stringify([existing.fields, existing.unique_by]) !== JSON.stringify([fields, uniqueBy])) {
      refuse(409, `A dataset with id "${id}" already exists with a different schema`);
    }
    return { status: 200, body: { id, fields: existing.fields, unique_by: existing.unique_by } };
  }
  datasets.set(id, { fields, unique_by: uniqueBy, rows: [] });
  return { status: 201, body: { id, fields, unique_by: uniqueBy } };
}

function readRows(dataset: Dataset, body: unknown): Row[] {
  const rows =
    isObject(body) && Array.isArray(body["data"]) ? (body["data"] as unknown[]) : refuse(400, "data is required");
  if (rows.length > 500) refuse(400, "A request may carry at most 500 records");
  return rows.map((row) => {
    if (!isObject(row)) return refuse(400, "A record must be an object");
    for (const name of Object.keys(row)) if (!(name in dataset.fields)) refuse(400, `Unknown field "${name}"`);
    for (const [name, field] of Object.entries(dataset.fields)) checkValue(name, field, row[name]);
    return row;
  });
}

function checkValue(name: string, field: Field, value: unknown): void {
  if (value === undefined || value === null) {
    if (field.optional !== true) refuse(400, `Field "${name}" is required`);
    return;
  }
  const isNumeric =
    field.type === "number" || field.type === "money" || field.type === "percentage" || field.type === "duration";
  if (isNumeric) {
    if (typeof value !== "number") refuse(400, `Field "${name}" must be a number`);
    return;
  }
  const text = typeof value === "string" ? value : refuse(400, `Field "${name}" must be a string`);
  if (field.type === "string" && text.length > 100) refuse(400, `Field "${name}" is longer than 100 characters`);
  if (field.type === "date" && !/^\d{4}-\d{2}-\d{2}$/.test(text)) refuse(400, `Field "${name}" must be YYYY-MM-DD`);
  if (field.type === "datetime" && Number.isNaN(Date.parse(text)))
    refuse(400, `Field "${name}" must be an ISO 8601 date-time`);
}

/** Other members of a body are not looked at, as by the real one. */
function deleteByOf(dataset: Dataset, body: unknown): string | null {
  const name = isObject(body) ? (body["delete_by"] ?? null) : null;
  if (name === null) return null;
  const type = typeof name === "string" ? dataset.fields[name]?.type : undefined;
  if (type !== "date" && type !== "datetime") refuse(400, "delete_by must name a date or datetime field");
  return name as string;
}

/** With unique_by a record of the same key is replaced; beyond 5,000 records the oldest go: by `delete_by`, else as they came. */
function append(dataset: Dataset, rows: readonly Row[], deleteBy: string | null): Row[] {
  const key = (row: Row): string => JSON.stringify(dataset.unique_by.map((name) => row[name]));
  const all = [...dataset.rows, ...rows];
  const kept = dataset.unique_by.length === 0 ? all : [...new Map(all.map((row) => [key(row), row])).values()];
  const inOrder =
    deleteBy === null ? kept : kept.toSorted((a, b) => (String(a[deleteBy]) < String(b[deleteBy]) ? -1 : 1));
  return inOrder.slice(-5_000);
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
  const body = await text(request);
  if (body === "") return null;
  try {
    return parseJson(body);
  } catch {
    return refuse(400, "The body is not JSON");
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
