import { sql } from "kysely";
import type { JsonObject } from "../../base/json.ts";
import type { Db, Tx } from "../db.ts";
import type { UserRole } from "./users.ts";
import { storableJson } from "../client.ts";

/** An app that may ask people to act for them. */
export type App = {
  /** Its `client_id`. */
  readonly id: string;
  readonly name: string;
  /** SHA-256; null: a public client, which cannot keep a secret and has PKCE alone. */
  readonly secretHash: Buffer | null;
  readonly redirectUris: readonly string[];
  /** The most that it may ask for. */
  readonly scopes: readonly string[];
  readonly createdBy: string;
  readonly createdAt: Date;
};

function selectApps(db: Db | Tx) {
  return db
    .selectFrom("oauth_apps")
    .select([
      "id",
      "name",
      "secret_hash as secretHash",
      "redirect_uris as redirectUris",
      "scopes",
      "created_by as createdBy",
      "created_at as createdAt",
    ]);
}

export async function insertApp(tx: Tx, app: Omit<App, "createdAt">): Promise<App> {
  await tx
    .insertInto("oauth_apps")
    .values({
      id: app.id,
      name: app.name,
      secret_hash: app.secretHash,
      redirect_uris: [...app.redirectUris],
      scopes: [...app.scopes],
      created_by: app.createdBy,
    })
    .execute();
  return selectApps(tx).where("id", "=", app.id).executeTakeFirstOrThrow();
}

export async function findApp(db: Db | Tx, id: string): Promise<App | null> {
  return (await selectApps(db).where("id", "=", id).executeTakeFirst()) ?? null;
}

/** By name, then id; from behind `after` on. */
export async function listApps(
  db: Db,
  page: { readonly limit: number; readonly after: { readonly name: string; readonly id: string } | null },
): Promise<App[]> {
  const { after } = page;
  return selectApps(db)
    .where((eb) =>
      after === null
        ? sql<boolean>`true`
        : eb(eb.refTuple("name", "id"), ">", eb.tuple(eb.val(after.name), eb.val(after.id))),
    )
    .orderBy("name")
    .orderBy("id")
    .limit(page.limit)
    .execute();
}

/** Everything of it goes with it: what it was allowed, its tokens, its subscriptions. @returns the app; null: there was none. */
export async function deleteApp(tx: Tx, id: string): Promise<App | null> {
  const app = await findApp(tx, id);
  if (app !== null) await tx.deleteFrom("oauth_apps").where("id", "=", id).execute();
  return app;
}

/** What somebody has allowed an app. */
export type Grant = {
  readonly id: string;
  readonly appId: string;
  readonly appName: string;
  readonly email: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  /** To the minute; null: never. */
  readonly lastUsedAt: Date | null;
};

export async function insertGrant(
  tx: Tx,
  grant: {
    readonly id: string;
    readonly appId: string;
    readonly userId: string;
    readonly scopes: readonly string[];
    readonly payload: JsonObject;
  },
): Promise<void> {
  await tx
    .insertInto("oauth_grants")
    .values({
      id: grant.id,
      app_id: grant.appId,
      user_id: grant.userId,
      scopes: [...grant.scopes],
      payload: storableJson(grant.payload),
    })
    .execute();
}

export async function readGrantPayload(db: Db, id: string): Promise<JsonObject | null> {
  const row = await db.selectFrom("oauth_grants").select("payload").where("id", "=", id).executeTakeFirst();
  return row?.payload ?? null;
}

function selectGrants(db: Db | Tx) {
  return db
    .selectFrom("oauth_grants")
    .innerJoin("oauth_apps", "oauth_apps.id", "oauth_grants.app_id")
    .innerJoin("users", "users.id", "oauth_grants.user_id")
    .select([
      "oauth_grants.id",
      "oauth_grants.app_id as appId",
      "oauth_apps.name as appName",
      "users.email",
      "oauth_grants.scopes",
      "oauth_grants.created_at as createdAt",
      "oauth_grants.last_used_at as lastUsedAt",
    ]);
}

/** Newest first; from before `before` on. */
export async function listGrants(
  db: Db,
  page: {
    readonly limit: number;
    readonly appId: string | null;
    readonly before: { readonly createdAt: Date; readonly id: string } | null;
  },
): Promise<Grant[]> {
  const { appId, before } = page;
  let query = selectGrants(db);
  if (appId !== null) query = query.where("oauth_grants.app_id", "=", appId);
  if (before !== null)
    query = query.where((eb) =>
      eb(
        eb.refTuple("oauth_grants.created_at", "oauth_grants.id"),
        "<",
        eb.tuple(eb.val(before.createdAt), eb.val(before.id)),
      ),
    );
  return query
    .orderBy("oauth_grants.created_at", "desc")
    .orderBy("oauth_grants.id", "desc")
    .limit(page.limit)
    .execute();
}

/** Its tokens and what was subscribed under it go with it. @returns the grant; null: there was none. */
export async function deleteGrant(tx: Tx, id: string): Promise<Grant | null> {
  const grant = await selectGrants(tx).where("oauth_grants.id", "=", id).executeTakeFirst();
  if (grant === undefined) return null;
  await tx.deleteFrom("oauth_grants").where("id", "=", id).execute();
  return grant;
}

/** Whom an access token acts for. */
export type AppBearer = {
  readonly grantId: string;
  readonly appName: string;
  readonly email: string;
  readonly role: UserRole;
  readonly scopes: readonly string[];
};

/** Who the bearer of an access token (given by its SHA-256) is; null: unknown, over or revoked. Notes its use, at most once a minute. */
export async function useAccessToken(db: Db, tokenHash: Buffer, now: Date): Promise<AppBearer | null> {
  const row = await db
    .selectFrom("oauth_records")
    .innerJoin("oauth_grants", "oauth_grants.id", "oauth_records.grant_id")
    .innerJoin("oauth_apps", "oauth_apps.id", "oauth_grants.app_id")
    .innerJoin("users", "users.id", "oauth_grants.user_id")
    .select([
      "oauth_grants.id as grantId",
      "oauth_grants.last_used_at as lastUsedAt",
      "oauth_apps.name as appName",
      "users.email",
      "users.role",
      "oauth_records.payload",
    ])
    .where("oauth_records.model", "=", "AccessToken")
    .where("oauth_records.id_hash", "=", tokenHash)
    .where("oauth_records.expires_at", ">", now)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { grantId, appName, email, role, payload, lastUsedAt } = row;
  if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > 60_000)
    await db.updateTable("oauth_grants").set({ last_used_at: now }).where("id", "=", grantId).execute();
  const scope = payload["scope"];
  return { grantId, appName, email, role, scopes: typeof scope === "string" ? scope.split(" ") : [] };
}
