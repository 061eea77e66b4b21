import { z } from "zod";
import { erasePerson } from "../../core/setup/erase.ts";
import { actorOf } from "../auth/principal.ts";
import { endpoint } from "./endpoint.ts";

export const erasureEndpoints = [
  endpoint({
    method: "post",
    path: "/erasures",
    access: { kind: "api", scope: "admin" },
    tag: "Erasure",
    summary: "Forget a person: everything that is stored of them, and whatever is pulled of them later",
    body: z.strictObject({
      email: z.string().max(254).describe("One address by which they are known"),
      dry_run: z.boolean().default(false).describe("Say what would go, and change nothing"),
    }),
    status: 201,
    response: z
      .object({
        id: z.uuid().nullable().describe("Under which the audit log has it; null for a dry run"),
        people: z.number().describe("How many rows of people they were"),
        tables: z.record(z.string(), z.number()).describe("Rows that were changed or deleted, by table"),
      })
      .meta({ id: "Erasure" }),
    run: async ({ body: { email, dry_run: isDryRun } }, { deps, principal }) => {
      const { id, people, tables } = await erasePerson(deps, actorOf(principal), email, { isDryRun });
      return { id: isDryRun ? null : id, people, tables: { ...tables } };
    },
  }),
];
