import { z } from "zod";
import { listRoster, listTeams } from "../../core/store/identity/roster.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const access = { kind: "api", scope: "read" } as const;
const tag = "Identities";
const connections = z.array(z.string()).describe("The connections that know of it");

export const rosterEndpoints = [
  endpoint({
    method: "get",
    path: "/reps",
    access,
    tag,
    summary: "Who sells, by name, each once whatever tools tell of them",
    query: pageQuery,
    response: pageOf(
      z
        .object({
          id: z.uuid(),
          name: z.string().nullable(),
          email: z.string().nullable(),
          is_active: z.boolean().nullable().describe("Null: no tool says"),
          teams: z.array(z.string()).describe("That the rep is in now"),
          connections,
        })
        .meta({ id: "Rep" }),
    ),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.string(), z.uuid()]));
      const after = position === null ? null : { name: position[0], id: position[1] };
      const rows = await listRoster(deps.store.db, { limit: query.limit + 1, after });
      return toPage(
        rows,
        query.limit,
        (row) => [row.sortedAs, row.id],
        ({ isActive, sortedAs: _sortedAs, teams, connections, ...row }) => ({
          ...row,
          is_active: isActive,
          teams: [...teams],
          connections: [...connections],
        }),
      );
    },
  }),
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
