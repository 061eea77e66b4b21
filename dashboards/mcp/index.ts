import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CallToolRequestSchema,
  ErrorCode,
  InitializeRequestSchema,
  ListToolsRequestSchema,
  PingRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { RequestHandler } from "express";
import { z } from "zod";
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
    response.set("Cache-Control", "no-store");
    const misshapen = refusal(request.body);
    if (misshapen !== null) {
      response.status(misshapen.status).json(misshapen.answer);
      return;
    }
    const server = createMcpServer(
      { deps, principal: principalOf(response), now: deps.clock.now(), idempotencyKey: null },
      {
        requestId,
        onUnexpected: (err) => deps.log.error({ err, requestId, path: request.path }, "A tool's call failed."),
      },
    );
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on("close", () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  };
}

const requests: { readonly [method: string]: z.ZodType } = {
  initialize: InitializeRequestSchema,
  ping: PingRequestSchema,
  "tools/list": ListToolsRequestSchema,
  "tools/call": CallToolRequestSchema,
};

const asking = z.looseObject({ id: z.union([z.string(), z.number()]), method: z.string() });

/**
 * What the library would answer as a failure of its own ("internal error") though it is the message that is wrong; and several messages at
 * once, which the protocol gave up in 2025 and which would count as one request.
 */
function refusal(body: unknown): { readonly status: number; readonly answer: object } | null {
  const said = (id: string | number | null, code: ErrorCode, message: string): object => ({
    jsonrpc: "2.0",
    id,
    error: { code, message },
  });
  if (Array.isArray(body)) {
    return { status: 400, answer: said(null, ErrorCode.InvalidRequest, "Send one message a request, not a list.") };
  }
  const message = asking.safeParse(body);
  const schema = message.success && Object.hasOwn(requests, message.data.method) ? requests[message.data.method] : null;
  const wrong = schema?.safeParse(body).error?.issues.slice(0, 5);
  if (!message.success || wrong === undefined) return null;
  const issues = wrong.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  return { status: 200, answer: said(message.data.id, ErrorCode.InvalidParams, issues) };
}

const onlyPost: RequestHandler = (_request, response) => {
  response.set("Allow", "POST");
  throw methodNotAllowed("POST");
};
