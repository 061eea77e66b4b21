import { isObject, type JsonObject, listOf } from "../../core/base/json.ts";
import type { Page, Stream } from "../../core/connector/define.ts";
import type { MailchimpClient } from "./client.ts";
import { lastChanged, memberId, pullMembers } from "./members.ts";
import * as normalise from "./normalise.ts";
import { type CampaignList, type CampaignLists, pullCampaignLists, valueOf } from "./per-campaign.ts";
import { idOf, readAudiences } from "./pull.ts";
import { keyed } from "./records.ts";
import { pullCampaigns, pullReports } from "./sent.ts";
import type { MailchimpSettings } from "./settings.ts";

type MailchimpStream = Stream<MailchimpSettings, MailchimpClient>;

const HOUR_MS = 3_600_000;

const recipientId = keyed("email_id");

/** Mailchimp gives events no id. Two clicks on different links in one second are two; two opens in one second are one. */
const eventId = keyed("campaign_id", "email_id", "action", "timestamp", "url", "type");

/** What an event does not say of its campaign, and people know it by. */
export function named(report: JsonObject): JsonObject {
  return { campaign_title: report["campaign_title"] ?? null, subject_line: report["subject_line"] ?? null };
}

/**
 * Who opened, with the flag that tells a person's open from a mail program's own: `email-activity` has no such flag. What a program opened
 * by itself, or may have, is nobody's touch: it stays in the report's numbers and is not loaded (two in five opens of an ordinary account).
 */
const OPENS: CampaignList = {
  name: "opens",
  read: (client, id, query) => client.opens(id, query),
  query: {
    fields: ["total_items", ...["campaign_id", "list_id", "email_id", "opens"].map((field) => `members.${field}`)],
  },
  hasSince: true,
  idOf: recipientId,
  isEmpty: (report) => valueOf(report, "opens", "opens_total") === 0,
  recordsOf: ({ opens, ...member }, report) =>
    objects(opens)
      .filter((open) => open["is_proxy_open"] === false)
      .map((open) => ({ ...member, action: "open", ...open, ...named(report) })),
};

/** Without the address and the IP address. */
const EVENT_FIELDS = [
  "campaign_id",
  "list_id",
  "email_id",
  ...["action", "type", "timestamp", "url"].map((field) => `activity.${field}`),
];

/** Clicks and bounces. Opens are in this list as well, without the flag. */
const CLICKS_AND_BOUNCES: CampaignList = {
  name: "clicks and bounces",
  read: (client, id, query) => client.emailActivity(id, query),
  query: {
    fields: ["total_items", ...EVENT_FIELDS.map((field) => `emails.${field}`)],
  },
  hasSince: true,
  idOf: recipientId,
  isEmpty: (report) =>
    valueOf(report, "clicks", "clicks_total") === 0 &&
    valueOf(report, "bounces", "hard_bounces") === 0 &&
    valueOf(report, "bounces", "soft_bounces") === 0,
  recordsOf: ({ activity, ...member }, report) =>
    objects(activity)
      .filter(({ action }) => action !== "open")
      .map((event) => ({ ...member, ...event, ...named(report) })),
};

const ACTIVITY: CampaignLists = {
  lists: [OPENS, CLICKS_AND_BOUNCES],
  isReadWhenSettled: true,
  markOf: (report) => JSON.stringify([report["opens"], report["clicks"], report["bounces"]]),
};

/** Of who left: the address and what it is merged with are the member's. */
export const UNSUBSCRIBE_FIELDS_LEFT_OUT: readonly string[] = ["_links", "merge_fields", "email_address"];

