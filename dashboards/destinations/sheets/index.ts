import { defineDestination } from "../../../core/destination/define.ts";
import { createSheetsClient } from "./client.ts";
import { pushSheets } from "./push.ts";
import { questionsOf, sheetsSettings } from "./settings.ts";

export const sheets = defineDestination({
  key: "sheets",
  title: "Google Sheets",
  docs: "https://developers.google.com/workspace/sheets/api",
  settings: sheetsSettings,
  addresses: ({ base_url }) => [base_url],
  takes: {
    kind: "answers",
    everyS: 60,
    questions: questionsOf,
    async push(context) {
      const { settings, allowPrivateNetworks, signal, clock } = context;
      if (settings.spreadsheets.length === 0) return [];
      const client = await createSheetsClient({
        settings,
        baseUrl: settings.base_url,
        allowPrivateNetworks,
        signal,
        now: () => clock.now(),
      });
      return pushSheets(context, client);
    },
  },
  simulator: async () => {
    const { startSheetsSimulator } = await import("./simulator/index.ts");
    return async ({ port, secret }) => {
      const sim = await startSheetsSimulator({ secret, port });
      return {
        url: sim.url,
        variables: { DEMO_SHEETS_URL: sim.url, DEMO_SHEETS_KEY: sim.serviceAccount, DEMO_SHEETS_ID: sim.spreadsheetId },
        close: () => sim.close(),
      };
    };
  },
});
