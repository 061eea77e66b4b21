/**
 * What is asked for, each by date. Names and meanings: developers.google.com, "API dimensions & metrics".
 *
 * - `traffic`     where sessions came from and where they began.
 * - `days`        the same days without any breakdown. Only these count users rightly: someone who came by two channels is a user of
 *                 both, so users of rows do not add up; and rows that Google withholds to protect people are in no breakdown.
 * - `key_events`  what visitors did that counts, by the event's name.
 */
export const REPORTS = {
  traffic: {
    dimensions: ["sessionDefaultChannelGroup", "sessionSourceMedium", "landingPage"],
    metrics: ["sessions", "engagedSessions", "totalUsers", "newUsers", "keyEvents"],
  },
  days: {
    dimensions: [],
    metrics: ["sessions", "engagedSessions", "totalUsers", "newUsers", "keyEvents", "screenPageViews", "totalRevenue"],
  },
  key_events: {
    dimensions: ["eventName", "sessionDefaultChannelGroup", "sessionSourceMedium"],
    metrics: ["keyEvents"],
  },
} as const satisfies { readonly [name: string]: ReportShape };

export type ReportName = keyof typeof REPORTS;
export type ReportShape = { readonly dimensions: readonly string[]; readonly metrics: readonly string[] };

export const REPORT_NAMES = Object.keys(REPORTS) as readonly ReportName[]; // Object.keys forgets that it knows them.
