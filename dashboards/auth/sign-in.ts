import { isIPv6 } from "node:net";
import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { proveIdentity, signOut as endSession } from "../../core/setup/sign-in.ts";
import type { ServerDeps } from "../web/deps.ts";
import { DEVICE_COOKIE, SESSION_COOKIE, clearCookie, readCookie, setCookie } from "./cookies.ts";
import { refuseOtherSites } from "./identify.ts";

/** A working day; whoever works at night signs in twice. */
export const SESSION_MS = 12 * 60 * 60 * 1000;
/** As long as browsers keep a cookie. */
const DEVICE_MS = 400 * 24 * 60 * 60 * 1000;

const form = z.object({ email: z.string().trim().min(1).max(320), password: z.string().min(1).max(1024) });

/** Cookies are marked Secure when people reach the server by https. */
export function isSecureServer(deps: ServerDeps): boolean {
  return deps.options.publicUrl?.startsWith("https:") ?? false;
}

/**
 * Signs a person in: 303 to where they wanted to go. Wrong e-mail and wrong password look and take the same.
 *
 * @throws TributaryError `access.sign_in_failed`, `access.too_many_attempts`
 */
export function signIn(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const given = form.safeParse(request.body);
    if (!given.success) throw signInFailed();
    const proof = {
      ...given.data,
      address: networkOf(request.ip ?? ""),
      device: readCookie(request, DEVICE_COOKIE),
      sessionMs: SESSION_MS,
    };
    const proven = await proveIdentity(deps.store.db, deps.clock.now(), proof);
    if (proven === null) throw signInFailed();
    welcome(deps, response, proven);
    response.redirect(303, ownPath(request.query["next"]));
  };
}

/** Gives the browser what it is signed in by, and known by from then on. */
export function welcome(
  deps: ServerDeps,
  response: Response,
  tokens: { readonly session: string; readonly device: string },
): void {
  const isSecure = isSecureServer(deps);
  setCookie(response, SESSION_COOKIE, tokens.session, { isSecure, maxAgeMs: SESSION_MS });
  setCookie(response, DEVICE_COOKIE, tokens.device, { isSecure, maxAgeMs: DEVICE_MS });
}

export function signOut(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const token = readCookie(request, SESSION_COOKIE);
    if (token !== null) await endSession(deps.store.db, token, deps.clock.now());
    clearCookie(response, SESSION_COOKIE, isSecureServer(deps));
    response.redirect(303, "/sign-in");
  };
}

/**
 * A path of this server; anything else becomes `/`. What is checked is what a browser makes of it: it drops tabs and line ends, takes
 * backslashes for slashes and resolves dots, after which `/..//host` begins with two slashes and is another host.
 */
export function ownPath(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/") || !URL.canParse(next, OWN)) return "/";
  const url = new URL(next, OWN);
  return url.origin === OWN && !/^\/[/\\]/.test(url.pathname) ? url.pathname + url.search : "/";
}

const OWN = "http://self.invalid";

/** The sign-in form can be posted from our own pages only: else a stranger could sign a person in to the stranger's account. */
export function fromOwnPage(deps: ServerDeps): RequestHandler {
  return (request, _response, next) => {
    refuseOtherSites(request, deps.options.publicUrl);
    next();
  };
}

/** Who has one IPv6 address has its whole /64 (RFC 6177): they are counted as one. */
function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined || !isIPv6(bare)) return mapped ?? bare;
  const [head = "", tail] = bare.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(String(group), 16).toString(16))
    .join(":")}::/64`;
}

function signInFailed(): TributaryError {
  return new TributaryError({
    code: "access.sign_in_failed",
    kind: "auth",
    message: "E-mail address or password is wrong.",
    mend: "Try again. An admin can set a new password with `tributary users set-password`.",
  });
}
