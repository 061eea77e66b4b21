import type { Command } from "commander";
import { pauseConnection } from "../../core/setup/connections.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";

/** `tributary pause ID` */
export function registerPause(command: Command, context: CliContext): void {
  command.action(async (id: string) => {
    await context.withHub((hub) => pauseConnection(createSetup(hub), "cli", id));
    context.out.result({ connection: id, state: "paused" }, () => `${id} is paused.`);
  });
}
