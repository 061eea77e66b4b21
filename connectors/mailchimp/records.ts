import { createHash } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, type Json } from "../../core/base/json.ts";

/**
 * The fields that are read of Mailchimp's records; everything else stays in the raw record. All but ids may be missing, and what is not set
 * comes as "" in place of null.
 */
const text = z.string().nullish();
const number = z.number().nullish();

export const audienceRecord = z.object({ id: z.string(), name: text });

export const memberRecord = z.object({
  id: z.string(),
  list_id: z.string(),
  email_address: text,
  full_name: text,
  status: text,
  web_id: number,
  sms_phone_number: text,
  merge_fields: z.record(z.string(), z.unknown()).nullish(),
  language: text,
  vip: z.boolean().nullish(),
  source: text,
  tags: z.array(z.object({ name: text })).nullish(),
});

export const campaignRecord = z.object({
  id: z.string(),
  settings: z.object({ title: text, subject_line: text }).nullish(),
});

export const reportRecord = z.object({
  id: z.string(),
  campaign_title: text,
  subject_line: text,
  type: text,
  list_id: text,
  list_name: text,
  emails_sent: number,
  abuse_reports: number,
  unsubscribed: number,
  send_time: text,
  bounces: z.object({ hard_bounces: number, soft_bounces: number }).nullish(),
  opens: z
    .object({
      opens_total: number,
      unique_opens: number,
      open_rate: number,
      proxy_excluded_opens: number,
      proxy_excluded_unique_opens: number,
      proxy_excluded_open_rate: number,
    })
    .nullish(),
  clicks: z.object({ clicks_total: number, unique_subscriber_clicks: number, click_rate: number }).nullish(),
  /** What the campaign itself adds; put in by us, since a normaliser sees one record. */
  campaign: z
    .object({
      long_archive_url: text,
      archive_url: text,
      parent_campaign_id: text,
      tracking: z.object({ google_analytics: text }).nullish(),
    })
    .nullish(),
});

/** One thing that one recipient did with one campaign, or that happened to the mail. */
export const eventRecord = z.object({
  campaign_id: z.string(),
  list_id: z.string(),
  email_id: z.string(),
  action: z.enum(["open", "click", "bounce"]),
  timestamp: z.string(),
  url: text,
  type: text,
  is_proxy_open: z.boolean().nullish(),
  campaign_title: text,
  subject_line: text,
});

export const unsubscribeRecord = z.object({
  campaign_id: z.string(),
  list_id: z.string(),
  email_id: z.string(),
  timestamp: z.string(),
  reason: text,
  campaign_title: text,
  subject_line: text,
});

export const sendRecord = z.object({
  campaign_id: z.string(),
  list_id: z.string(),
  email_id: z.string(),
  status: text,
  send_time: text,
  campaign_title: text,
  subject_line: text,
});

/** A text or a number as text; "" for anything else. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/**
 * What tells a record from all others of its stream: the named fields, joined.
 *
 * @throws TributaryError `mailchimp.record.no_id` where the first one is missing.
 */
export function keyed(...names: readonly [string, ...string[]]): (record: Json) => string {
  return (record) => {
    const parts = names.map((name) => fieldOf(record, name));
    if (textOf(parts[0]) !== "") return parts.map(textOf).join("|");
    throw new TributaryError({
      code: "mailchimp.record.no_id",
      kind: "contract",
      message: `Mailchimp sent a record without ${names[0]}.`,
      mend: "Report it: the connector expects one on everything.",
    });
  };
}

/** A member's id within an audience: the MD5 of the address in lower case. mailchimp.com/developer, "Add a contact". */
export function memberHash(email: string): string {
  return createHash("md5").update(email.trim().toLowerCase()).digest("hex");
}

/** @returns null for "" and for what is no time. Mailchimp writes ISO 8601 with an offset. */
export function instantOf(value: Json | undefined): Date | null {
  if (typeof value !== "string" || value === "") return null;
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** As filters take it: whole seconds with an offset. */
export function filterTime(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}+00:00`;
}
