import { z } from "zod";
import { TributaryError } from "../base/errors.ts";
import { API_KEY_PREFIX, hashToken, LINK_KEY_PREFIX, newToken, tokenPrefix } from "../secrets/tokens.ts";
import type { Db } from "../store/db.ts";
import { type ApiKey, createApiKey, revokeApiKey } from "../store/setup/api-keys.ts";
import { type Actor, noted } from "./verb.ts";

/**
 * What an API key may be made for:
 * - `read`         look at everything but secrets.
 * - `write`        `read`; pull, pause, resume, upload, say who is one.
 * - `connections`  `read`; set up, change, test and remove accounts: whoever may do that decides what the hub asks, of whom, and with which
 *                  credentials.
 * - `webhooks`     subscribe addresses to what happens.
 * - `metrics`      Prometheus.
 * - `admin`        everything, keys among it.
 */
export const API_SCOPES = ["read", "write", "connections", "webhooks", "metrics", "admin"] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** What a link key may open: `tv:sales-floor`, `feed:win-rate`, `calendar:reviews`, or all of a kind with `*`. */
export const LINK_SCOPE = /^(tv|feed|calendar):(\*|[a-z0-9][a-z0-9-]{0,62})$/;

/** What one key may be made for: API scopes, or screens for a link key. Not both: a link key travels in addresses. */
export const keyScopes = z.union([
  z.array(z.enum(API_SCOPES)).min(1).describe("An API key"),
  z
    .array(z.string().regex(LINK_SCOPE, "tv:<dashboard>, feed:<feed>, calendar:reviews, or * for all of a kind"))
    .min(1)
    .describe("A link key, for `?key=` of screens: `tv:sales-floor`, `feed:*`"),
]);

/**
 * Makes a key. The token is in the answer and nowhere else: only its hash is stored.
 *
 * @param scopes all of the API, or all of screens; see {@link keyScopes}.
 * @throws TributaryError `api_key.bad_scopes`
 */
export async function createKey(
  db: Db,
  actor: Actor,
  { name, scopes: asked }: { readonly name: string; readonly scopes: readonly string[] },
): Promise<{ readonly key: ApiKey; readonly token: string }> {
  const scopes = keyScopes.safeParse([...asked]);
  if (!scopes.success) throw badScopes();
  const isLink = scopes.data.every((scope) => LINK_SCOPE.test(scope));
  const token = newToken(isLink ? LINK_KEY_PREFIX : API_KEY_PREFIX);
  const key = await noted<ApiKey>(
    db,
    ({ id }) => ({ actor, action: "api_key.create", target: id, details: { name, scopes: [...scopes.data] } }),
    (tx) => createApiKey(tx, { name, keyHash: hashToken(token), prefix: tokenPrefix(token), scopes: scopes.data }),
  );
  return { key, token };
}

/** Ends a key for good. @throws TributaryError `api_key.unknown` when no working key has this id. */
export async function revokeKey(db: Db, actor: Actor, id: string, now: Date): Promise<void> {
  if (!z.uuid().safeParse(id).success) throw unknownKey();
  await noted<ApiKey>(
    db,
    ({ name }) => ({ actor, action: "api_key.revoke", target: id, details: { name } }),
    async (tx) => {
      const key = await revokeApiKey(tx, id, now);
      if (key === null) throw unknownKey();
      return key;
    },
  );
}

function badScopes(): TributaryError {
  return new TributaryError({
    code: "api_key.bad_scopes",
    kind: "config",
    message: "These are no scopes of one key.",
    mend: `Give API scopes (${API_SCOPES.join(", ")}) or screens (tv:<dashboard>, feed:<feed>, calendar:reviews, or * for all of a kind), not both.`,
  });
}

function unknownKey(): TributaryError {
  return new TributaryError({
    code: "api_key.unknown",
    kind: "config",
    message: "There is no working key with this id.",
    mend: "`tributary keys list` shows the ids.",
  });
}
