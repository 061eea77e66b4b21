import express, { type RequestHandler } from "express";
import { fromOwnPage, signIn, signOut } from "../auth/sign-in.ts";
import type { ServerDeps } from "../web/deps.ts";
import type { Route } from "../web/routes.ts";
import { firstAdminAction } from "./first-admin.ts";
import { createKeyAction, keysPage, revokeKeyAction, screensPage } from "./keys.ts";
import { CONSOLE_PAGES } from "./addresses.ts";
import { builtFile, shell } from "./shell.ts";
import { linkAction, undoAction, whoListPage, whoPage } from "./who.ts";
import { touchesPage } from "./touches.ts";

/** The console: an application that talks to the API, and what is still rendered here. Viewers look, admins change. */
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
  return [
    ...CONSOLE_PAGES.map((path) => ({ method: "get" as const, path, access: open, handlers: [shell(deps)] })),
    { method: "get", path: "/console/assets/:file", access: open, handlers: [builtFile(deps)] },
    {
      method: "post",
      path: "/sign-in",
      access: open,
      handlers: [noStore, fromOwnPage(deps), form, signIn(deps)],
    },
    {
      method: "post",
      path: "/first-admin",
      access: open,
      handlers: [noStore, fromOwnPage(deps), form, firstAdminAction(deps)],
    },
    { method: "post", path: "/sign-out", access: open, handlers: [noStore, fromOwnPage(deps), signOut(deps)] },
    see("/screens", viewer, screensPage(deps)),
    see("/who/:entity", viewer, whoListPage(deps)),
    see("/who/:entity/:id", viewer, whoPage(deps)),
    act("/who/:entity/:id/link", linkAction(deps)),
    act("/who/:entity/:id/undo/:link", undoAction(deps)),
    see("/activities", viewer, touchesPage(deps)),
    see("/keys", admin, keysPage(deps)),
    act("/keys", createKeyAction(deps)),
    act("/keys/:id/revoke", revokeKeyAction(deps)),
  ];
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "no-store");
  next();
};
