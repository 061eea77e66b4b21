import { z } from "zod";
import { listTeams } from "../../core/store/identity/team-list.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";

const access = { kind: "api", scope: "read" } as const;
const tag = "Identities";
const connections = z.array(z.string()).describe("The connections that know of it");

export const teamEndpoints = [
  endpoint({
    method: "get",
    path: "/teams",
    access,
    tag,
    summary: "The teams there are, by name, each once",
    query: shortListQuery,
    response: pageOf(
      z
        .object({
          id: z.uuid(),
          name: z.string(),
          manager: z.string().nullable(),
          reps: z.number().int().describe("How many are in it now"),
          connections,
        })
        .meta({ id: "Team" }),
    ),
    run: async ({ query }, { deps }) =>
      shortPage(
        await listTeams(deps.store.db),
        query,
        ({ id }) => id,
        (team) => ({ ...team, connections: [...team.connections] }),
      ),
  }),
];
