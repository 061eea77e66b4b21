import { z } from "zod";
import { listAudit } from "../../core/store/setup/audit.ts";
import { endpoint } from "./endpoint.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "./pages.ts";

const entry = z
  .object({
    id: z.number().int(),
    at: z.iso.datetime(),
    actor: z.string().describe("`user:anna@example.com`, `key:Zapier`, `cli`"),
    action: z.string().describe("`connection.create`, `api_key.revoke`"),
    target: z.string().describe("What it was done to"),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEntry" });

export const auditEndpoints = [
  endpoint({
    method: "get",
    path: "/audit",
    access: { kind: "api", scope: "admin" },
    tag: "Workspace",
    summary: "Who changed what, newest first",
    query: {
      ...pageQuery,
      action: z.string().max(100).optional().describe("Only this, or all that begins so: `connection.`"),
    },
    response: pageOf(entry),
    run: async ({ query }, { deps }) => {
      const position = decodeCursor(query.cursor, z.tuple([z.number().int()]));
      const rows = await listAudit(deps.store.db, {
        action: query.action ?? null,
        limit: query.limit + 1,
        before: position?.[0] ?? null,
      });
      return toPage(
        rows,
        query.limit,
        (row) => [row.id],
        (row) => ({ ...row, at: row.at.toISOString(), details: { ...row.details } }),
      );
    },
  }),
];
