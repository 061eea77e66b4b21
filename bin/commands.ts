import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** A command of the command line. What it does is loaded when it is asked for, so that no other waits for it. */
export type CommandEntry = {
  /** Its name, then its arguments. */
  readonly usage: string;
  readonly about: string;
  /** Gives it its options, its own commands, and what it does. */
  readonly load: () => Promise<(command: Command, context: CliContext) => void>;
};

/** One entry for each file of bin/commands, in the order of `--help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    usage: "up",
    about: "run the hub: the server, the workers and the scheduler",
    load: async () => (await import("./commands/up.ts")).registerUp,
  },
  {
    usage: "users",
    about: "who may sign in to the console",
    load: async () => (await import("./commands/users.ts")).registerUsers,
  },
  {
    usage: "keys",
    about: "API keys for programs, links for TVs and feeds",
    load: async () => (await import("./commands/keys.ts")).registerKeys,
  },
  {
    usage: "apps",
    about: "programs that people let in by OAuth 2, and who has let which in",
    load: async () => (await import("./commands/apps.ts")).registerApps,
  },
  {
    usage: "doctor",
    about: "check everything a set-up needs, and say how to mend what is wrong",
    load: async () => (await import("./commands/doctor.ts")).registerDoctor,
  },
  {
    usage: "demo",
    about: "the whole hub on simulated vendors, with two years of a company's history and live activity",
    load: async () => (await import("./commands/demo.ts")).registerDemo,
  },
  {
    usage: "plan [file]",
    about: "show what a config file would change (default: config/tributary.yaml, or TRIBUTARY_CONFIG)",
    load: async () => (await import("./commands/plan.ts")).registerPlan,
  },
  {
    usage: "apply [file]",
    about: "change what is set up to what a config file says (default: config/tributary.yaml, or TRIBUTARY_CONFIG)",
    load: async () => (await import("./commands/apply.ts")).registerApply,
  },
  {
    usage: "connector",
    about: "write a new connector, and check one",
    load: async () => (await import("./commands/connector.ts")).registerConnector,
  },
  {
    usage: "connectors [connector]",
    about: "list the connectors there are; or one with its settings, ways to sign in and streams",
    load: async () => (await import("./commands/connectors.ts")).registerConnectors,
  },
  {
    usage: "connections",
    about: "list the connected accounts and how each is doing",
    load: async () => (await import("./commands/connections.ts")).registerConnections,
  },
  {
    usage: "connect <connector>",
    about: "connect an account; see `tributary connectors CONNECTOR` for its settings",
    load: async () => (await import("./commands/connect.ts")).registerConnect,
  },
  {
    usage: "test <connection>",
    about: "reach an account: name it and list missing permissions",
    load: async () => (await import("./commands/test.ts")).registerTest,
  },
  {
    usage: "webhook <connection>",
    about: "have the vendor call the hub when something changes; or show where it has to call",
    load: async () => (await import("./commands/webhook.ts")).registerWebhook,
  },
  {
    usage: "pause <connection>",
    about: "stop pulling an account until it is resumed",
    load: async () => (await import("./commands/pause.ts")).registerPause,
  },
  {
    usage: "resume <connection>",
    about: "pull an account again, now and by its schedule",
    load: async () => (await import("./commands/resume.ts")).registerResume,
  },
  {
    usage: "remove <connection>",
    about: "remove an account and everything that was pulled from it",
    load: async () => (await import("./commands/remove.ts")).registerRemove,
  },
  {
    usage: "sync <connection>",
    about: "pull now, with progress; returns when done",
    load: async () => (await import("./commands/sync.ts")).registerSync,
  },
  {
    usage: "reconcile <connection>",
    about: "compare counts and totals with the source's own",
    load: async () => (await import("./commands/reconcile.ts")).registerReconcile,
  },
  {
    usage: "kpi",
    about: "ask for a KPI",
    load: async () => (await import("./commands/kpi.ts")).registerKpi,
  },
  {
    usage: "scorecard <rep>",
    about: "everything there is to say of a rep, beside the period before and the others",
    load: async () => (await import("./commands/scorecard.ts")).registerScorecard,
  },
  {
    usage: "conclusions",
    about: "what was concluded from the numbers, and whether it still holds",
    load: async () => (await import("./commands/conclusions.ts")).registerConclusions,
  },
  {
    usage: "funnel",
    about: "what became of the deals that entered each stage: went on, lost, went back, still there",
    load: async () => (await import("./commands/funnel.ts")).registerFunnel,
  },
  {
    usage: "forecast",
    about: "how many deals will be won, and of what value",
    load: async () => (await import("./commands/forecast.ts")).registerForecast,
  },
  {
    usage: "backtest",
    about: "how good forecasts would have been",
    load: async () => (await import("./commands/forecast.ts")).registerBacktest,
  },
  {
    usage: "review",
    about: "the agenda of the pipeline review: what was agreed on, wins, forecast, deals to talk about, what to do",
    load: async () => (await import("./commands/review.ts")).registerReview,
  },
  {
    usage: "digest [name]",
    about: "what a digest says now; without a name, the digests there are",
    load: async () => (await import("./commands/digest.ts")).registerDigest,
  },
  {
    usage: "replay <connection>",
    about: "make the facts of a connection anew from what is stored raw",
    load: async () => (await import("./commands/replay.ts")).registerReplay,
  },
  {
    usage: "erase <email>",
    about: "forget a person: everything that is stored of them, and whatever is pulled of them later",
    load: async () => (await import("./commands/erase.ts")).registerErase,
  },
  {
    usage: "mcp",
    about: "let an assistant ask a running hub: a server of the Model Context Protocol on stdin and stdout",
    load: async () => (await import("./commands/mcp.ts")).registerMcp,
  },
  {
    usage: "export <name>",
    about: "take out a table, or a KPI's answer, as CSV, JSON Lines or Parquet",
    load: async () => (await import("./commands/export.ts")).registerExport,
  },
  {
    usage: "secrets",
    about: "the key that credentials are sealed with",
    load: async () => (await import("./commands/secrets.ts")).registerSecrets,
  },
  {
    usage: "bench",
    about:
      "measure how soon commands and a hub start, a first load from a simulated vendor beside a bare COPY of the same rows, how soon a hub answers a webhook, how soon a TV shows the change, and how fast events go out",
    load: async () => (await import("./commands/bench.ts")).registerBench,
  },
];
