import { z } from "zod";
import { hasUsers, USER_ROLES } from "../../core/store/setup/users.ts";
import { endpoint } from "./endpoint.ts";

export const meEndpoints = [
  endpoint({
    method: "get",
    path: "/start",
    access: { kind: "public" },
    tag: "Workspace",
    summary: "Whether anybody may sign in yet",
    response: z.object({ has_users: z.boolean() }),
    run: async (_input, { deps }) => ({ has_users: await hasUsers(deps.store.db) }),
  }),
  endpoint({
    method: "get",
    path: "/me",
    access: { kind: "api", scope: "read" },
    tag: "Workspace",
    summary: "Who asks, and what they may",
    response: z
      .object({
        kind: z.enum(["user", "key"]),
        name: z.string().describe("The person's e-mail address, or the key's name"),
        role: z.enum(USER_ROLES).nullable().describe("Of a person"),
        scopes: z.array(z.string()).describe("Of a key"),
      })
      .meta({ id: "Me" }),
    run: (_input, { principal }) => {
      switch (principal.kind) {
        case "user":
          return Promise.resolve({ kind: "user", name: principal.email, role: principal.role, scopes: [] });
        case "key":
          return Promise.resolve({ kind: "key", name: principal.name, role: null, scopes: [...principal.scopes] });
        case "anonymous":
          throw new Error("The guard lets nobody in who does not say who they are.");
        default:
          return principal satisfies never;
      }
    },
  }),
];
