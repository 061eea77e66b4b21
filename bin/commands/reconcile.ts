import type { Command } from "commander";
import type { Compared } from "../../core/land/reconcile.ts";
import { reconcileConnection } from "../../core/setup/pulls.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";
import { tableText } from "../output.ts";

/** `tributary reconcile ID`: our counts beside the source's own. Ends with 1 when any differs. */
export function registerReconcile(command: Command, context: CliContext): void {
  command.action(async (connectionId: string) => {
    const totals = await context.withHub((hub) =>
      reconcileConnection(createSetup(hub), "cli", connectionId, context.signal),
    );
    const isEqual = totals.every((total) => total.isEqual);
    context.out.result({ connection: connectionId, equal: isEqual, totals: totals.map(toJson) }, () =>
      toText(totals, isEqual),
    );
    if (!isEqual) process.exitCode = 1;
  });
}

function toJson({ name, theirs, ours, isEqual, note }: Compared): object {
  return { name, theirs, ours, difference: ours - theirs, equal: isEqual, note };
}

function toText(totals: readonly Compared[], isEqual: boolean): string {
  const rows = totals.map(({ name, theirs, ours, isEqual: same, note }) => ({
    total: name,
    theirs,
    ours,
    difference: ours - theirs,
    verdict: same ? "equal" : (note ?? "differs"),
  }));
  const verdict = isEqual
    ? "Everything agrees."
    : "Some totals differ. What changed since the last pull shows as a difference: run `tributary sync` first.";
  return `${tableText(rows)}\n${verdict}`;
}
