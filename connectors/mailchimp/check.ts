import { failedWith } from "../../core/base/errors.ts";
import type { CheckResult } from "../../core/connector/define.ts";
import { type MailchimpClient } from "./client.ts";
import { PERMISSION_MISSING } from "./errors.ts";
import { textOf } from "./records.ts";
import type { MailchimpSettings } from "./settings.ts";

const ONE = { count: 1, fields: ["total_items"] } as const;

/** Reaches the account, and says one by one what the key cannot read. */
export async function checkMailchimp(client: MailchimpClient, settings: MailchimpSettings): Promise<CheckResult> {
  const account = await client.account();
  const missing: string[] = [];

  async function probe<T>(what: string, ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      if (!failedWith(error, PERMISSION_MISSING)) throw error;
      missing.push(what);
      return null;
    }
  }

  const audiences = await probe("audiences: there will be no members, and so no people", () =>
    client.audiences({ count: 1, fields: ["lists.id", "total_items"] }),
  );
  const audience = audiences?.rows[0]?.["id"];
  if (typeof audience === "string") {
    await probe("members: opens and clicks will belong to nobody", () => client.members(audience, ONE_MEMBER));
    await probe("webhooks: changes of members will arrive with the next pull only", () => client.webhooks(audience));
  }
  await probe("campaigns: campaigns will have no page and no utm_campaign", () =>
    client.campaigns({ count: 1, fields: ["campaigns.id", "total_items"] }),
  );
  const reports = await probe("reports: there will be no campaigns with numbers, no opens and no clicks", () =>
    client.reports({ count: 1, fields: ["reports.id", "total_items"] }),
  );
  const campaign = reports?.rows[0]?.["id"];
  if (typeof campaign === "string") await probeCampaign(client, settings, campaign, probe);
  return {
    accountId: textOf(account["account_id"]),
    accountName: textOf(account["account_name"]),
    missingPermissions: missing,
    warnings: audiences?.total === 0 ? ["The account has no audience yet."] : [],
  };
}

const ONE_MEMBER = { count: 1, fields: ["members.id", "total_items"] };

async function probeCampaign(
  client: MailchimpClient,
  settings: MailchimpSettings,
  campaign: string,
  probe: <T>(what: string, ask: () => Promise<T>) => Promise<T | null>,
): Promise<void> {
  await probe("open details: there will be no opens", () =>
    client.opens(campaign, { ...ONE, fields: ["members.email_id", "total_items"] }),
  );
  await probe("e-mail activity: there will be no clicks and no bounces", () =>
    client.emailActivity(campaign, { ...ONE, fields: ["emails.email_id", "total_items"] }),
  );
  await probe("unsubscribes", () =>
    client.unsubscribes(campaign, { ...ONE, fields: ["unsubscribes.email_id", "total_items"] }),
  );
  if (settings.log_sends)
    await probe("recipients: there will be no sends", () =>
      client.recipients(campaign, { ...ONE, fields: ["sent_to.email_id", "total_items"] }),
    );
}
