import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { EVENT_TYPES, EVENTS, type EventType } from "../../core/outbox/catalogue.ts";
import type { Endpoint } from "./endpoint.ts";
import { fieldSchemas } from "../../core/base/schema-parts.ts";

/** A status and what it means. `of`: the operations that can answer it. */
const PROBLEMS: readonly {
  readonly status: string;
  readonly means: string;
  readonly of: (operation: Endpoint) => boolean;
}[] = [
  { status: "400", means: "The request is not valid", of: () => true },
  { status: "401", means: "No sign-in and no working API key", of: isGuarded },
  { status: "403", means: "The key or role does not allow it", of: isGuarded },
  { status: "404", means: "There is no such thing", of: () => true },
  { status: "409", means: "The request of this `Idempotency-Key` still runs", of: isWrite },
  { status: "413", means: "The body is too large", of: ({ body }) => body !== null },
  { status: "422", means: "Understood, but it cannot be done as asked", of: () => true },
  { status: "429", means: "Too many requests here or at the vendor: wait for `Retry-After` seconds", of: () => true },
  { status: "500", means: "A fault of the hub; `instance` leads to its log", of: () => true },
  { status: "502", means: "The vendor answered what its documentation rules out", of: isWrite },
  {
    status: "503",
    means: "The hub cannot do it now (its database is down, its disk is full): try again",
    of: () => true,
  },
];

function isGuarded({ access }: Endpoint): boolean {
  return access.kind === "api";
}

function isWrite({ method }: Endpoint): boolean {
  return method !== "get";
}

/** The OpenAPI 3.1 document of the API, made from the very schemas that check its requests. */
export function openApiDocument(endpoints: readonly Endpoint[]): JsonObject {
  const components = new Components();
  const paths: { [path: string]: { [method: string]: unknown } } = {};
  for (const operation of endpoints) (paths[operation.path] ??= {})[operation.method] = describe(operation, components);
  const tags = [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name }));
  const problem = components.schema(problemSchema, "output");
  const webhooks = Object.fromEntries(EVENT_TYPES.map((type) => [type, describeWebhook(type, components)]));
  // Plain data, made by JSON Schema's own serialiser.
  return JSON.parse(
    JSON.stringify({
      openapi: "3.1.0",
      info: {
        title: "Tributary",
        version: "1",
        license: { name: "MIT", identifier: "MIT" },
        description:
          "Lists come in pages: pass `next_cursor` as `cursor`. Writes take `Idempotency-Key`: the same request again within a day has the first one's answer. Each key and app may ask so many times a minute; `RateLimit` says how many are left, a 429 with `Retry-After` when to come back. Errors are problem documents (RFC 9457) with a stable `code` and what to do in `mend`; all codes: [/docs/errors](/docs/errors).",
      },
      servers: [{ url: "/api/v1" }],
      security: [{ apiKey: [] }],
      tags,
      paths,
      webhooks,
      components: {
        securitySchemes: {
          apiKey: { type: "http", scheme: "bearer", description: "An API key: `Authorization: Bearer trib_…`" },
        },
        responses: Object.fromEntries(
          PROBLEMS.map(({ status, means }) => [
            `Problem${status}`,
            {
              description: means,
              ...(status === "429" || status === "503" ? { headers: { "Retry-After": retryAfter } } : {}),
              content: { "application/problem+json": { schema: problem } },
            },
          ]),
        ),
        schemas: components.all(),
      },
    }),
  ) as JsonObject;
}

const retryAfter = { description: "Seconds to wait", schema: { type: "integer", minimum: 1 } };

