import type { Adapter, AdapterPayload, AllClientMetadata } from "oidc-provider";
import type { Clock } from "../../../core/base/clock.ts";
import { TributaryError } from "../../../core/base/errors.ts";
import type { JsonObject } from "../../../core/base/json.ts";
import { hashToken } from "../../../core/secrets/tokens.ts";
import { authoriseApp, revokeGrant } from "../../../core/setup/apps.ts";
import { type App, findApp, readGrantPayload } from "../../../core/store/setup/apps.ts";
import {
  consumeRecord,
  deleteRecord,
  deleteRecordsOf,
  findRecord,
  type RecordKey,
  upsertRecord,
} from "../../../core/store/setup/oauth-records.ts";
import { findUser } from "../../../core/store/setup/users.ts";
import type { Db } from "../../../core/store/db.ts";

/**
 * A refresh token that has been used is good for so long once more: an app's two workers refresh at the same time, and the answer to the first
 * may be lost. Whoever comes later with it has a copy, and everything that was allowed ends.
 */
const GRACE_MS = 60_000;

/** What is given no time has this; of what is kept here, everything has one. */
const SHORT_S = 3600;

type Deps = { readonly db: Db; readonly clock: Clock };

/** What the OAuth server stores, by the name of its model. */
export function createAdapter(deps: Deps): (model: string) => Adapter {
  return (model) => {
    switch (model) {
      case "Client":
        return clients(deps);
      case "Grant":
        return grants(deps);
      case "Session":
        return NOTHING;
      default:
        return records(deps, model);
    }
  };
}

/** Apps. They are added by admins, never by the protocol. */
function clients({ db }: Deps): Adapter {
  return {
    ...NOTHING,
    find: async (id) => {
      const app = await findApp(db, id);
      return app === null ? undefined : clientOf(app);
    },
  };
}

function clientOf(app: App): AllClientMetadata & AdapterPayload {
  const isPublic = app.secretHash === null;
  return {
    client_id: app.id,
    client_name: app.name,
    redirect_uris: [...app.redirectUris],
    scope: ["openid", "offline_access", ...app.scopes].join(" "),
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    // RFC 8252, 7.3: a program on a person's machine is sent back to whatever port it has got.
    application_type: isPublic ? "native" : "web",
    // Either way of sending a secret is taken; see `compareClientSecret` in provider.ts for what is compared.
    token_endpoint_auth_method: isPublic ? "none" : "client_secret_post",
    ...(app.secretHash === null ? {} : { client_secret: app.secretHash.toString("base64url") }),
  };
}

/** What people have allowed. It is noted who did so, and what hangs on it ends with it. */
function grants({ db }: Deps): Adapter {
  return {
    ...NOTHING,
    upsert: async (id, payload) => {
      const { clientId, accountId } = payload;
      const user = typeof accountId === "string" ? await findUser(db, accountId) : null;
      if (user === null || clientId === undefined) throw new Error("somebody who is not there has allowed something");
      const scopes = (grantedScope(payload) ?? "").split(" ").filter((scope) => scope !== "");
      const grant = { id, appId: clientId, userId: user.id, scopes, payload: payload as JsonObject }; // The library's payloads are JSON, as it says.
      await authoriseApp(db, `user:${user.email}`, grant);
    },
    find: async (id) => (await readGrantPayload(db, id)) ?? undefined,
    destroy: async (id) => {
      await revokeGrant(db, "app", id).catch((error: unknown) => {
        // Two who end it at once: the other one has done it.
        if (!(error instanceof TributaryError) || error.code !== "app.unknown_grant") throw error;
      });
    },
  };
}

function grantedScope(payload: AdapterPayload): string | undefined {
  // A grant's own field, which the library's type of all payloads leaves out.
  const { openid } = payload as { readonly openid?: { readonly scope?: string } };
  return openid?.scope;
}

/** Codes, tokens and sign-ins under way. What their bearer shows is found by its hash, and is nowhere in what is stored. */
function records({ db, clock }: Deps, model: string): Adapter {
  const keyOf = (id: string): RecordKey => ({ model, idHash: hashToken(id) });
  return {
    ...NOTHING,
    upsert: async (id, { jti: _shown, ...payload }, expiresIn) => {
      await upsertRecord(db, keyOf(id), {
        grantId: payload.grantId ?? null,
        payload: payload as JsonObject, // JSON, as above.
        expiresAt: new Date(clock.now().getTime() + (expiresIn ?? SHORT_S) * 1000),
      });
    },
    find: async (id) => {
      const record = await findRecord(db, keyOf(id));
      if (record === null) return undefined;
      const { payload, consumedAt } = record;
      const usedMs = consumedAt === null ? 0 : clock.now().getTime() - consumedAt.getTime();
      const isUsed = consumedAt !== null && (model !== "RefreshToken" || usedMs > GRACE_MS);
      return { ...payload, jti: id, ...(isUsed ? { consumed: Math.floor(consumedAt.getTime() / 1000) } : {}) };
    },
    consume: (id) => consumeRecord(db, keyOf(id), clock.now()),
    destroy: (id) => deleteRecord(db, keyOf(id)),
    revokeByGrantId: (grantId) => deleteRecordsOf(db, model, grantId),
  };
}

/**
 * Nothing is kept and nothing found. So it is with the server's own sessions: who somebody is, the console's sign-in says, each time that an app
 * asks.
 */
const NOTHING: Adapter = {
  upsert: () => Promise.resolve(),
  find: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
};
