import { findTributaryError } from "../../core/base/errors.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import type { AnalyticsClient } from "./client.ts";
import { REFUSED } from "./errors.ts";
import { REPORT_NAMES, REPORTS } from "./reports.ts";
import type { AnalyticsSettings } from "./settings.ts";

/** Reaches the property, and says one by one what its account does not see. The Data API knows no name but the number. */
export async function checkAnalytics(client: AnalyticsClient, settings: AnalyticsSettings): Promise<CheckResult> {
  const { id, timeZone, currency } = await client.property();
  const names = await client.names();
  const missingPermissions = new Set<string>();
  const warnings = new Set<string>();
  for (const name of REPORT_NAMES) {
    const { dimensions, metrics } = REPORTS[name];
    const absent = [...dimensions, ...metrics].filter((each) => !names.has(each));
    if (absent.length > 0) {
      missingPermissions.add(`${absent.join(", ")}: not on this property, so that ${name} cannot be read`);
      continue;
    }
    try {
      const report = await client.report({ dimensions, metrics, from: "today", to: "today", limit: 1 });
      for (const metric of report.quality.restrictedMetrics) {
        missingPermissions.add(`${metric}: the service account's role hides it, it stays empty in ${name}`);
      }
      if (report.quality.subjectToThresholding) {
        warnings.add(`${name}: Google withholds rows about few people (thresholding); sums over rows fall short`);
      }
    } catch (error) {
      const refused = findTributaryError(error);
      if (refused?.code !== REFUSED) throw error;
      missingPermissions.add(`${name}: ${refused.message}`);
    }
  }
  return {
    accountId: id,
    accountName: `GA4 property ${id} (${[timeZone, currency].filter(Boolean).join(", ")})`,
    missingPermissions: [...missingPermissions],
    warnings: [...warnings, ...eventWarnings(settings)],
  };
}

function eventWarnings({ key_events: events }: AnalyticsSettings): readonly string[] {
  return events === undefined ? [] : [`key_events: only ${events.join(", ")} are listed by name`];
}
