import type { Total } from "../../core/connector/define.ts";
import type { MailchimpClient } from "./client.ts";
import { valueOf } from "./per-campaign.ts";
import { idOf } from "./pull.ts";
import { textOf } from "./records.ts";
import type { MailchimpSettings } from "./settings.ts";

/** Mailchimp's own counts: every list says how many rows it has, and every report how many clicks and unsubscribes. */
export async function mailchimpTotals(client: MailchimpClient, settings: MailchimpSettings): Promise<readonly Total[]> {
  const audiences = await client.audiences({ count: 1000, fields: ["lists.id", "lists.name", "total_items"] });
  const totals: Total[] = [];
  const add = (name: string, theirs: number | null, ours: Total["ours"], note?: string): void => {
    if (theirs !== null) totals.push({ name, theirs, ours, ...(note === undefined ? {} : { note }) });
  };
  add("audiences", audiences.total, { stream: "audiences" });
  for (const audience of audiences.rows) {
    const id = idOf(audience);
    for (const status of ["subscribed", "unsubscribed", "cleaned"]) {
      const { total } = await client.members(id, { status, count: 1, fields: ["members.id", "total_items"] });
      const name = `${status} members of ${textOf(audience["name"]) || id}`;
      add(
        name,
        total,
        { stream: "members", where: { list_id: id, status } },
        "Members that were deleted for good are missed until a webhook or a full pull tells of them.",
      );
    }
  }
  const sent = await client.campaigns({ status: "sent", count: 1, fields: ["campaigns.id", "total_items"] });
  add("sent campaigns", sent.total, { stream: "campaigns" });
  return [...totals, ...(await reportTotals(client, settings))];
}

const REPORTED = ["id", "type", "emails_sent", "unsubscribed", "clicks.clicks_total"];

async function reportTotals(client: MailchimpClient, settings: MailchimpSettings): Promise<readonly Total[]> {
  let [reports, unsubscribed, clicks, offset] = [0, 0, 0, 0];
  for (;;) {
    const page = await client.reports({
      count: 1000,
      offset,
      fields: ["total_items", ...REPORTED.map((field) => `reports.${field}`)],
    });
    for (const report of page.rows) {
      unsubscribed += Number(report["unsubscribed"] ?? 0);
      clicks += Number(valueOf(report, "clicks", "clicks_total") ?? 0);
    }
    reports = page.total ?? reports + page.rows.length;
    offset += page.rows.length;
    if (page.rows.length === 0 || offset >= reports) break;
  }
  const late = `What happened more than ${settings.activity_days} days after a campaign was sent is in Mailchimp's number alone`;
  return [
    {
      name: "reports",
      theirs: reports,
      ours: { stream: "reports" },
      note: "The parts of A/B tests are ours alone: no list of Mailchimp's shows them.",
    },
    { name: "unsubscribes by campaign", theirs: unsubscribed, ours: { stream: "unsubscribes" }, note: `${late}.` },
    {
      name: "clicks",
      theirs: clicks,
      ours: { stream: "email_activity", where: { action: "click" } },
      note: `${late}; so are clicks past the thousandth of one member on one campaign, and a second one on the same link within a second.`,
    },
  ];
}
