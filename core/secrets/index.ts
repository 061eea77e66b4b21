import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { TributaryError } from "../base/errors.ts";

/**
 * Credentials at rest: AES-256-GCM. A sealed text says which key it needs, and opens only for what it was sealed for: moved to another row
 * it is as good as broken.
 *
 *     v1.<key id>.<base64url of nonce (12 bytes), tag (16 bytes), ciphertext>
 */
export type Secrets = {
  /** @param belongsTo what the text is for, such as {@link credentialsOf}; needed again to open it. */
  readonly seal: (text: string, belongsTo: string) => string;
  /** @throws TributaryError `secrets.unknown_key`, `secrets.broken` */
  readonly open: (sealed: string, belongsTo: string) => string;
  /** 32 bytes for a purpose: the same for every process of a hub, others after a rotation, and of no help to find the key. */
  readonly derive: (purpose: string) => Buffer;
};

/** 32 random bytes, and the name under which sealed texts ask for them. */
export type SecretKey = { readonly id: string; readonly bytes: Buffer };

export const credentialsOf = (connectionId: string): string => `connections/${connectionId}/credentials`;
export const inboundSecretOf = (connectionId: string): string => `connections/${connectionId}/inbound_secret`;
export const endpointSecretOf = (endpointId: string): string => `webhook_endpoints/${endpointId}`;

const VERSION = "v1";
const NONCE_BYTES = 12; // NIST SP 800-38D, section 8.2: 96 bits; random is safe for 2^32 texts under one key.
const TAG_BYTES = 16;

/**
 * Reads a key as it is written in the environment or the data directory: 32 bytes in base64, base64url or hexadecimal.
 *
 * @throws TributaryError `secrets.bad_key`
 */
export function parseSecretKey(text: string): SecretKey {
  const trimmed = text.trim();
  const bytes = /^[0-9a-fA-F]{64}$/.test(trimmed) ? Buffer.from(trimmed, "hex") : Buffer.from(trimmed, "base64");
  if (bytes.length !== 32) {
    throw new TributaryError({
      code: "secrets.bad_key",
      kind: "config",
      message: "TRIBUTARY_SECRET_KEY is not a key of 32 bytes.",
      mend: "Make one with `openssl rand -base64 32` and set it. Keep the old one: what it sealed opens with no other.",
    });
  }
  return { id: createHash("sha256").update("tributary key id").update(bytes).digest("hex").slice(0, 8), bytes };
}

/** A new key, written as {@link parseSecretKey} reads it. */
export function generateSecretKey(): string {
  return randomBytes(32).toString("base64");
}

/** @param keys the one that seals first; the others only open what they sealed before a rotation. */
export function createSecrets(keys: readonly [SecretKey, ...SecretKey[]]): Secrets {
  const byId = new Map(keys.map((key) => [key.id, key]));
  return {
    seal: (text, belongsTo) => seal(keys[0], text, belongsTo),
    open(sealed, belongsTo) {
      const [version, keyId, packed] = sealed.split(".");
      if (version !== VERSION || keyId === undefined || packed === undefined) throw broken(belongsTo);
      const key = byId.get(keyId);
      if (key === undefined) throw unknownKey(keyId, belongsTo);
      return open(key, Buffer.from(packed, "base64url"), belongsTo);
    },
    // RFC 5869. The key is random: it needs no salt.
    derive: (purpose) => Buffer.from(hkdfSync("sha256", keys[0].bytes, Buffer.alloc(0), `tributary ${purpose}`, 32)),
  };
}

function seal(key: SecretKey, text: string, belongsTo: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce).setAAD(Buffer.from(belongsTo));
  const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return `${VERSION}.${key.id}.${Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString("base64url")}`;
}

function open(key: SecretKey, packed: Buffer, belongsTo: string): string {
  if (packed.length < NONCE_BYTES + TAG_BYTES) throw broken(belongsTo);
  const decipher = createDecipheriv("aes-256-gcm", key.bytes, packed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(belongsTo))
    .setAuthTag(packed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return decipher.update(packed.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
  } catch (error) {
    throw broken(belongsTo, error);
  }
}

function broken(belongsTo: string, cause?: unknown): TributaryError {
  return new TributaryError({
    code: "secrets.broken",
    kind: "config",
    message: `The sealed secret of ${belongsTo} was changed, cut off, or moved from another row.`,
    mend: "Enter the secret again; the stored one is of no more use.",
    cause,
  });
}

function unknownKey(keyId: string, belongsTo: string): TributaryError {
  return new TributaryError({
    code: "secrets.unknown_key",
    kind: "config",
    message: `The secret of ${belongsTo} was sealed with key ${keyId}, which is not the one in use.`,
    mend: "Start with the TRIBUTARY_SECRET_KEY (or data directory) that this database was used with, or enter the secret again.",
  });
}
