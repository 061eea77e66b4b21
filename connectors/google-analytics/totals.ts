import { addDays, type Day } from "../../core/base/time.ts";
import type { Total } from "../../core/connector/define.ts";
import type { AnalyticsClient } from "./client.ts";
import type { AnalyticsSettings } from "./settings.ts";

const MONTHS = 3;

const DAYS_NOTE =
  "Equal, unless numbers have changed since the last pull (today's do), or the month is not read from its first day.";
const ROWS_NOTE =
  "May fall short: Google withholds rows about few people (thresholding) but counts them in the month; and a session that lasts over " +
  "midnight is one of the month and one of each day. Sessions are estimates (HyperLogLog++), so small differences either way are usual.";
const USERS_NOTE =
  "Ours is the sum of each day's users and must be larger: who came on two days is one user of the month. Users are never summed in a KPI.";

/** Google's own numbers of the latest months, without any breakdown of them, against the sums of the days and rows that have landed. */
export async function analyticsTotals(client: AnalyticsClient, settings: AnalyticsSettings): Promise<readonly Total[]> {
  const months = await client.report({
    dimensions: ["yearMonth"],
    metrics: ["sessions", "keyEvents", "totalUsers"],
    from: firstOfMonths(await client.today()),
    to: "today",
    limit: 100,
  });
  return months.rows.flatMap((row) => {
    const month = (row.dimensions[0] ?? "").replace(/^(\d{4})(\d{2})$/, "$1-$2");
    const value = (metric: string): number => Number(row.metrics[months.metrics.indexOf(metric)] ?? "0");
    const total = (stream: string, what: string, sum: string, metric: string, note: string): Total => ({
      name: `${what} ${month} (${stream})`,
      theirs: value(metric),
      ours: { stream, sum, where: { month } },
      note,
    });
    return [
      total("days", "sessions", "sessions", "sessions", DAYS_NOTE),
      total("traffic", "sessions", "sessions", "sessions", ROWS_NOTE),
      total("days", "key events", "keyEvents", "keyEvents", DAYS_NOTE),
      total("traffic", "key events", "keyEvents", "keyEvents", ROWS_NOTE),
      ...(settings.key_events === undefined
        ? [total("key_events", "key events", "keyEvents", "keyEvents", ROWS_NOTE)]
        : []),
      total("days", "users", "users", "totalUsers", USERS_NOTE),
    ];
  });
}

/** The first day of the latest months, the one that is under way included. */
function firstOfMonths(today: Day): Day {
  let first = `${today.slice(0, 7)}-01`;
  for (let month = 1; month < MONTHS; month += 1) first = `${addDays(first, -1).slice(0, 7)}-01`;
  return first;
}