const problemSchema = z
  .object({
    type: z.string().describe("Where the code is explained, at this server"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().describe("Stable; explained at `type`"),
    mend: z.string().describe("What to do about it"),
    instance: z.string().describe("The request's id, as in the log"),
  })
  .meta({ id: "Problem" });

type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * The schemas that others point at. JSON Schema puts them beside what it describes (`#/$defs/…`), which leads nowhere once that stands inside
 * a larger document: here they are moved to where OpenAPI has them.
 */
class Components {
  private readonly known = new Map<string, JsonSchema>();

  schema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
    const {
      $schema: _dialect,
      $defs,
      ...rest
    } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" });
    const defs = Object.entries(($defs ?? {}) as { readonly [name: string]: JsonSchema });
    const names = new Map(defs.map(([name, definition]) => [name, this.nameFor(name, definition)]));
    // Of a map it makes a map.
    const moved = (value: JsonSchema): JsonSchema => movedRefs(value, names) as JsonSchema;
    for (const [name, { id: _id, ...definition }] of defs)
      this.add(names.get(name) ?? name, isUnnamed(name) ? ANY_JSON : moved(definition));
    // What has a name itself is described by it.
    const { id, ...own } = moved(rest);
    if (typeof id !== "string") return own;
    this.add(id, own);
    return { $ref: `#/components/schemas/${id}` };
  }

  all(): { readonly [name: string]: JsonSchema } {
    return Object.fromEntries([...this.known].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  private add(name: string, schema: JsonSchema): void {
    const known = this.known.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two different schemas have the name ${name}`);
    this.known.set(name, schema);
  }

  private nameFor(name: string, definition: JsonSchema): string {
    if (!isUnnamed(name)) return name;
    if (JSON.stringify(definition).includes(`#/$defs/${name}`)) return "Json";
    throw new Error(`a schema that is used twice has no name: ${JSON.stringify(definition)}`);
  }
}

/**
 * What speaks of itself and has no name is zod's own schema of any JSON value. That needs no description, and generators of types fall over
 * one that leads to itself.
 */
const ANY_JSON = { description: "Any JSON value" };

function isUnnamed(name: string): boolean {
  return name.startsWith("__schema");
}

function movedRefs(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => movedRefs(one, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([keyword, one]) => {
      if (keyword !== "$ref" || typeof one !== "string") return [keyword, movedRefs(one, names)];
      const name = one.replace("#/$defs/", "");
      return [keyword, `#/components/schemas/${names.get(name) ?? name}`];
    }),
  );
}

/** What an endpoint that subscribed to a type of event is sent. */
function describeWebhook(type: EventType, components: Components): unknown {
  const header = (name: string, description: string): unknown => ({
    name,
    in: "header",
    required: true,
    description,
    schema: { type: "string" },
  });
  const body = z.object({
    id: z.string().describe("Stable; also the `webhook-id`"),
    type: z.literal(type),
    timestamp: z.iso.datetime().describe("When it happened"),
    data: EVENTS[type].data,
  });
  return {
    post: {
      operationId: `on-${type}`.replaceAll(/[-._](\w)/g, (_match, letter: string) => letter.toUpperCase()),
      tags: ["Webhooks"],
      summary: EVENTS[type].title,
      description:
        "Signed by Standard Webhooks, sent at least once under a stable `webhook-id`. Any 2xx takes it; anything else is tried again with growing pauses for three days; 410 pauses the endpoint.",
      security: [],
      parameters: [
        header("webhook-id", "The same on every attempt"),
        header("webhook-timestamp", "When it was sent, in seconds since 1970"),
        header("webhook-signature", "`v1,` and the signature over id, timestamp and body"),
      ],
      requestBody: {
        required: true,
        content: { "application/json": { schema: components.schema(body, "output") } },
      },
      responses: {
        "200": { description: "Taken" },
        "410": { description: "Not wanted any more: the endpoint is paused" },
      },
    },
  };
}

function describe(operation: Endpoint, components: Components): unknown {
  const scope = operation.access.kind === "api" ? operation.access.scope : null;
  return {
    operationId: operationId(operation),
    tags: [operation.tag],
    summary: operation.summary,
    description: scope === null ? "Open to everyone." : `Needs the scope \`${scope}\`.`,
    ...(scope === null ? { security: [] } : {}),
    parameters: [
      ...parameters(operation.params, "path", components),
      ...parameters(operation.query, "query", components),
      ...(operation.method === "get"
        ? []
        : [{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 255 } }]),
    ],
    ...(operation.rawBodyLimit === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
          },
        }),
    ...(operation.body === null
      ? {}
      : { requestBody: { content: { "application/json": { schema: components.schema(operation.body, "input") } } } }),
    responses: {
      [operation.status]: {
        description: "Done",
        ...(operation.download !== null
          ? {
              content: Object.fromEntries(
                operation.download.map((type) => [type, { schema: { type: "string", format: "binary" } }]),
              ),
            }
          : operation.response === null
            ? {}
            : { content: { "application/json": { schema: components.schema(operation.response, "output") } } }),
      },
      ...Object.fromEntries(
        PROBLEMS.filter(({ of }) => of(operation)).map(({ status }) => [
          status,
          { $ref: `#/components/responses/Problem${status}` },
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

function parameters(schema: z.ZodObject, place: "path" | "query", components: Components): unknown[] {
  return Object.entries(fieldSchemas(schema)).map(([name, field]) => {
    const { description, ...rest } = components.schema(field, "input");
    return {
      name,
      in: place,
      required: place === "path" || !field.safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}
