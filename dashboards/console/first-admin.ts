import type { RequestHandler } from "express";
import { z } from "zod";
import { makeFirstAdmin } from "../../core/setup/first-admin.ts";
import type { ServerDeps } from "../web/deps.ts";
import { invalidRequest } from "../web/problem.ts";

const posted = z.object({ code: z.string().max(200), email: z.email().max(320), password: z.string().max(1024) });

/** Makes the first admin by the code that the hub printed when nobody may sign in yet, once. Then 303 to the sign-in. */
export function firstAdminAction({ store, secrets }: ServerDeps): RequestHandler {
  return async (request, response) => {
    const given = posted.safeParse(request.body);
    if (!given.success) throw invalidRequest("Give the code, an e-mail address and a password.");
    await makeFirstAdmin(store.db, secrets, given.data);
    response.redirect(303, "/sign-in");
  };
}
