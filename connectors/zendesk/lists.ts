import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import { fieldOf, type JsonObject } from "../../core/base/json.ts";
import type { Page } from "../../core/connector/define.ts";
import { rowsOf, type Params, type ZendeskClient } from "./client.ts";
import { NOT_FOUND, PERMISSION_MISSING, REFUSED } from "./errors.ts";
import type { PageContent, ZendeskPull } from "./exports.ts";
import { epochS } from "./time.ts";

/** What the documentation allows for lists by cursor. Without `page[size]` a list falls back to offsets, which end at 10,000 rows. */
const PAGE_SIZE = 100;

type ListPage = { readonly rows: readonly JsonObject[]; /** Null: this was the last. */ readonly after: string | null };

/**
 * One page of a list by cursor. `meta.has_more` decides: `links.next` is usually still set on the last page and leads to an empty one, and
 * an empty answer may have no cursor at all.
 */
async function listPage(
  client: ZendeskClient,
  path: string,
  key: string,
  params: Params,
  after: string | null,
): Promise<ListPage> {
  const answer = await client.get(path, { ...params, "page[size]": PAGE_SIZE, "page[after]": after ?? undefined });
  const meta = answer["meta"] ?? null;
  const next = fieldOf(meta, "has_more") === true ? fieldOf(meta, "after_cursor") : null;
  return { rows: rowsOf(answer, key, path), after: typeof next === "string" && next !== after ? next : null };
}

/** Every row of a short list. */
export async function listAll(client: ZendeskClient, path: string, key: string): Promise<readonly JsonObject[]> {
  const all: JsonObject[] = [];
  for (let after: string | null = null; ;) {
    const page: ListPage = await listPage(client, path, key, {}, after);
    all.push(...page.rows);
    if (page.after === null) return all;
    after = page.after;
  }
}

export type SinceList = {
  readonly path: string;
  readonly key: string;
  /** The parameter that takes the oldest time of the rows, in Unix seconds. */
  readonly since: string;
  /** How far back each pull reads again: rows change in place for so long. */
  readonly overlapMs: number;
  readonly toContent: (rows: readonly JsonObject[]) => PageContent | Promise<PageContent>;
};

const sinceCheckpoint = z.object({
  readUpTo: z.iso.datetime().nullable(),
  /** The walk that is under way: where it began, and the cursor of its next page. */
  walk: z.object({ startedAt: z.iso.datetime(), fromS: z.int(), after: z.string() }).nullable(),
});
type SinceCheckpoint = z.infer<typeof sinceCheckpoint>;

/**
 * A list that can be cut by the rows' creation alone, each pull with an overlap. Only the older end is given: it is enough, and in which
 * unit of time the other one would be read is not known for sure (surveys).
 *
 *                          checkpoint     started
 *      |--------- read --------|             |
 *                 |--overlap---|------------>|
 */
export async function* listSince(list: SinceList, context: ZendeskPull): AsyncGenerator<Page> {
  const { client, log } = context;
  const before = sinceCheckpoint.nullable().parse(context.checkpoint);
  let walk = before?.walk ?? newWalk(list, context, before);
  for (let done = 0, isResumed = before?.walk != null; ; isResumed = false) {
    let page: ListPage;
    try {
      const after = "after" in walk ? walk.after : null;
      page = await listPage(client, list.path, list.key, { [list.since]: walk.fromS }, after);
    } catch (error) {
      if (!isResumed || !failedWith(error, REFUSED)) throw error;
      log("info", `the cursor of ${list.path} is no longer known: reading the list again`);
      walk = newWalk(list, context, before);
      continue;
    }
    done += page.rows.length;
    const checkpoint: SinceCheckpoint =
      page.after === null
        ? { readUpTo: walk.startedAt, walk: null }
        : { readUpTo: before?.readUpTo ?? null, walk: { ...walk, after: page.after } };
    yield { ...(await list.toContent(page.rows)), checkpoint, progress: { done, total: null } };
    if (page.after === null) return;
    walk = { ...walk, after: page.after };
  }
}

type Walk = { readonly startedAt: string; readonly fromS: number; readonly after?: string };

function newWalk(list: SinceList, { since, startedAt }: ZendeskPull, before: SinceCheckpoint | null): Walk {
  const readUpTo = before?.readUpTo ?? null;
  const overlapped = readUpTo === null ? 0 : epochS(new Date(Date.parse(readUpTo) - list.overlapMs));
  const fromS = Math.max(overlapped, since === null ? 0 : epochS(since));
  return { startedAt: startedAt.toISOString(), fromS };
}

/**
 * A stream that not every plan has (Talk, either generation of satisfaction). Refused before anything was ever read, it is not there: the
 * run says so and ends well. Refused later, something was taken away, and the run fails with its name.
 */
export async function* whereIncluded(
  what: string,
  context: ZendeskPull,
  pages: AsyncGenerator<Page>,
): AsyncGenerator<Page> {
  try {
    yield* pages;
  } catch (error) {
    if (context.checkpoint !== null || !failedWith(error, PERMISSION_MISSING, NOT_FOUND)) throw error;
    context.log("warn", `this account has no ${what}, or the credentials may not read it: nothing was read`);
    yield { records: [], checkpoint: null };
  }
}
