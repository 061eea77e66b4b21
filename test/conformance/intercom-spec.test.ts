import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { intercom } from "../../connectors/intercom/index.ts";
import { type IntercomSimulator, startIntercomSimulator } from "../../connectors/intercom/simulator/index.ts";
import { atVendor, delivery, partsOf, pull } from "../support/vendor.ts";

/** The connector's requests and the simulator's answers, held against the vendor's own description (Intercom-OpenAPI 2.15). */
const SPEC = fileURLToPath(new URL("../../../shared/specs/intercom/api.intercom.io-2.15.yaml", import.meta.url));
const hasSpec = existsSync(SPEC);
if (!hasSpec) process.stderr.write(`skipped: Intercom's OpenAPI description is not at ${SPEC}\n`);

type Operation = {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: object } } };
  readonly responses: {
    readonly [status: string]: { readonly content?: { readonly "application/json"?: { readonly schema: object } } };
  };
};
type Spec = {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: object;
};

/**
 * What is tolerated:
 * - `nullable` is OpenAPI 3.0's; it is read as the type or null.
 * - a search's `sort` is not described; additional fields are allowed by every schema, so it needs no exception.
 */
function withNull(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNull);
  if (typeof node !== "object" || node === null) return node;
  const { nullable, ...rest } = node as { readonly nullable?: boolean; readonly [key: string]: unknown };
  const entries = Object.entries(rest).filter(([key]) => key !== "example" && key !== "examples");
  const mapped = Object.fromEntries(entries.map(([key, value]) => [key, withNull(value)]));
  return nullable === true ? { anyOf: [mapped, { type: "null" }] } : mapped;
}

describe.skipIf(!hasSpec)("Intercom's description", () => {
  let spec: Spec;
  let sim: IntercomSimulator;
  let validatorOf: (schema: object) => ValidateFunction;
  const bodies: { readonly path: string; readonly body: unknown }[] = [];
  const clock = { now: () => new Date("2026-03-02T12:00:00Z") };

  beforeAll(async () => {
    spec = parse(readFileSync(SPEC, "utf8")) as Spec;
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: "https://intercom.example/spec", components: withNull(spec.components) as object });
    validatorOf = (schema) => {
      const text = JSON.stringify(schema).replaceAll('"#/components', '"https://intercom.example/spec#/components');
      return ajv.compile(JSON.parse(text) as object);
    };
    const company = createCompany({ seed: 7, now: clock.now(), scale: 0.25 });
    sim = await startIntercomSimulator({ company, clock, limits: "off", chats: "all" });
    // What is said of a chat that has just been answered or closed is held against it, too.
    const life = company.live({ clock });
    life.onChange((change) => sim.change(change));
    for (let nth = 0; nth < 1000; nth += 1) life.tick();
    const settings = { base_url: sim.baseUrl, companies_every_minutes: 0, requests_per_minute: 60_000 };
    const at = atVendor(intercom, { settings, credentials: sim.credentials, clock });
    for (const stream of Object.keys(intercom.streams)) {
      const landed = await pull(at, stream);
      await pull(at, stream, { into: landed });
    }
    sim.dial.mostListed = 50;
    await pull(at, "companies");
    await intercom.check(at.client, at.settings);
    await intercom.totals?.(at.client, at.settings);
    for (const [topic, store] of [
      ["contact.user.updated", sim.store.contacts],
      ["company.updated", sim.store.companies],
    ] as const) {
      const [id] = store.keys();
      await partsOf(at, delivery({ id: topic, topic, created_at: 1, data: { item: { id } } }));
    }
    bodies.push(
      {
        path: "/contacts/search",
        body: { query: { field: "updated_at", operator: ">", value: 0 }, pagination: { per_page: 150 } },
      },
      {
        path: "/conversations/search",
        body: {
          query: {
            operator: "AND",
            value: [
              { field: "updated_at", operator: ">", value: 1 },
              { field: "updated_at", operator: "<", value: 2_000_000_000 },
            ],
          },
          sort: { field: "updated_at", order: "ascending" },
          pagination: { per_page: 100 },
        },
      },
    );
    return () => sim.close();
  }, 120_000);

  it("knows each request of the connector: path, method and query", () => {
    const unknown = new Set<string>();
    for (const { method, path, query } of sim.log) {
      const found = operationOf(spec, method, path);
      if (found === null) unknown.add(`${method} ${path}`);
      const names = new Set(found?.operation.parameters?.map(({ name }) => name));
      for (const name of new URLSearchParams(query).keys())
        if (!names.has(name)) unknown.add(`${method} ${path}?${name}`);
    }
    expect([...unknown]).toEqual([]);
    expect(sim.log.length).toBeGreaterThan(100);
  });

  it("accepts the bodies of searches", () => {
    for (const { path, body } of bodies) {
      const schema = spec.paths[path]?.["post"]?.requestBody?.content["application/json"].schema ?? {};
      const validate = validatorOf(schema);
      expect({ path, isValid: validate(body), why: explain(validate) }).toEqual({ path, isValid: true, why: "" });
    }
  });

  it("accepts each kind of answer of the simulator", async () => {
    const headers = { authorization: `Bearer ${sim.credentials.access_token}`, "intercom-version": "2.15" };
    const refused = new Set<string>();
    let validated = 0;
    const check = async (method: string, path: string, body?: unknown): Promise<void> => {
      const found = operationOf(spec, method, path.split("?")[0] ?? "");
      const schema = found?.operation.responses["200"]?.content?.["application/json"]?.schema;
      if (found === null || schema === undefined) throw new RangeError(`no schema for ${method} ${path}`);
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(new URL(path, sim.baseUrl), { method, headers, ...sent });
      const validate = validatorOf(schema);
      validated += 1;
      if (!validate(await answer.json())) refused.add(`${found.path}: ${explain(validate)}`);
    };
    for (const path of ["/me", "/admins", "/teams", "/companies/scroll"]) await check("GET", path);
    await check("POST", "/companies/list?page=1&per_page=50");
    for (const { path, body } of bodies) await check("POST", path, body);
    for (const id of [...sim.store.conversations.keys()].slice(0, 40)) await check("GET", `/conversations/${id}`);
    for (const id of [...sim.store.contacts.keys()].slice(0, 40)) await check("GET", `/contacts/${id}`);
    for (const id of [...sim.store.companies.keys()].slice(0, 10)) await check("GET", `/companies/${id}`);
    expect([...refused]).toEqual([]);
    expect(validated).toBe(97);
  });
});

function operationOf(spec: Spec, method: string, path: string): { path: string; operation: Operation } | null {
  const verb = method.toLowerCase();
  const literal = spec.paths[path]?.[verb];
  if (literal !== undefined) return { path, operation: literal };
  const asked = path.split("/");
  for (const [template, operations] of Object.entries(spec.paths)) {
    const parts = template.split("/");
    const operation = operations[verb];
    const isMatch =
      parts.length === asked.length && parts.every((part, at) => part === asked[at] || part.startsWith("{"));
    if (isMatch && operation !== undefined) return { path: template, operation };
  }
  return null;
}

function explain(validate: ValidateFunction): string {
  const reasons = (validate.errors ?? []).map(
    (error) => `${error.instancePath.replaceAll(/\d+/g, "n")} ${error.message ?? ""}`,
  );
  return [...new Set(reasons)].slice(0, 6).join("; ");
}
