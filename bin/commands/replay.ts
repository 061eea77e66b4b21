import type { Command } from "commander";
import { changedAnything } from "../../core/normalise/index.ts";
import { type ReplayedStream, replayConnection } from "../../core/setup/pulls.ts";
import type { CliContext } from "../context.ts";
import { createSetup } from "../hub/setup.ts";

/** `tributary replay ID [--stream S]`: facts from raw, without asking the vendor. */
export function registerReplay(command: Command, context: CliContext): void {
  command
    .option("--stream <stream>", "only this stream")
    .action(async (connectionId: string, options: { readonly stream?: string }) => {
      const streams = await context.withHub((hub) =>
        replayConnection(createSetup(hub), "cli", connectionId, {
          stream: options.stream ?? null,
          signal: context.signal,
        }),
      );
      const json = streams.map((one) => ({ ...one, changed: changedAnything(one) }));
      context.out.result({ connection: connectionId, streams: json }, () => streams.map(toLine).join("\n"));
    });
}

function toLine(replayed: ReplayedStream): string {
  const { stream, records, facts, deals, skipped, failed } = replayed;
  const count = (n: number): string => n.toLocaleString("en");
  const what = changedAnything(replayed)
    ? `${count(facts.added)} added, ${count(facts.changed)} changed, ${count(facts.removed)} removed; ${count(deals)} deal histories rewritten`
    : "nothing changed";
  const notes = [
    skipped.length > 0 ? `${count(skipped.length)} could not be mapped` : "",
    failed.length > 0 ? `${count(failed.length)} failed [normalise.failed]` : "",
  ].filter((note) => note !== "");
  return [`${stream}: replayed ${count(records)} records; ${what}`, ...notes].join("; ");
}
