import type { JsonObject } from "../../core/base/json.ts";
import type { PullContext } from "../../core/connector/define.ts";
import type { MailchimpClient, Query } from "./client.ts";
import { readAll } from "./paging.ts";
import { filterTime, instantOf, keyed, textOf } from "./records.ts";
import type { MailchimpSettings } from "./settings.ts";

export type MailchimpPull = PullContext<MailchimpSettings, MailchimpClient>;

export const idOf = keyed("id");

/** `id` is read from the row: {@link idOf} throws where there is none. */
export async function readAudiences({
  client,
  log,
}: MailchimpPull): Promise<readonly { readonly id: string; readonly row: JsonObject }[]> {
  const rows = await readAll({
    what: "The list of audiences",
    read: (slice) => client.audiences({ ...slice, exclude_fields: ["_links", "lists._links"] }),
    idOf,
    log,
  });
  return rows.map((row) => ({ id: idOf(row), row })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Kinds of campaign whose parts are sent, opened and clicked under ids of their own. Both spellings are in use. */
const HAS_PARTS = new Set(["ab_split", "absplit", "variate", "multivariate"]);

/**
 * The reports of the parts of A/B tests among these: no list shows them, and the whole's activity does not hold theirs.
 * mailchimp/mailchimp-client-lib-codegen #198.
 */
export async function readParts(
  { client, log }: MailchimpPull,
  reports: readonly JsonObject[],
  query: Query,
): Promise<readonly JsonObject[]> {
  const parts: JsonObject[] = [];
  for (const report of reports) {
    if (!HAS_PARTS.has(textOf(report["type"]))) continue;
    const id = idOf(report);
    const what = `The parts of ${id}`;
    parts.push(...(await readAll({ what, read: (slice) => client.subReports(id, { ...slice, ...query }), idOf, log })));
  }
  return parts;
}

/** Everything of a report that moves although nobody did anything with the campaign. */
const MOVING = ["_links", "timeseries", "industry_stats", "list_stats", "share_report"];

export const REPORT_FIELDS_LEFT_OUT: readonly string[] = MOVING;

/** Reports of what was sent after `since` (null: ever), with the parts of A/B tests; oldest first. */
export async function readReports(context: MailchimpPull, since: Date | null): Promise<readonly JsonObject[]> {
  const exclude_fields = ["_links", ...MOVING.map((field) => `reports.${field}`)];
  const query = { exclude_fields, ...(since === null ? {} : { since_send_time: filterTime(since) }) };
  const reports = await readAll({
    what: "The list of reports",
    read: (slice) => context.client.reports({ ...slice, ...query }),
    idOf,
    log: context.log,
  });
  const all = [...reports, ...(await readParts(context, reports, { exclude_fields }))];
  return all.toSorted((a, b) => (sentKey(a) < sentKey(b) ? -1 : 1));
}

/** Orders campaigns by when they were sent; the id tells two of one second apart. */
export function sentKey(report: JsonObject): string {
  return `${instantOf(report["send_time"])?.toISOString() ?? ""}|${idOf(report)}`;
}
