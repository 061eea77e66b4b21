import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";

/** A new signing secret: `whsec_` and 32 random bytes in base64 (standardwebhooks.com, "Signature scheme": 24 to 64 bytes). */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/**
 * The three headers of Standard Webhooks. The signature covers id, time of sending and the exact bytes of the body, so a receiver can
 * refuse what is old; the id stays the same over every attempt, so a receiver can recognise what it already has.
 */
export function signedHeaders(secret: string, eventId: string, body: string, sentAt: Date): Record<string, string> {
  return {
    "webhook-id": eventId,
    "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign(eventId, sentAt, body),
  };
}
