import type { Request, RequestHandler, Response } from "express";
import { TributaryError } from "../../core/base/errors.ts";
import { API_KEY_PREFIX, hashToken, LINK_KEY_PREFIX } from "../../core/secrets/tokens.ts";
import { type ApiKey, useApiKey } from "../../core/store/setup/api-keys.ts";
import { useAccessToken } from "../../core/store/setup/apps.ts";
import { findSessionUser } from "../../core/store/setup/users.ts";
import type { Listener } from "../../core/store/listener.ts";
import type { ServerDeps } from "../web/deps.ts";
import { lastGood } from "../web/last-good.ts";
import { type Remembered, remembering } from "../web/remembered.ts";
import { baseUrl } from "../web/address.ts";
import { RESOURCE_METADATA } from "./apps/addresses.ts";
import { SESSION_COOKIE, readCookie } from "./cookies.ts";
import type { Access, Principal } from "./principal.ts";
import { mayAccess } from "./principal.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Who the guard found the request to come from. */
export function principalOf(response: Response): Principal {
  // Set by `guard` and nowhere else; a route without a guard has nobody.
  return (response.locals["principal"] as Principal | undefined) ?? { kind: "anonymous" };
}

export type GuardContext = {
  readonly isPrivateServer: boolean;
  /** The keys of screens, which are asked about with every poll. */
  readonly keys: Remembered<ApiKey | null>;
};

/** So long a key is taken for what it was: it is forgotten at once when one is revoked. Also how often its use is noted. */
const KEY_MS = 60_000;

/** While the database does not answer, nobody can revoke a key either: one that opened a screen before opens it still. */
export function rememberKeys(listener: Listener): GuardContext["keys"] {
  const keys = remembering<ApiKey | null>(listener, { forMs: KEY_MS, isKept: (key) => key !== null });
  const good = lastGood<ApiKey | null>((key) => key !== null);
  // A key that is revoked is so at once, also should the database fall silent right after.
  listener.subscribe((signal) => {
    if (signal.kind === "resync" || signal.channel === "setup") good.forget();
  });
  return {
    forget: () => {
      keys.forget();
      good.forget();
    },
    get: async (hash, now, read) => (await good.through(hash, now, () => keys.get(hash, now, read))).value,
  };
}

/** Lets a request through when whoever sends it may use the route; otherwise 401 (who are you?) or 403 (not you). */
export function guard(deps: ServerDeps, access: Access, context: GuardContext): RequestHandler {
  return async (request, response, next) => {
    const principal = await identify(deps, request, access, context.keys);
    response.locals["principal"] = principal;
    if (principal.kind === "user") refuseOtherSites(request, deps.options.publicUrl);
    // Other processes hear of what this request changes when it is announced; this one may not answer by a key in between that it has revoked.
    if (!SAFE_METHODS.has(request.method)) response.once("finish", context.keys.forget);
    const screenId = access.kind === "link" ? String(request.params[access.param]) : null;
    if (mayAccess(principal, access, { ...context, screenId })) {
      next();
      return;
    }
    if (access.kind === "api") challenge(response, principal, access.scope, baseUrl(deps, request));
    throw principal.kind === "anonymous" ? unauthenticated(access) : forbidden(access);
  };
}

/** RFC 6750, section 3; RFC 9728, section 5.1: where a program that knows nothing of us learns how to be let in. */
function challenge(response: Response, principal: Principal, scope: string, base: string): void {
  response.set(
    "WWW-Authenticate",
    principal.kind === "anonymous"
      ? `Bearer realm="Tributary", resource_metadata="${base}${RESOURCE_METADATA}"`
      : `Bearer realm="Tributary", error="insufficient_scope", scope="${scope}"`,
  );
}

