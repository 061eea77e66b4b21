import type { Request, RequestHandler, Response } from "express";
import { rateLimit } from "express-rate-limit";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { verifyPassword } from "../../core/secrets/password.ts";
import { signIn as openSession, signOut as endSession } from "../../core/setup/users.ts";
import { findUserForSignIn } from "../../core/store/setup/users.ts";
import type { ServerDeps } from "../web/deps.ts";
import { SESSION_COOKIE, clearCookie, readCookie, setCookie } from "./cookies.ts";
import { refuseOtherSites } from "./identify.ts";

/** A working day; whoever works at night signs in twice. */
const SESSION_MS = 12 * 60 * 60 * 1000;
const WINDOW_MS = 15 * 60 * 1000;
/** Failures within the window before an address, or an account, has to wait. */
const MOST_FAILURES = { perAddress: 20, perAccount: 10 };

const form = z.object({ email: z.string().trim().min(1).max(320), password: z.string().min(1).max(1024) });

/** Cookies are marked Secure when people reach the server by https. */
export function isSecureServer(deps: ServerDeps): boolean {
  return deps.options.publicUrl?.startsWith("https:") ?? false;
}

/**
 * Signs a person in: 303 to where they wanted to go. Wrong e-mail and wrong password look and take the same.
 *
 * @throws TributaryError `access.sign_in_failed`
 */
export function signIn(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const { db } = deps.store;
    const given = form.safeParse(request.body);
    const user = given.success ? await findUserForSignIn(db, given.data.email) : null;
    const isRight = given.success && (await verifyPassword(given.data.password, user?.passwordHash ?? null));
    if (user === null || !isRight) {
      throw new TributaryError({
        code: "access.sign_in_failed",
        kind: "auth",
        message: "E-mail address or password is wrong.",
        mend: "Try again. An admin can set a new password with `tributary users set-password`.",
      });
    }
    const until = new Date(deps.clock.now().getTime() + SESSION_MS);
    const token = await openSession(db, { id: user.id, email: given.data.email }, until);
    setCookie(response, SESSION_COOKIE, token, { isSecure: isSecureServer(deps), maxAgeMs: SESSION_MS });
    response.redirect(303, ownPath(request.query["next"]));
  };
}

export function signOut(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const token = readCookie(request, SESSION_COOKIE);
    if (token !== null) await endSession(deps.store.db, token, deps.clock.now());
    clearCookie(response, SESSION_COOKIE, isSecureServer(deps));
    response.redirect(303, "/sign-in");
  };
}

/** A path of this server; anything else (another site, a script address) becomes `/`. */
export function ownPath(next: unknown): string {
  if (typeof next !== "string" || !/^\/(?![/\\])/.test(next)) return "/";
  const url = new URL(next, "http://self.invalid");
  return url.host === "self.invalid" ? url.pathname + url.search : "/";
}

/** The sign-in form can be posted from our own pages only: else a stranger could sign a person in to the stranger's account. */
export function fromOwnPage(deps: ServerDeps): RequestHandler {
  return (request, _response, next) => {
    refuseOtherSites(request, deps.options.publicUrl);
    next();
  };
}

/**
 * Slows down guessing, by address and by account; only failures count. Each api process counts for itself: with n processes a guesser
 * has n times the tries, which against scrypt is still nothing.
 */
export function limitSignIns(): RequestHandler[] {
  const common = {
    windowMs: WINDOW_MS,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_request: Request, response: Response) => response.statusCode < 400,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    handler: (_request: Request, _response: Response): never => {
      throw new TributaryError({
        code: "access.too_many_attempts",
        kind: "rate_limited",
        message: "Too many failed sign-ins.",
        mend: "Wait a quarter of an hour, then try again.",
        retryAt: new Date(Date.now() + WINDOW_MS),
      });
    },
  } as const;
  return [
    rateLimit({ ...common, limit: MOST_FAILURES.perAddress }),
    rateLimit({
      ...common,
      limit: MOST_FAILURES.perAccount,
      keyGenerator: (request) => {
        const given = form.safeParse(request.body);
        return given.success ? given.data.email.toLowerCase() : "";
      },
    }),
  ];
}
