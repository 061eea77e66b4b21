import type { Command } from "commander";
import { resumeConnection } from "../../core/setup/connections.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";

/** `tributary resume ID` */
export function registerResume(command: Command, context: CliContext): void {
  command.action(async (id: string) => {
    await context.withHub((hub) => resumeConnection(createSetup(hub), "cli", id));
    context.out.result({ connection: id, state: "active" }, () => `${id} is pulled again.`);
  });
}
