import type { JsonObject } from "../../../core/base/json.ts";
import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createFaults } from "../../_simulator/faults.ts";
import { readCursor, writeCursor } from "../../_simulator/paging.ts";
import { type SimAnswer, type SimRequest, startServer } from "../../_simulator/server.ts";
import { type AcmeCrmRow, type AcmeCrmStore, createAcmeCrmStore, place } from "./store.ts";

const API_KEY = "acme-crm-key-5f2c9d71";
const HTML = "<html><body><h1>Service Unavailable</h1></body></html>";

/** Acme CRM as its documentation describes it, for the acceptance checks. */
export const harness: ConnectorHarness = { start: startHarness };

async function startHarness(options: HarnessOptions): Promise<Harness> {
  const store = createAcmeCrmStore(options);
  const faults = createFaults(options.seed);
  const failing: HarnessFault[] = [];
  let listener: (() => void) | null = null;
  let isDisordered = false;
  let isRevoked = false;
  let requests = 0;

  function answer(request: SimRequest): SimAnswer {
    requests += 1;
    const fault = failing.shift();
    if (fault !== undefined) return faultyAnswer(fault);
    if (isRevoked || request.headers["x-api-key"] !== API_KEY) return { status: 401, body: { error: "unknown key" } };
    if (faults.isDenied(`GET ${request.path}`)) return { status: 403, body: { error: "no right to this list" } };
    listener?.();
    return list(store, request, isDisordered);
  }

  const server = await startServer({
    now: () => store.now(),
    faults,
    answer,
    tooMany: () => faultyAnswer("rate_limited"),
  });
  return {
    ...store,
    settings: { base_url: `${server.origin}/v1/` },
    credentials: { api_key: API_KEY },
    secrets: [API_KEY],
    streams: ["deals", "calls"],
    onRequest(next) {
      listener = next;
    },
    fail(fault, times = 1) {
      if (fault === "reset" || fault === "drip") faults.script({ kind: fault, times });
      else if (fault === "server_error") faults.script({ kind: "rate5xx", times });
      else if (fault === "truncated") faults.script({ kind: "truncate", times });
      else for (let nth = 0; nth < times; nth += 1) failing.push(fault);
    },
    disorder(isOn) {
      isDisordered = isOn;
    },
    permit(stream, isPermitted) {
      faults.deny(isPermitted ? null : `^GET /v1/${stream}`);
      return true;
    },
    revoke() {
      isRevoked = true;
    },
    requestCount: () => requests,
    stop: () => server.close(),
  };
}

function faultyAnswer(fault: HarnessFault): SimAnswer {
  switch (fault) {
    case "rate_limited":
      return { status: 429, headers: { "retry-after": "1" }, body: { error: "too many requests" } };
    case "rate_limited_without_header":
      return { status: 429, body: { error: "too many requests" } };
    case "unavailable_html":
      return { status: 503, headers: { "content-type": "text/html" }, body: HTML };
    default:
      return { status: 200, headers: { "content-type": "text/html" }, body: HTML };
  }
}

function list(store: AcmeCrmStore, request: SimRequest, isDisordered: boolean): SimAnswer {
  const path = request.path.replace("/v1/", "");
  if (path === "me") return { status: 200, body: { account_id: "acc-1", account_name: "Fernhill Software" } };
  if (path !== "deals" && path !== "calls") return { status: 404, body: { error: "no such list" } };
  const limit = Math.min(100, Number(request.query.get("limit") ?? 100));
  const since = Date.parse(request.query.get("updated_since") ?? "1970-01-01T00:00:00Z");
  const cursor = request.query.get("after");
  const after = cursor === null ? "" : String(readCursor(cursor));
  const rows = store.inOrder(path);
  const from = rows.findIndex((row) => place(row) > after && Date.parse(row.updated_at) >= since);
  const page = from < 0 ? [] : rows.slice(from, from + limit);
  const last = page.at(-1);
  const next = last !== undefined && from + page.length < rows.length ? writeCursor(place(last)) : null;
  return { status: 200, body: { data: isDisordered ? disordered(page) : page, next } };
}

/** Back to front, the first twice, and an older version of it after the newer one. */
function disordered(page: readonly AcmeCrmRow[]): readonly JsonObject[] {
  const [first] = page;
  if (first === undefined) return page;
  const older = {
    ...first,
    updated_at: new Date(Date.parse(first.updated_at) - 1000).toISOString(),
    name: "as it was",
  };
  return [...page.toReversed(), first, first["deleted"] === true ? first : older];
}
