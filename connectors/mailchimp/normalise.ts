import type { z } from "zod";
import type { Json } from "../../core/base/json.ts";
import type { NormaliseContext, NormaliseResult } from "../../core/connector/define.ts";
import { readingOf } from "../../core/connector/reading.ts";
import type { ActivityFact, Attributes } from "../../core/schema/facts.ts";
import type { Outcome } from "../../core/schema/outcomes.ts";
import * as records from "./records.ts";
import type { MailchimpSettings } from "./settings.ts";

type Context = NormaliseContext<MailchimpSettings>;
export type Normaliser = (record: Json, context: Context) => NormaliseResult;

const reading = readingOf<MailchimpSettings>({ code: "mailchimp.record.unreadable" });

export const audienceFacts = reading(records.audienceRecord, (audience) =>
  audience.name ? [{ kind: "label", namespace: "audience", externalId: audience.id, name: audience.name }] : [],
);

/** Merge fields that have a column of their own. Every audience has the first two; the others are what people call them by custom. */
const OWN_MERGE_FIELDS = new Set(["FNAME", "LNAME", "EMAIL", "PHONE"]);

/** A member is one address in one audience: the same person in two of them is two facts, made one by the address. */
export const personFacts = reading(records.memberRecord, (member, { externalId }) => {
  const merge = member.merge_fields ?? {};
  const name = member.full_name || [merge["FNAME"], merge["LNAME"]].filter(isText).join(" ");
  return [
    {
      kind: "person",
      externalId,
      isMention: false,
      name: name || null,
      title: null,
      // A contact for text messages alone has none.
      emails: present([member.email_address?.trim().toLowerCase()]),
      phones: present([member.sms_phone_number, isText(merge["PHONE"]) ? merge["PHONE"] : null]),
      company: null,
      rep: null,
      // Who reads the newsletter is a lead where the CRM says so; counting members as well would count each lead twice.
      leadCreatedAt: null,
      // mailchimp.com sends whoever is signed in on to the account's own data centre (unverified).
      url:
        typeof member.web_id === "number" ? `https://admin.mailchimp.com/lists/members/view?id=${member.web_id}` : null,
      attributes: {
        ...mergeAttributes(merge),
        audience: member.list_id,
        member_status: member.status || null,
        language: member.language || null,
        vip: member.vip ?? null,
        signup_source: member.source || null,
        tags:
          member.tags
            ?.map((tag) => tag.name)
            .filter(isText)
            .join(", ") || null,
      },
    },
  ];
});

/** Texts and numbers by their tag in lower case; of an address, the country. */
function mergeAttributes(merge: { readonly [tag: string]: unknown }): Attributes {
  const attributes: { [name: string]: string | number } = {};
  for (const [tag, value] of Object.entries(merge)) {
    if (OWN_MERGE_FIELDS.has(tag)) continue;
    const name = tag.toLowerCase();
    if (isText(value)) attributes[name] = value;
    else if (typeof value === "number" && Number.isFinite(value)) attributes[name] = value;
    else if (typeof value === "object" && value !== null && "country" in value && isText(value.country))
      attributes[`${name}_country`] = value.country;
  }
  return attributes;
}

export const campaignLabels = reading(records.campaignRecord, ({ id, settings }) => {
  const name = settings?.title || settings?.subject_line;
  return name ? [{ kind: "label", namespace: "campaign", externalId: id, name }] : [];
});

/**
 * A report's rates are shares of 1, an audience's are percentages: only the report's are taken. Opens are people who opened; how many of
 * those remain without the mail programs that open by themselves is an attribute, where Mailchimp says so.
 */