async function identify(
  deps: ServerDeps,
  request: Request,
  access: Access,
  keys: GuardContext["keys"],
): Promise<Principal> {
  const now = deps.clock.now();
  const bearer = /^Bearer ([\w-]+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const link = request.query["key"];
  // A key in an address ends up in logs and histories, so only keys that open nothing but a screen are taken from there.
  const linkKey = access.kind === "link" && typeof link === "string" && link.startsWith(LINK_KEY_PREFIX) ? link : null;
  const token = bearer ?? linkKey ?? (access.kind === "link" ? basicUser(request) : null);
  if (token !== null && !isKey(token)) return appBearer(deps, token, now);
  if (token !== null) {
    const hash = hashToken(token);
    const read = async (): Promise<ApiKey | null> => useApiKey(deps.store.db, hash, now);
    // What changes something, or tells secrets, is asked for seldom: there the database has the word.
    const key = await (access.kind === "link" ? keys.get(hash.toString("base64"), now, read) : read());
    return key === null ? { kind: "anonymous" } : { kind: "key", id: key.id, name: key.name, scopes: key.scopes };
  }
  const session = readCookie(request, SESSION_COOKIE);
  if (session !== null) {
    const user = await findSessionUser(deps.store.db, hashToken(session), now);
    if (user !== null) return { kind: "user", id: user.id, email: user.email, role: user.role };
  }
  return { kind: "anonymous" };
}

function isKey(token: string): boolean {
  return token.startsWith(API_KEY_PREFIX) || token.startsWith(LINK_KEY_PREFIX);
}

/** An app with an access token. It may never do more than who allowed it may now. */
async function appBearer({ store }: ServerDeps, token: string, now: Date): Promise<Principal> {
  const bearer = await useAccessToken(store.db, hashToken(token), now);
  if (bearer === null) return { kind: "anonymous" };
  const { grantId: id, appName: name, email, role } = bearer;
  const scopes = bearer.scopes.filter((scope) => role === "admin" || scope === "read");
  return { kind: "app", id, name, email, scopes };
}

/** A link key as the user name of HTTP Basic, as Geckoboard sends the key that somebody types into a widget; whatever the password is. */
function basicUser(request: Request): string | null {
  const encoded = /^Basic ([\w+/=-]+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const [user = ""] = Buffer.from(encoded ?? "", "base64")
    .toString("utf8")
    .split(":");
  return user.startsWith(LINK_KEY_PREFIX) ? user : null;
}

/**
 * Cross-site request forgery: a browser sends cookies along with what other sites ask for, but says truthfully who asked
 * (Fetch Metadata, `Sec-Fetch-Site`; RFC 6454, `Origin`). What changes something needs that word. Keys are never sent by a browser alone.
 *
 * @throws TributaryError `access.cross_site`
 */
export function refuseOtherSites(request: Request, publicUrl: string | null): void {
  if (SAFE_METHODS.has(request.method)) return;
  const { origin, host = "" } = request.headers;
  const isOurs =
    origin === undefined
      ? request.headers["sec-fetch-site"] === "same-origin"
      : ownOrigins(request.protocol, host, publicUrl).includes(origin);
  if (isOurs) return;
  throw new TributaryError({
    code: "access.cross_site",
    kind: "auth",
    message: "The request comes from a page of another site.",
    mend: "Use the console's own pages, or an API key. Behind a proxy, set PUBLIC_URL to the address that people use.",
  });
}

/**
 * Where our own pages may be: as people reach the hub, or as this request did. The scheme counts: a page that somebody on the way has put
 * in place of `http://hub` is not one of `https://hub`.
 */
function ownOrigins(protocol: string, host: string, publicUrl: string | null): readonly string[] {
  if (publicUrl === null) return [`${protocol}://${host}`];
  const known = new URL(publicUrl);
  return known.host === host ? [known.origin] : [known.origin, `${protocol}://${host}`];
}

function unauthenticated(access: Access): TributaryError {
  return new TributaryError({
    code: "access.unauthenticated",
    kind: "auth",
    message:
      access.kind === "link" ? "The screen's link key is missing or revoked." : "This needs a sign-in or an API key.",
    mend:
      access.kind === "link"
        ? "Open the screen from the console, or make a new link with `tributary keys create-link`."
        : "Sign in at /sign-in, or send `Authorization: Bearer <API key>`.",
  });
}

function forbidden(access: Access): TributaryError {
  const needed =
    access.kind === "api"
      ? `the scope \`${access.scope}\``
      : access.kind === "link"
        ? "a key for this very screen"
        : "the role admin";
  return new TributaryError({
    code: "access.forbidden",
    kind: "auth",
    message: `This needs ${needed}.`,
    mend: "Ask an admin for a key or a role that allows it.",
  });
}
