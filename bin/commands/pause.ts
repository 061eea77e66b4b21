import type { Command } from "commander";
import { writeAudit } from "../../core/store/setup/audit.ts";
import type { CliContext } from "../context.ts";
import { actionsOf } from "../hub/actions-of.ts";

/** `tributary pause ID` */
export function registerPause(program: Command, context: CliContext): void {
  program
    .command("pause <connection>")
    .description("stop pulling an account until it is resumed")
    .action(async (id: string) => {
      await context.withHub(async (hub) => {
        await actionsOf(hub).pauseConnection(id);
        await writeAudit(hub.store.db, { actor: "cli", action: "connection.pause", target: id, details: {} });
      });
      context.out.result({ connection: id, state: "paused" }, () => `${id} is paused.`);
    });
}
