import type { Request, RequestHandler } from "express";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { isSameSecret, newToken } from "../../core/secrets/tokens.ts";
import { finishSignIn, startSignIn } from "../../core/setup/vendor.ts";
import { baseUrl } from "../web/address.ts";
import type { ServerDeps } from "../web/deps.ts";
import { notFound } from "../web/problem.ts";
import type { Route } from "../web/routes.ts";
import { OAUTH_COOKIE, clearCookie, readCookie, setCookie } from "./cookies.ts";
import { principalOf } from "./identify.ts";
import { actorOf } from "./principal.ts";
import { isSecureServer } from "./sign-in.ts";

/** A person who is longer at the vendor's consent page than this starts again. */
const CONSENT_MS = 10 * 60 * 1000;

const SEALED_FOR = "oauth/pending";

/** What must still hold when the person comes back. Sealed in a cookie, so any process can answer. */
const pending = z.object({
  state: z.string(),
  connectionId: z.string(),
  verifier: z.string().nullable(),
  userId: z.string(),
  until: z.number(),
});

/** OAuth 2 code flow (RFC 6749, 4.1) with state bound to browser and user, and PKCE (RFC 7636) where the vendor offers it. */
export function oauthRoutes(deps: ServerDeps): Route[] {
  const access = { kind: "console", role: "admin" } as const;
  return [
    { method: "get", path: "/oauth/start/:connection", access, handlers: [start(deps)] },
    { method: "get", path: "/oauth/callback", access, handlers: [finish(deps)] },
  ];
}

function start(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const principal = principalOf(response);
    if (principal.kind !== "user") throw notFound();
    const connectionId = String(request.params["connection"]);
    const state = newToken("");
    const { url, verifier } = await startSignIn(deps.setup, connectionId, {
      state,
      redirectUri: redirectUri(deps, request),
    });
    const until = deps.clock.now().getTime() + CONSENT_MS;
    const sealed = deps.secrets.seal(
      JSON.stringify({ state, connectionId, verifier, userId: principal.id, until }),
      SEALED_FOR,
    );
    setCookie(response, OAUTH_COOKIE, Buffer.from(sealed).toString("base64url"), {
      isSecure: isSecureServer(deps),
      maxAgeMs: CONSENT_MS,
    });
    response.redirect(303, url);
  };
}

function finish(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const principal = principalOf(response);
    const waiting = readPending(deps, readCookie(request, OAUTH_COOKIE));
    clearCookie(response, OAUTH_COOKIE, isSecureServer(deps));
    const { state, code, error } = request.query;
    const isOurs =
      waiting !== null &&
      principal.kind === "user" &&
      principal.id === waiting.userId &&
      deps.clock.now().getTime() <= waiting.until &&
      typeof state === "string" &&
      isSameSecret(state, waiting.state);
    if (!isOurs) {
      throw new TributaryError({
        code: "oauth.state_mismatch",
        kind: "auth",
        message: "This answer of the vendor belongs to no sign-in that was started here in the last ten minutes.",
        mend: "Start again from the connection's page, in the same browser.",
      });
    }
    if (typeof code !== "string") {
      throw new TributaryError({
        code: "oauth.refused",
        kind: "auth",
        message: `The vendor did not agree${typeof error === "string" ? ` (${error.replaceAll(/[^\w.-]/g, "").slice(0, 60)})` : ""}.`,
        mend: "Start again from the connection's page and allow the access at the vendor.",
      });
    }
    const { connectionId, verifier } = waiting;
    const answer = { code, verifier, redirectUri: redirectUri(deps, request) };
    await finishSignIn(deps.setup, actorOf(principal), connectionId, answer);
    response.redirect(303, `/connections/${encodeURIComponent(connectionId)}?notice=authorised`);
  };
}

function readPending(deps: ServerDeps, cookie: string | null): z.output<typeof pending> | null {
  if (cookie === null) return null;
  try {
    return pending.parse(JSON.parse(deps.secrets.open(Buffer.from(cookie, "base64url").toString("utf8"), SEALED_FOR)));
  } catch {
    return null;
  }
}

function redirectUri(deps: ServerDeps, request: Request): string {
  return `${baseUrl(deps, request)}/oauth/callback`;
}
