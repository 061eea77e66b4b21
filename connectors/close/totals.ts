import { failedWith } from "../../core/base/errors.ts";
import { fieldOf, type JsonObject } from "../../core/base/json.ts";
import type { Total } from "../../core/connector/define.ts";
import { type CloseClient } from "./client.ts";
import { PERMISSION_MISSING } from "./errors.ts";

const PERIODS = ["one_time", "monthly", "annual"] as const;
const STATUSES = ["active", "won", "lost"] as const;
const INDEX_LAG = "Close answers from a search index that may lag behind by minutes.";

/**
 * Close's own counts and sums: the list of opportunities carries totals over its whole filter, and the activity report counts
 * activities. developer.close.com, "Opportunities" and "Reporting".
 */
export async function closeTotals(client: CloseClient): Promise<readonly Total[]> {
  return [...(await opportunityTotals(client)), ...(await activityTotals(client))];
}

async function opportunityTotals(client: CloseClient): Promise<readonly Total[]> {
  const totals: Total[] = [];
  for (const status of [null, ...STATUSES]) {
    const { envelope } = await client.list("opportunity/", {
      _limit: 1,
      _fields: "id",
      ...(status === null ? {} : { status_type: status }),
    });
    const where = status === null ? {} : { where: { status_type: status } };
    totals.push(...countOf(envelope, status, where));
    if (status === null) continue;
    for (const period of PERIODS) {
      const theirs = numberOf(envelope, `total_value_${period}`);
      if (theirs === null) continue;
      totals.push({
        name: `${status} value (${period.replace("_", "-")}, minor units)`,
        theirs,
        ours: { stream: "opportunities", sum: "value", where: { status_type: status, value_period: period } },
        note: INDEX_LAG,
      });
    }
  }
  return totals;
}

function countOf(envelope: JsonObject, status: string | null, where: object): readonly Total[] {
  const theirs = numberOf(envelope, "total_results");
  if (theirs === null) return [];
  const name = status === null ? "opportunities" : `${status} opportunities`;
  return [{ name, theirs, ours: { stream: "opportunities", ...where }, note: INDEX_LAG }];
}

const REPORTED: readonly { readonly metric: string; readonly name: string; readonly ours: Total["ours"] }[] = [
  {
    metric: "calls.outbound.all.count",
    name: "outbound calls",
    ours: { stream: "calls", where: { direction: "outbound" } },
  },
  {
    metric: "calls.inbound.all.count",
    name: "inbound calls",
    ours: { stream: "calls", where: { direction: "inbound" } },
  },
  {
    metric: "emails.sent.all.count",
    name: "e-mails sent",
    ours: { stream: "emails", where: { direction: "outgoing", status: "sent" } },
  },
  {
    metric: "emails.received.all.count",
    name: "e-mails received",
    ours: { stream: "emails", where: { direction: "incoming", status: "inbox" } },
  },
  { metric: "leads.created.all.count", name: "leads created", ours: { stream: "leads" } },
];

async function activityTotals(client: CloseClient): Promise<readonly Total[]> {
  const { startedAt } = await client.account();
  // Far enough ahead that "now" on our clock and on theirs does not matter.
  const end = "2100-01-01T00:00:00+00:00";
  const metrics = REPORTED.map((reported) => reported.metric);
  try {
    const report = await client.ask("report/activity/", {
      type: "overview",
      datetime_range: { start: startedAt.toISOString(), end },
      metrics,
    });
    const sums = fieldOf(fieldOf(report, "aggregations"), "totals");
    return REPORTED.flatMap(({ metric, name, ours }) => {
      const theirs = numberOf(sums, metric);
      return theirs === null ? [] : [{ name, theirs, ours, note: INDEX_LAG }];
    });
  } catch (error) {
    // Reports are a permission of their own; the deals' totals stand without them.
    if (failedWith(error, PERMISSION_MISSING)) return [];
    throw error;
  }
}

function numberOf(record: Parameters<typeof fieldOf>[0], name: string): number | null {
  const value = fieldOf(record, name);
  return typeof value === "number" ? value : null;
}
