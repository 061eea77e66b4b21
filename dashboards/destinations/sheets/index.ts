import { defineDestination } from "../../../core/destination/define.ts";
import { createSheetsClient } from "./client.ts";
import { FORECAST, pushForecast } from "./forecast.ts";
import { memoryOf } from "./memory.ts";
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
      const client = await createSheetsClient({
        settings,
        baseUrl: settings.base_url,
        allowPrivateNetworks,
        signal,
        now: () => clock.now(),
      });
      const templates = settings.spreadsheets.flatMap(({ id, forecast }) =>
        forecast === undefined ? [] : [{ id, tab: forecast, name: `${id}/${FORECAST}/${forecast}` }],
      );
      const names = settings.spreadsheets.flatMap(({ id, tabs }) => tabs.map(({ tab }) => `${id}/${tab}`));
      const memory = memoryOf(context, new Set([...names, ...templates.map(({ name }) => name)]));
      const pushed = await pushSheets(context, client, memory);
      if (templates.length === 0) await context.plan(null);
      for (const template of templates)
        if (await pushForecast(context, client, template, memory)) pushed.push(template.name);
      return pushed;
    },
  },
  simulator: async () => {
    const { startSheetsSimulator } = await import("./simulator/index.ts");
    return async ({ port, secret }) => {
      const sim = await startSheetsSimulator({ secret, port });
      return {
        url: sim.url,
        variables: { DEMO_SHEETS_URL: sim.url, DEMO_SHEETS_KEY: sim.serviceAccount, DEMO_SHEETS_ID: sim.spreadsheetId },
        received: () =>
          sim.tabs.map(({ title, values }) => ({
            at: null,
            what: `Tab ${title}`,
            text: values.map((row) => row.join("\t")).join("\n"),
          })),
        close: () => sim.close(),
      };
    };
  },
});
