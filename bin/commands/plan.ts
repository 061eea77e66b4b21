import path from "node:path";
import type { Command } from "commander";
import { planConfig } from "../../config/apply.ts";
import { amountsLeftOut, unanswered } from "../../config/left-out.ts";
import { rebuilds } from "../../config/rebuild.ts";
import { loadConfig } from "../../config/file.ts";
import { hasChanges, type Change } from "../../config/plan.ts";
import type { Desired } from "../../config/desired.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import type { CliContext } from "../context.ts";

/** `tributary plan [FILE]`: what `apply` would change. Changes nothing. */
export function registerPlan(command: Command, context: CliContext): void {
  command
    .option("--prune", "also show what would be removed because the file does not have it", false)
    .action(async (file: string | undefined, options: { readonly prune: boolean }) => {
      const desired = await readConfig(context, file);
      const { changes, leftOut, rebuilt } = await context.withHub(async (hub) => {
        const { db } = hub.store;
        const changes = await planConfig(db, desired, { ...hub, prune: options.prune });
        const leftOut = [
          ...(await amountsLeftOut(db, desired)),
          ...(await unanswered(db, desired, hub.destinations, new Date())),
        ];
        return { changes, leftOut, rebuilt: await rebuilds(db, changes) };
      });
      for (const line of rebuilt) context.out.note(`rebuild: ${line}`);
      for (const warning of leftOut) context.out.note(`warning: ${warning}`);
      context.out.result(changesJson(changes, desired, { leftOut, rebuilt }), () => changesText(changes, "to"));
    });
}

/** The file that was named, or the default; its warnings are noted. */
export async function readConfig({ env, out }: CliContext, file: string | undefined): Promise<Desired> {
  const shown = file ?? (path.relative(process.cwd(), env.configFile) || env.configFile);
  const desired = await loadConfig(shown, {
    connectors: CONNECTORS,
    destinations: DESTINATIONS,
    variable: env.variable,
  });
  for (const warning of desired.warnings) out.note(`warning: ${warning}`);
  return desired;
}

export function changesJson(
  changes: readonly Change[],
  desired: Desired,
  { leftOut, rebuilt }: { readonly leftOut: readonly string[]; readonly rebuilt: readonly string[] },
): object {
  return { changed: hasChanges(changes), changes, rebuilds: rebuilt, warnings: [...desired.warnings, ...leftOut] };
}

const SIGNS = { create: "+", update: "~", remove: "-", unchanged: "=", kept: "=" } as const;

export function changesText(changes: readonly Change[], tense: "to" | "done"): string {
  const lines = changes
    .filter((change) => change.action !== "unchanged")
    .flatMap((change) => [headline(change), ...(change.action === "update" ? change.fields.map(fieldLine) : [])]);
  const count = (action: Change["action"]): number => changes.filter((change) => change.action === action).length;
  const verbs =
    tense === "to" ? (["to create", "to update", "to remove"] as const) : (["created", "updated", "removed"] as const);
  const counts = [count("create"), count("update"), count("remove")].map(
    (number, index) => `${number} ${verbs[index]}`,
  );
  const summary = hasChanges(changes) ? `${counts.join(", ")}, ${count("unchanged")} unchanged.` : "Nothing to change.";
  return [...lines, summary].join("\n");
}

function headline(change: Change): string {
  const name = change.what.replaceAll("_", " ");
  const title = name === change.id || change.what === "exchange_rates" ? name : `${name} ${change.id}`;
  if (change.action === "kept")
    return `= ${title}: not in the file, kept (--prune removes it${change.what === "connection" ? " with its data" : ""})`;
  const note =
    change.action === "remove" && change.what === "connection" ? ", with everything that was pulled from it" : "";
  return `${SIGNS[change.action]} ${title}${note}`;
}

function fieldLine({ field, from, to }: Change["fields"][number]): string {
  if (from === "«secret»" && to === "«secret»") return `    ${field}: «changed»`;
  return `    ${field}: ${from ?? "(none)"} → ${to ?? "(none)"}`;
}
