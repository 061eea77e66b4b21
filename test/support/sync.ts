import { pullStreams } from "../../bin/commands/sync.ts";
import { createContext } from "../../bin/context.ts";
import { createOutput } from "../../bin/output.ts";
import { readEnv } from "../../config/env.ts";
import type { Run } from "../../core/store/pulls/runs.ts";
import type { Variables } from "./spawn.ts";

/** `tributary sync` of connections, in this process: as many more that start would take longer than all that they do. @returns what failed. */
export async function syncAll(connectionIds: readonly string[], variables: Variables): Promise<readonly Run[]> {
  const context = createContext(
    readEnv({ ...variables }),
    createOutput(() => true),
    new AbortController().signal,
  );
  const runs = await context.withHub((hub) =>
    Promise.all(connectionIds.map((id) => pullStreams(hub, context, "cli", id, {}))),
  );
  return runs.flat().filter(({ state }) => state !== "succeeded");
}
