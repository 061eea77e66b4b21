import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { failedWith, TributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import type { InboundWebhook, StreamPart } from "../../core/connector/define.ts";
import { type MailchimpClient } from "./client.ts";
import { NOT_FOUND } from "./errors.ts";
import { LEFT_OUT } from "./members.ts";
import { REPORT_FIELDS_LEFT_OUT } from "./pull.ts";
import { memberHash } from "./records.ts";
import { CAMPAIGN_FIELDS_LEFT_OUT, withCampaign } from "./sent.ts";
import { named, UNSUBSCRIBE_FIELDS_LEFT_OUT } from "./streams.ts";

/** mailchimp.com/developer, "Sync Audience Data with Webhooks": five minutes. */
const MAX_AGE_S = 300;

/** Opens and clicks are not among them: those come with the next pull. */
const EVENTS = { subscribe: true, unsubscribe: true, profile: true, cleaned: true, upemail: true, campaign: true };
/** The hub writes nothing, so what an API key changes was somebody else's doing. */
const SOURCES = { user: true, admin: true, api: true };

/**
 * Deliveries only name the member or the campaign: what they are now is fetched, so that a late or repeated delivery cannot bring back the
 * past. Signed where Mailchimp gave a secret; webhooks from before 2026 carry no signature, and the token in our address is all the proof.
 */
export const mailchimpWebhook: InboundWebhook<MailchimpClient> = {
  takesUnsigned: true,

  verify(request, secret, now) {
    if (secret === null) return;
    const { time, signatures } = readSignature(request.headers["x-mailchimp-signature"] ?? "");
    if (!isSigned(request.body, time, signatures, secret)) {
      throw new TributaryError({
        code: "mailchimp.webhook.signature_invalid",
        kind: "auth",
        message: "A webhook delivery does not carry the signature that the connection's signing secret gives.",
        mend: "If Mailchimp sent it, subscribe anew: the stored secret is not the webhook's.",
      });
    }
    if (!(Math.abs(now.getTime() / 1000 - Number(time)) <= MAX_AGE_S)) {
      throw new TributaryError({
        code: "mailchimp.webhook.too_old",
        kind: "auth",
        message: "A webhook delivery was signed more than five minutes away from now.",
        mend: "Check this machine's clock; a delivery that someone recorded and sent again is rightly refused.",
      });
    }
  },

  // There is no delivery id. Tries of one delivery are equal byte for byte; with the same bytes there is nothing new to fetch.
  dedupeKey: (request) => createHash("sha256").update(request.body).digest("hex"),

  parts: (request, client) => partsOf(new URLSearchParams(request.body.toString("utf8")), client),

  async subscribe(client, url) {
    const secrets: string[] = [];
    const { rows } = await client.audiences({ count: 1000, fields: ["lists.id", "total_items"] });
    for (const { id } of rows) if (typeof id === "string") secrets.push(await subscribeAudience(client, id, url));
    return { secret: secrets.join(" ") };
  },
};

/** `t=1795464083,v1=<64 hex>`, with several `v1` while a secret is exchanged. */
function readSignature(header: string): { readonly time: string; readonly signatures: readonly string[] } {
  const parts = header.split(",").map((part) => part.trim().split("="));
  const valuesOf = (name: string): string[] => parts.flatMap(([key, value]) => (key === name && value ? [value] : []));
  return { time: valuesOf("t")[0] ?? "", signatures: valuesOf("v1") };
}

/** Each audience's webhook has a secret of its own, and a delivery says only inside its unproven body which one it is of. */
function isSigned(body: Buffer, time: string, signatures: readonly string[], secrets: string): boolean {
  let isProven = false;
  for (const secret of secrets.split(" ").filter((each) => each !== "")) {
    const expected = createHmac("sha256", secret).update(`${time}.`).update(body).digest();
    for (const signature of signatures) {
      const given = Buffer.from(signature, "hex");
      if (given.length === expected.length && timingSafeEqual(given, expected)) isProven = true;
    }
  }
  return isProven;
}

async function partsOf(form: URLSearchParams, client: MailchimpClient): Promise<readonly StreamPart[]> {
  const listId = form.get("data[list_id]") ?? "";
  const email = form.get("data[email]") ?? "";
  switch (form.get("type")) {
    case "subscribe":
    case "profile":
    case "cleaned":
      return [await memberPart(client, listId, email)];
    case "unsubscribe":
      return [
        await memberPart(client, listId, email),
        ...(await unsubscribeParts(client, form.get("data[campaign_id]") ?? "", email)),
      ];
    case "upemail":
      // A member's id is made of the address: with a new one it is another record, and the old one is no more.
      return [
        await memberPart(client, listId, form.get("data[old_email]") ?? ""),
        await memberPart(client, listId, form.get("data[new_email]") ?? ""),
      ];
    case "campaign":
      return campaignParts(client, form.get("data[id]") ?? "");
    default:
      // An empty one looks whether somebody is there; others are kinds of later days.
      return [];
  }
}

async function memberPart(client: MailchimpClient, listId: string, email: string): Promise<StreamPart> {
  // `data[id]` is another id than the API's; the address is what both know.
  const hash = memberHash(email);
  if (listId === "" || email === "") return { stream: "members", records: [] };
  try {
    return { stream: "members", records: [await client.member(listId, hash, { exclude_fields: LEFT_OUT })] };
  } catch (error) {
    if (!failedWith(error, NOT_FOUND)) throw error;
    return { stream: "members", records: [], deleted: [`${listId}|${hash}`] };
  }
}

/** Who left from a campaign, as that campaign's own list has it. Who left by another way is in none, and only the member tells of it. */
async function unsubscribeParts(
  client: MailchimpClient,
  campaignId: string,
  email: string,
): Promise<readonly StreamPart[]> {
  if (campaignId === "" || email === "") return [];
  try {
    const row = await client.unsubscribe(campaignId, memberHash(email), {
      exclude_fields: UNSUBSCRIBE_FIELDS_LEFT_OUT,
    });
    const report = await client.report(campaignId, { fields: ["campaign_title", "subject_line"] });
    return [{ stream: "unsubscribes", records: [{ ...row, ...named(report) }] }];
  } catch (error) {
    // The list may lag behind: the next pull reads it.
    if (failedWith(error, NOT_FOUND)) return [];
    throw error;
  }
}

async function campaignParts(client: MailchimpClient, id: string): Promise<readonly StreamPart[]> {
  if (id === "") return [];
  try {
    const campaign = await client.campaign(id, { exclude_fields: CAMPAIGN_FIELDS_LEFT_OUT });
    if (campaign["status"] !== "sent") return [];
    const report = await client.report(id, { exclude_fields: REPORT_FIELDS_LEFT_OUT });
    return [
      { stream: "campaigns", records: [campaign] },
      { stream: "reports", records: [withCampaign(report, campaign)] },
    ];
  } catch (error) {
    // Deleted since, or not reported on yet: the next pull lists what there is.
    if (failedWith(error, NOT_FOUND)) return [];
    throw error;
  }
}

/** The secret is told once, when a webhook is made, and a second one for the same address is refused: an earlier one of ours goes first. */
async function subscribeAudience(client: MailchimpClient, listId: string, url: string): Promise<string> {
  for (const hook of (await client.webhooks(listId)).rows) {
    if (hook["url"] === url && typeof hook["id"] === "string") await client.removeWebhook(listId, hook["id"]);
  }
  const made: JsonObject = await client.createWebhook(listId, {
    url,
    events: EVENTS,
    sources: SOURCES,
    signing_enabled: true,
  });
  const secret = made["signing_secret"];
  if (typeof secret === "string" && /^\S+$/.test(secret)) return secret;
  throw new TributaryError({
    code: "mailchimp.webhook.no_secret",
    kind: "contract",
    message: `Mailchimp made a webhook for the audience ${listId} and gave no signing secret.`,
    mend: "Nothing to do: as long as the connection has no secret, its unsigned deliveries are proven by the token in their address.",
  });
}
