import type { Command } from "commander";
import { applyConfig, planConfig } from "../../config/apply.ts";
import { amountsLeftOut, unanswered } from "../../config/left-out.ts";
import { rebuilds } from "../../config/rebuild.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";
import { changesJson, changesText, readConfig } from "./plan.ts";

/** `tributary apply [FILE]`: brings what is set up to what the file says; all of it or nothing. */
export function registerApply(command: Command, context: CliContext): void {
  command
    .option("--prune", "remove connections (with their data), sections and webhooks that the file does not have", false)
    .action(async (file: string | undefined, { prune }: { readonly prune: boolean }) => {
      const desired = await readConfig(context, file);
      const { changes, leftOut, rebuilt } = await context.withHub(async (hub) => {
        const { db } = hub.store;
        const rebuilt = await rebuilds(db, await planConfig(db, desired, { ...hub, prune }));
        // Before it begins: on a large workspace it takes its time.
        for (const line of rebuilt) context.out.note(`rebuild: ${line}`);
        const changes = await applyConfig(db, desired, { ...hub, ...context.env, actor: "cli", prune });
        // At once where the hub runs, else when it starts; no pull is waited for.
        if (rebuilt.length > 0) await createSetup(hub).requestRebuild();
        const leftOut = [
          ...(await amountsLeftOut(db, desired)),
          ...(await unanswered(db, desired, hub.destinations, new Date())),
        ];
        return { changes, leftOut, rebuilt };
      });
      for (const warning of leftOut) context.out.note(`warning: ${warning}`);
      context.out.result(changesJson(changes, desired, { leftOut, rebuilt }), () => changesText(changes, "done"));
    });
}
