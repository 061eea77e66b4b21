import { defineDestination } from "../../../core/destination/define.ts";
import { createPoster } from "../poster.ts";
import { messageOf } from "./message.ts";
import { slackSettings } from "./settings.ts";

/** Incoming webhooks take about one message a second each (api.slack.com, "Rate limits"). */
const PER_SECOND = 1;

export const slack = defineDestination({
  key: "slack",
  title: "Slack",
  docs: "https://api.slack.com/messaging/webhooks",
  settings: slackSettings,
  addresses: ({ url }) => [url],
  takes: {
    kind: "events",
    noun: "slack_channel",
    name: ({ id }) => id,
    subscription: ({ events, filters, description }) => ({
      types: [...new Set(events)],
      filters: filters ?? {},
      isOrdered: false,
      perSecond: PER_SECOND,
      description: description ?? null,
    }),
    open(options) {
      const poster = createPoster(options);
      return {
        async send({ id, url }, event) {
          const outcome = await poster.post({
            url,
            headers: { "content-type": "application/json", "user-agent": "Tributary/1" },
            body: JSON.stringify({ text: messageOf(event) }),
            // The address is the secret.
            shown: { url: `slack:${id}`, headers: {} },
          });
          // A webhook that was taken away answers 404 `no_service` (api.slack.com, "Handling errors"): it never comes back.
          const isGone = outcome.statusCode === 404 || outcome.statusCode === 410;
          return isGone ? { ...outcome, wish: "stop" as const } : outcome;
        },
        close: () => poster.close(),
      };
    },
  },
  simulator: async () => {
    const { startSlackSimulator } = await import("./simulator/index.ts");
    return async ({ port, secret }) => {
      const sim = await startSlackSimulator({ secret, port });
      return {
        url: sim.url,
        variables: { DEMO_SLACK_URL: sim.webhookUrl },
        received: () => sim.messages.map((text) => ({ at: null, what: "Message", text })),
        close: () => sim.close(),
      };
    };
  },
});
