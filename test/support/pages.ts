import type { Clock } from "../../core/base/clock.ts";
import type { Json } from "../../core/base/json.ts";
import type { Page, Stream } from "../../core/connector/define.ts";

/** Pages of one stream, what was said on the way, and where to go on. */
export type Pages = { readonly pages: Page[]; readonly logs: string[]; checkpoint: Json };

/**
 * Asks a stream for its pages, from the checkpoint on, as the engine would; `land` is called with each. Nothing is stored.
 *
 * @param options `maxPages`: stops after so many, as a kill would.
 */
export async function readPages(
  stream: Stream,
  at: { readonly client: unknown; readonly settings: unknown; readonly clock: Clock },
  into: Pages,
  options: { readonly since?: Date; readonly maxPages?: number },
  land: (page: Page) => void,
): Promise<void> {
  const pages = stream.pull({
    client: at.client,
    settings: at.settings,
    workspace: { timeZone: "UTC", currency: "EUR" },
    checkpoint: into.checkpoint,
    since: options.since ?? null,
    startedAt: at.clock.now(),
    signal: new AbortController().signal,
    log: (_level, message) => void into.logs.push(message),
  });
  let left = options.maxPages ?? Infinity;
  for await (const page of pages) {
    into.pages.push(page);
    // As it would come back from the database.
    into.checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Json;
    land(page);
    left -= 1;
    if (left === 0) break;
  }
}
