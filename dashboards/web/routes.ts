import type { Express, RequestHandler } from "express";
import type { Access } from "../auth/principal.ts";
import { guard, type GuardContext } from "../auth/identify.ts";
import type { ServerDeps } from "./deps.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** One address and who may use it. Every route of the server is one of these, so that a test can try the door of each. */
export type Route = {
  readonly method: Method;
  /** Express 5 path: `/connections/:id`. */
  readonly path: string;
  readonly access: Access;
  readonly handlers: readonly RequestHandler[];
};

/** Mounts routes, each behind its guard. */
export function mountRoutes(app: Express, routes: readonly Route[], deps: ServerDeps, context: GuardContext): void {
  for (const route of routes) {
    app[route.method](
      route.path,
      (_request, response, next) => {
        response.locals["route"] = route.path;
        next();
      },
      guard(deps, route.access, context),
      ...route.handlers,
    );
  }
}
