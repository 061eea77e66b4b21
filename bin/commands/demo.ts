import path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { CliContext } from "../context.ts";
import type { DemoAddresses } from "../demo/run.ts";

type Options = {
  readonly seed: number;
  readonly port?: number;
  readonly dataDir?: string;
  readonly live: boolean;
};

/** `tributary demo`: the whole hub on simulated vendors. */
export function registerDemo(command: Command, context: CliContext): void {
  command
    .option("--seed <number>", "another number, another company", wholeNumber, 1)
    .option("--port <number>", "where the hub listens; 0: any free port (default: PORT, else 8080)", wholeNumber)
    .option("--data-dir <folder>", "where the demo keeps its data (default: demo/ in the data folder)")
    .option("--no-live", "nothing new happens")
    .action(async ({ seed, port, dataDir, live }: Options) => {
      const { env, out } = context;
      const folder = dataDir === undefined ? path.join(env.dataDir, "demo") : path.resolve(dataDir);
      // Loaded here, so that no other command waits for it.
      const { runDemo } = await import("../demo/run.ts");
      await runDemo(context, { seed, folder, port: port ?? env.port, isLive: live }, (ready) =>
        out.result(toJson(ready), () => toText(ready, live)),
      );
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

function toJson(ready: DemoAddresses): object {
  const { console, email, password, tv, feeds, api, calendar, webhookReceiver, vendorsPid, readyAfterS } = ready;
  return {
    console,
    email,
    password,
    tv,
    feeds,
    api,
    calendar,
    webhook_receiver: webhookReceiver,
    vendors_pid: vendorsPid,
    ready_after_s: readyAfterS,
  };
}

function toText(ready: DemoAddresses, isLive: boolean): string {
  return [
    "",
    `The demo is ready after ${Math.round(ready.readyAfterS)} s. ${ready.isNew ? "It is a new company." : "Its company goes on where it was left."}`,
    "",
    `  Console            ${ready.console}`,
    `                     ${ready.email}  ${ready.password}`,
    `  TV                 ${ready.tv}`,
    ...ready.feeds.map((feed, at) => `  ${at === 0 ? "Feeds " : "      "}             ${feed}`),
    `  API                ${ready.api}`,
    `  What was received  ${ready.webhookReceiver}`,
    "                     webhooks, Slack, Geckoboard, Google Sheets and Docs, e-mail",
    `  Calendar           ${ready.calendar}`,
    "",
    isLive
      ? "For two minutes something happens every two seconds, and a deal is won every half minute; then life goes on twice a minute."
      : "Nothing new happens (--no-live).",
    "Ctrl-C stops everything. Started again within a day, the same company goes on.",
  ].join("\n");
}
