import express, { type RequestHandler } from "express";
import type { z } from "zod";
import { invalidRequest, isTooDeep, tooDeep } from "../web/problem.ts";
import type { Call, Endpoint, EndpointInput } from "./endpoint.ts";

const BODY_LIMIT = "256kb";

/** Reads a JSON body; what says to be something else is refused rather than taken for empty. */
export function jsonBody(limit = BODY_LIMIT): RequestHandler {
  const parse = express.json({ limit, strict: false, type: ["application/json", "application/*+json"] });
  return (request, response, next) => {
    const isJson = request.is(["application/json", "application/*+json"]);
    if (isJson === false) throw invalidRequest("The body is not application/json.");
    parse(request, response, (error?: unknown) => {
      next(error ?? (isTooDeep(request.body) ? tooDeep(null) : undefined));
    });
  };
}

/** What a request brought, before anybody has looked at it. */
export type Said = { readonly params: unknown; readonly query: unknown; readonly body?: unknown };

/** A request's input as the operation declares it. @throws TributaryError `request.invalid`, naming what is wrong. */
export function inputOf(operation: Endpoint, { params, query, body }: Said): EndpointInput<unknown, unknown, unknown> {
  return {
    params: parse(operation.params, params, "path"),
    query: parse(operation.query, query, "query"),
    body: operation.body === null ? null : parse(operation.body, body ?? {}, "body"),
    content: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  };
}

/** Answers as the REST API does, to whoever has been found to have the operation's scope. */
export async function runOperation(operation: Endpoint, said: Said, call: Call): Promise<unknown> {
  return operation.run(inputOf(operation, said), call);
}

function parse(schema: z.ZodType, value: unknown, where: "path" | "query" | "body"): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 5).map((issue) => {
    const at = issue.path.length === 0 ? where : `${where} \`${issue.path.join(".")}\``;
    return `${at}: ${issue.message}`;
  });
  throw invalidRequest(issues.join("; "));
}
