import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { close } from "../../connectors/close/index.ts";
import { SUBSCRIBED } from "../../connectors/close/webhook.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { startCloseSimulator, type CloseSimulator } from "../../connectors/close/simulator/index.ts";
import * as objects from "../../connectors/close/simulator/objects.ts";
import { connect, pull } from "../integration/close-harness.ts";

/**
 * The connector's requests and the simulator's answers, held against the vendor's machine-readable description. It may not be
 * distributed, so it lies beside the checkout of whoever has it.
 */
const SPEC = fileURLToPath(new URL("../../../shared/specs/close/close-openapi.yml", import.meta.url));
const hasSpec = existsSync(SPEC);
if (!hasSpec) process.stderr.write(`skipped: Close's OpenAPI description is not at ${SPEC}\n`);

/** Where the description and the vendor's own pages differ; each is listed with its source in connectors/close/README.md. */
const TOLERATED = {
  /** The Advanced Filtering page describes it, the description leaves it out. */
  paths: new Set(["POST /data/search/"]),
  /** Documented in prose alone: "Event log" for the cursor, the overview's `_fields`. */
  query: new Set(["GET /event/?_cursor", "GET /organization/{id}/?_fields", "GET /activity/email/?_fields"]),
};

type Operation = {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: {
    readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema: object } } };
  };
};
type Spec = {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: object;
};

describe.skipIf(!hasSpec)("Close's description", () => {
  let spec: Spec;
  let sim: CloseSimulator;
  let validator: (schema: object, isSparse: boolean) => ValidateFunction;
  const clock = { now: () => new Date("2026-03-02T12:00:00Z") };

  beforeAll(async () => {
    spec = parse(readFileSync(SPEC, "utf8")) as Spec;
    validator = makeValidator(spec);
    const company = createCompany({ seed: 7, now: clock.now(), scale: 0.05 });
    sim = await startCloseSimulator({ company, clock, limits: "off" });
    // Kinds that the company has no use for.
    const base = { id: "acti_x", organization_id: sim.store.setup.organizationId, at: clock.now() };
    sim.store.create("whatsapp", objects.whatsapp(base), { at: clock.now() });
    sim.store.create("custom", objects.customActivity(base), { at: clock.now() });
    sim.store.create("leadMerge", objects.leadMerge(base), { at: clock.now() });
    for (const stream of Object.keys(close.streams)) await pull(sim, stream, { clock });
    const { client, settings } = connect(sim, { clock });
    await close.check(client, settings);
    await close.totals?.(client, settings);
    for (let twice = 0; twice < 2; twice += 1)
      await close.webhook?.subscribe?.(client, "https://hub.example/in/close/token");
    return () => sim.close();
  }, 120_000);

  it("knows each request of the connector: path, method and query", () => {
    const unknown = new Set<string>();
    for (const request of sim.log) {
      const found = operationOf(spec, request.method, request.path);
      const name = `${request.method} ${found?.path ?? request.path.replace("/api/v1", "")}`;
      if (found === null) {
        if (!TOLERATED.paths.has(name)) unknown.add(name);
        continue;
      }
      const names = new Set(found.operation.parameters?.map((parameter) => parameter.name));
      for (const query of new URLSearchParams(request.query).keys()) {
        if (!names.has(query) && !TOLERATED.query.has(`${name}?${query}`)) unknown.add(`${name}?${query}`);
      }
    }
    expect([...unknown]).toEqual([]);
    expect(sim.log.length).toBeGreaterThan(50);
  });

  it("accepts each answer of the simulator", async () => {
    const asked = new Map<string, { method: string; path: string; query: string }>();
    for (const request of sim.log) {
      if (request.method === "GET" && request.status === 200) asked.set(request.path, request);
    }
    const refused: string[] = [];
    let validated = 0;
    for (const { method, path, query } of asked.values()) {
      const found = operationOf(spec, method, path);
      const schema = found?.operation.responses["200"]?.content?.["application/json"]?.schema;
      if (found === null || schema === undefined) continue;
      for (const isSparse of [false, true]) {
        const parameters = new URLSearchParams(query);
        if (!isSparse) parameters.delete("_fields");
        else if (!parameters.has("_fields")) continue;
        const headers = { authorization: `Basic ${Buffer.from(`${sim.apiKey}:`).toString("base64")}` };
        const answer = await fetch(`${sim.origin}${path}?${parameters.toString()}`, { headers });
        const validate = validator(schema, isSparse);
        validated += 1;
        if (!validate(await answer.json())) refused.push(`${found.path}: ${explain(validate)}`);
      }
    }
    expect(refused).toEqual([]);
    expect(validated).toBeGreaterThan(25);
  });

  it("accepts the body that subscribes", () => {
    const validate = validator({ $ref: "#/components/schemas/CreateWebhook" }, false);
    expect(validate({ url: "https://hub.example/in", events: [...SUBSCRIBED], verify_ssl: true })).toBe(true);
  });
});

function operationOf(spec: Spec, method: string, path: string): { path: string; operation: Operation } | null {
  const asked = path.replace("/api/v1", "").split("/");
  for (const [template, operations] of Object.entries(spec.paths)) {
    const parts = template.split("/");
    const isMatch =
      parts.length === asked.length &&
      parts.every((part, at) => part === asked[at] || (part.startsWith("{") && asked[at] !== ""));
    const operation = operations[method.toLowerCase()];
    // A literal path is listed before the one with a placeholder, or has another length; either way the first literal match wins.
    if (isMatch && operation !== undefined && !isShadowed(spec, asked, template)) return { path: template, operation };
  }
  return null;
}

/** Whether another template names literally what this one takes for a placeholder. */
function isShadowed(spec: Spec, asked: readonly string[], template: string): boolean {
  const literal = asked.join("/");
  return template !== literal && literal in spec.paths;
}

function makeValidator(spec: Spec): (schema: object, isSparse: boolean) => ValidateFunction {
  const compilers = [false, true].map((isSparse) => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
    addFormats.default(ajv);
    const components = isSparse ? withoutRequired(spec.components) : spec.components;
    ajv.addSchema({ $id: "https://close.example/spec", components });
    return ajv;
  });
  return (schema, isSparse) => {
    const ajv = compilers[isSparse ? 1 : 0];
    if (ajv === undefined) throw new RangeError("no compiler");
    const text = JSON.stringify(schema).replaceAll('"#/components', '"https://close.example/spec#/components');
    return ajv.compile(JSON.parse(text) as object);
  };
}

/** What `_fields` leaves out is missing from rows, whatever the schema requires. */
function withoutRequired(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutRequired);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) => !(key === "required" && Array.isArray(value)));
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutRequired(value)]));
}

function explain(validate: ValidateFunction): string {
  const reasons = (validate.errors ?? []).map(
    (error) => `${error.instancePath.replaceAll(/\d+/g, "n")} ${error.message ?? ""}`,
  );
  return [...new Set(reasons)].slice(0, 5).join("; ");
}
