import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import prettier from "prettier";
import { expect, test } from "vitest";
import { fieldOf, type JsonObject } from "../../core/base/json.ts";
import { appContract } from "./app-contract.ts";
import { ENDPOINTS } from "./index.ts";
import { openApiDocument } from "./openapi.ts";

const document = openApiDocument(ENDPOINTS);
const contract = appContract(document);

test.each(["zapier", "n8n/nodes/Tributary"])(
  "the app in destinations/%s offers what the hub has (-u writes it anew)",
  async (folder) => {
    const shared = readFileSync(new URL("app-shared.ts", import.meta.url), "utf8");
    const text = `// Made by dashboards/api/app-contract.ts; not to be changed by hand.
// After a change of the API or of the events: npx vitest run dashboards/api/app-contract.test.ts -u

${shared}
export const contract: AppContract = ${JSON.stringify(contract)};
`;
    const formatted = await prettier.format(text, { parser: "typescript", printWidth: 120 });
    await expect(formatted).toMatchFileSnapshot(`../destinations/${folder}/contract.ts`);
  },
);

test("samples of what is found and kept are what the API's description says", () => {
  const ajv = new Ajv.default({ strict: false });
  addFormats.default(ajv);
  const schemas = JSON.stringify(fieldOf(fieldOf(document, "components"), "schemas")).replaceAll(
    "#/components/schemas/",
    "#/$defs/",
  );
  const problems = (name: string, sample: unknown): unknown => {
    const schema = { $ref: `#/$defs/${name}`, $defs: JSON.parse(schemas) as JsonObject };
    const isValid = ajv.compile(schema);
    isValid(sample);
    return isValid.errors;
  };
  for (const { sample } of contract.creates) expect(problems("KeptRow", sample)).toBeNull();
  const found = { find_deal: "Deal", find_person: "Person", find_rep: "Rep" } as const;
  for (const [key, name] of Object.entries(found))
    expect([key, problems(name, contract.searches.find((one) => one.key === key)?.sample)]).toEqual([key, null]);
});

test("nothing that an event carries hides what it is", () => {
  for (const { sample, type } of contract.triggers)
    expect([sample["id"], sample["event_type"]]).toEqual([expect.stringMatching(/^evt_/), type]);
});
