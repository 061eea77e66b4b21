import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { RequestHandler } from "express";
import { jsonBody } from "../api/operation.ts";
import { rateLimit } from "../api/rate-limit.ts";
import { principalOf } from "../auth/identify.ts";
import { methodNotAllowed, requestIdOf } from "../web/problem.ts";
import type { ServerDeps } from "../web/deps.ts";
import type { Route } from "../web/routes.ts";
import { createMcpServer } from "./server.ts";

/**
 * `/mcp`: the Model Context Protocol by streamable HTTP, for assistants, with a key that may read. Without sessions: every request stands for
 * itself, so any process answers any of them.
 */
export function mcpRoutes(deps: ServerDeps): Route[] {
  const access = { kind: "api", scope: "read" } as const;
  return [
    { method: "post", path: "/mcp", access, handlers: [rateLimit(deps), jsonBody(), post(deps)] },
    // A stream of what the server says by itself, and the end of a session: there is neither.
    ...(["get", "delete"] as const).map((method): Route => ({ method, path: "/mcp", access, handlers: [onlyPost] })),
  ];
}

function post(deps: ServerDeps): RequestHandler {
  return async (request, response) => {
    const requestId = requestIdOf(response);
    const server = createMcpServer(
      { deps, principal: principalOf(response), now: deps.clock.now(), idempotencyKey: null },
      {
        requestId,
        onUnexpected: (err) => deps.log.error({ err, requestId, path: request.path }, "A tool's call failed."),
      },
    );
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.set("Cache-Control", "no-store");
    response.on("close", () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  };
}

const onlyPost: RequestHandler = (_request, response) => {
  response.set("Allow", "POST");
  throw methodNotAllowed("POST");
};
