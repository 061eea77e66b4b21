import { z } from "zod";
import type { SimAnswer, SimRequest } from "../../_simulator/server.ts";
import { ok, refusal } from "./answers.ts";
import type { CloseObject, Kind } from "./objects.ts";
import { timeOf, type CloseStore } from "./store.ts";

type Counted = { readonly kind: Kind; readonly counts: (row: CloseObject) => boolean; readonly sum?: string };

const isCall = (direction: string) => (row: CloseObject) => row["direction"] === direction;
const isMail = (direction: string, status: string) => (row: CloseObject) =>
  row["direction"] === direction && row["status"] === status;
const movedTo = (type: string) => (row: CloseObject) => row["new_status_type"] === type;

const METRICS: { readonly [metric: string]: Counted } = {
  "calls.all.all.count": { kind: "call", counts: () => true },
  "calls.outbound.all.count": { kind: "call", counts: isCall("outbound") },
  "calls.inbound.all.count": { kind: "call", counts: isCall("inbound") },
  "calls.outbound.all.sum_duration": { kind: "call", counts: isCall("outbound"), sum: "duration" },
  "calls.inbound.all.sum_duration": { kind: "call", counts: isCall("inbound"), sum: "duration" },
  "emails.sent.all.count": { kind: "email", counts: isMail("outgoing", "sent") },
  "emails.received.all.count": { kind: "email", counts: isMail("incoming", "inbox") },
  "sms.sent.all.count": { kind: "sms", counts: isMail("outbound", "sent") },
  "sms.received.all.count": { kind: "sms", counts: isMail("inbound", "inbox") },
  "leads.created.all.count": { kind: "lead", counts: () => true },
  "opportunities.created.all.count": { kind: "opportunity", counts: () => true },
  "opportunities.won.all.count": { kind: "opportunityStatusChange", counts: movedTo("won") },
  "opportunities.lost.all.count": { kind: "opportunityStatusChange", counts: movedTo("lost") },
};

export type ReportOptions = {
  readonly store: CloseStore;
  /** Reports read an index that knows nothing younger than this. */
  readonly indexedUpTo: Date;
};

export function listMetrics(): SimAnswer {
  return ok({ data: Object.keys(METRICS).map((id) => ({ id, name: id })) });
}

const activityBody = z.object({
  type: z.enum(["overview", "comparison"]),
  metrics: z.array(z.string()),
  datetime_range: z.object({ start: z.string(), end: z.string() }),
  users: z.array(z.string()).optional(),
});

/** The overview: one row a day and totals; the comparison: one row a user. */
export function activityReport(request: SimRequest, options: ReportOptions): SimAnswer {
  const parsed = activityBody.safeParse(JSON.parse(request.body.toString("utf8") || "{}"));
  if (!parsed.success) return refusal(400, z.prettifyError(parsed.error));
  const { type, metrics, datetime_range: range, users } = parsed.data;
  const [start, end] = [Date.parse(range.start), Date.parse(range.end)];
  const totals: { [metric: string]: number } = {};
  const groups = new Map<string, { [metric: string]: number }>();
  for (const metric of metrics) {
    const counted = METRICS[metric];
    if (counted === undefined) return refusal(400, `Unknown metric ${metric}`);
    totals[metric] = 0;
    for (const row of rowsOf(counted, options)) {
      const at = timeOf(row, row["activity_at"] === undefined ? "date_created" : "activity_at");
      const user = String(row["user_id"]);
      if (at < start || at >= end || (users !== undefined && !users.includes(user))) continue;
      const amount = counted.sum === undefined ? 1 : Number(row[counted.sum] ?? 0);
      totals[metric] += amount;
      const key = type === "overview" ? new Date(at).toISOString().slice(0, 10) : user;
      const group = groups.get(key) ?? {};
      groups.set(key, group);
      group[metric] = (group[metric] ?? 0) + amount;
    }
  }
  const keyName = type === "overview" ? "datetime" : "user_id";
  const data = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, sums]) => ({ [keyName]: key, ...sums }));
  return ok({ data, aggregations: { totals } });
}

function* rowsOf({ kind, counts }: Counted, { store, indexedUpTo }: ReportOptions): Iterable<CloseObject> {
  for (const row of store.all(kind)) {
    if (counts(row) && timeOf(row, "date_updated") <= indexedUpTo.getTime()) yield row;
  }
}

/** Won, lost and their rates over all opportunities (of a pipeline). Values are annualized, as in the app. */
export function funnelTotals(request: SimRequest, { store }: ReportOptions): SimAnswer {
  const asked = JSON.parse(request.body.toString("utf8") || "{}") as { readonly pipeline?: unknown };
  const deals = [...store.all("opportunity")].filter(
    (deal) => typeof asked.pipeline !== "string" || deal["pipeline_id"] === asked.pipeline,
  );
  const won = deals.filter((deal) => deal["status_type"] === "won");
  const complete = deals.filter((deal) => deal["status_type"] !== "active");
  const value = (list: readonly CloseObject[]): number =>
    list.reduce((sum, deal) => sum + Number(deal["annualized_value"] ?? 0), 0);
  return ok({
    aggregations: {
      totals: {
        count: deals.length,
        count_total_complete: complete.length,
        count_total_won: won.length,
        count_win_rate: complete.length === 0 ? null : won.length / complete.length,
        value_total_complete: value(complete),
        value_total_won: value(won),
        value_win_rate: value(complete) === 0 ? null : value(won) / value(complete),
        average_value_annualized_per_won_opportunity: won.length === 0 ? null : value(won) / won.length,
      },
    },
  });
}

/** Moves between statuses within a period; from null: created in it. */
export function statusReport(request: SimRequest, { store }: ReportOptions): SimAnswer {
  const start = Date.parse(request.query.get("date_start") ?? "1970-01-01");
  const end = Date.parse(request.query.get("date_end") ?? "2100-01-01");
  const counts = new Map<string, { from_status_id: unknown; to_status_id: unknown; count: number }>();
  for (const move of store.all("opportunityStatusChange")) {
    const at = timeOf(move, "date_created");
    if (at < start || at >= end) continue;
    const key = `${String(move["old_status_id"])}>${String(move["new_status_id"])}`;
    const known = counts.get(key) ?? {
      from_status_id: move["old_status_id"],
      to_status_id: move["new_status_id"],
      count: 0,
    };
    known.count += 1;
    counts.set(key, known);
  }
  return ok({ status_overview: [], status_transitions: [...counts.values()], status_transitions_summary: [] });
}
