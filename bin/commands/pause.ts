import type { Command } from "commander";
import { pauseConnection } from "../../core/setup/connections.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";

/** `tributary pause ID` */
export function registerPause(program: Command, context: CliContext): void {
  program
    .command("pause <connection>")
    .description("stop pulling an account until it is resumed")
    .action(async (id: string) => {
      await context.withHub((hub) => pauseConnection(createSetup(hub), "cli", id));
      context.out.result({ connection: id, state: "paused" }, () => `${id} is paused.`);
    });
}
