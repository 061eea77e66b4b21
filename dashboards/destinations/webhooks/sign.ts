import { createHmac, randomBytes } from "node:crypto";
import type { WebhookSettings } from "./settings.ts";

/** A new signing secret: `whsec_` and 32 random bytes in base64 (standardwebhooks.com, "Signature scheme": 24 to 64 bytes). */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/**
 * The three headers of Standard Webhooks. The signature covers id, time of sending and the exact bytes of the body, so a receiver can
 * refuse what is old; the id stays the same over every attempt, so a receiver can recognise what it already has. While secrets change,
 * there is a signature for each that still holds, the newest first.
 */
export function signedHeaders(
  { secret, former_secrets: former = [] }: Pick<WebhookSettings, "secret" | "former_secrets">,
  eventId: string,
  body: string,
  sentAt: Date,
): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const holding = former.filter(({ until }) => Date.parse(until) > sentAt.getTime());
  const signatures = [secret, ...holding.map((one) => one.secret)].map(
    (one) => `v1,${signature(one, `${eventId}.${timestamp}.${body}`)}`,
  );
  return { "webhook-id": eventId, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

/** HMAC-SHA256 under the bytes that follow `whsec_`, in base64 (standardwebhooks.com, "Signature scheme"). */
function signature(secret: string, text: string): string {
  return createHmac("sha256", Buffer.from(secret.replace(/^whsec_/, ""), "base64"))
    .update(text)
    .digest("base64");
}

/** So many secrets hold beside the newest. */
const MOST_FORMER = 10;

/**
 * Settings with a new secret; the one that there was goes on signing for some time, so that receivers can change over.
 *
 * @param graceMs how long.
 */
export function withNewSecret(settings: WebhookSettings, now: Date, graceMs: number): WebhookSettings {
  const until = new Date(now.getTime() + graceMs).toISOString();
  const holding = (settings.former_secrets ?? []).filter((one) => Date.parse(one.until) > now.getTime());
  return {
    ...settings,
    secret: newSecret(),
    former_secrets: [{ secret: settings.secret, until }, ...holding].slice(0, MOST_FORMER),
  };
}
