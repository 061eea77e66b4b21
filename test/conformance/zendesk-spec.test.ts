import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { zendesk } from "../../connectors/zendesk/index.ts";
import { startZendeskSimulator, type ZendeskSimulator } from "../../connectors/zendesk/simulator/index.ts";
import { connect, pull } from "../integration/zendesk-harness.ts";

/**
 * The connector's requests and the simulator's answers, held against the vendor's machine-readable description, which is cut into a file
 * for each group of paths. It may not be distributed, so it lies beside the checkout of whoever has it.
 */
const SPECS = fileURLToPath(new URL("../../../shared/specs/zendesk/", import.meta.url));
const hasSpecs = existsSync(SPECS);
if (!hasSpecs) process.stderr.write(`skipped: Zendesk's OpenAPI descriptions are not at ${SPECS}\n`);

/** Where the descriptions fall short of the vendor's own pages; each is listed with its source in connectors/zendesk/README.md. */
const TOLERATED = {
  /** Described on pages of their own, and in none of the files. */
  paths: new Set([
    "GET /api/v2/channels/voice/stats/incremental/calls",
    "GET /api/v2/guide/survey_responses",
    "GET /api/v2/webhooks",
    "POST /api/v2/webhooks",
    "DELETE /api/v2/webhooks/{id}",
    "GET /api/v2/webhooks/{id}/signing_secret",
    "GET /api/v2/tickets/{id}/metrics",
    "POST /oauth/tokens",
  ]),
  /** Documented in prose alone: "Pagination", "Side-loading", the filters of satisfaction ratings, the order of comments, the size of an export's page. */
  query: new Set(["page[size]", "page[after]", "include", "per_page"]),
  filters: new Set(["GET /api/v2/satisfaction_ratings?start_time", "GET /api/v2/tickets/{ticket_id}/comments?sort"]),
};

/** Shared parameters are named in the files and defined in none: the names that the vendor's pages give them. */
const SHARED_PARAMETERS: { readonly [name: string]: string } = {
  IncrementalUnixTime: "start_time",
  IncrementalCursor: "cursor",
  IncrementalPage: "per_page",
  TicketIds: "ids",
  UserIds: "ids",
};

type Parameter = { readonly name?: string; readonly $ref?: string };
type Content = {
  readonly schema: { readonly $ref?: string; readonly example?: unknown };
  readonly examples?: { readonly default?: { readonly $ref?: string; readonly value?: unknown } };
};
type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly responses: { readonly [status: string]: { readonly content?: { readonly [type: string]: Content } } };
};
type Spec = {
  readonly paths: {
    readonly [path: string]: { readonly parameters?: readonly Parameter[] } & { readonly [method: string]: Operation };
  };
  readonly components?: {
    readonly schemas?: { readonly [name: string]: { readonly example?: unknown } };
    readonly examples?: { readonly [name: string]: { readonly value?: unknown } };
  };
};
type Found = {
  readonly template: string;
  readonly spec: Spec;
  readonly operation: Operation;
  readonly names: ReadonlySet<string>;
};

describe.skipIf(!hasSpecs)("Zendesk's description", () => {
  let specs: readonly Spec[];
  let sim: ZendeskSimulator;
  const clock = { now: () => new Date("2026-11-18T12:00:00Z") };

  beforeAll(async () => {
    const files = readdirSync(SPECS).filter((file) => file.endsWith(".yml"));
    specs = files.map((file) => parse(readFileSync(path.join(SPECS, file), "utf8")) as Spec);
    // Live tickets are held against it, too: an hour ago, so that the exports do not hold them back.
    const hourAgo = new Date(clock.now().getTime() - 3_600_000);
    const company = createCompany({ seed: 7, now: hourAgo, scale: 0.3 });
    sim = await startZendeskSimulator({ company, clock, limits: "off" });
    const life = company.live({ clock: { now: () => hourAgo } });
    life.onChange((change) => sim.change(change));
    for (let nth = 0; nth < 1000; nth += 1) life.tick();
    Object.assign(sim.dial, { mostRows: 50 });
    for (const stream of Object.keys(zendesk.streams)) await pull(sim, stream, { clock });
    const { client, settings } = connect(sim, { clock });
    await zendesk.check(client, settings);
    await zendesk.totals?.(client, settings);
    for (let twice = 0; twice < 2; twice += 1)
      await zendesk.webhook?.subscribe?.(client, "https://hub.example/in/zendesk/token");
    for (const [subject, id] of [
      ["ticket", sim.store.all("ticket")[0]?.id],
      ["user", sim.store.all("user")[0]?.id],
      ["organization", sim.store.all("organization")[0]?.id],
    ]) {
      const body = JSON.stringify({ type: `zen:event-type:${subject}.created`, detail: { id: String(id) } });
      const headers = { "x-zendesk-webhook-signature-timestamp": clock.now().toISOString() };
      await zendesk.webhook?.parts({ headers, body: Buffer.from(body) }, client);
    }
    return () => sim.close();
  }, 120_000);

  it("knows each request of the connector: path, method and query", () => {
    const unknown = new Set<string>();
    for (const request of sim.log) {
      const found = operationOf(specs, request.method, request.path);
      const shown = request.path.replace(/\.json$/, "").replace(/\/(\d+|01[0-9A-Z]{24})(?=\/|$)/, "/{id}");
      const name = `${request.method} ${found?.template ?? shown}`;
      if (found === null) {
        if (!TOLERATED.paths.has(name)) unknown.add(name);
        continue;
      }
      for (const query of new URLSearchParams(request.query).keys()) {
        const isKnown =
          found.names.has(query) || TOLERATED.query.has(query) || TOLERATED.filters.has(`${name}?${query}`);
        if (!isKnown) unknown.add(`${name}?${query}`);
      }
    }
    expect([...unknown]).toEqual([]);
    expect(sim.log.length).toBeGreaterThan(40);
  });

  it("accepts each answer of the simulator, and its objects have the types of the description's own examples", async () => {
    const asked = new Map(
      sim.log.filter(({ method, status }) => method === "GET" && status === 200).map((one) => [one.path, one]),
    );
    const refused: string[] = [];
    let validated = 0;
    let compared = 0;
    for (const { path: asks, query } of asked.values()) {
      const found = operationOf(specs, "GET", asks);
      const content = found?.operation.responses["200"]?.content?.["application/json"];
      if (found === null || content === undefined) continue;
      const headers = { authorization: `Bearer ${sim.accessToken()}` };
      const answer = (await (await fetch(`${sim.origin}${asks}?${query}`, { headers })).json()) as unknown;
      validated += 1;
      refused.push(...problemsOf(found, content.schema, answer).map((problem) => `${found.template}: ${problem}`));
      const shown = exampleOf(found.spec, content);
      compared += shown === undefined ? 0 : 1;
      refused.push(...differences(shown, answer, found.template));
    }
    expect(refused).toEqual([]);
    expect(validated).toBeGreaterThan(15);
    expect(compared).toBeGreaterThan(3);
  });
});

