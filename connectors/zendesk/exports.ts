import { z } from "zod";
import { failedWith, TributaryError } from "../../core/base/errors.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Page, PullContext } from "../../core/connector/define.ts";
import { rowsOf, type Params, type ZendeskClient } from "./client.ts";
import { TOO_HEAVY, TOO_RECENT } from "./errors.ts";
import type { ZendeskSettings } from "./settings.ts";
import { epochS, newestStart } from "./time.ts";

export type ZendeskPull = PullContext<ZendeskSettings, ZendeskClient>;

/** What a page says of its stream; made of a whole answer, since side-loads stand beside the rows. */
export type PageContent = Pick<Page, "records" | "deleted">;

type Export = {
  readonly path: string;
  /** Where the rows stand in the answer. */
  readonly key: string;
  readonly include?: string;
  readonly toContent: (rows: readonly JsonObject[], answer: JsonObject) => PageContent | Promise<PageContent>;
};

/** The most that an export gives; also what it gives unless told. */
const MOST_ROWS = 1000;
const FEWEST_ROWS = 100;
/** Empty pages in a row that move nothing. One or two are normal, also far from the end. */
const MOST_IDLE_PAGES = 5;

const cursorCheckpoint = z.object({ cursor: z.string() });

/**
 * Tickets and users by cursor, ordered by when the export last touched them:
 *
 *      start_time    page    page    page      held back (1 min)
 *          |----------|-------|-------|-------------|··········| now
 *                                     └ after_cursor: set on the last page too, and where the next pull starts
 *
 * The cursor is exclusive and later pages are asked for by it alone; a row that changes while we read comes again at the end. A page may
 * be empty with more to come: `end_of_stream` decides, never the number of rows. The export's own time moves with changes that leave
 * `updated_at` alone, so `updated_at` is no cursor. developer.zendesk.com, "Using the Incremental Exports API".
 */
export async function* exportByCursor(list: Export, context: ZendeskPull): AsyncGenerator<Page> {
  let cursor = cursorCheckpoint.nullable().parse(context.checkpoint)?.cursor ?? null;
  const sizes = createPageSize();
  const idle = createIdleCount(list.path);
  for (let done = 0; ;) {
    const from = cursor === null ? { start_time: firstStart(context) } : { cursor };
    const answer = await ask(list, from, sizes, context);
    if (answer === null) return;
    const rows = rowsOf(answer, list.key, list.path);
    const after: string | null = textOf(answer["after_cursor"]);
    done += rows.length;
    const content = await list.toContent(rows, answer);
    const isEnd = answer["end_of_stream"] === true || after === null;
    if (!isEnd && rows.length === 0 && after === cursor) idle.count();
    cursor = after ?? cursor;
    yield { ...content, checkpoint: cursor === null ? null : { cursor }, progress: { done, total: null } };
    if (isEnd) return;
  }
}

const timeCheckpoint = z.object({ startTime: z.int() });

/**
 * Organizations, ticket events and Talk's calls by time. `end_time` is the second of the page's last row, and the next page begins with all
 * rows of that second again: repeats at the borders are normal and cost nothing, a strict "later than" would lose rows.
 *
 * @param list.hasEnd whether the answer says `end_of_stream`. Talk's does not, and its `next_page` is never null: there the end is a page
 *   that gives nothing or does not lead on.
 */
export async function* exportByTime(
  list: Export & { readonly hasEnd: boolean },
  context: ZendeskPull,
): AsyncGenerator<Page> {
  const stored = timeCheckpoint.nullable().parse(context.checkpoint)?.startTime ?? null;
  let startTime = Math.min(stored ?? firstStart(context), newestStart(context.startedAt));
  const sizes = createPageSize();
  for (let done = 0; ;) {
    const answer = await ask(list, { start_time: startTime }, sizes, context);
    if (answer === null) return;
    const rows = rowsOf(answer, list.key, list.path);
    const endTime: number | null = typeof answer["end_time"] === "number" ? answer["end_time"] : null;
    const isStuck = endTime === null || endTime <= startTime;
    const isFull = rows.length >= sizes.rows;
    const isEnd = list.hasEnd ? answer["end_of_stream"] === true : rows.length === 0 || (isStuck && !isFull);
    if (!isEnd && isStuck) throw stalled(list.path, "more rows than a page holds share one second");
    startTime = endTime === null ? startTime : Math.max(startTime, endTime);
    done += rows.length;
    yield { ...(await list.toContent(rows, answer)), checkpoint: { startTime }, progress: { done, total: null } };
    if (isEnd) return;
  }
}

/** One page. Null when the time asked from is within the minute that is held back: there is nothing new then. */
async function ask(
  list: Export,
  from: Params,
  sizes: ReturnType<typeof createPageSize>,
  { client, log }: ZendeskPull,
): Promise<JsonObject | null> {
  for (;;) {
    try {
      return await client.get(list.path, { ...from, per_page: sizes.rows, include: list.include });
    } catch (error) {
      if (failedWith(error, TOO_RECENT)) return null;
      if (!failedWith(error, TOO_HEAVY)) throw error;
      if (!sizes.halve()) throw tooSlow(list.path);
      log("info", `${list.path} took too long: asking for ${sizes.rows} rows a page`);
    }
  }
}

function createPageSize(): { readonly rows: number; halve(): boolean } {
  let rows = MOST_ROWS;
  return {
    get rows() {
      return rows;
    },
    halve() {
      if (rows <= FEWEST_ROWS) return false;
      rows = Math.max(FEWEST_ROWS, Math.floor(rows / 2));
      return true;
    },
  };
}

function createIdleCount(path: string): { count(): void } {
  let idle = 0;
  return {
    count() {
      idle += 1;
      if (idle > MOST_IDLE_PAGES) throw stalled(path, "page after page is empty and none is the last");
    },
  };
}

function firstStart({ since, startedAt }: ZendeskPull): number {
  return since === null ? 0 : Math.min(epochS(since), newestStart(startedAt));
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function tooSlow(path: string): TributaryError {
  return new TributaryError({
    code: "zendesk.export.too_slow",
    kind: "transient",
    message: `Zendesk gathers not even ${FEWEST_ROWS} rows of ${path} in time.`,
    mend: "Nothing to do: it is tried again. If it lasts, look at status.zendesk.com.",
  });
}

function stalled(path: string, why: string): TributaryError {
  return new TributaryError({
    code: "zendesk.export.stalled",
    kind: "contract",
    message: `The export ${path} leads no further: ${why}.`,
    mend: "Pull again later; if it stays, report it with the run's number. What was read so far has landed.",
  });
}
