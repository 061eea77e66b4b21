import type { Command } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { keepWebhookSecret, subscribeWebhook } from "../../core/setup/vendor.ts";
import type { CliContext, Hub } from "../context.ts";
import { createSetup } from "../hub/setup.ts";

type Options = { readonly secret?: string };

/** `tributary webhook ID [--secret ENV_NAME]`: has the vendor call the hub at once when something changes. */
export function registerWebhook(command: Command, context: CliContext): void {
  command
    .option("--secret <ENV_NAME>", "keep what the vendor signs with, taken from an environment variable")
    .action(async (id: string, options: Options) => {
      await context.withHub((hub) =>
        options.secret === undefined ? subscribe(hub, context, id) : keepSecret(hub, context, id, options.secret),
      );
    });
}

async function subscribe(hub: Hub, { out, signal }: CliContext, id: string): Promise<void> {
  const { address, isSubscribed } = await subscribeWebhook(createSetup(hub), "cli", id, signal);
  out.result({ connection: id, address, subscribed: isSubscribed }, () =>
    isSubscribed
      ? `The vendor calls ${address} from now on.`
      : [
          `Enter this address at the vendor: ${address}`,
          `Then keep what it signs with, from a variable: tributary webhook ${id} --secret ENV_NAME`,
          "Where in the vendor's settings, and which topics: the connector's README, Webhooks.",
        ].join("\n"),
  );
}

async function keepSecret(hub: Hub, { env, out }: CliContext, id: string, name: string): Promise<void> {
  const secret = env.variable(name);
  if (secret === undefined || secret === "") throw notSet();
  await keepWebhookSecret(hub, "cli", id, secret);
  out.result(
    { connection: id, secret_kept: true },
    () => `Deliveries to ${id} are held against this secret from now on.`,
  );
}

// The name is not repeated: somebody may have given the secret in its place.
function notSet(): TributaryError {
  return new TributaryError({
    code: "webhook.secret_not_set",
    kind: "config",
    message: "The environment variable that --secret names is not set.",
    mend: "--secret takes the name of a variable, never the secret itself: set the variable, and give its name.",
  });
}
