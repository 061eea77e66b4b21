import type { RequestHandler } from "express";
import { z } from "zod";
import { findTributaryError } from "../../core/base/errors.ts";
import { makeFirstAdmin } from "../../core/setup/first-admin.ts";
import type { ServerDeps } from "../web/deps.ts";
import { type Html, html } from "../web/html.ts";
import { statusOf } from "../web/problem.ts";
import { errorBox, page } from "./layout.ts";

const text = (most: number) => z.string().max(most).catch("");

/** `/first-admin?code=…`, as the hub prints it when nobody may sign in yet: makes the first admin, once. */
export const firstAdminPage: RequestHandler = (request, response) => {
  response.type("html").send(form(text(200).parse(request.query["code"]), "", null));
};

const posted = z.object({ code: text(200), email: z.email().max(320), password: z.string().max(1024) });

export function firstAdminAction({ store, secrets }: ServerDeps): RequestHandler {
  return async (request, response) => {
    const given = posted.safeParse(request.body);
    if (!given.success) {
      const error = errorBox({ code: null, message: "Give an e-mail address and a password.", mend: null });
      response
        .status(422)
        .type("html")
        .send(form(text(200).parse((request.body as { code?: unknown })?.code), "", error));
      return;
    }
    try {
      await makeFirstAdmin(store.db, secrets, given.data);
    } catch (error) {
      const known = findTributaryError(error);
      if (known === null || known.kind === "bug") throw error;
      response
        .status(statusOf(known))
        .type("html")
        .send(form(given.data.code, given.data.email, errorBox(known)));
      return;
    }
    response.redirect(303, "/sign-in");
  };
}

function form(code: string, email: string, error: Html | null): string {
  return page({
    title: "First admin",
    principal: { kind: "anonymous" },
    content: html`<section class="card narrow">
      <h1>First admin</h1>
      <p>Nobody may sign in to this hub yet. Whoever you name here may do everything, and let others in.</p>
      ${error}
      <form method="post" action="/first-admin">
        <label>Code, as the hub printed it <input name="code" value="${code}" autocomplete="off" required /></label>
        <label
          >E-mail address <input name="email" type="email" value="${email}" autocomplete="username" required
        /></label>
        <label>
          Password, 12 characters or more
          <input name="password" type="password" autocomplete="new-password" minlength="12" required />
        </label>
        <button class="primary">Let me in</button>
      </form>
    </section>`,
  });
}
