import type { Command } from "commander";
import { applyConfig } from "../../config/apply.ts";
import { amountsLeftOut, unanswered } from "../../config/left-out.ts";
import type { CliContext } from "../context.ts";
import { changesJson, changesText, readConfig } from "./plan.ts";

/** `tributary apply [FILE]`: brings what is set up to what the file says; all of it or nothing. */
export function registerApply(command: Command, context: CliContext): void {
  command
    .option("--prune", "remove connections (with their data), sections and webhooks that the file does not have", false)
    .action(async (file: string | undefined, options: { readonly prune: boolean }) => {
      const desired = await readConfig(context, file);
      const { changes, leftOut } = await context.withHub(async (hub) => ({
        changes: await applyConfig(hub.store.db, desired, {
          ...hub,
          ...context.env,
          actor: "cli",
          prune: options.prune,
        }),
        leftOut: [
          ...(await amountsLeftOut(hub.store.db, desired)),
          ...(await unanswered(hub.store.db, desired, hub.destinations, new Date())),
        ],
      }));
      for (const warning of leftOut) context.out.note(`warning: ${warning}`);
      context.out.result(changesJson(changes, desired, leftOut), () => changesText(changes, "done"));
    });
}
