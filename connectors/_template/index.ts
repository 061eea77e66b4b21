import { z } from "zod";
import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { forbiddenOf } from "../../core/connector/permissions.ts";
import { acmeCrmSettings, createAcmeCrmClient } from "./client.ts";
import { acmeCrmStreams } from "./streams.ts";

const credentials = z.object({ api_key: z.string().min(1).describe("Acme CRM → Settings → API keys") });

export const acmeCrm: AnyConnector = defineConnector({
  key: "acme-crm",
  title: "Acme CRM",
  docs: "https://developer.acme-crm.example",
  settings: acmeCrmSettings,
  auth: [{ kind: "api_key", title: "API key", credentials }],
  sendsCredentialsTo: ({ base_url: base }) => [new URL(base).origin],
  everyS: 300,
  createClient: createAcmeCrmClient,
  check: async (client) => {
    const read = (path: string): Promise<unknown> => client.changes(path, null, null);
    const missingPermissions = await forbiddenOf(Object.keys(acmeCrmStreams), "acme-crm.http.forbidden", read);
    return { ...(await client.account()), missingPermissions, warnings: [] };
  },
  streams: acmeCrmStreams,
});
