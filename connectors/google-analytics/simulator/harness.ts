import { addDays, dayOf, type Day } from "../../../core/base/time.ts";
import type { ConnectorHarness, Harness, HarnessFault, HarnessOptions } from "../../_check/harness.ts";
import { createCompany } from "../../_simulator/company/company.ts";
import type { SimAnswer } from "../../_simulator/server.ts";
import { REPORT_NAMES, REPORTS, type ReportName } from "../reports.ts";
import { refusal, startGoogleAnalyticsSimulator, type AnalyticsSimulator } from "./index.ts";
import { makeReport, type Row } from "./report.ts";

/** Google Analytics for the acceptance checks: the company's site, on its own free port. */
export const harness: ConnectorHarness = { start: startHarness };

const DAYS_A_MONTH = 30;
/** Only what Google still restates is read again. */
const RESTATED_DAYS = 3;

const HTML = "<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>";
const page = (status: number): SimAnswer => ({ status, headers: { "content-type": "text/html" }, body: HTML });
const busy = refusal(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota.");
/**
 * Without a header Google's texts ask for half a minute to an hour, which tests of the error's mapping show; checks have no time for
 * it, so both say a second.
 */
const soon: SimAnswer = { ...busy, headers: { "retry-after": "1" } };
const ANSWERS: {
  readonly [fault in Exclude<HarnessFault, "reset" | "drip" | "truncated" | "server_error">]: SimAnswer;
} = {
  rate_limited: soon,
  rate_limited_without_header: soon,
  unavailable_html: page(503),
  html: page(200),
};

async function startHarness({ seed, records, now, skewMs = 0 }: HarnessOptions): Promise<Harness> {
  // The hub goes by the machine's clock; at the vendor time stands, so that today's numbers do not grow under a check.
  const at = new Date(Math.max(now.getTime(), Date.now()) + skewMs);
  const months = Math.max(2, Math.ceil(records / REPORT_NAMES.length / DAYS_A_MONTH));
  const company = createCompany({ seed, now: at, months, scale: 0.01 });
  const sim = await startGoogleAnalyticsSimulator({ company, clock: { now: () => at }, limits: "off", seed });
  const today = dayOf(at, company.profile.timeZone);
  const { faults } = sim;
  let changes = 0;
  let spoils = 0;
  // Nobody looks at the reports here, and the check of memory would find them.
  const listen = (listener: (() => void) | null): void =>
    faults.listen(() => {
      listener?.();
      sim.forgetReports();
    });
  listen(null);
  const restatable = (): Day => addDays(today, -(changes++ % RESTATED_DAYS));
  return {
    // More than a check's faults: what happens when they are used up is a test of its own.
    settings: { ...sim.settings, server_errors_per_hour: 50 },
    credentials: sim.credentials,
    secrets: [JSON.stringify(keyOf(sim)).slice(1, -1), keyOf(sim)],
    streams: REPORT_NAMES,
    expected: (stream) => expectedDays(sim, stream as ReportName, today, at),
    digest: (_stream, record) => digest((record as { readonly rows: readonly Row[] }).rows),
    mutate() {
      const day = restatable();
      sim.site.restate(day);
      return day;
    },
    add: () => null, // Days come by themselves, one a day …
    remove: () => null, // … and none ever goes.
    spoil(_stream, how) {
      // Another day each time: a report that was spoiled before is not changed by being spoiled again.
      spoils += 1;
      const day = addDays(today, -(1 + (spoils % RESTATED_DAYS)));
      sim.spoil(day, how);
      return day;
    },
    onRequest: listen,
    fail(fault, times = 1) {
      if (fault === "reset" || fault === "drip") faults.script({ kind: fault, times });
      else if (fault === "server_error") faults.script({ kind: "rate5xx", times });
      else if (fault === "truncated") faults.script({ kind: "truncate", times });
      else sim.answerWith(ANSWERS[fault], times);
    },
    disorder: () => undefined, // Reports are ordered and have no row twice.
    // The right is to the property, with all its reports.
    permit(_stream, isPermitted) {
      sim.dial.isApiDisabled = !isPermitted;
      return true;
    },
    revoke: () => void (sim.dial.isKeyRevoked = true),
    requestCount: () => sim.log.length,
    stop: () => sim.close(),
  };
}

function keyOf(sim: AnalyticsSimulator): string {
  return (JSON.parse(sim.serviceAccountJson) as { readonly private_key: string }).private_key;
}

function digest(rows: readonly Pick<Row, "dimensions" | "metrics">[]): string {
  return rows.map(({ dimensions, metrics }) => [...dimensions, ...metrics].join("|")).join("\n");
}

/** Every day of the first month with visits and after it, with the rows that Google shows by now. */
function expectedDays(sim: AnalyticsSimulator, name: ReportName, today: Day, now: Date): ReadonlyMap<string, string> {
  const expected = new Map<string, string>();
  const { dimensions, metrics } = REPORTS[name];
  for (let day = `${sim.site.firstDay.slice(0, 7)}-01`; day <= today; day = addDays(day, 1)) {
    const orderBys = dimensions.map((dimensionName) => ({ dimension: { dimensionName } }));
    const report = makeReport(
      { from: day, to: day, dimensions, metrics, orderBys, only: null, ...REST },
      (each) => sim.site.visits(each, now),
      sim.dial,
    );
    expected.set(day, digest(report.rows));
  }
  return expected;
}

const REST = { limit: 10_000, offset: 0, keepEmptyRows: false, returnPropertyQuota: false } as const;