const UNSUBSCRIBES: CampaignLists = {
  isReadWhenSettled: false,
  markOf: (report) => JSON.stringify(report["unsubscribed"] ?? null),
  lists: [
    {
      name: "unsubscribes",
      read: (client, id, query) => client.unsubscribes(id, query),
      query: {
        exclude_fields: ["_links", ...UNSUBSCRIBE_FIELDS_LEFT_OUT.map((field) => `unsubscribes.${field}`)],
      },
      hasSince: false,
      idOf: recipientId,
      isEmpty: (report) => report["unsubscribed"] === 0,
      recordsOf: (row, report) => [{ ...row, ...named(report) }],
    },
  ],
};

/** There is no time per recipient and no `since`: the list is read an hour after the sending, when it may still grow, and after a day. */
const SENDS: CampaignLists = {
  isReadWhenSettled: false,
  markOf: (_, ageMs) => (ageMs < HOUR_MS ? null : ageMs < 24 * HOUR_MS ? "sent an hour ago" : "sent a day ago"),
  lists: [
    {
      name: "recipients",
      read: (client, id, query) => client.recipients(id, query),
      // What people do later is no matter of the sending, and would change each record with every open.
      query: {
        fields: [
          "total_items",
          ...["campaign_id", "list_id", "email_id", "status", "gmt_offset"].map((field) => `sent_to.${field}`),
        ],
      },
      hasSince: false,
      idOf: recipientId,
      isEmpty: (report) => report["emails_sent"] === 0,
      recordsOf: (row, report) => [{ ...row, send_time: report["send_time"] ?? null, ...named(report) }],
    },
  ],
};

function objects(value: JsonObject[string] | undefined): readonly JsonObject[] {
  return listOf(value).filter(isObject);
}

/** What people did with campaigns is not taken back, and has no time of change of its own. */
function campaignStream(stream: {
  readonly title: string;
  readonly lists: CampaignLists;
  readonly externalId: MailchimpStream["externalId"];
  readonly normalise: MailchimpStream["normalise"];
}): MailchimpStream {
  const { lists, ...declared } = stream;
  return {
    ...declared,
    gives: ["activity"],
    sourceTime: () => null,
    deletions: "never",
    pull: (context) => pullCampaignLists(lists, context),
  };
}

export const mailchimpStreams: { readonly [stream: string]: MailchimpStream } = {
  audiences: {
    title: "Audiences",
    externalId: idOf,
    sourceTime: () => null,
    deletions: "absence",
    normalise: normalise.audienceFacts,
    async *pull(context): AsyncGenerator<Page> {
      const records = (await readAudiences(context)).map(({ row }) => row);
      yield { records, checkpoint: { readAt: context.startedAt.toISOString() } };
    },
  },
  members: {
    title: "Members of audiences",
    externalId: memberId,
    sourceTime: lastChanged,
    // Webhooks tell of deletions and changes of address; what they missed is found by the next full pull.
    deletions: "elsewhere",
    pull: pullMembers,
    normalise: normalise.personFacts,
  },
  campaigns: {
    title: "Sent campaigns",
    externalId: idOf,
    sourceTime: () => null,
    deletions: "absence",
    pull: pullCampaigns,
    normalise: normalise.campaignLabels,
  },
  reports: {
    title: "Campaign reports",
    gives: ["campaign"],
    externalId: idOf,
    sourceTime: () => null,
    deletions: "absence",
    pull: pullReports,
    normalise: normalise.campaignFacts,
  },
  email_activity: campaignStream({
    title: "Opens, clicks and bounces per recipient",
    lists: ACTIVITY,
    externalId: eventId,
    normalise: normalise.eventFacts,
  }),
  unsubscribes: campaignStream({
    title: "Unsubscribes",
    lists: UNSUBSCRIBES,
    externalId: keyed("campaign_id", "email_id"),
    normalise: normalise.unsubscribeFacts,
  }),
  sends: {
    ...campaignStream({
      title: "Sends per recipient",
      lists: SENDS,
      externalId: keyed("campaign_id", "email_id"),
      normalise: normalise.sendFacts,
    }),
    isActive: (settings) => settings.log_sends,
  },
};
