import type { BetaAnalyticsDataClient, protos } from "@google-analytics/data";
import { TributaryError } from "../../core/base/errors.ts";
import { type Json, parseJson } from "../../core/base/json.ts";
import { type Day, dayOf } from "../../core/base/time.ts";
import type { ClientContext } from "../../core/connector/define.ts";
import type { VendorAnswer } from "../../core/connector/http.ts";
import { readReport, unreadable, type Report } from "./answers.ts";
import { classify } from "./errors.ts";
import { PROPERTY, QUOTA_HEADER, readLimit, SERVER_ERRORS, startingLimits } from "./limits.ts";
import type { ReportShape } from "./reports.ts";
import { type AnalyticsSettings, readServiceAccount, type ServiceAccount, VENDOR_BASE_URL } from "./settings.ts";

export type ReportQuery = ReportShape & {
  /** Both inclusive; days of the property's zone, or `today`, which Google takes in that zone. */
  readonly from: Day;
  readonly to: Day;
  readonly limit: number;
  readonly offset?: number;
  /** Only rows of these events. */
  readonly events?: readonly string[];
};

export type Property = {
  readonly id: string;
  readonly timeZone: string;
  readonly currency: string | null;
};

export type AnalyticsClient = {
  /** One page of a report, ordered by all its dimensions, so that pages neither overlap nor leave gaps. */
  report(query: ReportQuery): Promise<Report>;
  /** Asked once for a client; spends a token, and tells what the quotas have left before anything large is asked for. */
  property(): Promise<Property>;
  /** The day that it is now in the property's zone. */
  today(): Promise<Day>;
  /** Names of the dimensions and metrics that the property has. */
  names(): Promise<ReadonlySet<string>>;
};

type RunReport = protos.google.analytics.data.v1beta.IRunReportRequest;
type ReportAnswer = protos.google.analytics.data.v1beta.IRunReportResponse;
type MetadataAnswer = protos.google.analytics.data.v1beta.IMetadata;

type Send<T> = (library: BetaAnalyticsDataClient) => Promise<readonly [T, ...unknown[]]>;

const SCOPE = "https://www.googleapis.com/auth/analytics.readonly";
/** Google's library ends a call at the time-out; ours only catches what it should ever miss. */
const GRACE_MS = 5_000;

export function createAnalyticsClient(context: ClientContext<AnalyticsSettings>): AnalyticsClient {
  const { settings } = context;
  const name = `properties/${settings.property_id}`;
  const api = context.http({
    vendor: "google-analytics",
    baseUrl: settings.base_url,
    authorize: () => ({}), // The library signs a token of its own.
    timeoutMs: settings.timeout_s * 1000 + GRACE_MS,
    bucketOf: () => PROPERTY,
    limits: startingLimits(settings.server_errors_per_hour),
    readLimit,
    classify,
    failures: { bucket: SERVER_ERRORS, counts: (status) => status >= 500 },
  });
  const open = openLibrary(context);
  let property: Promise<Property> | null = null;

  /**
   * Not told to be safe, although it only reads: whoever is told so is tried again at once, and Google locks out who meets ten of its own
   * failures in an hour. The job tries again, as often as the shared budget of failures bears.
   */
  async function call<T>(method: "GET" | "POST", path: string, send: Send<T>): Promise<T> {
    const library = await open();
    const result = await api.call<Sent<T>>({
      method,
      path: `v1beta/${path}`,
      isSafe: false,
      send: () => sent(send(library)),
      answerOf,
      headersOf: (result) => quotaOf(result),
    });
    if ("misfit" in result) throw unreadable([result.misfit]);
    return result.value;
  }

  async function report(query: ReportQuery): Promise<Report> {
    const request = requestOf(settings.property_id, query);
    return readReport(await call<ReportAnswer>("POST", `${name}:runReport`, (library) => library.runReport(request)));
  }

  function readProperty(): Promise<Property> {
    property ??= askForProperty(settings.property_id, report);
    return property;
  }

  return {
    report,
    property: readProperty,
    today: async () => dayOf(context.clock.now(), (await readProperty()).timeZone),
    async names() {
      const path = `${name}/metadata`;
      const { dimensions, metrics } = await call<MetadataAnswer>("GET", path, (library) =>
        library.getMetadata({ name: path }),
      );
      return new Set([...(dimensions ?? []), ...(metrics ?? [])].flatMap(({ apiName }) => apiName ?? []));
    },
  };
}

async function askForProperty(id: string, report: AnalyticsClient["report"]): Promise<Property> {
  const answer = await report({ dimensions: [], metrics: ["sessions"], from: "today", to: "today", limit: 1 });
  if (answer.timeZone === null) throw unreadable(["metadata.timeZone: missing"]);
  return { id, timeZone: answer.timeZone, currency: answer.currency };
}

