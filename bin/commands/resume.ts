import type { Command } from "commander";
import { writeAudit } from "../../core/store/setup/audit.ts";
import type { CliContext } from "../context.ts";
import { actionsOf } from "../hub/actions-of.ts";

/** `tributary resume ID` */
export function registerResume(program: Command, context: CliContext): void {
  program
    .command("resume <connection>")
    .description("pull an account again, now and by its schedule")
    .action(async (id: string) => {
      await context.withHub(async (hub) => {
        await actionsOf(hub).resumeConnection(id);
        await writeAudit(hub.store.db, { actor: "cli", action: "connection.resume", target: id, details: {} });
      });
      context.out.result({ connection: id, state: "active" }, () => `${id} is pulled again.`);
    });
}
