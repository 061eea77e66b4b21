import { failedWith, TributaryError } from "../../core/base/errors.ts";
import type { RunLog } from "../../core/connector/define.ts";
import { type CloseClient, type CloseRow, type ListPage, type Params } from "./client.ts";
import { WINDOW_TOO_BIG } from "./errors.ts";
import { filterTime } from "./time.ts";

/**
 * Reads an offset-paged list in windows of a date, oldest window first:
 *
 *      from          from + span                                            to
 *       |--- window ---|--- window ---|------- window -------|--- … --------|
 *       closed left, open right; each is paged by offset, and only a whole window moves `from`.
 *
 * Two things make this exact over a list that changes while it is read:
 * - Offsets have a ceiling (`max_skip`) beyond which Close answers 400: the window is halved, down to a second.
 * - A row that leaves the list moves all later ones up, and the next offset would step over one. So each page overlaps the one
 *   before by a row: where no row is shared, the list has moved and the window is read again. Repeated rows do no harm.
 */
export type Walk = {
  readonly client: CloseClient;
  readonly path: string;
  readonly params: Params;
  /** The date that windows are cut by. */
  readonly field: "date_created" | "date_updated";
  readonly pageSize: number;
  readonly from: Date;
  readonly to: Date;
  /** The first window ends here (where the account begins); null: windows are regular from the start. */
  readonly firstEnd: Date | null;
  /** Where an interrupted walk stood inside a window. */
  readonly resume: WindowPlace | null;
  readonly log: RunLog;
};

export type WindowPlace = {
  /** ISO. */
  readonly to: string;
  readonly skip: number;
  /** The last row of the page before, which the next one has to show again. */
  readonly anchor: string;
};

export type WalkPage = {
  readonly rows: readonly CloseRow[];
  /** Everything before this is read. */
  readonly readUpTo: Date;
  readonly place: WindowPlace | null;
};

const DAY_MS = 86_400_000;
/** What the Singer tap starts with. */
const FIRST_SPAN_MS = 15 * DAY_MS;
const MAX_SPAN_MS = 365 * DAY_MS;
const MIN_SPAN_MS = 1000;
/** Windows of about this many rows lose little when they have to be read again. */
const MANY_ROWS = 5_000;
const MAX_REREADS = 5;

type WindowEnd = { readonly isWhole: boolean; readonly rows: number };

export async function* walkWindows(walk: Walk): AsyncGenerator<WalkPage> {
  let from = walk.from;
  let span = FIRST_SPAN_MS;
  let resume = walk.resume;
  while (from < walk.to) {
    const to = resume === null ? windowEnd(walk, from, span) : new Date(resume.to);
    const end = yield* readWindow(walk, from, to, resume);
    resume = null;
    if (end.isWhole) {
      from = to;
      span = nextSpan(span, end.rows);
    } else {
      span = halved(walk, from, to);
    }
  }
}

function windowEnd(walk: Walk, from: Date, spanMs: number): Date {
  const isFirst = walk.firstEnd !== null && from.getTime() === walk.from.getTime() && from < walk.firstEnd;
  // The long first window is cut like any other once it has proved too big.
  const to = isFirst && spanMs === FIRST_SPAN_MS ? walk.firstEnd : new Date(from.getTime() + spanMs);
  return to < walk.to ? to : walk.to;
}

function nextSpan(spanMs: number, rows: number): number {
  if (rows < 100) return Math.min(spanMs * 2, MAX_SPAN_MS);
  return rows > MANY_ROWS ? Math.max(MIN_SPAN_MS, Math.floor(spanMs / 2)) : spanMs;
}

function halved(walk: Walk, from: Date, to: Date): number {
  const half = Math.floor((to.getTime() - from.getTime()) / 2);
  if (half < MIN_SPAN_MS) {
    throw new TributaryError({
      code: "close.list.keeps_moving",
      kind: "transient",
      message: `More rows of ${walk.path} than Close lists fall into the second from ${from.toISOString()}, or they keep changing.`,
      mend: "Nothing to do unless it lasts; then pull again at a quieter time.",
    });
  }
  walk.log("info", `narrowing the window of ${walk.path} to ${Math.round(half / 1000)} s`, {
    from: from.toISOString(),
  });
  return half;
}

async function* readWindow(
  walk: Walk,
  from: Date,
  to: Date,
  resume: WindowPlace | null,
): AsyncGenerator<WalkPage, WindowEnd> {
  let skip = resume?.skip ?? 0;
  let expected: ReadonlySet<string> | null = resume === null ? null : new Set([resume.anchor]);
  let rereads = 0;
  for (;;) {
    const page = await pageAt(walk, from, to, skip);
    if (page === "too_big") return { isWhole: false, rows: skip };
    if (expected !== null && !page.data.some((row) => expected?.has(row.id))) {
      rereads += 1;
      if (rereads > MAX_REREADS) return { isWhole: false, rows: skip };
      walk.log("info", `${walk.path} changed while it was read: reading the window again`, {
        from: from.toISOString(),
      });
      [skip, expected] = [0, null];
      continue;
    }
    const last = page.data.at(-1);
    const isEnd = !page.hasMore || last === undefined;
    // A page of a single row that says there is more has nothing to overlap with; only a faulty answer looks like this.
    const next = skip + Math.max(1, page.data.length - 1);
    const place = isEnd ? null : { to: to.toISOString(), skip: next, anchor: last.id };
    yield { rows: page.data, readUpTo: isEnd ? to : from, place };
    if (isEnd) return { isWhole: true, rows: skip + page.data.length };
    [skip, expected] = [next, page.data.length > 1 ? new Set(page.data.map((row) => row.id)) : null];
  }
}

async function pageAt(walk: Walk, from: Date, to: Date, skip: number): Promise<ListPage | "too_big"> {
  const window = { [`${walk.field}__gte`]: filterTime(from), [`${walk.field}__lt`]: filterTime(to) };
  try {
    return await walk.client.list(walk.path, { ...walk.params, ...window, _limit: walk.pageSize, _skip: skip });
  } catch (error) {
    if (failedWith(error, WINDOW_TOO_BIG)) return "too_big";
    throw error;
  }
}
