import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What a secret starts with, so that a leaked one can be recognised: API keys, link keys. */
export const API_KEY_PREFIX = "trib_";
export const LINK_KEY_PREFIX = "triblink_";

/** 256 random bits in base64url, after the prefix. */
export function newToken(prefix: string): string {
  return prefix + randomBytes(32).toString("base64url");
}

/**
 * What is stored of a token. A plain SHA-256 suffices for 256 random bits (nothing to guess), and looking a token up by its hash tells
 * nothing by its timing: who does not know the token cannot steer the hash.
 */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** How a key is shown in lists: enough to tell keys apart, too little to use. */
export function tokenPrefix(token: string): string {
  return token.slice(0, token.indexOf("_") + 5);
}

/** Compares two texts in time that depends on neither. */
export function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(hashToken(left), hashToken(right));
}