function operationOf(specs: readonly Spec[], method: string, asks: string): Found | null {
  const parts = asks.replace(/\.json$/, "").split("/");
  const candidates = specs.flatMap((spec) =>
    Object.entries(spec.paths).flatMap(([template, operations]): readonly Found[] => {
      const operation = operations[method.toLowerCase()];
      const own = template.split("/");
      const isMatch =
        own.length === parts.length && own.every((part, at) => part === parts[at] || /^\{\w+_id\}$/.test(part));
      if (operation === undefined || !isMatch) return [];
      const names = [...(operations.parameters ?? []), ...(operation.parameters ?? [])].map(nameOf);
      return [{ template, spec, operation, names: new Set(names) }];
    }),
  );
  // A literal path comes before the one with a placeholder.
  return candidates.toSorted((a, b) => Number(a.template.includes("{")) - Number(b.template.includes("{")))[0] ?? null;
}

function nameOf({ name, $ref }: Parameter): string {
  const shared = $ref?.split("/").at(-1) ?? "";
  return name ?? SHARED_PARAMETERS[shared] ?? shared;
}

/** An example stands with the answer, among the file's examples, or in its schema. */
function exampleOf({ components = {} }: Spec, { schema, examples }: Content): unknown {
  const last = (ref: string | undefined): string => ref?.split("/").at(-1) ?? "";
  const example = examples?.default;
  const inSchema = schema.example ?? components.schemas?.[last(schema.$ref)]?.example;
  return example?.value ?? components.examples?.[last(example?.$ref)]?.value ?? inSchema;
}

/** Shared objects are named in the files and defined in none: any object will do for them here, their examples are compared instead. */
function problemsOf({ spec }: Found, schema: object, answer: unknown): readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Written so in the description of counts; a date-time is meant.
  ajv.addFormat("datetime", true);
  const known = spec.components?.schemas ?? {};
  const named = JSON.stringify({ schema, known }).matchAll(/#\/components\/schemas\/(\w+)/g);
  const dangling = [...named].flatMap(([, name = ""]) => (name in known ? [] : [[name, { type: "object" }] as const]));
  const $defs = { ...(nullables(known) as object), ...Object.fromEntries(dangling) };
  const local = JSON.parse(
    JSON.stringify({ ...(nullables(schema) as object), $defs }).replaceAll("#/components/schemas/", "#/$defs/"),
  ) as object;
  const validate = ajv.compile(local);
  if (validate(answer)) return [];
  return [
    ...new Set(
      (validate.errors ?? []).map((one) => `${one.instancePath.replaceAll(/\d+/g, "n")} ${one.message ?? ""}`),
    ),
  ].slice(0, 5);
}

/** `nullable` is of OpenAPI 3.0 and unknown to 3.1, by which the files say they are written. */
function nullables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(nullables);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [key, nullables(value)] as const);
  const own = Object.fromEntries(entries) as { readonly [key: string]: unknown };
  return own["nullable"] === true && typeof own["type"] === "string" ? { ...own, type: [own["type"], "null"] } : own;
}

/** The fields that both have, and that are of another type. Ids may be texts in examples; nothing is compared with null. */
function differences(example: unknown, answer: unknown, at: string): readonly string[] {
  if (example === null || example === undefined || answer === null || answer === undefined) return [];
  const [theirs, ours] = [typeOf(example), typeOf(answer)];
  if (theirs !== ours) return [`${at} is ${ours}, and ${theirs} in the example`];
  if (Array.isArray(example)) return differences(example[0], (answer as readonly unknown[])[0], `${at}[]`);
  if (theirs !== "object") return [];
  const own = answer as { readonly [key: string]: unknown };
  return Object.entries(example).flatMap(([key, value]) => differences(value, own[key], `${at}.${key}`));
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value;
}
