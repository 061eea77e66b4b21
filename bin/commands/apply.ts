import type { Command } from "commander";
import { applyConfig, planConfig } from "../../config/apply.ts";
import { amountsLeftOut, unanswered } from "../../config/left-out.ts";
import { rebuilds } from "../../config/rebuild.ts";
import { streamsBehind } from "../../core/store/pulls/rebuild.ts";
import type { CliContext, Hub } from "../context.ts";
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
        if (rebuilt.length > 0) await requestRebuild(hub);
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

/** The hub makes anew what was asked for, at once where it runs, else when it starts; no pull is waited for. */
async function requestRebuild({ store, queues }: Hub): Promise<void> {
  for (const { connectionId, stream } of await streamsBehind(store.db))
    await queues.request({ queue: "normalise", payload: { connectionId, stream, fromStart: false } });
  await queues.request({ queue: "measure", payload: { reason: "facts" } });
}
