import { randomUUID } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { hashToken, newToken } from "../secrets/tokens.ts";
import type { Db } from "../store/db.ts";
import { type App, deleteApp, deleteGrant, type Grant, insertApp, insertGrant } from "../store/setup/apps.ts";
import { type Actor, noted } from "./verb.ts";

/**
 * What an app may be allowed, by the same words as keys have. Not `admin`: who may make keys is not handed on to a program by a click. Not
 * `metrics`: that is Prometheus'.
 */
export const APP_SCOPES = ["read", "write", "connections", "webhooks"] as const;
export type AppScope = (typeof APP_SCOPES)[number];

/** What an app's secret starts with. */
const APP_SECRET_PREFIX = "tribapp_";

/** RFC 6749, 3.1.2, and RFC 8252, 7.3: an absolute address without a fragment, by https, or on the machine where a person sits. */
export const redirectUri = z
  .string()
  .max(2_000)
  .refine(isRedirectUri, "expected an https address without a fragment, or http on 127.0.0.1, [::1] or localhost");

function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, hash, username, password } = new URL(text);
  if (hash !== "" || text.includes("#") || username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname));
}

export const newApp = z.strictObject({
  name: z.string().trim().min(1).max(100).describe("What people read when it asks them"),
  redirect_uris: z.array(redirectUri).min(1).max(20).describe("Where people may be sent back to"),
  scopes: z.array(z.enum(APP_SCOPES)).min(1).describe("The most that it may ask for"),
  public: z
    .boolean()
    .default(false)
    .describe(
      "It runs where it cannot keep a secret (on a person's machine); it has none and proves itself by PKCE alone",
    ),
});

/**
 * Makes an app known. Its secret is in the answer and nowhere else: only its hash is stored.
 *
 * @throws TributaryError `app.invalid`
 */
export async function addApp(
  db: Db,
  actor: Actor,
  asked: z.input<typeof newApp>,
): Promise<{ readonly app: App; readonly secret: string | null }> {
  const { data, error } = newApp.safeParse(asked);
  if (error !== undefined) throw invalidApp(error);
  const secret = data.public ? null : newToken(APP_SECRET_PREFIX);
  const app = await noted<App>(
    db,
    ({ id, name, scopes }) => ({ actor, action: "app.create", target: id, details: { name, scopes: [...scopes] } }),
    (tx) =>
      insertApp(tx, {
        id: randomUUID(),
        name: data.name,
        secretHash: secret === null ? null : hashToken(secret),
        redirectUris: data.redirect_uris,
        scopes: [...new Set(data.scopes)],
        createdBy: actor,
      }),
  );
  return { app, secret };
}

/** Ends an app, with all that it was allowed and has subscribed. @throws TributaryError `app.unknown` */
export async function removeApp(db: Db, actor: Actor, id: string): Promise<void> {
  await noted<App>(
    db,
    ({ name }) => ({ actor, action: "app.remove", target: id, details: { name } }),
    async (tx) => {
      const app = await deleteApp(tx, id);
      if (app === null) throw unknownApp();
      return app;
    },
  );
}

/** Keeps that somebody has allowed an app to act for them. */
export async function authoriseApp(
  db: Db,
  actor: Actor,
  grant: {
    readonly id: string;
    readonly appId: string;
    readonly userId: string;
    readonly scopes: readonly string[];
    readonly payload: JsonObject;
  },
): Promise<void> {
  const { appId, scopes } = grant;
  await noted(db, { actor, action: "app.authorise", target: appId, details: { scopes: [...scopes] } }, (tx) =>
    insertGrant(tx, grant),
  );
}

/** Takes back what somebody allowed an app; what it has subscribed ends with it. @throws TributaryError `app.unknown_grant` */
export async function revokeGrant(db: Db, actor: Actor, id: string): Promise<void> {
  await noted<Grant>(
    db,
    ({ appId, email }) => ({ actor, action: "app.revoke", target: appId, details: { of: email } }),
    async (tx) => {
      const grant = await deleteGrant(tx, id);
      if (grant === null) throw unknownGrant();
      return grant;
    },
  );
}

function invalidApp(error: z.ZodError): TributaryError {
  return new TributaryError({
    code: "app.invalid",
    kind: "config",
    message: error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
    mend: `Give a name, addresses to send people back to, and scopes (${APP_SCOPES.join(", ")}).`,
  });
}

function unknownApp(): TributaryError {
  return new TributaryError({
    code: "app.unknown",
    kind: "config",
    message: "There is no app with this id.",
    mend: "`tributary apps list` shows the ids.",
  });
}

function unknownGrant(): TributaryError {
  return new TributaryError({
    code: "app.unknown_grant",
    kind: "config",
    message: "Nothing with this id was allowed to an app.",
    mend: "`tributary apps grants` shows the ids.",
  });
}
