import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { type ApiKey, createApiKey, revokeApiKey } from "../../core/store/setup/api-keys.ts";
import { writeAudit } from "../../core/store/setup/audit.ts";
import type { Db } from "../../core/store/db.ts";
import { API_SCOPES, LINK_SCOPE } from "./principal.ts";
import { API_KEY_PREFIX, LINK_KEY_PREFIX, hashToken, newToken, tokenPrefix } from "./tokens.ts";

/** What a key may be made for: API scopes, or screens for a link key. Not both: a link key travels in addresses. */
export const keyScopes = z.union([
  z.array(z.enum(API_SCOPES)).min(1).describe("An API key"),
  z
    .array(z.string().regex(LINK_SCOPE, "tv:<dashboard>, feed:<feed>, or * for all of a kind"))
    .min(1)
    .describe("A link key, for `?key=` of screens: `tv:sales-floor`, `feed:*`"),
]);

/**
 * Makes a key. The token is in the answer and nowhere else: only its hash is stored.
 *
 * @param scopes all of the API, or all of screens; see {@link keyScopes}.
 * @throws TributaryError `api_key.bad_scopes`
 */
export async function issueKey(
  db: Db,
  request: { readonly name: string; readonly scopes: readonly string[]; readonly actor: string },
): Promise<{ readonly key: ApiKey; readonly token: string }> {
  const scopes = keyScopes.safeParse([...request.scopes]);
  if (!scopes.success) {
    throw new TributaryError({
      code: "api_key.bad_scopes",
      kind: "config",
      message: "These are no scopes of one key.",
      mend: `Give API scopes (${API_SCOPES.join(", ")}) or screens (tv:<dashboard>, feed:<feed>, tv:*, feed:*), not both.`,
    });
  }
  const isLink = scopes.data.every((scope) => LINK_SCOPE.test(scope));
  const token = newToken(isLink ? LINK_KEY_PREFIX : API_KEY_PREFIX);
  return await db.transaction().execute(async (tx) => {
    const key = await createApiKey(tx, {
      name: request.name,
      keyHash: hashToken(token),
      prefix: tokenPrefix(token),
      scopes: scopes.data,
    });
    await writeAudit(tx, {
      actor: request.actor,
      action: "api_key.create",
      target: key.id,
      details: { name: key.name, scopes: [...key.scopes] },
    });
    return { key, token };
  });
}

/** Ends a key for good. @returns false when no working key has this id. */
export async function withdrawKey(
  db: Db,
  request: { readonly id: string; readonly actor: string; readonly now: Date },
): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const key = await revokeApiKey(tx, request.id, request.now);
    if (key === null) return false;
    await writeAudit(tx, {
      actor: request.actor,
      action: "api_key.revoke",
      target: key.id,
      details: { name: key.name },
    });
    return true;
  });
}
