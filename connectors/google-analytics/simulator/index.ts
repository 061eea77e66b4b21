import type { Day } from "../../../core/base/time.ts";
import { type Clock, systemClock } from "../../../core/base/clock.ts";
import { readAuthorization } from "../../_simulator/auth.ts";
import type { Company, CompanyChange } from "../../_simulator/company/model.ts";
import { createFaults, type FaultRates, type Faults } from "../../_simulator/faults.ts";
import { type LoggedRequest, type SimAnswer, type SimRequest, startServer } from "../../_simulator/server.ts";
import { createAccount } from "./jwt.ts";
import { createQuota, type Quota, type QuotaName } from "./quota.ts";
import { DIMENSIONS, makeReport, METRICS, type Row } from "./report.ts";
import { readRequest, type ReportRequest } from "./request.ts";
import { createSite, type Site } from "./visits.ts";

export type AnalyticsSimulatorOptions = {
  readonly company: Company;
  readonly clock?: Clock;
  readonly port?: number;
  /** `off`: no quota runs out. */
  readonly limits?: "off";
  readonly seed?: number;
  readonly faults?: FaultRates;
};

/** What can be turned while it runs. */
export type Dial = {
  /** Rows of a breakdown with fewer users are withheld. */
  leastUsers: number;
  /** More landing pages a day than this become `(other)`. */
  mostPages: number;
  /** Reports over more days than this are sampled. */
  mostDaysUnsampled: number;
  /** Reports over more days than this take too long (504). */
  mostDaysInTime: number;
  timeZone: string;
  currency: string;
  /** Metrics that the account's role hides. */
  restricted: readonly string[];
  /** The API is not enabled in the account's project. */
  isApiDisabled: boolean;
  isKeyRevoked: boolean;
  /** Never answers. */
  isHanging: boolean;
};

export type AnalyticsSimulator = {
  /** `http://127.0.0.1:…/` for the setting `base_url`. */
  readonly baseUrl: string;
  readonly propertyId: string;
  /** The key file of the account that may read the property. */
  readonly serviceAccountJson: string;
  readonly settings: { readonly property_id: string; readonly base_url: string };
  readonly credentials: { readonly service_account_json: string };
  readonly faults: Faults;
  readonly dial: Dial;
  readonly site: Site;
  readonly log: readonly LoggedRequest[];
  /** The latest reports that were asked for, oldest first, as they came and as they were answered. */
  readonly reports: readonly { readonly body: string; readonly answer: unknown }[];
  /** What it says of its dimensions and metrics. */
  metadata(): unknown;
  forgetReports(): void;
  /** Something happened in the live company. */
  change(change: CompanyChange): void;
  /** Leaves so much of a quota until its hour or day is over. */
  leaveQuota(name: QuotaName, remaining: number): void;
  /** The next requests get these in place of their answers. */
  answerWith(answer: SimAnswer, times?: number): void;
  /** Serves a day's first row with a field that nobody knows, or with a metric that is no number. */
  spoil(day: Day, how: "unknown" | "mistyped"): void;
  close(): Promise<void>;
};

const REPORTS_KEPT = 200;
const PROPERTY_ID = "427713905";
const ROUTE = new RegExp("^/v1beta/properties/(\\d+)(?::(runReport)|/(metadata))$");

