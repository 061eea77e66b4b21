import express, { type RequestHandler } from "express";
import { fromOwnPage, ownPath, signIn, signOut } from "../auth/sign-in.ts";
import { hasUsers } from "../../core/store/setup/users.ts";
import type { ServerDeps } from "../web/deps.ts";
import type { Route } from "../web/routes.ts";
import { connectionAction, connectionPage, runPage, testAction } from "./connection.ts";
import { firstAdminAction, firstAdminPage } from "./first-admin.ts";
import { createKeyAction, keysPage, revokeKeyAction, screensPage } from "./keys.ts";
import { overviewPage } from "./overview.ts";
import { signInPage } from "./pages.ts";
import { linkAction, undoAction, whoListPage, whoPage } from "./who.ts";
import { touchesPage } from "./touches.ts";
import { keepSecretAction, subscribeAction, webhookPage } from "./webhook.ts";
import { choosePage, createAction, editPage, newPage, updateAction } from "./setup.ts";

/** The console: server-rendered pages that work without scripts. Viewers look, admins change. */
export function consoleRoutes(deps: ServerDeps): Route[] {
  const open = { kind: "public" } as const;
  const viewer = { kind: "console", role: "viewer" } as const;
  const admin = { kind: "console", role: "admin" } as const;
  const form = express.urlencoded({ extended: false, limit: "256kb" });
  const see = (path: string, access: Route["access"], handler: RequestHandler): Route => ({
    method: "get",
    path,
    access,
    handlers: [noStore, handler],
  });
  const act = (path: string, handler: RequestHandler): Route => ({
    method: "post",
    path,
    access: admin,
    handlers: [noStore, form, handler],
  });
  const actions = ["sync", "full-sync", "accept-deletions", "pause", "resume", "remove"] as const;
  return [
    see("/sign-in", open, async (request, response) => {
      const isFresh = !(await hasUsers(deps.store.db));
      response.type("html").send(signInPage(ownPath(request.query["next"]), null, isFresh));
    }),
    {
      method: "post",
      path: "/sign-in",
      access: open,
      handlers: [noStore, fromOwnPage(deps), form, signIn(deps)],
    },
    see("/first-admin", open, firstAdminPage),
    {
      method: "post",
      path: "/first-admin",
      access: open,
      handlers: [noStore, fromOwnPage(deps), form, firstAdminAction(deps)],
    },
    { method: "post", path: "/sign-out", access: open, handlers: [noStore, fromOwnPage(deps), signOut(deps)] },
    see("/", viewer, overviewPage(deps)),
    see("/screens", viewer, screensPage(deps)),
    see("/runs/:id", viewer, runPage(deps)),
    see("/who/:entity", viewer, whoListPage(deps)),
    see("/who/:entity/:id", viewer, whoPage(deps)),
    act("/who/:entity/:id/link", linkAction(deps)),
    act("/who/:entity/:id/undo/:link", undoAction(deps)),
    see("/activities", viewer, touchesPage(deps)),
    see("/keys", admin, keysPage(deps)),
    act("/keys", createKeyAction(deps)),
    act("/keys/:id/revoke", revokeKeyAction(deps)),
    see("/connections/new", admin, choosePage(deps)),
    see("/connections/new/:connector", admin, newPage(deps)),
    act("/connections/new/:connector", createAction(deps)),
    see("/connections/:id", viewer, connectionPage(deps)),
    see("/connections/:id/edit", admin, editPage(deps)),
    act("/connections/:id/edit", updateAction(deps)),
    act("/connections/:id/test", testAction(deps)),
    see("/connections/:id/webhook", admin, webhookPage(deps)),
    act("/connections/:id/webhook/subscribe", subscribeAction(deps)),
    act("/connections/:id/webhook/secret", keepSecretAction(deps)),
    ...actions.map((action) => act(`/connections/:id/${action}`, connectionAction(deps, action))),
  ];
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "no-store");
  next();
};
