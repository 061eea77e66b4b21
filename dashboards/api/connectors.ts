import { z } from "zod";
import type { AnyConnector } from "../../core/connector/define.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";

const connectorSchema = z
  .object({
    key: z.string(),
    title: z.string(),
    docs: z.string(),
    every_s: z.number().describe("Pulled this often unless the connection says otherwise"),
    streams: z.array(z.object({ stream: z.string(), title: z.string() })),
    settings: z.unknown().describe("JSON Schema of a connection's settings"),
    auth: z.array(
      z.object({
        kind: z.enum(["none", "api_key", "service_account", "oauth2"]),
        title: z.string(),
        grant: z.enum(["authorization_code", "client_credentials"]).nullable().describe("Of OAuth 2"),
        made_at: z.string().nullable().describe("The vendor's page where a key or app is made"),
        needs: z.array(z.string()).describe("What the key must be allowed to do"),
        credentials: z.unknown().describe("JSON Schema of the credentials"),
      }),
    ),
    has_webhook: z.boolean(),
  })
  .meta({ id: "Connector" });

export const connectorEndpoints = [
  endpoint({
    method: "get",
    path: "/connectors",
    access: { kind: "api", scope: "read" },
    tag: "Connectors",
    summary: "The tools that can be connected, with the schema of their settings",
    query: shortListQuery,
    response: pageOf(connectorSchema),
    run: ({ query }, { deps }) => Promise.resolve(shortPage(deps.connectors, query, ({ key }) => key, present)),
  }),
];

/** JSON Schema of what a person enters. */
export function inputSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}

function present(connector: AnyConnector): z.input<typeof connectorSchema> {
  return {
    key: connector.key,
    title: connector.title,
    docs: connector.docs,
    every_s: connector.everyS,
    streams: Object.entries(connector.streams).map(([stream, { title }]) => ({ stream, title })),
    settings: inputSchema(connector.settings),
    auth: connector.auth.map((method) => ({
      kind: method.kind,
      title: "title" in method ? method.title : "No sign-in",
      grant: method.kind === "oauth2" ? method.grant : null,
      made_at: method.kind === "none" ? null : (method.madeAt ?? null),
      needs: method.kind === "none" ? [] : [...(method.needs ?? [])],
      credentials: inputSchema(method.credentials),
    })),
    has_webhook: connector.webhook !== undefined,
  };
}
