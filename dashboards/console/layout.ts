import { assetUrl } from "../web/assets.ts";
import type { Principal } from "../auth/principal.ts";
import { type Html, html } from "../web/html.ts";

/** A page outside of the application: the documentation, and errors that people meet while they browse. */
export function page(options: {
  readonly title: string;
  readonly principal: Principal;
  readonly content: Html;
  /** Of the content; default: `en`. */
  readonly language?: string;
}): string {
  const { title, principal, content, language = "en" } = options;
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} – Tributary</title>
        <link rel="icon" href="${assetUrl("icon.svg")}" />
        <link rel="stylesheet" href="${assetUrl("console.css")}" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="bar">
          <a class="brand" href="/">Tributary</a>
          ${principal.kind === "user" ? navigation(principal) : null}
        </header>
        <main id="content">${content}</main>
      </body>
    </html>`.markup;
}

function navigation(user: Extract<Principal, { kind: "user" }>): Html {
  return html`<nav aria-label="Main">
      <a href="/">Overview</a> <a href="/connections">Connections</a>
      <a href="/kpis">KPIs</a>
      ${user.role === "admin" ? html`<a href="/queues">Queues</a>` : null}
      <a href="/docs">API</a>
    </nav>
    <form class="who" method="post" action="/sign-out">
      <span>${user.email}</span>
      <button class="quiet">Sign out</button>
    </form>`;
}

/** An error as people meet it everywhere: what is wrong, its code, what to do. */
export function errorBox(error: {
  readonly code: string | null;
  readonly message: string | null;
  readonly mend: string | null;
}): Html {
  return html`<div class="error" role="alert">
    <p>
      <strong>${error.message ?? "Something went wrong."}</strong>
      ${error.code === null ? null : html`<code>${error.code}</code>`}
    </p>
    ${error.mend === null ? null : html`<p>${error.mend}</p>`}
  </div>`;
}
