import type { Request, Response } from "express";
import type { TributaryError } from "../../core/base/errors.ts";
import { principalOf } from "../auth/identify.ts";
import { hasUsers } from "../../core/store/setup/users.ts";
import { ownPath } from "../auth/sign-in.ts";
import type { ServerDeps } from "../web/deps.ts";
import { type Html, html } from "../web/html.ts";
import { problemOf, requestIdOf } from "../web/problem.ts";
import { errorBox, page } from "./layout.ts";

/** Addresses that programs ask, whatever they say they accept. */
const FOR_PROGRAMS = /^\/(api|in|feeds|metrics|healthz|readyz|assets)(\/|$)/;

/** An error as a page for people; null where a program asks. Who is not signed in gets the sign-in form. */
export async function errorPage(
  deps: ServerDeps,
  error: TributaryError,
  request: Request,
  response: Response,
): Promise<string | null> {
  if (FOR_PROGRAMS.test(request.path) || request.accepts(["json", "html"]) !== "html") return null;
  const principal = principalOf(response);
  const problem = problemOf(error, requestIdOf(response));
  const said = errorBox({ code: problem.code, message: problem.detail, mend: problem.mend });
  const isSignIn = request.path === "/sign-in";
  const needsSignIn = error.code === "access.unauthenticated" && !request.path.startsWith("/tv/");
  if (isSignIn || needsSignIn) {
    const next = isSignIn ? ownPath(request.query["next"]) : request.method === "GET" ? request.originalUrl : "/";
    // A database that does not answer is said by the error itself.
    const isFresh = !(await hasUsers(deps.store.db).catch(() => true));
    return signInPage(next, isSignIn ? said : null, isFresh);
  }
  return page({
    title: problem.title,
    principal,
    content: html`<h1>${problem.title}</h1>
      ${said} ${backTo(request.path)}
      <p class="soft">Request ${problem.instance}</p>`,
  });
}

/** From what is done to an account, back to its page. */
function backTo(path: string): Html | null {
  const id = /^\/oauth\/start\/([a-z0-9-]+)$/.exec(path)?.[1];
  return id === undefined ? null : html`<p><a class="button" href="/connections/${id}">Back to ${id}</a></p>`;
}

/**
 * @param next where to go afterwards, a path of ours.
 * @param isFresh whether nobody may sign in yet.
 */
export function signInPage(next: string, error: Html | null, isFresh: boolean): string {
  const action = next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;
  return page({
    title: "Sign in",
    principal: { kind: "anonymous" },
    content: html`<section class="card narrow">
      <h1>Sign in</h1>
      ${error} ${isFresh ? FIRST_START : null}
      <form method="post" action="${action}">
        <label>E-mail address <input name="email" type="email" autocomplete="username" required autofocus /></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
        <button class="primary">Sign in</button>
      </form>
    </section>`,
  });
}

const FIRST_START = html`<p class="notice">
  Nobody may sign in yet. Where the hub was started, it printed an address that makes the first admin;
  <code>npx tributary doctor</code> shows it again.
</p>`;
