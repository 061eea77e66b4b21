import { z } from "zod";
import { webAddress } from "../../core/connector/address.ts";
import type { ClientContext } from "../../core/connector/define.ts";
import { account, changesPage } from "./records.ts";

export const acmeCrmSettings = z.object({
  base_url: webAddress()
    .default("https://api.acme-crm.example/v1/")
    .describe("Ends in /; only a test or a proxy changes it"),
});
export type AcmeCrmSettings = z.infer<typeof acmeCrmSettings>;

/** Acme CRM's calls as the streams use them. Its errors stop here: what is thrown is a TributaryError. */
export type AcmeCrmClient = {
  account(): Promise<z.infer<typeof account>>;
  /** Records by update time, oldest first, from `since` on (inclusive; null: all). `after`: the `next` of the page before. */
  changes(path: string, since: string | null, after: string | null): Promise<z.infer<typeof changesPage>>;
};

export function createAcmeCrmClient({ http, settings }: ClientContext<AcmeCrmSettings>): AcmeCrmClient {
  const api = http({
    vendor: "acme-crm",
    baseUrl: settings.base_url,
    authorize: (credentials) => ({ "x-api-key": z.string().parse(credentials["api_key"]) }),
    timeoutMs: 30_000,
    // One bucket for everything, no headers that tell what is left. developer.acme-crm.example, "Rate limits".
    bucketOf: () => "all",
    limits: { all: { capacity: 50, refillPerS: 25 } },
    readLimit: () => null,
    classify: () => null, // Errors are told by their status alone.
  });
  return {
    account: () => api.request({ path: "me", schema: account }),
    changes(path, since, after) {
      // 100 is the most that a page may hold. developer.acme-crm.example, "Pagination".
      const params = { limit: 100, updated_since: since ?? undefined, after: after ?? undefined };
      return api.request({ path, params, schema: changesPage });
    },
  };
}
