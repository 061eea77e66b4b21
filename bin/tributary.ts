/** The command `tributary`. The only file that knows every command. */
import { Command, CommanderError } from "commander";
import { findTributaryError, toTributaryError } from "../core/base/errors.ts";
import { readEnv } from "../config/env.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerApply } from "./commands/apply.ts";
import { registerBench } from "./commands/bench.ts";
import { registerConnect } from "./commands/connect.ts";
import { registerConnections } from "./commands/connections.ts";
import { registerConnector } from "./commands/connector.ts";
import { registerConnectors } from "./commands/connectors.ts";
import { registerKpi } from "./commands/kpi.ts";
import { registerPause } from "./commands/pause.ts";
import { registerPlan } from "./commands/plan.ts";
import { registerRemove } from "./commands/remove.ts";
import { registerReplay } from "./commands/replay.ts";
import { registerResume } from "./commands/resume.ts";
import { registerTest } from "./commands/test.ts";
import { registerReconcile } from "./commands/reconcile.ts";
import { registerSecrets } from "./commands/secrets.ts";
import { registerSync } from "./commands/sync.ts";
import { registerUp } from "./commands/up.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerUsers } from "./commands/users.ts";
import { registerWebhook } from "./commands/webhook.ts";
import { type CliContext, createContext } from "./context.ts";
import { createOutput, reportError } from "./output.ts";

/** One line for each file of bin/commands. */
const COMMANDS: readonly ((program: Command, context: CliContext) => void)[] = [
  registerUp,
  registerUsers,
  registerKeys,
  registerDoctor,
  registerDemo,
  registerPlan,
  registerApply,
  registerConnector,
  registerConnectors,
  registerConnections,
  registerConnect,
  registerTest,
  registerWebhook,
  registerPause,
  registerResume,
  registerRemove,
  registerSync,
  registerReconcile,
  registerKpi,
  registerReplay,
  registerSecrets,
  registerBench,
];

const EXIT = { done: 0, failed: 1, wrongUsage: 2, interrupted: 130 } as const;

/** Ctrl-C once asks everything to end; twice ends it. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort(new Interrupted());
    });
  }
  return controller.signal;
}

class Interrupted extends Error {
  override readonly message = "Interrupted.";
}

async function main(args: readonly string[]): Promise<number> {
  const program = new Command("tributary")
    .description("Every tool's sales activity in one metrics store, and from there to screens, feeds and webhooks")
    .option("--json", "machine output on stdout, and nothing else there")
    .showHelpAfterError()
    .exitOverride();
  // Asked of the arguments themselves too, because an error may come before they are parsed.
  const isJson = (): boolean => program.opts<{ json?: boolean }>().json ?? args.includes("--json");
  const out = createOutput(isJson);
  try {
    const context = createContext(readEnv(), out, interruptSignal());
    for (const register of COMMANDS) register(program, context);
    await program.parseAsync(args, { from: "user" });
    return process.exitCode === undefined ? EXIT.done : Number(process.exitCode);
  } catch (error) {
    // It has printed what is wrong, and the usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    if (error instanceof Interrupted) return EXIT.interrupted;
    reportError(toTributaryError(error), isJson());
    const isUnexpected = findTributaryError(error) === null && error instanceof Error;
    if (isUnexpected && !isJson()) process.stderr.write(`${error.stack ?? ""}\n`);
    return EXIT.failed;
  }
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
});

const code = await main(process.argv.slice(2));
// Whatever is still open is of no use any more; but what was written must be out.
process.stdout.write("", () => process.exit(code));
