import { z } from "zod";
import { type ApiKey, listApiKeys } from "../../core/store/setup/api-keys.ts";
import { createKey, keyScopes, revokeKey } from "../../core/setup/keys.ts";
import { actorOf } from "../auth/principal.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const instant = z.iso.datetime();
const keyFields = {
  id: z.uuid(),
  name: z.string(),
  prefix: z.string().describe("The key's first characters"),
  scopes: z.array(z.string()),
  created_at: instant,
  last_used_at: instant.nullable(),
  revoked_at: instant.nullable(),
};
const key = z.object(keyFields).meta({ id: "ApiKey" });
const access = { kind: "api", scope: "admin" } as const;

export const apiKeyEndpoints = [
  endpoint({
    method: "get",
    path: "/api-keys",
    access,
    tag: "API keys",
    summary: "API keys and link keys, newest first, revoked ones included",
    query: pageQuery,
    response: pageOf(key),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const rows = await listApiKeys(deps.store.db, {
        limit: query.limit + 1,
        before: position === null ? null : { createdAt: new Date(position[0]), id: position[1] },
      });
      return toPage(rows, query.limit, (row) => [row.createdAt.toISOString(), row.id], present);
    },
  }),
  endpoint({
    method: "post",
    path: "/api-keys",
    access,
    tag: "API keys",
    summary: "Make an API key, or a link key for a TV or feed; its token is shown once",
    body: z.strictObject({ name: z.string().min(1).max(100), scopes: keyScopes }),
    status: 201,
    response: z.object({ ...keyFields, token: z.string().describe("Shown here and never again") }),
    isSecret: true,
    run: async ({ body }, { deps, principal }) => {
      const issued = await createKey(deps.store.db, actorOf(principal), body);
      return { ...present(issued.key), token: issued.token };
    },
  }),
  endpoint({
    method: "delete",
    path: "/api-keys/{id}",
    access,
    tag: "API keys",
    summary: "Revoke a key for good",
    params: { id: z.uuid() },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal, now }) =>
      await revokeKey(deps.store.db, actorOf(principal), params.id, now),
  }),
];

function present(row: ApiKey): z.input<typeof key> {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: [...row.scopes],
    created_at: row.createdAt.toISOString(),
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
  };
}