/** Google's Data API with one property: the web site of the company. Reports are made of its visits as they are known by now. */
export async function startGoogleAnalyticsSimulator(options: AnalyticsSimulatorOptions): Promise<AnalyticsSimulator> {
  const { company } = options;
  const now = (): Date => (options.clock ?? systemClock).now();
  const account = createAccount("fernhill-analytics");
  const dial: Dial = {
    leastUsers: 0,
    mostPages: 1000,
    mostDaysUnsampled: Infinity,
    mostDaysInTime: Infinity,
    timeZone: company.profile.timeZone,
    currency: company.profile.currency,
    restricted: [],
    isApiDisabled: false,
    isKeyRevoked: false,
    isHanging: false,
  };
  const site = createSite(company, () => dial.timeZone);
  const quota = createQuota();
  const faults = createFaults(options.seed ?? 1, options.faults);
  const planned: SimAnswer[] = [];
  const spoiled = new Map<Day, "unknown" | "mistyped">();
  const reports: { readonly body: string; readonly answer: unknown }[] = [];
  const hasQuota = options.limits !== "off";

  function answer(request: SimRequest): SimAnswer | Promise<SimAnswer> {
    if (dial.isHanging) return new Promise(() => undefined);
    const given = planned.shift() ?? answerWell(request);
    if (given.status >= 500 && hasQuota) quota.countServerError(now());
    return given;
  }

  function answerWell(request: SimRequest): SimAnswer {
    const [, propertyId, method] = ROUTE.exec(request.path) ?? [];
    if (propertyId === undefined) return refusal(404, "NOT_FOUND", "Requested entity was not found.");
    const presented = readAuthorization(request.headers["authorization"]);
    if (dial.isKeyRevoked || presented.kind !== "bearer" || !account.accepts(presented.token))
      return refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    if (dial.isApiDisabled)
      return refusal(
        403,
        "PERMISSION_DENIED",
        "Google Analytics Data API has not been used in project 1 before or it is disabled.",
      );
    // A property that does not exist is answered like one that the account may not read.
    if (propertyId !== PROPERTY_ID) return refusal(403, "PERMISSION_DENIED", NO_ACCESS);
    const exhausted = hasQuota ? quota.exhausted(now()) : null;
    if (exhausted !== null) return refusal(429, "RESOURCE_EXHAUSTED", exhausted);
    return method === "runReport" ? runReport(request) : { status: 200, body: metadata(propertyId) };
  }

  function runReport(request: SimRequest): SimAnswer {
    const text = request.body.toString("utf8");
    const known = { dimensions: new Set(DIMENSIONS.keys()), metrics: new Set(METRICS.keys()) };
    const read = readRequest(text, known, { at: now(), timeZone: dial.timeZone });
    if (typeof read === "string") return refusal(400, "INVALID_ARGUMENT", read);
    const days = (Date.parse(read.to) - Date.parse(read.from)) / 86_400_000 + 1;
    if (days > dial.mostDaysInTime) return refusal(504, "DEADLINE_EXCEEDED", "Deadline exceeded.");
    const hasNumbers = (request.query.get("$alt") ?? "").includes("enum-encoding=int");
    const body = reportBody(read, days, { site, dial, quota, spoiled, now: now(), hasNumbers });
    reports.push({ body: text, answer: body });
    if (reports.length > REPORTS_KEPT) reports.splice(0, REPORTS_KEPT / 2);
    return { status: 200, body };
  }

  const server = await startServer({
    port: options.port ?? 0,
    now,
    faults,
    answer,
    tooMany: () => refusal(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota."),
    controls: { dial: (changes) => Object.assign(dial, changes), restate: (day) => site.restate(String(day)) },
  });
  const baseUrl = `${server.origin}/`;
  return {
    baseUrl,
    propertyId: PROPERTY_ID,
    serviceAccountJson: account.json,
    settings: { property_id: PROPERTY_ID, base_url: baseUrl },
    credentials: { service_account_json: account.json },
    faults,
    dial,
    site,
    log: server.log,
    reports,
    forgetReports: () => void reports.splice(0),
    metadata: () => metadata(PROPERTY_ID),
    change: (change) => site.change(change),
    leaveQuota: (name, remaining) => quota.leave(name, remaining, now()),
    answerWith: (given, times = 1) => void planned.push(...Array.from({ length: times }, () => given)),
    spoil: (day, how) => void spoiled.set(day, how),
    close: () => server.close(),
  };
}

const NO_ACCESS =
  "User does not have sufficient permissions for this property. To learn more about Property ID, see " +
  "https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.";

export function refusal(status: number, name: string, message: string): SimAnswer {
  return { status, body: { error: { code: status, message, status: name } } };
}

type ReportContext = {
  readonly site: Site;
  readonly dial: Dial;
  readonly quota: Quota;
  readonly spoiled: ReadonlyMap<Day, "unknown" | "mistyped">;
  readonly now: Date;
  /** Whether enums go out as numbers. */
  readonly hasNumbers: boolean;
};

/** What is 0, false or empty is left out, as everywhere in the JSON of protocol buffers. */
function reportBody(request: ReportRequest, days: number, context: ReportContext): unknown {
  const { site, dial, quota, spoiled, now, hasNumbers } = context;
  const { rows, isThresholded, hasOtherRow } = makeReport(request, (day) => site.visits(day, now), dial);
  const page = rows.slice(request.offset, request.offset + request.limit);
  const restricted = request.metrics.filter((name) => dial.restricted.includes(name));
  const restriction = { restrictedMetricTypes: [hasNumbers ? 2 : "REVENUE_DATA"] };
  const propertyQuota = quota.spend(1 + Math.ceil(days / 10) + Math.ceil(page.length / 1000), now);
  const spoiledRows = new Set<Day>();
  return {
    dimensionHeaders: request.dimensions.map((name) => ({ name })),
    metricHeaders: request.metrics.map((name) => {
      const metric = METRICS.get(name);
      return { name, type: hasNumbers ? metric?.number : metric?.type };
    }),
    ...(page.length === 0 ? {} : { rows: page.map((row) => rowBody(row, spoiled, spoiledRows)) }),
    ...(rows.length === 0 ? {} : { rowCount: rows.length }),
    metadata: {
      currencyCode: dial.currency,
      timeZone: dial.timeZone,
      ...(isThresholded ? { subjectToThresholding: true } : {}),
      ...(hasOtherRow ? { dataLossFromOtherRow: true } : {}),
      ...(days > dial.mostDaysUnsampled
        ? { samplingMetadatas: [{ samplesReadCount: "500000", samplingSpaceSize: "12000000" }] }
        : {}),
      ...(restricted.length === 0
        ? {}
        : {
            schemaRestrictionResponse: {
              activeMetricRestrictions: restricted.map((metricName) => ({ metricName, ...restriction })),
            },
          }),
    },
    ...(request.returnPropertyQuota ? { propertyQuota } : {}),
    kind: "analyticsData#runReport",
  };
}

function rowBody(row: Row, spoiled: ReportContext["spoiled"], done: Set<Day>): unknown {
  const how = done.has(row.day) ? undefined : spoiled.get(row.day);
  if (how !== undefined) done.add(row.day);
  return {
    dimensionValues: row.dimensions.map((value) => ({ value })),
    metricValues: row.metrics.map((value) => ({ value: how === "mistyped" ? "many" : value })),
    ...(how === "unknown" ? { surprise: { is: [1] } } : {}),
  };
}

function metadata(propertyId: string): unknown {
  const described = (apiName: string): object => ({
    apiName,
    uiName: apiName,
    description: apiName,
    category: "Other",
  });
  return {
    name: `properties/${propertyId}/metadata`,
    dimensions: [...DIMENSIONS.keys()].map(described),
    metrics: [...METRICS].map(([name, { number }]) => ({ ...described(name), type: number })),
  };
}
