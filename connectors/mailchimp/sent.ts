import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Page } from "../../core/connector/define.ts";
import { type MailchimpClient } from "./client.ts";
import { PERMISSION_MISSING } from "./errors.ts";
import { pageByOffset, type Place, readAll, START } from "./paging.ts";
import { idOf, type MailchimpPull, readParts, REPORT_FIELDS_LEFT_OUT } from "./pull.ts";
import { filterTime, instantOf } from "./records.ts";

/**
 * Sent campaigns and their reports, whole each time: a thousand come in one call, all of their numbers may move for as long as anybody
 * opens an old mail, and what is no longer listed was deleted.
 */
const checkpointSchema = z.object({ offset: z.number(), anchor: z.string().nullable() });

const DONE = { done: true };

function placeOf(checkpoint: Json): Place {
  const stored = checkpointSchema.safeParse(checkpoint);
  return stored.success ? stored.data : START;
}

/** Stands in the report. */
export const CAMPAIGN_FIELDS_LEFT_OUT: readonly string[] = ["_links", "report_summary"];

export async function* pullCampaigns(context: MailchimpPull): AsyncGenerator<Page> {
  const { client, since, log } = context;
  const query = {
    status: "sent",
    sort_field: "send_time",
    sort_dir: "ASC",
    exclude_fields: ["_links", ...CAMPAIGN_FIELDS_LEFT_OUT.map((field) => `campaigns.${field}`)],
    ...(since === null ? {} : { since_send_time: filterTime(since) }),
  };
  const pages = pageByOffset({
    what: "The list of campaigns",
    read: (slice) => client.campaigns({ ...query, ...slice }),
    idOf,
    from: placeOf(context.checkpoint),
    log,
  });
  for await (const { rows, next } of pages) yield { records: rows, checkpoint: next ?? DONE };
}

export async function* pullReports(context: MailchimpPull): AsyncGenerator<Page> {
  const { client, since, log } = context;
  const exclude_fields = ["_links", ...REPORT_FIELDS_LEFT_OUT.map((field) => `reports.${field}`)];
  const pages = pageByOffset({
    what: "The list of reports",
    read: (slice) =>
      client.reports({ ...slice, exclude_fields, ...(since === null ? {} : { since_send_time: filterTime(since) }) }),
    idOf,
    from: placeOf(context.checkpoint),
    log,
  });
  for await (const { rows, next } of pages) {
    const reports = [...rows, ...(await readParts(context, rows, { exclude_fields }))];
    const campaigns = await campaignsOf(context, rows);
    const records = reports.map((report) => withCampaign(report, campaigns.get(idOf(report))));
    yield { records, checkpoint: next ?? DONE };
  }
}

/** What a report lacks of its campaign: the page that everybody can see, and the name that its links carry (`utm_campaign`). */
const JOINED = ["web_id", "parent_campaign_id", "archive_url", "long_archive_url", "tracking"] as const;

/** A report with what its campaign adds; the same whichever way the two came. */
export function withCampaign(report: JsonObject, campaign: JsonObject | undefined): JsonObject {
  if (campaign === undefined) return { ...report, campaign: null };
  const joined = JOINED.filter((name) => name in campaign).map((name) => [name, campaign[name] ?? null] as const);
  return { ...report, campaign: Object.fromEntries(joined) };
}

async function campaignsOf(
  { client, log }: { readonly client: MailchimpClient; readonly log: MailchimpPull["log"] },
  reports: readonly JsonObject[],
): Promise<ReadonlyMap<string, JsonObject>> {
  const times = reports
    .map((report) => instantOf(report["send_time"])?.getTime() ?? Number.NaN)
    .filter(Number.isFinite);
  if (times.length === 0) return new Map();
  // Whether the bounds are inclusive is unverified.
  const query = {
    status: "sent",
    since_send_time: filterTime(new Date(Math.min(...times) - 1000)),
    before_send_time: filterTime(new Date(Math.max(...times) + 1000)),
    fields: ["total_items", ...["id", ...JOINED].map((field) => `campaigns.${field}`)],
  };
  try {
    const rows = await readAll({
      what: "The campaigns of a page of reports",
      read: (slice) => client.campaigns({ ...query, ...slice }),
      idOf,
      log,
    });
    return new Map(rows.map((row) => [idOf(row), row]));
  } catch (error) {
    // The numbers are worth having without the addresses.
    if (!failedWith(error, PERMISSION_MISSING)) throw error;
    log("warn", "campaigns may not be read: reports come without their page and utm_campaign");
    return new Map();
  }
}
