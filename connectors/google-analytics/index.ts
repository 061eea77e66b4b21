import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { checkAnalytics } from "./check.ts";
import { createAnalyticsClient } from "./client.ts";
import { analyticsAuth, analyticsSettings } from "./settings.ts";
import { analyticsStreams } from "./streams.ts";
import { analyticsTotals } from "./totals.ts";

/** Google Analytics 4 by the Data API: sessions, users and key events of a property by day. */
export const googleAnalytics: AnyConnector = defineConnector({
  key: "google-analytics",
  title: "Google Analytics 4",
  docs: "https://developers.google.com/analytics/devguides/reporting/data/v1",
  settings: analyticsSettings,
  auth: analyticsAuth,
  sendsCredentialsTo: ({ base_url: base }) => [new URL(base).origin],
  // Numbers of the day are 2 to 8 hours old anyway. support.google.com, "Data freshness".
  everyS: 3600,
  createClient: createAnalyticsClient,
  check: checkAnalytics,
  streams: analyticsStreams,
  totals: analyticsTotals,
});
