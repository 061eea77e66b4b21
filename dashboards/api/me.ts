import { z } from "zod";
import { hasUsers, USER_ROLES } from "../../core/store/setup/users.ts";
import { listProviders } from "../../core/setup/providers.ts";
import { endpoint } from "./endpoint.ts";

export const meEndpoints = [
  endpoint({
    method: "get",
    path: "/start",
    access: { kind: "public" },
    tag: "Workspace",
    summary: "Whether anybody may sign in yet, and where besides here",
    response: z.object({
      has_users: z.boolean(),
      providers: z
        .array(z.object({ id: z.string(), title: z.string() }))
        .describe("Where people may sign in by OpenID Connect, at `/sign-in/with/{id}`"),
    }),
    run: async (_input, { deps }) => ({
      has_users: await hasUsers(deps.store.db),
      providers: [...(await listProviders(deps.store.db))],
    }),
  }),
  endpoint({
    method: "get",
    path: "/me",
    access: { kind: "api", scope: "read" },
    tag: "Workspace",
    summary: "Who asks, and what they may",
    response: z
      .object({
        kind: z.enum(["user", "key", "app"]),
        name: z.string().describe("The person's e-mail address, or the name of the key or app"),
        role: z.enum(USER_ROLES).nullable().describe("Of a person"),
        scopes: z.array(z.string()).describe("Of a key or an app"),
        on_behalf_of: z.string().nullable().describe("Of an app: the e-mail address of who let it in"),
      })
      .meta({ id: "Me" }),
    run: (_input, { principal }) => {
      const self = { on_behalf_of: null };
      switch (principal.kind) {
        case "user":
          return Promise.resolve({ kind: "user", name: principal.email, role: principal.role, scopes: [], ...self });
        case "key":
          return Promise.resolve({
            kind: "key",
            name: principal.name,
            role: null,
            scopes: [...principal.scopes],
            ...self,
          });
        case "app": {
          const { kind, name, email, scopes } = principal;
          return Promise.resolve({ kind, name, role: null, scopes: [...scopes], on_behalf_of: email });
        }
        case "anonymous":
          throw new Error("The guard lets nobody in who does not say who they are.");
        default:
          return principal satisfies never;
      }
    },
  }),
];
