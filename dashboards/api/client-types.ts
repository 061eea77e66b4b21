import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";

/**
 * The API's operations as TypeScript, for the console's client: made from the OpenAPI document, so that the console cannot ask for what the API
 * does not have. Knows the parts of JSON Schema that our own schemas come to.
 */
export function clientTypes(document: JsonObject): string {
  const { paths, components } = documentSchema.parse(document);
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${typeName(name)} = ${typeOf(schema)};`,
  );
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => `"${method.toUpperCase()} ${path}": ${describe(operation)};`),
  );
  return [HEAD, ...schemas, `export type Operations = {\n${operations.join("\n")}\n};`].join("\n\n");
}

const HEAD = `// Made from the API's OpenAPI document by dashboards/api/client-types.ts; not to be changed by hand.
// After a change of the API: npx vitest run dashboards/api/client-types.test.ts -u

export type Nothing = { readonly [name in never]: never };`;

const content = z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() });
const operationSchema = z.object({
  parameters: z.array(
    z.object({ name: z.string(), in: z.string(), required: z.boolean().default(false), schema: z.unknown() }),
  ),
  requestBody: content.optional(),
  responses: z.record(z.string(), content),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

function describe({ parameters, requestBody, responses }: z.output<typeof operationSchema>): string {
  const of = (place: string): string => {
    const fields = parameters
      .filter((one) => one.in === place)
      .map(({ name, required, schema }) => `${JSON.stringify(name)}${required ? "" : "?"}: ${typeOf(schema)}`);
    return fields.length === 0 ? "Nothing" : `{ ${fields.join("; ")} }`;
  };
  const [, done] = Object.entries(responses).find(([status]) => status.startsWith("2")) ?? [];
  return `{ params: ${of("path")}; query: ${of("query")}; body: ${bodyOf(requestBody)}; answer: ${bodyOf(done)} }`;
}

function bodyOf(body: z.output<typeof content> | undefined): string {
  const [type, first] = Object.entries(body?.content ?? {})[0] ?? [];
  if (first === undefined) return "undefined";
  return type === "application/octet-stream" ? "Blob" : typeOf(first.schema);
}

const jsonSchema = z.object({
  $ref: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
});
type Schema = z.output<typeof jsonSchema>;

function typeOf(said: unknown): string {
  const parsed = jsonSchema.safeParse(said);
  if (!parsed.success) return said === false ? "never" : "unknown";
  const schema = parsed.data;
  if (schema.$ref !== undefined) return typeName(schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((one) => JSON.stringify(one)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map(typeOf));
  if (schema.allOf !== undefined) return schema.allOf.map((one) => `(${typeOf(one)})`).join(" & ");
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return union(types.map((type) => plainType(type, schema)));
}

function plainType(type: string, schema: Schema): string {
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return schema.prefixItems === undefined
        ? `(${typeOf(schema.items)})[]`
        : `[${schema.prefixItems.map(typeOf).join(", ")}]`;
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? "" : "?"}: ${typeOf(schema)}`,
  );
  const isOpen = typeof additionalProperties === "object" && additionalProperties !== null;
  if (fields.length > 0) return `{ ${fields.join("; ")} }`;
  return isOpen ? `{ [name: string]: ${typeOf(additionalProperties)} }` : "{ [name: string]: unknown }";
}

function union(types: readonly string[]): string {
  const all = [...new Set(types)];
  // What may be anything may be anything.
  if (all.includes("unknown")) return "unknown";
  // And a text that is one of these or any other is any.
  return all.filter((type) => !(type.startsWith('"') && all.includes("string"))).join(" | ");
}

function typeName(name: string): string {
  return name.replaceAll(/\W/g, "");
}
