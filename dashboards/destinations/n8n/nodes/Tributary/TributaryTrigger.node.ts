import { createHmac, timingSafeEqual } from "node:crypto";
import type {
  IDataObject,
  IHookFunctions,
  INodeProperties,
  INodeType,
  INodeTypeDescription,
  IWebhookFunctions,
  IWebhookResponseData,
} from "n8n-workflow";
import { NodeConnectionTypes } from "n8n-workflow";
import { type AppField, type AppRow, contract, filledIn, flatEvent, foundIn, textOf } from "./contract.ts";
import { ask, loadOptions } from "./hub.ts";
import { AUTHENTICATION, CREDENTIALS, propertyOf } from "./properties.ts";

/** Every filter that some event has. */
const FILTERS: readonly AppField[] = [
  ...new Map(contract.triggers.flatMap(({ filters }) => filters).map((field) => [field.key, field])).values(),
];
/** How old a delivery may be (standardwebhooks.com). */
const TOLERANCE_S = 300;

export class TributaryTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: "Tributary Trigger",
    name: "tributaryTrigger",
    icon: "file:tributary.svg",
    group: ["trigger"],
    version: 1,
    subtitle: '={{$parameter["events"].join(", ")}}',
    description: "Starts the workflow when something happens in a Tributary hub",
    defaults: { name: "Tributary Trigger" },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: CREDENTIALS,
    webhooks: [{ name: "default", httpMethod: "POST", responseMode: "onReceived", path: "webhook" }],
    properties: [AUTHENTICATION, events(), filters()],
  };

  methods = { loadOptions };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        const kept = this.getWorkflowStaticData("node");
        const found = foundIn(await ask(this, "/webhooks", { qs: { url: addressOf(this) } }));
        const [fitting] = found.filter((row) => isSame(row, wanted(this)));
        // One of this address that sends something else is left over from before the node was changed.
        for (const row of found) if (row !== fitting) await end(this, textOf(row["id"]));
        if (fitting === undefined || typeof kept["secret"] !== "string") return false;
        kept["webhookId"] = textOf(fitting["id"]);
        return true;
      },
      async create(this: IHookFunctions): Promise<boolean> {
        const kept = this.getWorkflowStaticData("node");
        // The same that is there already is answered with, and with its secret.
        const { id, secret } = await ask(this, "/webhooks", {
          method: "POST",
          body: { url: addressOf(this), description: "n8n", ...wanted(this) },
        });
        Object.assign(kept, { webhookId: textOf(id), secret: textOf(secret) });
        return true;
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        const kept = this.getWorkflowStaticData("node");
        if (typeof kept["webhookId"] === "string") await end(this, kept["webhookId"]);
        delete kept["webhookId"];
        delete kept["secret"];
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    const { secret } = this.getWorkflowStaticData("node");
    const { rawBody } = this.getRequestObject() as { readonly rawBody?: Buffer };
    // Whoever does not know the secret starts nothing. Where n8n gives no body as it came, the address is the proof.
    if (typeof secret === "string" && rawBody !== undefined && !isSigned(secret, this.getHeaderData(), rawBody)) {
      this.getResponseObject().status(401).json({ message: "The signature does not hold." });
      return { noWebhookResponse: true };
    }
    const event = flatEvent(this.getBodyData()) as IDataObject; // Made of what came as JSON.
    return { workflowData: [this.helpers.returnJsonArray(event)] };
  }
}

function events(): INodeProperties {
  return {
    displayName: "Events",
    name: "events",
    type: "multiOptions",
    required: true,
    options: contract.triggers
      .map(({ type, label, description }) => ({
        name: label,
        value: type,
        description: description.replace(/\.$/, ""),
      }))
      .toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    default: [],
    description: "What starts the workflow",
  };
}

function filters(): INodeProperties {
  return {
    displayName: "Filters",
    name: "filters",
    type: "collection",
    placeholder: "Add Filter",
    default: {},
    options: FILTERS.map((field) => propertyOf(field)).toSorted((left, right) =>
      left.displayName < right.displayName ? -1 : 1,
    ),
  };
}

function addressOf(from: IHookFunctions): string {
  return from.getNodeWebhookUrl("default") ?? "";
}

function wanted(from: IHookFunctions): { readonly events: readonly string[]; readonly filters: AppRow } {
  // A collection gives a map, several options a list of texts.
  const said = from.getNodeParameter("filters", {}) as AppRow;
  return { events: from.getNodeParameter("events") as string[], filters: filledIn(FILTERS, said) };
}

function isSame(row: AppRow, { events: types, filters: wantedFilters }: ReturnType<typeof wanted>): boolean {
  // Lists and maps of texts on both sides: the hub's answer, and what subscribe has sent.
  const sorted = (list: unknown): string => JSON.stringify([...(list as readonly string[])].sort());
  const entries = (filter: unknown): string =>
    JSON.stringify(Object.entries(filter as AppRow).sort(([left], [right]) => (left < right ? -1 : 1)));
  return (
    row["state"] === "active" &&
    sorted(row["events"]) === sorted(types) &&
    entries(row["filters"]) === entries(wantedFilters)
  );
}

/** What the hub knows no more has ended. */
async function end(from: IHookFunctions, id: string): Promise<void> {
  await ask(from, `/webhooks/${encodeURIComponent(id)}`, { method: "DELETE", takes: [404] });
}

/** Standard Webhooks: HMAC-SHA256 over id, time and body; while a secret is changed there are several signatures. */
function isSigned(secret: string, headers: { readonly [name: string]: unknown }, body: Buffer): boolean {
  const [id, time, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    String(headers[name]),
  );
  if (Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE_S || Number.isNaN(Number(time))) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${time}.`).update(body).digest();
  return (signatures ?? "").split(" ").some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ""), "base64");
    return one.startsWith("v1,") && given.length === expected.length && timingSafeEqual(given, expected);
  });
}
