import { defineDestination } from "../../../core/destination/define.ts";
import { sendLetter } from "./send.ts";
import { mailSettings } from "./settings.ts";

/** One after the other: mail servers take many at once for an attack. */
const PER_SECOND = 1;

export const mail = defineDestination({
  key: "mail",
  title: "E-mail",
  docs: "https://www.rfc-editor.org/rfc/rfc5321",
  settings: mailSettings,
  addresses: ({ smtp }) => [smtp],
  takes: {
    kind: "events",
    noun: "mailbox",
    name: ({ id, to }) => `${id}: ${to.join(", ")}`,
    each: (settings) => settings.to.map((address) => ({ ...settings, to: [address] })),
    subscription: ({ events, filters, description }) => ({
      types: [...new Set(events)],
      filters: filters ?? {},
      isOrdered: false,
      perSecond: PER_SECOND,
      description: description ?? null,
    }),
    open: (options) => ({
      send: (settings, event) => sendLetter(settings, event, options),
      close: () => undefined,
    }),
  },
  simulator: async () => {
    const { startMailSimulator } = await import("./simulator/index.ts");
    return async ({ port, secret }) => {
      const sim = await startMailSimulator({ secret, port });
      return {
        url: sim.url,
        variables: { DEMO_SMTP: sim.smtp },
        received: () =>
          sim.letters.map(({ at, to, subject, text }) => ({ at, what: `${subject} (to ${to.join(", ")})`, text })),
        close: () => sim.close(),
      };
    };
  },
});
