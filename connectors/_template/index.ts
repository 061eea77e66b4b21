import { z } from "zod";
import { findTributaryError } from "../../core/base/errors.ts";
import { type AnyConnector, defineConnector } from "../../core/connector/define.ts";
import { type AcmeCrmClient, acmeCrmSettings, createAcmeCrmClient } from "./client.ts";
import { acmeCrmStreams } from "./streams.ts";

const apiKey = z.object({ api_key: z.string().min(1).describe("Acme CRM → Settings → API keys") });

export const acmeCrm: AnyConnector = defineConnector({
  key: "acme-crm",
  title: "Acme CRM",
  docs: "https://developer.acme-crm.example",
  settings: acmeCrmSettings,
  auth: [{ kind: "api_key", title: "API key", credentials: apiKey }],
  everyS: 300,
  createClient: createAcmeCrmClient,
  check: async (client) => ({
    ...(await client.account()),
    missingPermissions: await missingPermissions(client),
    warnings: [],
  }),
  streams: acmeCrmStreams,
});

/** Asks for a little of each list: a key may be allowed to read some only. */
async function missingPermissions(client: AcmeCrmClient): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [path, { title }] of Object.entries(acmeCrmStreams)) {
    try {
      await client.changes(path, null, null);
    } catch (error) {
      if (findTributaryError(error)?.code !== "acme-crm.http.forbidden") throw error;
      missing.push(`${title}: the key may not read them, so they will be missing`);
    }
  }
  return missing;
}
