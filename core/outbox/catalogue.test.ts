import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { EVENT_TYPES, EVENTS, eventSample, eventSchema } from "./catalogue.ts";

const PAGE = fileURLToPath(new URL("../../docs/webhooks.md", import.meta.url));

test.each(EVENT_TYPES)("the sample of %s is what its JSON Schema says, and its name may be one", (type) => {
  const ajv = new Ajv.default({ strict: true });
  addFormats.default(ajv);
  const isValid = ajv.compile(eventSchema(type));
  isValid(eventSample(type));
  expect(isValid.errors).toBeNull();
  expect(type).toMatch(/^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$/);
  // Standard Webhooks: keep it under 20 kB.
  expect(JSON.stringify(eventSample(type)).length).toBeLessThan(20_000);
});

test("docs/webhooks.md lists every event with its version and a sample (UPDATE=1 writes the list anew)", () => {
  const list = EVENT_TYPES.map((type) => {
    const { title, version } = EVENTS[type];
    return `### \`${type}\`\n\n${title}. Version ${version}.\n\n\`\`\`json\n${JSON.stringify(eventSample(type), null, 2)}\n\`\`\`\n`;
  }).join("\n");
  const page = readFileSync(PAGE, "utf8");
  const [before = ""] = page.split("\n## The events\n");
  const whole = `${before}\n## The events\n\n${list}`;
  if (process.env["UPDATE"] === "1") writeFileSync(PAGE, whole);
  expect(page).toBe(whole);
});
