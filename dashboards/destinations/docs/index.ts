import { defineDestination } from "../../../core/destination/define.ts";
import { createDocsClient } from "./client.ts";
import { pushReview } from "./push.ts";
import { docsSettings } from "./settings.ts";

export const docs = defineDestination({
  key: "docs",
  title: "Google Docs",
  docs: "https://developers.google.com/workspace/docs/api",
  settings: docsSettings,
  addresses: ({ base_url }) => [base_url],
  takes: {
    kind: "answers",
    everyS: 60,
    questions: () => [],
    async push(context) {
      const { settings, allowPrivateNetworks, signal, clock } = context;
      const client = await createDocsClient({
        settings,
        baseUrl: settings.base_url,
        allowPrivateNetworks,
        signal,
        now: () => clock.now(),
      });
      return pushReview(context, client);
    },
  },
  simulator: async () => {
    const { startDocsSimulator } = await import("./simulator/index.ts");
    return async ({ port, secret }) => {
      const sim = await startDocsSimulator({ secret, port });
      return {
        url: sim.url,
        variables: { DEMO_DOCS_URL: sim.url, DEMO_DOCS_KEY: sim.serviceAccount, DEMO_DOCS_ID: sim.documentId },
        received: () => [{ at: null, what: "The document", text: sim.textOf(sim.documentId) }],
        close: () => sim.close(),
      };
    };
  },
});
