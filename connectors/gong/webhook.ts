import { createHash, createPublicKey, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import type { InboundRequest, InboundWebhook } from "../../core/connector/define.ts";
import type { GongClient } from "./client.ts";

/** The two clocks may differ by so much. */
const SKEW_S = 60;

const delivery = z.object({ callData: z.looseObject({ metaData: z.looseObject({ id: z.string().min(1) }) }) });
const header = z.object({ alg: z.literal("RS256") });
const claims = z.object({ exp: z.number(), body_sha256: z.string(), webhook_url: z.string() });

/**
 * An automation rule of Gong posts each call that fits it. The rule's "Signed JWT header" is checked with the rule's public key, pasted as
 * the connection's secret; the rule's other way, "URL includes key", is the token in our address, and needs no secret.
 *
 * A delivery only names its call: the call is fetched, so that it is the same record that a pull brings (a delivery holds more: summaries,
 * comments, and a recording's address that is signed anew each time).
 */
export const gongWebhook: InboundWebhook<GongClient> = {
  takesUnsigned: true,

  verify(request, secret, now) {
    if (secret === null) return;
    const token = (request.headers["authorization"] ?? "").replace(/^Bearer\s+/i, "").trim();
    const { exp, body_sha256: hash } = claimsOf(token, publicKeyOf(secret));
    const expected = createHash("sha256").update(request.body).digest();
    const given = Buffer.from(hash, "hex");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refused();
    if (exp + SKEW_S < now.getTime() / 1000) {
      throw new TributaryError({
        code: "gong.webhook.too_old",
        kind: "auth",
        message: "A webhook delivery carries a signature that has run out.",
        mend: "Check this machine's clock; a delivery that someone recorded and sent again is rightly refused.",
      });
    }
  },

  /** A delivery has no id of its own: equal bodies are one. */
  dedupeKey: (request) => createHash("sha256").update(request.body).digest("hex"),

  async parts(request, client) {
    const id = read(request).callData.metaData.id;
    const calls = await client.callsById([id]);
    // Gone, or not to be seen by these credentials: either way it has no place here.
    return [calls.length > 0 ? { stream: "calls", records: calls } : { stream: "calls", records: [], deleted: [id] }];
  },
};

/** A JWT (RFC 7519) by RSA alone: whoever may choose the algorithm could sign with the public key as a shared secret. */
function claimsOf(token: string, key: KeyObject): z.infer<typeof claims> {
  const [head = "", body = "", signature = "", ...rest] = token.split(".");
  const isSigned =
    rest.length === 0 &&
    header.safeParse(parse(head)).success &&
    verify("RSA-SHA256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"));
  const read = claims.safeParse(parse(body));
  if (!isSigned || !read.success) throw refused();
  return read.data;
}

function parse(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as unknown;
  } catch {
    return null;
  }
}

/** Gong shows the key as bare base64; with the lines of a PEM around it, it is taken as well. */
function publicKeyOf(secret: string): KeyObject {
  const bare = secret.replaceAll(/-----(BEGIN|END) PUBLIC KEY-----|\s/g, "");
  try {
    const key = createPublicKey({ key: Buffer.from(bare, "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // Said below.
  }
  throw new TributaryError({
    code: "gong.webhook.no_public_key",
    kind: "config",
    message: "The connection's webhook secret is not the public key of a Gong automation rule.",
    mend: "In Gong, open the rule, choose Signed JWT header, copy the key under Show public key, and enter it as the secret.",
  });
}

function refused(): TributaryError {
  return new TributaryError({
    code: "gong.webhook.signature_invalid",
    kind: "auth",
    message: "A webhook delivery does not carry a signature that the automation rule's public key confirms.",
    mend: "If Gong sent it, enter the rule's key anew: each rule has one of its own (Show public key).",
  });
}

function read(request: InboundRequest): z.infer<typeof delivery> {
  const parsed = delivery.safeParse(parseBody(request.body));
  if (parsed.success) return parsed.data;
  throw new TributaryError({
    code: "gong.webhook.unreadable",
    kind: "contract",
    message: "A webhook delivery of Gong names no call.",
    mend: "Nothing to do for one; if they keep coming, check what the automation rule sends.",
  });
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return null;
  }
}
