import prettier from "prettier";
import { expect, it } from "vitest";
import { clientTypes } from "./client-types.ts";
import { ENDPOINTS } from "./index.ts";
import { openApiDocument } from "./openapi.ts";

it("the console's types of the API are those of its OpenAPI document", async () => {
  const types = await prettier.format(clientTypes(openApiDocument(ENDPOINTS)), {
    parser: "typescript",
    printWidth: 120,
  });
  await expect(types).toMatchFileSnapshot("../console/app/api/types.ts");
});

it("reads what our schemas come to", () => {
  const types = clientTypes({
    paths: {
      "/deals/{id}": {
        get: {
          parameters: [
            { name: "id", in: "path", required: true, schema: { type: "string" } },
            { name: "limit", in: "query", schema: { type: "integer" } },
          ],
          responses: {
            "404": { description: "gone" },
            "200": { content: { "application/json": { schema: { $ref: "#/components/schemas/Deal" } } } },
          },
        },
      },
    },
    components: {
      schemas: {
        Deal: {
          type: "object",
          required: ["state", "span"],
          properties: {
            state: { enum: ["open", "won"] },
            span: { type: "array", prefixItems: [{ type: "number" }, { type: "null" }] },
            value: { anyOf: [{ type: "number" }, { type: "null" }] },
            tags: { type: "object", additionalProperties: { type: "string" } },
            any: {},
          },
        },
      },
    },
  });
  expect(types).toContain(
    'export type Deal = { "state": "open" | "won"; "span": [number, null]; "value"?: number | null; "tags"?: { [name: string]: string }; "any"?: unknown };',
  );
  expect(types).toContain(
    '"GET /deals/{id}": { params: { "id": string }; query: { "limit"?: number }; body: undefined; answer: Deal };',
  );
});
