import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import type { Endpoint } from "./endpoint.ts";

/** A status and what it means, for the documentation of every operation. */
const PROBLEMS: readonly (readonly [string, string])[] = [
  ["400", "The request is not valid"],
  ["401", "No sign-in and no working API key"],
  ["403", "The key or role does not allow it"],
  ["404", "There is no such thing"],
  ["422", "Understood, but it cannot be done as asked"],
];

/** The OpenAPI 3.1 document of the API, made from the very schemas that check its requests. */
export function openApiDocument(endpoints: readonly Endpoint[]): JsonObject {
  const paths: { [path: string]: { [method: string]: unknown } } = {};
  for (const operation of endpoints) (paths[operation.path] ??= {})[operation.method] = describe(operation);
  const { $schema: _dialect, ...problem } = z.toJSONSchema(problemSchema);
  // Plain data, made by JSON Schema's own serialiser.
  return JSON.parse(
    JSON.stringify({
      openapi: "3.1.0",
      info: {
        title: "Tributary",
        version: "1",
        description:
          "Lists come in pages: pass `next_cursor` as `cursor`. Writes take `Idempotency-Key`. Errors are problem documents (RFC 9457) with a stable `code` and what to do in `mend`.",
      },
      servers: [{ url: "/api/v1" }],
      security: [{ apiKey: [] }],
      paths,
      components: {
        securitySchemes: {
          apiKey: { type: "http", scheme: "bearer", description: "An API key: `Authorization: Bearer trib_…`" },
        },
        schemas: { Problem: problem },
      },
    }),
  ) as JsonObject;
}

const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string().describe("Stable; explained in docs/errors.md"),
  mend: z.string().describe("What to do about it"),
  instance: z.string().describe("The request's id, as in the log"),
});

function describe(operation: Endpoint): unknown {
  const scope = operation.access.kind === "api" ? operation.access.scope : null;
  return {
    operationId: operationId(operation),
    tags: [operation.tag],
    summary: operation.summary,
    description: scope === null ? "Open to everyone." : `Needs the scope \`${scope}\`.`,
    parameters: [
      ...parameters(operation.params, "path"),
      ...parameters(operation.query, "query"),
      ...(operation.method === "get"
        ? []
        : [{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 255 } }]),
    ],
    ...(operation.body === null
      ? {}
      : { requestBody: { content: { "application/json": { schema: toSchema(operation.body, "input") } } } }),
    responses: {
      [operation.status]: {
        description: "Done",
        ...(operation.response === null
          ? {}
          : { content: { "application/json": { schema: toSchema(operation.response, "output") } } }),
      },
      ...Object.fromEntries(
        PROBLEMS.map(([status, description]) => [
          status,
          {
            description,
            content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
          },
        ]),
      ),
    },
  };
}

/** `get /connections/{id}/test` → `getConnectionsByIdTest`. */
function operationId(operation: Endpoint): string {
  const words = operation.path
    .split("/")
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("{") ? `by-${part.slice(1, -1)}` : part));
  return (operation.method + "-" + words.join("-")).replaceAll(/-(\w)/g, (_match, letter: string) =>
    letter.toUpperCase(),
  );
}

function parameters(schema: z.ZodObject, place: "path" | "query"): unknown[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...rest } = toSchema(field as z.ZodType, "input");
    return {
      name,
      in: place,
      required: place === "path" || !(field as z.ZodType).safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function toSchema(schema: z.ZodType, io: "input" | "output"): { readonly [keyword: string]: unknown } {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" });
  return rest;
}
