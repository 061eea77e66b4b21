import type { Request, Response } from "express";
import type { TributaryError } from "../../core/base/errors.ts";
import { principalOf } from "../auth/identify.ts";
import type { ServerDeps } from "../web/deps.ts";
import { type Html, html } from "../web/html.ts";
import { problemOf, requestIdOf } from "../web/problem.ts";
import { errorBox, page } from "./layout.ts";
import { sendShell } from "./shell.ts";

/** Addresses that programs ask, whatever they say they accept. */
const FOR_PROGRAMS = /^\/(api|mcp|in|feeds|metrics|healthz|readyz|assets|console)(\/|$)/;

/**
 * An error as a page for people; `sent` where the console itself has answered, which asks for the sign-in that is missing. Null where a program
 * asks.
 */
export function errorPage(
  deps: ServerDeps,
  error: TributaryError,
  request: Request,
  response: Response,
): { readonly page: string } | "sent" | null {
  if (FOR_PROGRAMS.test(request.path) || request.accepts(["json", "html"]) !== "html") return null;
  if (error.code === "access.unauthenticated" && request.method === "GET" && !request.path.startsWith("/tv/")) {
    response.status(401);
    sendShell(deps, response);
    return "sent";
  }
  const problem = problemOf(error, requestIdOf(response));
  const text = page({
    title: problem.title,
    principal: principalOf(response),
    content: html`<h1>${problem.title}</h1>
      ${errorBox({ code: problem.code, message: problem.detail, mend: problem.mend })}
      <p class="soft">Request ${problem.instance}</p>
      ${backTo(request.path)}`,
  });
  return { page: text };
}

/** From what is done to an account, back to its page. */
function backTo(path: string): Html {
  const id = /^\/oauth\/start\/([a-z0-9-]+)$/.exec(path)?.[1];
  return id === undefined
    ? html`<p><a href="/">Overview</a></p>`
    : html`<p><a class="button" href="/connections/${id}">Back to ${id}</a></p>`;
}
