import { calendarRoutes } from "../views/calendar/index.ts";
import { randomUUID } from "node:crypto";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import express, { type Express, type RequestHandler } from "express";
import { TributaryError } from "../../core/base/errors.ts";
import { apiRoutes } from "../api/index.ts";
import { docsRoutes } from "../api/docs.ts";
import { guard, type GuardContext, rememberKeys } from "../auth/identify.ts";
import { appRoutes } from "../auth/apps/index.ts";
import { providerRoutes } from "../auth/providers.ts";
import { oauthRoutes } from "../auth/oauth.ts";
import type { Access } from "../auth/principal.ts";
import { assetRoutes } from "./assets.ts";
import { consoleRoutes } from "../console/index.ts";
import { errorPage } from "../console/pages.ts";
import type { ServerDeps } from "./deps.ts";
import { feedRoutes } from "../views/feeds/index.ts";
import { kpiGaugeRoutes } from "../views/feeds/gauges.ts";
import { inboundRoutes } from "../inbound/index.ts";
import { mcpRoutes } from "../mcp/index.ts";
import { createListener } from "../../core/store/listener.ts";
import { createEventStreams } from "../views/live/streams.ts";
import { createMeasurements } from "./measurements.ts";
import { answerErrors, answerNotFound } from "./problem.ts";
import { type Route, mountRoutes } from "./routes.ts";
import { securityHeaders } from "./security.ts";
import { statusRoutes } from "./status.ts";
import { createScreens } from "../views/tv/screens.ts";
import { tvRoutes } from "../views/tv/index.ts";
import { portOf } from "../../core/base/network.ts";

export type Server = {
  readonly app: Express;
  /** Every route of this server with who may use it; handed-in routers are in `mounts`. */
  readonly routes: readonly Route[];
  readonly mounts: readonly Mount[];
  /** @throws TributaryError `server.port_taken` */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Tells `/readyz` to say no, so that load balancers send nothing new. */
  drain(): void;
  /** Ends event streams, waits for requests under way up to the grace, and stops. */
  close(): Promise<void>;
};

/** A router of another part, and who may use it. */
export type Mount = { readonly path: string; readonly access: Access };

/** The hub's web server: console, API, TV, feeds, inbound webhooks, status. */
export function createServer(deps: ServerDeps): Server {
  const streams = createEventStreams();
  const listener = createListener(deps.store, ["live", "outbox", "setup"], deps.log);
  const measurements = createMeasurements(deps, streams.count);
  const screens = createScreens(deps, listener);
  const context = {
    isPrivateServer: isLoopback(deps.options.host) && deps.options.publicUrl === null,
    keys: rememberKeys(listener),
  };
  let isDraining = false;

  // What is polled comes first: a router looks through its routes in order.
  const routes = [
    ...feedRoutes(deps, listener),
    ...statusRoutes(deps, measurements, () => isDraining),
    ...assetRoutes(),
    ...docsRoutes(deps),
    ...apiRoutes(deps),
    ...mcpRoutes(deps),
    ...inboundRoutes(deps),
    ...kpiGaugeRoutes(deps),
    ...calendarRoutes(deps),
    ...tvRoutes(deps, screens, streams),
    ...oauthRoutes(deps),
    ...appRoutes(deps),
    ...providerRoutes(deps),
    ...consoleRoutes(deps),
  ];

  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", deps.options.trustedProxies);
  app.set("query parser", "simple");
  app.use(identifyRequest, measurements.middleware, securityHeaders({ isHttps: isHttps(deps) }));
  mountRoutes(app, routes, deps, context);
  const mounts = mountRouters(app, deps, context);
  app.use(answerNotFound);
  app.use(
    answerErrors({
      onUnexpected: (error, request, requestId) =>
        deps.log.error({ err: error, requestId, method: request.method, path: request.path }, "A request failed."),
      renderPage: (error, request, response) => errorPage(deps, error, request, response),
    }),
  );

  const server = createHttpServer(app);
  // A client that dawdles over its headers holds a socket; event streams are answers and not concerned.
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  return {
    app,
    routes,
    mounts,
    listen: async () => {
      const address = await listen(server, deps.options);
      await listener.start();
      return address;
    },
    drain: () => {
      isDraining = true;
    },
    close: async () => {
      isDraining = true;
      screens.stop();
      streams.endAll();
      await closeServer(server, deps.options.closeGraceMs);
      await listener.stop();
    },
  };
}

const identifyRequest: RequestHandler = (_request, response, next) => {
  const requestId = randomUUID();
  response.locals["requestId"] = requestId;
  response.set("X-Request-Id", requestId);
  next();
};

function mountRouters(app: Express, deps: ServerDeps, context: GuardContext): Mount[] {
  const { queues } = deps.routers;
  if (queues === undefined) return [];
  const mount = { path: "/queues", access: { kind: "console", role: "admin" } } as const;
  const note: RequestHandler = (_request, response, next) => {
    response.locals["route"] = mount.path;
    next();
  };
  app.use(mount.path, note, guard(deps, mount.access, context), queues);
  return [mount];
}

function listen(
  server: HttpServer,
  options: { readonly host: string; readonly port: number },
): Promise<{ host: string; port: number; url: string }> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") {
        reject(error);
        return;
      }
      reject(
        new TributaryError({
          code: "server.port_taken",
          kind: "config",
          message: `Port ${options.port} on ${options.host} is taken by another program.`,
          mend: "Stop the other program, or choose another port with PORT.",
          cause: error,
        }),
      );
    });
    server.listen(options.port, options.host, () => {
      const port = portOf(server);
      const host = options.host.includes(":") ? `[${options.host}]` : options.host;
      resolve({ host: options.host, port, url: `http://${host}:${port}` });
    });
  });
}

function closeServer(server: HttpServer, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function isHttps(deps: ServerDeps): boolean {
  return deps.options.publicUrl?.startsWith("https:") ?? false;
}

/** A server on a loopback address is reached from this machine alone (unless a proxy is in front, which then sets PUBLIC_URL). */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
