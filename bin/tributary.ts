/** The command `tributary`. */
import { Command, CommanderError } from "commander";
import { COMMANDS, type CommandEntry } from "./commands.ts";
import { EXIT } from "./exit.ts";
import { recognise } from "../core/store/failures.ts";
import { createOutput, reportError, type Output } from "./output.ts";

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
    await addCommands(program, args, out);
    await program.parseAsync(args, { from: "user" });
    return process.exitCode === undefined ? EXIT.done : Number(process.exitCode);
  } catch (error) {
    // It has printed what is wrong, and the usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
    if (error instanceof Interrupted) return EXIT.interrupted;
    const known = recognise(error);
    reportError(known, isJson());
    if (known.code === "internal.unexpected" && error instanceof Error && !isJson())
      process.stderr.write(`${error.stack ?? ""}\n`);
    return EXIT.failed;
  }
}

/** All commands by name, for the help; only those whose name stands among the arguments are loaded, whichever of them it turns out to be. */
async function addCommands(program: Command, args: readonly string[], out: Output): Promise<void> {
  const asked: [Command, CommandEntry][] = [];
  for (const entry of COMMANDS) {
    const command = program.command(entry.usage).description(entry.about);
    if (args.includes(command.name())) asked.push([command, entry]);
  }
  if (asked.length === 0) return;
  const [{ createContext }, { readEnv }] = await Promise.all([import("./context.ts"), import("../config/env.ts")]);
  const context = createContext(readEnv(), out, interruptSignal());
  for (const [command, { load }] of asked) (await load())(command, context);
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
});

const code = await main(process.argv.slice(2));
// Whatever is still open is of no use any more; but what was written must be out.
process.stdout.write("", () => process.exit(code));
