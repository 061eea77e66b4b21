import express, { type RequestHandler } from "express";
import { fromOwnPage, signIn, signOut } from "../auth/sign-in.ts";
import type { ServerDeps } from "../web/deps.ts";
import type { Route } from "../web/routes.ts";
import { CONSOLE_PAGES } from "./addresses.ts";
import { firstAdminAction } from "./first-admin.ts";
import { builtFile, shell } from "./shell.ts";

/** The console: an application that talks to the API, and the forms by which people come in and leave. */
export function consoleRoutes(deps: ServerDeps): Route[] {
  const access = { kind: "public" } as const;
  const form = express.urlencoded({ extended: false, limit: "256kb" });
  const post = (path: string, ...handlers: readonly RequestHandler[]): Route => ({
    method: "post",
    path,
    access,
    handlers: [noStore, fromOwnPage(deps), ...handlers],
  });
  return [
    ...CONSOLE_PAGES.map((path) => ({ method: "get", path, access, handlers: [shell(deps)] }) as const),
    { method: "get", path: "/console/assets/:file", access, handlers: [builtFile(deps)] },
    post("/sign-in", form, signIn(deps)),
    post("/first-admin", form, firstAdminAction(deps)),
    post("/sign-out", signOut(deps)),
  ];
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "no-store");
  next();
};
