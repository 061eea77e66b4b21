import { z } from "zod";
import { listTeams } from "../../core/store/identity/team-list.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf } from "./pages.ts";

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
    run: async (_input, { deps }) => ({
      data: (await listTeams(deps.store.db)).map((team) => ({ ...team, connections: [...team.connections] })),
      next_cursor: null,
    }),
  }),
];
