import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { googleAnalytics } from "../../connectors/google-analytics/index.ts";
import type { AnalyticsSimulator } from "../../connectors/google-analytics/simulator/index.ts";
import { connect, pull, smallSite } from "../integration/google-analytics-harness.ts";

/**
 * The connector's requests and the simulator's answers, held against Google's discovery document. It may not be distributed, so it lies
 * beside the checkout of whoever has it.
 */
const SPEC = fileURLToPath(
  new URL("../../../shared/specs/google-analytics/analyticsdata.v1beta.json", import.meta.url),
);
const hasSpec = existsSync(SPEC);
if (!hasSpec) process.stderr.write(`skipped: Google's discovery document is not at ${SPEC}\n`);

type Node = { readonly [key: string]: unknown };
type Method = { readonly flatPath: string; readonly httpMethod: string };
type Spec = {
  readonly parameters: Node;
  readonly schemas: { readonly [name: string]: Node };
  readonly resources: { readonly properties: { readonly methods: { readonly [name: string]: Method } } };
};

/**
 * A discovery schema as JSON Schema. Differences, each of which Google's own servers and clients make use of: enums travel as names or, with
 * `$alt=json;enum-encoding=int`, as numbers; int64 as text or number; unknown fields are refused, so that a misspelt one is found.
 */
function toJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (typeof node !== "object" || node === null) return node;
  const of = node as Node;
  if (typeof of["$ref"] === "string") return { $ref: `#/$defs/${of["$ref"]}` };
  if (Array.isArray(of["enum"])) return { anyOf: [{ enum: of["enum"] }, { type: "integer" }] };
  if (of["format"] === "int64") return { anyOf: [{ type: "string", pattern: "^-?\\d+$" }, { type: "integer" }] };
  if (of["type"] === "array") return { type: "array", items: toJsonSchema(of["items"]) };
  if (of["type"] !== "object") return { type: of["type"] };
  const properties = Object.entries((of["properties"] ?? {}) as Node).map(([name, each]) => [name, toJsonSchema(each)]);
  return { type: "object", properties: Object.fromEntries(properties) as unknown, additionalProperties: false };
}

describe.skipIf(!hasSpec)("Google's description of the Data API", () => {
  let spec: Spec;
  let sim: AnalyticsSimulator;
  let validate: (schema: string, value: unknown) => string | null;

  beforeAll(async () => {
    spec = JSON.parse(readFileSync(SPEC, "utf8")) as Spec;
    const $defs = Object.fromEntries(Object.entries(spec.schemas).map(([name, each]) => [name, toJsonSchema(each)]));
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    const compiled = new Map<string, ValidateFunction>();
    validate = (schema, value) => {
      const check = compiled.get(schema) ?? ajv.compile({ $ref: `#/$defs/${schema}`, $defs });
      compiled.set(schema, check);
      if (check(value)) return null;
      return (check.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`).join("; ");
    };
    const { sim: site, clock } = await smallSite();
    sim = site;
    const dials = [{}, { leastUsers: 5, mostPages: 2, mostDaysUnsampled: 1, restricted: ["totalRevenue"] }];
    for (const dial of dials) {
      Object.assign(sim.dial, dial);
      const settings = { key_events: ["book_demo"] };
      const since = new Date("2026-11-18T12:00:00Z");
      for (const stream of Object.keys(googleAnalytics.streams)) await pull(sim, stream, { clock, since, settings });
      const connected = connect(sim, { clock, settings });
      await pull(sim, "days", { clock, maxPages: 1 });
      await googleAnalytics.check(connected.client, connected.settings);
      await googleAnalytics.totals?.(connected.client, connected.settings);
    }
    return () => sim.close();
  }, 120_000);

  it("knows the path, method and query of each request of the connector", () => {
    const methods = Object.values(spec.resources.properties.methods).map(({ flatPath, httpMethod }) => {
      const pattern = flatPath.replaceAll(/\{\w+\}/g, "[^/:]+");
      return { httpMethod, pattern: new RegExp(`^/${pattern}$`) };
    });
    const unknown = new Set<string>();
    for (const { method, path, query } of sim.log) {
      if (!methods.some(({ httpMethod, pattern }) => httpMethod === method && pattern.test(path))) unknown.add(path);
      // The library writes `$alt`, which Google takes for `alt`, with its way of writing enums.
      for (const name of new URLSearchParams(query).keys()) {
        if (!(name.replace("$", "") in spec.parameters)) unknown.add(`${path}?${name}`);
      }
    }
    expect([...unknown]).toEqual([]);
    expect(sim.log.length).toBeGreaterThan(20);
  });

  it("accepts the body of each report that was asked for", () => {
    for (const { body } of sim.reports) expect(validate("RunReportRequest", JSON.parse(body))).toBeNull();
    expect(JSON.stringify(sim.reports)).toContain("inListFilter");
    expect(validate("RunReportRequest", { metric: [] })).toContain("additional properties");
  });

  it("accepts each answer of the simulator, with all that it says about quality", () => {
    for (const { answer } of sim.reports) expect(validate("RunReportResponse", answer)).toBeNull();
    const text = JSON.stringify(sim.reports);
    for (const said of [
      "subjectToThresholding",
      "dataLossFromOtherRow",
      "samplingMetadatas",
      "activeMetricRestrictions",
    ])
      expect(text).toContain(said);
    expect(validate("Metadata", sim.metadata())).toBeNull();
  });
});