function requestOf(propertyId: string, query: ReportQuery): RunReport {
  const { dimensions, metrics, from, to, limit, offset = 0, events = [] } = query;
  return {
    property: `properties/${propertyId}`,
    dateRanges: [{ startDate: from, endDate: to }],
    dimensions: dimensions.map((name) => ({ name })),
    metrics: metrics.map((name) => ({ name })),
    orderBys: dimensions.map((dimensionName) => ({ dimension: { dimensionName } })),
    ...(events.length === 0
      ? {}
      : { dimensionFilter: { filter: { fieldName: "eventName", inListFilter: { values: [...events] } } } }),
    limit,
    offset,
    returnPropertyQuota: true,
  };
}

/**
 * Google's client, made when it is first needed: loading it takes longer than most commands. By REST, since gRPC can be neither proxied nor
 * served by a plain HTTP server. Its credentials are always given: without, it looks for some on this machine and asks a metadata server.
 */
function openLibrary(context: ClientContext<AnalyticsSettings>): () => Promise<BetaAnalyticsDataClient> {
  let opened: { readonly account: ServiceAccount; readonly library: BetaAnalyticsDataClient } | null = null;
  return async () => {
    const { client_email, private_key } = readServiceAccount(await context.credentials.current());
    if (opened?.account.client_email === client_email && opened.account.private_key === private_key) {
      return opened.library;
    }
    const address = addressOf(context);
    const account = { client_email, private_key };
    const { BetaAnalyticsDataClient: Library } = await import("@google-analytics/data");
    const library = new Library({
      fallback: true,
      credentials: account,
      scopes: [SCOPE],
      // The only time-out that works by REST: a call's own `timeout` is passed over, and a hung server would hold it for ever.
      clientOptions: { transporterOptions: { timeout: context.settings.timeout_s * 1000 } },
      ...address,
    });
    opened = { account, library };
    return library;
  };
}

type Address = { readonly protocol: string; readonly apiEndpoint: string; readonly port: number };

/** @throws TributaryError `google-analytics.base_url_not_allowed`: the library would follow it into any network. */
function addressOf({ settings, allowPrivateNetworks }: ClientContext<AnalyticsSettings>): Address {
  const url = new URL(settings.base_url);
  if (!allowPrivateNetworks && url.origin !== new URL(VENDOR_BASE_URL).origin) {
    throw new TributaryError({
      code: "google-analytics.base_url_not_allowed",
      kind: "config",
      message: `base_url leads to ${url.host}, which is not Google.`,
      mend: "Take base_url out of the connection's settings; for a test set TRIBUTARY_ALLOW_PRIVATE_NETWORKS=true.",
    });
  }
  const protocol = url.protocol === "http:" ? "http" : "https";
  const port = url.port === "" ? (protocol === "http" ? 80 : 443) : Number(url.port);
  return { protocol, apiEndpoint: url.hostname, port };
}

/** What came of a call: what the library decoded, or which field it could not. */
type Sent<T> = { readonly value: T } | { readonly misfit: string };

async function sent<T>(call: Promise<readonly [T, ...unknown[]]>): Promise<Sent<T>> {
  try {
    const [value] = await call;
    return { value };
  } catch (error) {
    // How google-gax and proto3-json-serializer say that JSON does not fit the message; they have no codes.
    const misfit = /fromProto3JSON\w*: (.*)|malformed response/.exec(error instanceof Error ? error.message : "");
    if (misfit === null) throw error;
    return { misfit: (misfit[1] ?? misfit[0]).replace(/ cannot contain value.*/s, " has another type").slice(0, 200) };
  }
}

/**
 * The answer inside what the library threw. It gives the status as a number and the body as the message, `response.data` stays empty; a
 * time-out has neither code nor status.
 */
export function answerOf(error: unknown): VendorAnswer | null {
  if (!(error instanceof Error)) return null;
  // JSON.parse failed in the library: the status was 200, the body no JSON.
  if (error instanceof SyntaxError) return { status: 200, headers: {}, body: null };
  const { status, response } = error as {
    readonly status?: unknown;
    readonly response?: { readonly headers?: unknown };
  };
  if (status === undefined && error.message.startsWith("The operation was aborted")) {
    return { status: 504, headers: {}, body: null };
  }
  if (typeof status !== "number" && typeof status !== "string") return null;
  const code = Number(status);
  if (!(code >= 100 && code < 600)) return null;
  return { status: code, headers: headersOf(response?.headers), body: parseOrCut(error.message) };
}

/** The library brings a `Headers` class of its own; like the global one it lists pairs, names in lower case. */
function headersOf(headers: unknown): VendorAnswer["headers"] {
  const isListed = typeof headers === "object" && headers !== null && Symbol.iterator in headers;
  return isListed ? Object.fromEntries(headers as Iterable<readonly [string, string]>) : {};
}

function parseOrCut(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text.slice(0, 2000);
  }
}

function quotaOf(result: Sent<unknown>): VendorAnswer["headers"] {
  // Whatever is asked for, the library gives the answer's own message, and each of them has a quota or none.
  const quota = "value" in result ? (result.value as ReportAnswer).propertyQuota : null;
  return quota === null || quota === undefined ? {} : { [QUOTA_HEADER]: JSON.stringify(quota) };
}
