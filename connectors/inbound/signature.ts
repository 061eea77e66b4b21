import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { TributaryError } from "../../core/base/errors.ts";
import type { InboundRequest } from "../../core/connector/define.ts";

/** How old, or how far ahead, a signed delivery may be (standardwebhooks.com, "Verifying webhook authenticity"). */
const TOLERANCE_S = 300;

/**
 * Where the connection has a secret, a delivery is signed with it (Standard Webhooks), or brings it along as a key: `Authorization: Bearer …`
 * or `X-Api-Key`. Without one, the address that nobody can guess is the proof.
 *
 * @throws TributaryError `inbound.unproven`, `inbound.too_old`; kind `auth`
 */
export function verifySender(request: InboundRequest, secret: string | null, now: Date): void {
  if (secret === null) return;
  const { headers, body } = request;
  const given = headers["webhook-signature"];
  if (given === undefined) {
    const key = headers["x-api-key"] ?? /^Bearer\s+(.+)$/i.exec(headers["authorization"] ?? "")?.[1];
    if (key === undefined || !isSame(key.trim(), secret)) throw unproven();
    return;
  }
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  const expected = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest("base64");
  // While a secret changes there are several, with spaces between.
  const isSigned = given.split(" ").filter((one) => isSame(one, `v1,${expected}`)).length > 0;
  if (!isSigned || !/^\d{1,12}$/.test(timestamp)) throw unproven();
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_S) throw tooOld();
}

/** `whsec_` and base64, as the libraries of Standard Webhooks want it; any other text is its own bytes. */
function keyOf(secret: string): Buffer {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret);
}

/** In a time that depends on neither. */
function isSame(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

function unproven(): TributaryError {
  return new TributaryError({
    code: "inbound.unproven",
    kind: "auth",
    message: "The delivery is neither signed with the connection's secret nor brings it along.",
    mend: "Send `Authorization: Bearer <secret>`, or sign it as Standard Webhooks says, with the secret that the connection was given.",
  });
}

function tooOld(): TributaryError {
  return new TributaryError({
    code: "inbound.too_old",
    kind: "auth",
    message: "The delivery was signed more than five minutes ago, or ahead of time.",
    mend: "Check the sender's clock; one that is sent again is signed again.",
  });
}
