import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { removeConnection } from "../../core/setup/connections.ts";
import type { CliContext } from "../context.ts";

/** `tributary remove ID`: the account and everything that was pulled from it. */
export function registerRemove(command: Command, context: CliContext): void {
  command.option("--yes", "do not ask", false).action(async (id: string, options: { readonly yes: boolean }) => {
    if (!options.yes) await confirm(id);
    await context.withHub((hub) => removeConnection(hub.store, "cli", id));
    context.out.result({ connection: id, removed: true }, () => `${id} is removed, with its data.`);
  });
}

/** The id has to be typed again: there is no way back. */
async function confirm(id: string): Promise<void> {
  if (!process.stdin.isTTY) throw notConfirmed(id);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`Everything that was pulled from ${id} will be gone. Type its id to go on: `);
    if (answer.trim() !== id) throw notConfirmed(id);
  } finally {
    prompt.close();
  }
}

function notConfirmed(id: string): TributaryError {
  return new TributaryError({
    code: "connection.remove_not_confirmed",
    kind: "config",
    message: `${id} was not removed: that needs to be confirmed.`,
    mend: `Run tributary remove ${id} --yes.`,
  });
}
