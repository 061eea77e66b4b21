import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Json } from "../../core/base/json.ts";
import { fieldOf, isObject } from "../../core/base/json.ts";
import { EVENT_TYPES } from "../../core/outbox/catalogue.ts";
import { ENDPOINTS } from "./index.ts";
import { openApiDocument } from "./openapi.ts";

const document = openApiDocument(ENDPOINTS);

/** Every object of the document. */
function* objectsOf(value: Json): Generator<{ readonly [name: string]: Json }> {
  if (typeof value !== "object" || value === null) return;
  if (isObject(value)) yield value;
  for (const one of Object.values(value)) yield* objectsOf(one);
}

function at(pointer: string): Json | undefined {
  let found: Json | undefined = document;
  for (const step of pointer.replace(/^#\//, "").split("/"))
    found = isObject(found) ? found[step.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  return found;
}

describe("the OpenAPI description", () => {
  it("is valid OpenAPI 3.1 for a library that has never seen us", async () => {
    const { valid, errors } = await new Validator().validate(
      JSON.parse(JSON.stringify(document)) as Record<string, unknown>,
    );
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("points at nothing that is not there", () => {
    const refs = [...objectsOf(document)].flatMap(({ $ref }) => (typeof $ref === "string" ? [$ref] : []));
    expect(refs.length).toBeGreaterThan(20);
    expect(refs.filter((ref) => !ref.startsWith("#/components/") || at(ref) === undefined)).toEqual([]);
    expect([...objectsOf(document)].filter((one) => "$defs" in one)).toEqual([]);
  });

  it("tells of every operation what may go wrong, conflicts, limits and our own faults included", () => {
    for (const operation of ENDPOINTS) {
      const { responses } = at(`#/paths/${operation.path.replaceAll("/", "~1")}/${operation.method}`) as {
        responses: { readonly [status: string]: Json };
      };
      const expected = [
        "400",
        "404",
        "422",
        "429",
        "500",
        "503",
        ...(operation.method === "get" ? [] : ["409", "502"]),
      ];
      expect([operation.path, Object.keys(responses)]).toEqual([operation.path, expect.arrayContaining(expected)]);
    }
  });

  it("has one form for all lists: pages with a limit, a cursor, and the cursor of the next", () => {
    const lists = ENDPOINTS.filter(
      ({ method, response }) => method === "get" && response instanceof z.ZodObject && "data" in response.shape,
    );
    expect(lists.length).toBeGreaterThan(20);
    const odd = lists.filter(({ response, query }) => {
      const fields = response instanceof z.ZodObject ? Object.keys(response.shape) : [];
      return fields.toSorted().join() !== "data,next_cursor" || !("cursor" in query.shape && "limit" in query.shape);
    });
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it("has every event that can be subscribed to, with what it tells", () => {
    expect(Object.keys(fieldOf(document, "webhooks") as object)).toEqual([...EVENT_TYPES]);
  });

  it("gives every operation an id of its own", () => {
    const ids = [...objectsOf(document)].flatMap(({ operationId }) =>
      typeof operationId === "string" ? [operationId] : [],
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