export const campaignFacts = reading(records.reportRecord, (report) => [
  {
    kind: "campaign",
    externalId: report.id,
    name: report.campaign_title || report.subject_line || null,
    status: "sent",
    channel: "email",
    sentAt: moment(report.send_time),
    recipients: count(report.emails_sent),
    opens: count(report.opens?.unique_opens),
    clicks: count(report.clicks?.unique_subscriber_clicks),
    bounces: sum(report.bounces?.hard_bounces, report.bounces?.soft_bounces),
    unsubscribes: count(report.unsubscribed),
    url: report.campaign?.long_archive_url || report.campaign?.archive_url || null,
    attributes: {
      subject: report.subject_line || null,
      type: report.type || null,
      audience: report.list_name || report.list_id || null,
      utm_campaign: report.campaign?.tracking?.google_analytics || null,
      parent_campaign: report.campaign?.parent_campaign_id || null,
      open_rate: report.opens?.open_rate ?? null,
      click_rate: report.clicks?.click_rate ?? null,
      opens_total: count(report.opens?.opens_total),
      clicks_total: count(report.clicks?.clicks_total),
      human_opens: count(report.opens?.proxy_excluded_unique_opens),
      human_open_rate: report.opens?.proxy_excluded_open_rate ?? null,
      complaints: count(report.abuse_reports),
    },
  },
]);

/**
 * Opens that a person made, clicks and bounces. A mail program that fetches everything by itself (Apple Mail) "opens" without a reader, so
 * an open counts only where Mailchimp says that it was none of these; of campaigns from before June 2024 it does not say, and none counts.
 */
export const eventFacts = reading(records.eventRecord, (event, { externalId }) => {
  if (event.action === "open" && event.is_proxy_open !== false) return [];
  const occurredAt = moment(event.timestamp);
  if (occurredAt === null) return [];
  const about = touch(event, externalId, occurredAt);
  switch (event.action) {
    case "open":
      return [{ ...about, type: "email_open", direction: "inbound" }];
    case "click":
      return [{ ...about, type: "email_click", direction: "inbound", url: event.url || null }];
    case "bounce":
      return [{ ...about, type: "custom", outcome: "bounced", disposition: event.type || null }];
  }
});

export const unsubscribeFacts = reading(records.unsubscribeRecord, (row, { externalId }) => {
  const occurredAt = moment(row.timestamp);
  if (occurredAt === null) return [];
  const about = touch(row, externalId, occurredAt);
  const attributes = { ...about.attributes, reason: row.reason || null };
  return [{ ...about, type: "custom", direction: "inbound", outcome: "unsubscribed", attributes }];
});

/** `hard` and `soft` are bounces. */
const SEND_OUTCOMES: { readonly [status: string]: Outcome } = { sent: "sent", hard: "bounced", soft: "bounced" };

/** All recipients of a campaign share its time: Mailchimp keeps none for each. */
export const sendFacts = reading(records.sendRecord, (send, { externalId }) => {
  const occurredAt = moment(send.send_time);
  if (occurredAt === null) return [];
  const about = touch(send, externalId, occurredAt);
  return [
    {
      ...about,
      externalId: `${externalId}|sent`,
      type: "email",
      direction: "outbound",
      outcome: SEND_OUTCOMES[send.status ?? ""] ?? null,
      disposition: send.status || null,
    },
  ];
});

/** What all touches of a campaign have in common. */
function touch(
  row: Pick<
    z.infer<typeof records.eventRecord>,
    "campaign_id" | "list_id" | "email_id" | "campaign_title" | "subject_line"
  >,
  externalId: string,
  occurredAt: { readonly instant: Date },
): ActivityFact {
  return {
    kind: "activity",
    externalId,
    type: "custom",
    direction: null,
    occurredAt,
    bookedAt: null,
    durationS: null,
    outcome: null,
    disposition: null,
    subject: row.subject_line || row.campaign_title || null,
    rep: null,
    person: `${row.list_id}|${row.email_id}`,
    company: null,
    deal: null,
    url: null,
    matchKeys: [],
    attributes: { campaign: row.campaign_id, campaign_title: row.campaign_title || null },
  };
}

function moment(text: string | null | undefined): { readonly instant: Date } | null {
  const instant = records.instantOf(text);
  return instant === null ? null : { instant };
}

/** Counts are whole and not negative; anything else is no count. */
function count(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function sum(...values: readonly (number | null | undefined)[]): number | null {
  const counts = values.map(count).filter((value) => value !== null);
  return counts.length === 0 ? null : counts.reduce((total, value) => total + value, 0);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function present(values: readonly (string | null | undefined)[]): readonly string[] {
  return values.filter(isText);
}
