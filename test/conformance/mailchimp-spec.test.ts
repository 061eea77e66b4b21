import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { mailchimp } from "../../connectors/mailchimp/index.ts";
import type { MailchimpSimulator } from "../../connectors/mailchimp/simulator/index.ts";
import { startReceiver } from "../support/receiver.ts";
import { connect, pull, smallAccount } from "../integration/mailchimp-harness.ts";

/**
 * The connector's requests and the simulator's answers, held against the vendor's machine-readable description (Swagger 2.0). It may not be
 * distributed, so it lies beside the checkout of whoever has it.
 */
const SPEC = fileURLToPath(
  new URL("../../../shared/specs/mailchimp/marketing-3.0.55-read-subset.swagger.json", import.meta.url),
);
const hasSpec = existsSync(SPEC);
if (!hasSpec) process.stderr.write(`skipped: Mailchimp's description is not at ${SPEC}\n`);

/** Where the description and the vendor's own pages differ; each is listed with its source in connectors/mailchimp/README.md. */
const TOLERATED = {
  /** The file at hand holds what reads. */
  paths: new Set(["DELETE /lists/{list_id}/webhooks/{webhook_id}"]),
  /** Dates that are not set are "", which is no date-time; whether Mailchimp sends null for them is not said. */
  isEmptyDate: (error: ErrorObject): boolean => error.keyword === "format" && error.data === "",
};

type Operation = {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: object }[];
  readonly responses: { readonly [status: string]: { readonly schema?: object } };
};
type Spec = { readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } } };

describe.skipIf(!hasSpec)("Mailchimp's description", () => {
  let spec: Spec;
  let sim: MailchimpSimulator;
  let ajv: Ajv;

  beforeAll(async () => {
    spec = JSON.parse(readFileSync(SPEC, "utf8")) as Spec;
    ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, verbose: true });
    addFormats.default(ajv);
    const { sim: started, clock } = await smallAccount();
    sim = started;
    const receiver = await startReceiver();
    for (const stream of Object.keys(mailchimp.streams)) await pull(sim, stream, { clock });
    const { client, settings } = connect(sim, { clock, settings: { log_sends: true } });
    await mailchimp.check(client, settings);
    await mailchimp.totals?.(client, settings);
    for (let twice = 0; twice < 2; twice += 1) await mailchimp.webhook?.subscribe?.(client, receiver.url);
    const [campaign] = sim.store.campaigns.values();
    const [list = ""] = sim.store.lists.keys();
    const email = String(sim.store.members(list)[0]?.["email_address"]);
    const sent = [...sim.store.campaigns.values()].flatMap(({ id, sends }) =>
      [...sends.values()].map((send) => ({ ...send, id })),
    );
    const left = sent.find(({ unsubscribedAt }) => unsubscribedAt !== null);
    if (left === undefined) throw new RangeError("nobody has left");
    for (const body of [
      `type=unsubscribe&data[list_id]=${list}&data[email]=${left.email}&data[campaign_id]=${left.id}`,
      `type=profile&data[list_id]=${list}&data[email]=${email}`,
      `type=campaign&data[id]=${campaign?.id ?? ""}`,
    ])
      await mailchimp.webhook?.parts({ headers: {}, body: Buffer.from(body) }, client);
    return () => sim.close();
  }, 60_000);

  it("knows each request of the connector: path, method and query", () => {
    const unknown = new Set<string>();
    for (const { method, path, query } of sim.log) {
      const found = operationOf(spec, method, path);
      if (found === null) {
        unknown.add(`${method} ${path}`);
        continue;
      }
      const names = new Set(found.operation?.parameters?.map((parameter) => parameter.name));
      const name = `${method} ${found.path}`;
      if (found.operation === undefined && !TOLERATED.paths.has(name)) unknown.add(name);
      for (const key of new URLSearchParams(query).keys()) if (!names.has(key)) unknown.add(`${name}?${key}`);
    }
    expect([...unknown]).toEqual([]);
    expect(sim.log.length).toBeGreaterThan(40);
  });

  it("has each field that the connector asks for or leaves out", () => {
    const unknown = new Set<string>();
    for (const { method, path, query } of sim.log) {
      const schema = operationOf(spec, method, path)?.operation?.responses["200"]?.schema;
      const parameters = new URLSearchParams(query);
      for (const list of [parameters.get("fields"), parameters.get("exclude_fields")])
        for (const field of list?.split(",") ?? [])
          if (schema !== undefined && !hasField(schema, field.split("."))) unknown.add(`${path}: ${field}`);
    }
    expect([...unknown]).toEqual([]);
  });

  it("accepts each answer of the simulator, whole", async () => {
    const refused = new Set<string>();
    const validated = new Set<string>();
    const validators = new Map<string, ValidateFunction>();
    const asked = new Map(sim.log.map((request) => [request.path, request]));
    for (const { method, path } of asked.values()) {
      const found = operationOf(spec, method, path);
      const schema = found?.operation?.responses["200"]?.schema;
      if (method !== "GET" || found === null || schema === undefined) continue;
      const validate = validators.get(found.path) ?? ajv.compile(schema);
      validators.set(found.path, validate);
      const headers = { authorization: `Basic ${Buffer.from(`any:${sim.apiKey}`).toString("base64")}` };
      const answer = await fetch(`${new URL(sim.baseUrl).origin}${path}?count=100`, { headers });
      validated.add(found.path);
      if (validate(await answer.json())) continue;
      for (const error of validate.errors ?? []) {
        if (!TOLERATED.isEmptyDate(error))
          refused.add(`${found.path}: ${error.instancePath.replaceAll(/\d+/g, "n")} ${error.message ?? ""}`);
      }
    }
    expect([...refused]).toEqual([]);
    expect(validated.size).toBeGreaterThanOrEqual(13);
  });

  it("accepts the body that subscribes", () => {
    const body = spec.paths["/lists/{list_id}/webhooks"]?.["post"]?.parameters?.find(
      (parameter) => parameter.in === "body",
    );
    const events = { subscribe: true, unsubscribe: true, profile: true, cleaned: true, upemail: true, campaign: true };
    const sources = { user: true, admin: true, api: true };
    const validate = ajv.compile(body?.schema ?? {});
    expect(validate({ url: "https://hub.example/in", events, sources, signing_enabled: true })).toBe(true);
  });
});

/** A literal path wins over one with a placeholder. `operation`: undefined where the path has no such method. */
function operationOf(
  spec: Spec,
  method: string,
  path: string,
): { readonly path: string; readonly operation: Operation | undefined } | null {
  const given = (path.replace("/3.0", "") || "/").replace(/(.)\/$/, "$1").split("/");
  const matching = Object.keys(spec.paths).filter((template) => {
    const parts = template.split("/");
    return parts.length === given.length && parts.every((part, at) => part === given[at] || part.startsWith("{"));
  });
  const [best] = matching.toSorted((a, b) => a.split("{").length - b.split("{").length);
  return best === undefined ? null : { path: best, operation: spec.paths[best]?.[method.toLowerCase()] };
}

type Schema = {
  readonly properties?: { readonly [name: string]: Schema };
  readonly items?: Schema;
  readonly type?: string;
};

function hasField(schema: Schema, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  const found = (schema.items ?? schema).properties?.[name];
  return found !== undefined && hasField(found, rest);
}
