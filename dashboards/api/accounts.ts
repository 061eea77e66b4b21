import { z } from "zod";
import { tryAccount } from "../../core/setup/connections.ts";
import { previewRows } from "../../core/land/engine.ts";
import { keepWebhookSecret, subscribeWebhook } from "../../core/setup/vendor.ts";
import { reconcileConnection, requestReplay } from "../../core/setup/pulls.ts";
import { lastDeliveryAt } from "../../core/store/pulls/inbound.ts";
import { readInbound } from "../../core/store/setup/connections.ts";
import { actorOf } from "../auth/principal.ts";
import { notFound } from "../web/problem.ts";
import { byId, checkResult, findConnector, jsonObject, presentCheck, shown } from "./connections.ts";
import { type Call, endpoint } from "./endpoint.ts";

const manage = { kind: "api", scope: "connections" } as const;
const tag = "Connections";
/** As long as a request may take. */
const COMPARE_MS = 55_000;

const preview = z
  .object({
    table: z.string(),
    file: z.string(),
    columns: z.array(z.string()),
    rows: z.array(
      z.object({
        line: z.number(),
        cells: z.record(z.string(), z.string()),
        becomes: z
          .array(z.object({ field: z.string(), value: z.string() }))
          .nullable()
          .describe("Null: it is refused, or the draft is not finished"),
        problems: z.array(z.string()).describe("Why it is refused, or a field of it left out"),
      }),
    ),
    notes: z.array(z.string()).describe("How the file is read"),
    unfinished: z.array(z.string()).describe("What keeps the draft from being settings"),
  })
  .meta({ id: "Preview" });

const webhook = z
  .object({
    is_offered: z.boolean().describe("Whether the tool has webhooks that the hub takes"),
    subscribes: z
      .boolean()
      .describe("Whether the hub can subscribe by itself; else the address is entered at the vendor"),
    address: z.string().nullable().describe("Where the vendor calls; null: the hub does not know its own address"),
    has_secret: z.boolean(),
    needs_secret: z.boolean().describe("Whether the vendor shows a secret that is to be kept here"),
    last_delivery_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "InboundWebhook" });

/** What reaches a connection's vendor, beside pulling. */
export const accountEndpoints = [
  endpoint({
    method: "post",
    path: "/connections/check",
    access: manage,
    tag,
    summary: "Reach an account that is not set up yet: what it is, and what permissions are missing. Nothing is kept",
    body: z.strictObject({
      connector: z.string(),
      settings: jsonObject.default({}),
      credentials: jsonObject.default({}),
    }),
    response: checkResult,
    run: async ({ body }, call) => {
      const { key } = findConnector(call, body.connector);
      return presentCheck(await tryAccount(call.deps.setup, { ...body, connector: key }));
    },
  }),
  endpoint({
    method: "post",
    path: "/connections/preview",
    access: manage,
    tag,
    summary: "The first rows of the files that a draft of settings names, and what each would become. Nothing is kept",
    body: z.strictObject({ connector: z.string(), settings: jsonObject.describe("May be unfinished") }),
    response: z.object({ data: z.array(preview) }),
    run: async ({ body }, call) => {
      const connector = findConnector(call, body.connector);
      const signal = AbortSignal.timeout(COMPARE_MS);
      const previews = await previewRows(call.deps.setup, connector, body.settings, signal);
      // A copy, since the answer's type has no read-only lists.
      return { data: structuredClone(previews) as z.input<typeof preview>[] };
    },
  }),
  endpoint({
    method: "post",
    path: "/connections/{id}/replay",
    access: { kind: "api", scope: "write" },
    tag,
    summary: "Make the facts anew from what was pulled; answers at once, watch the runs for the outcome",
    params: byId,
    status: 202,
    response: z.object({ streams: z.array(z.string()).describe("What was asked for") }),
    run: async ({ params }, call) => {
      await shown(call, params.id);
      return { streams: [...(await requestReplay(call.deps.setup, actorOf(call.principal), params.id))] };
    },
  }),
  endpoint({
    method: "post",
    path: "/connections/{id}/reconcile",
    access: { kind: "api", scope: "write" },
    tag,
    summary: "Compare the counts here with the source's own",
    params: byId,
    response: z.object({
      data: z.array(
        z.object({
          name: z.string(),
          theirs: z.number(),
          ours: z.number(),
          is_equal: z.boolean(),
          note: z.string().nullable().describe("Why the two may differ where the vendor counts differently"),
        }),
      ),
    }),
    run: async ({ params }, call) => {
      await shown(call, params.id);
      const signal = AbortSignal.timeout(COMPARE_MS);
      const compared = await reconcileConnection(call.deps.setup, actorOf(call.principal), params.id, signal);
      return { data: compared.map(({ isEqual, ...row }) => ({ ...row, is_equal: isEqual })) };
    },
  }),
  endpoint({
    method: "get",
    path: "/connections/{id}/webhook",
    access: manage,
    tag,
    summary: "Where the vendor calls when something changes, and whether it does",
    params: byId,
    response: webhook,
    run: async ({ params }, call) => webhookOf(call, params.id),
  }),
  endpoint({
    method: "post",
    path: "/connections/{id}/webhook",
    access: manage,
    tag,
    summary: "Have the vendor call, by its own interface; or keep the secret that it shows",
    params: byId,
    body: z.strictObject({ secret: z.string().trim().min(1).max(10_000).optional() }),
    response: webhook,
    run: async ({ params, body }, call) => {
      await shown(call, params.id);
      const { setup } = call.deps;
      const actor = actorOf(call.principal);
      if (body.secret === undefined) await subscribeWebhook(setup, actor, params.id);
      else await keepWebhookSecret(setup, actor, params.id, body.secret);
      return webhookOf(call, params.id);
    },
  }),
];

async function webhookOf(call: Call, id: string): Promise<z.input<typeof webhook>> {
  const { store, setup } = call.deps;
  const { connector: key } = await shown(call, id);
  const inbound = await readInbound(store.db, id);
  if (inbound === null) throw notFound("There is no connection with this id.");
  const declared = findConnector(call, key).webhook;
  return {
    is_offered: declared !== undefined,
    subscribes: declared?.subscribe !== undefined,
    address: declared === undefined ? null : (setup.inboundAddress?.(id, inbound.token) ?? null),
    has_secret: inbound.secret !== null,
    needs_secret: declared !== undefined && declared.subscribe === undefined && declared.takesUnsigned !== true,
    last_delivery_at: (await lastDeliveryAt(store.db, id))?.toISOString() ?? null,
  };
}
