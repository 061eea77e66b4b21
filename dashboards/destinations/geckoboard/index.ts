import { defineDestination } from "../../../core/destination/define.ts";
import { createGeckoboardClient } from "./client.ts";
import { pushDatasets } from "./push.ts";
import { geckoboardSettings, questionOf } from "./settings.ts";

export const geckoboard = defineDestination({
  key: "geckoboard",
  title: "Geckoboard",
  docs: "https://developer.geckoboard.com",
  settings: geckoboardSettings,
  addresses: ({ base_url }) => [base_url],
  takes: {
    kind: "answers",
    everyS: 60,
    questions: ({ datasets }) => datasets.map(questionOf),
    async push(context) {
      const client = createGeckoboardClient({
        apiKey: context.settings.api_key,
        baseUrl: context.settings.base_url,
        allowPrivateNetworks: context.allowPrivateNetworks,
        now: () => context.clock.now(),
      });
      try {
        return await pushDatasets(context, client);
      } finally {
        client.close();
      }
    },
  },
  simulator: async () => {
    const { startGeckoboardSimulator } = await import("./simulator/index.ts");
    return async ({ port, secret }) => {
      const sim = await startGeckoboardSimulator({ apiKey: secret, port });
      return {
        url: sim.baseUrl,
        variables: { DEMO_GECKOBOARD_URL: sim.baseUrl, DEMO_GECKOBOARD_KEY: secret },
        received: () =>
          [...sim.datasets].map(([id, { rows }]) => ({
            at: null,
            what: `Dataset ${id}`,
            text: rows.map((row) => JSON.stringify(row)).join("\n"),
          })),
        close: () => sim.close(),
      };
    };
  },
});
