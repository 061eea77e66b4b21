import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * As much of n8n as its nodes see: it loads built nodes and credentials as n8n does, and gives their methods what they are given there. n8n itself needs a
 * newer Node than the hub. Written from the types of n8n-workflow 2.41.0.
 */

type Fields = { [name: string]: unknown };
type Property = {
  readonly name: string;
  readonly default: unknown;
  readonly displayOptions?: { readonly show?: { readonly [name: string]: readonly unknown[] } };
};
type Method = (this: object) => Promise<unknown>;
export type Node = {
  readonly description: Fields & { readonly properties: readonly Property[] };
  readonly methods: { readonly loadOptions: { readonly [name: string]: Method } };
  readonly execute?: Method;
  readonly webhook?: Method;
  readonly webhookMethods?: { readonly default: { readonly [name: string]: Method } };
};
type Credential = Fields & {
  readonly name: string;
  readonly authenticate?: { readonly properties: { readonly headers: { readonly [name: string]: string } } };
};

export type N8nPackage = {
  readonly nodes: { readonly [name: string]: Node };
  readonly credentials: { readonly [name: string]: Credential };
};

const FOLDER = fileURLToPath(new URL("../../dashboards/destinations/n8n/", import.meta.url));

/** n8n brings this module along; of it only errors and a name are used when nodes run. */
const WORKFLOW = `
class NodeOperationError extends Error { constructor(node, error, options = {}) { super(error.message ?? error); Object.assign(this, { node, ...options }); } }
class NodeApiError extends Error { constructor(node, response, options = {}) { super(options.message ?? response.message); Object.assign(this, { node, ...options }); } }
module.exports = { NodeOperationError, NodeApiError, NodeConnectionTypes: { Main: "main" } };
`;

/** Builds the package as it is published, and loads what its package.json names: each file has a class of its name. */
export function loadN8nPackage(): N8nPackage {
  const out = mkdtempSync(path.join(os.tmpdir(), "tributary-n8n-"));
  try {
    const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
    execFileSync(process.execPath, [compiler, "-p", FOLDER, "--outDir", path.join(out, "dist")]);
    mkdirSync(path.join(out, "node_modules", "n8n-workflow"), { recursive: true });
    writeFileSync(path.join(out, "node_modules", "n8n-workflow", "index.js"), WORKFLOW);
    const load = createRequire(path.join(out, "package.json"));
    const { n8n } = load(path.join(FOLDER, "package.json")) as {
      readonly n8n: { readonly nodes: string[]; readonly credentials: string[] };
    };
    const classes = <Instance>(files: readonly string[]): { [name: string]: Instance } =>
      Object.fromEntries(
        files.map((file) => {
          const [name = ""] = path.basename(file).split(".");
          const Class = (load(path.join(out, file)) as { readonly [name: string]: new () => Instance })[name];
          if (Class === undefined) throw new Error(`${file} has no class ${name}`);
          return [name, new Class()];
        }),
      );
    return { nodes: classes(n8n.nodes), credentials: classes(n8n.credentials) };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

export type Placed = {
  readonly parameters: Fields;
  readonly credentials: { readonly [name: string]: Fields };
  readonly items?: readonly Fields[];
  readonly staticData?: Fields;
  readonly webhookUrl?: string;
  readonly request?: { readonly headers: Fields; readonly rawBody?: Buffer; readonly body: Fields };
  readonly continueOnFail?: boolean;
};

/** What a node's method has as `this`; `answered`: the status with which it answered by itself. */
export function contextOf(
  loaded: N8nPackage,
  node: Node,
  placed: Placed,
): { readonly answered: { readonly status: number | null } } {
  const { parameters, credentials, items = [{}], staticData = {}, request } = placed;
  const answered: { status: number | null } = { status: null };
  const parameter = (name: string): unknown => {
    const shown = node.description.properties.find((one) => one.name === name && isShown(one, parameters));
    return parameters[name] ?? shown?.default;
  };
  const context = {
    answered,
    getNode: () => ({ name: "Tributary", type: "tributary" }),
    // With items the second is the item's place; without, what stands in for what is not there.
    getNodeParameter: (name: string, place?: unknown, fallback?: unknown) =>
      parameter(name) ?? (typeof place === "number" ? fallback : place),
    getCredentials: (name: string) => Promise.resolve(credentials[name] ?? {}),
    getInputData: () => items.map((json) => ({ json })),
    continueOnFail: () => placed.continueOnFail ?? false,
    getWorkflowStaticData: () => staticData,
    getNodeWebhookUrl: () => placed.webhookUrl,
    getBodyData: () => request?.body ?? {},
    getHeaderData: () => request?.headers ?? {},
    getRequestObject: () => request ?? {},
    getResponseObject: () => ({
      status: (status: number) => {
        answered.status = status;
        return { json: () => undefined };
      },
    }),
    helpers: {
      returnJsonArray: (data: Fields | Fields[]) => [data].flat().map((json) => ({ json })),
      httpRequestWithAuthentication: (name: string, options: Fields) => {
        const given = credentials[name] ?? {};
        const credential = Object.values(loaded.credentials).find((one) => one.name === name);
        // One by OAuth 2 is n8n's own to send along.
        const headers = credential?.authenticate?.properties.headers ?? {
          Authorization: `=Bearer ${String(given["accessToken"])}`,
        };
        const filled = Object.entries(headers).map(([header, said]) => [
          header,
          said
            .replace(/^=/, "")
            .replace(/\{\{\$credentials\.(\w+)\}\}/g, (_whole, field: string) => String(given[field])),
        ]);
        return send(options, Object.fromEntries(filled) as Record<string, string>);
      },
    },
  };
  return context;
}

function isShown({ displayOptions }: Property, parameters: Fields): boolean {
  return Object.entries(displayOptions?.show ?? {}).every(([name, values]) => values.includes(parameters[name]));
}

async function send(options: Fields, headers: Record<string, string>): Promise<unknown> {
  const { url, method, qs = {}, body, disableFollowRedirect } = options;
  const address = new URL(String(url));
  for (const [name, value] of Object.entries(qs as Fields)) address.searchParams.append(name, String(value));
  const response = await fetch(address, {
    method: String(method),
    redirect: disableFollowRedirect === true ? "manual" : "follow",
    headers: {
      ...headers,
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    statusCode: response.status,
    headers: {},
    body: isJson && text !== "" ? (JSON.parse(text) as unknown) : text,
  };
}
