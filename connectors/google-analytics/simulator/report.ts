import { addDays, type Day } from "../../../core/base/time.ts";
import type { ReportRequest } from "./request.ts";
import type { Visits } from "./visits.ts";

type Dimension = (row: Visits) => string;
/** A metric with its type's name and number: which of the two goes out is the caller's choice. */
type Metric = { readonly type: string; readonly number: number; readonly of: (rows: readonly Visits[]) => number };

export const DIMENSIONS: ReadonlyMap<string, Dimension> = new Map<string, Dimension>([
  ["date", (row) => row.day.replaceAll("-", "")],
  ["yearMonth", (row) => row.day.slice(0, 7).replace("-", "")],
  ["sessionDefaultChannelGroup", (row) => row.channel],
  ["sessionSourceMedium", (row) => row.sourceMedium],
  ["landingPage", (row) => row.landingPage],
  ["eventName", (row) => row.eventName],
]);

const integer = (of: Metric["of"]): Metric => ({ type: "TYPE_INTEGER", number: 1, of });

export const METRICS: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  ["sessions", integer((rows) => sum(rows, "sessions"))],
  ["engagedSessions", integer((rows) => sum(rows, "engagedSessions"))],
  ["totalUsers", integer(distinctUsers)],
  ["newUsers", integer((rows) => sum(rows, "newUsers"))],
  ["screenPageViews", integer((rows) => sum(rows, "pageViews"))],
  ["keyEvents", { type: "TYPE_FLOAT", number: 2, of: (rows) => sum(rows, "keyEvents") }],
  ["totalRevenue", { type: "TYPE_CURRENCY", number: 9, of: () => 0 }],
]);

function sum(rows: readonly Visits[], field: keyof Visits): number {
  return rows.reduce((total, row) => total + Number(row[field]), 0);
}

/** People come by several ways and on several days: fewer than the rows' users together. */
function distinctUsers(rows: readonly Visits[]): number {
  const users = sum(rows, "users");
  if (rows.length === 1) return users;
  return Math.round(users * (new Set(rows.map((row) => row.day)).size === 1 ? 0.92 : 0.6));
}

export type Row = { readonly dimensions: readonly string[]; readonly metrics: readonly string[]; readonly day: Day };

export type Shown = {
  /** All rows, in the order that was asked for. */
  readonly rows: readonly Row[];
  readonly isThresholded: boolean;
  readonly hasOtherRow: boolean;
};

export type Restrictions = {
  /** Rows of a breakdown with fewer users are withheld. */
  readonly leastUsers: number;
  /** So many landing pages a day; the others' rows become `(other)`. */
  readonly mostPages: number;
};

/** Makes the rows of a report. */
export function makeReport(
  request: ReportRequest,
  visitsOf: (day: Day) => readonly Visits[],
  { leastUsers, mostPages }: Restrictions,
): Shown {
  const groups = new Map<string, { readonly values: readonly string[]; readonly rows: Visits[] }>();
  const isWide = request.dimensions.includes("landingPage");
  let hasOtherRow = false;
  for (let day = request.from; day <= request.to; day = addDays(day, 1)) {
    const visits = visitsOf(day);
    const pages = [...new Set(visits.map((row) => row.landingPage))].slice(0, mostPages);
    for (const row of visits) {
      const isOther = isWide && !pages.includes(row.landingPage);
      hasOtherRow ||= isOther;
      const shown = isOther ? { ...row, landingPage: "(other)" } : row;
      const values = request.dimensions.map((name) => DIMENSIONS.get(name)?.(shown) ?? "");
      if (request.only !== null) {
        const value = DIMENSIONS.get(request.only.dimension)?.(shown) ?? "";
        if (!request.only.values.includes(value)) continue;
      }
      const key = JSON.stringify(values);
      const group = groups.get(key) ?? { values, rows: [] };
      groups.set(key, group);
      group.rows.push(shown);
    }
  }
  const all = [...groups.values()];
  const isBreakdown = request.dimensions.some((name) => name !== "date" && name !== "yearMonth");
  const kept = isBreakdown ? all.filter(({ rows }) => distinctUsers(rows) >= leastUsers) : all;
  const rows = kept
    .map(({ values, rows: of }) => ({
      dimensions: values,
      metrics: request.metrics.map((name) => String(METRICS.get(name)?.of(of) ?? 0)),
      day: of[0]?.day ?? request.from,
    }))
    .filter((row) => request.keepEmptyRows || row.metrics.some((value) => value !== "0"));
  return { rows: rows.toSorted(orderOf(request)), isThresholded: kept.length < all.length, hasOtherRow };
}

function orderOf(request: ReportRequest): (one: Row, other: Row) => number {
  const keys = request.orderBys.map(({ dimension, desc }) => ({
    at: request.dimensions.indexOf(dimension?.dimensionName ?? ""),
    sign: desc === true ? -1 : 1,
  }));
  return (one, other) => {
    for (const { at, sign } of keys) {
      const [left = "", right = ""] = [one.dimensions[at], other.dimensions[at]];
      if (left !== right) return left < right ? -sign : sign;
    }
    return 0;
  };
}
