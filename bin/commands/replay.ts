import type { Command } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { changedAnything, type Normalised } from "../../core/normalise/index.ts";
import { replay } from "../../core/normalise/replay.ts";
import { readConnection } from "../../core/store/setup/connections.ts";
import type { CliContext, Hub } from "../context.ts";

/** `tributary replay ID [--stream S]`: facts from raw, without asking the vendor. */
export function registerReplay(program: Command, context: CliContext): void {
  program
    .command("replay <connection>")
    .description("make the facts of a connection anew from what is stored raw")
    .option("--stream <stream>", "only this stream")
    .action(async (connectionId: string, options: { readonly stream?: string }) => {
      const streams = await context.withHub((hub) =>
        replayStreams(hub, connectionId, options.stream ?? null, context.signal),
      );
      context.out.result({ connection: connectionId, streams }, () => streams.map(toLine).join("\n"));
    });
}

type ReplayedStream = { readonly stream: string; readonly changed: boolean } & Normalised;

async function replayStreams(
  hub: Hub,
  connectionId: string,
  only: string | null,
  signal: AbortSignal,
): Promise<ReplayedStream[]> {
  const connection = await readConnection(hub.store.db, connectionId);
  const connector = hub.connectors.find((one) => one.key === connection?.connector);
  if (connection === null || connector === undefined) throw unknownConnection(connectionId);
  const streams = only === null ? Object.keys(connector.streams) : [only];
  const done: ReplayedStream[] = [];
  for (const stream of streams) {
    const replayed = await replay(hub, { connection, connector, stream }, { trigger: "manual", signal });
    signal.throwIfAborted();
    if (replayed !== null) done.push({ stream, changed: changedAnything(replayed), ...replayed });
    else if (only !== null) throw nothingPulled(connectionId, stream);
  }
  return done;
}

function toLine({ stream, changed, records, facts, deals, skipped, failed }: ReplayedStream): string {
  const count = (n: number): string => n.toLocaleString("en");
  const what = changed
    ? `${count(facts.added)} added, ${count(facts.changed)} changed, ${count(facts.removed)} removed; ${count(deals)} deal histories rewritten`
    : "nothing changed";
  const notes = [
    skipped.length > 0 ? `${count(skipped.length)} could not be mapped` : "",
    failed.length > 0 ? `${count(failed.length)} failed [normalise.failed]` : "",
  ].filter((note) => note !== "");
  return [`${stream}: replayed ${count(records)} records; ${what}`, ...notes].join("; ");
}

function unknownConnection(connectionId: string): TributaryError {
  return new TributaryError({
    code: "replay.unknown_connection",
    kind: "config",
    message: `There is no connection "${connectionId}".`,
    mend: "See which there are with: tributary connections",
  });
}

function nothingPulled(connectionId: string, stream: string): TributaryError {
  return new TributaryError({
    code: "replay.nothing_pulled",
    kind: "config",
    message: `Nothing was ever pulled of the stream "${stream}" of ${connectionId}.`,
    mend: `Check the stream's name, or pull it first: tributary sync ${connectionId} --stream ${stream}`,
  });
}
