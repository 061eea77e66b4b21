import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import type { JsonObject } from "../../core/base/json.ts";
import { addDays, type Day, dayOf, daysBetween } from "../../core/base/time.ts";
import type { Page, PullContext, RunLog } from "../../core/connector/define.ts";
import { type Days, type GongClient, isCursorRefused, type ListPage } from "./client.ts";
import type { GongSettings } from "./settings.ts";

export type GongPull = PullContext<GongSettings, GongClient>;

/**
 * A list that Gong cuts by days. It tells of nothing that changes later: calls show up hours after they took place, are given another
 * title, and go without a word. So the latest days are listed again and again:
 *
 *      first load                                     once a day            each pull
 *      |------ windows, as long as they are thin -----|-- relist_days ------|--yesterday, today--|
 *                                                     |  a window a day: what was listed there   |
 *                                                     |  before and is not now, is gone          |
 *
 * A day is compared with itself as it was listed before, never with the records' own times: Gong lists a web conference by when it was
 * scheduled, and it may have begun on another day. What moves from one day to another is in the walk all the same, and is not gone.
 */
export type DayList = {
  readonly read: (client: GongClient, days: Days, cursor: string | null) => Promise<ListPage>;
  /** The records of a page; absent: its rows. */
  readonly recordsOf?: (rows: readonly JsonObject[]) => readonly JsonObject[];
  readonly idOf: (record: JsonObject) => string;
  /** The first day of all. */
  readonly beginsOn: (startedAt: Date) => Day;
  /** The day after the last one that can be asked for. */
  readonly endsOn: (startedAt: Date) => Day;
  readonly longestSpanDays: number;
};

const day = z.iso.date();
const checkpointSchema = z.object({
  /** Every day before this has been listed. */
  readTo: day,
  /** The day of the latest long re-listing. */
  relistedOn: day.nullable(),
  /** Day → the ids that it had, of the days that are listed again. */
  known: z.record(z.string(), z.array(z.string())),
  /** A walk that is under way; null: it came to its end. */
  walk: z
    .object({
      end: day,
      isLong: z.boolean(),
      span: z.int().positive(),
      cursor: z.string().nullable(),
      /** Until where the window goes whose pages are being read. */
      windowTo: day.nullable(),
      /** Day → ids, of the days that this walk has listed so far, the one it is at included. */
      listed: z.record(z.string(), z.array(z.string())),
    })
    .nullable(),
});
type Checkpoint = z.infer<typeof checkpointSchema>;
type Walk = NonNullable<Checkpoint["walk"]>;
type Listed = Walk["listed"];

const FIRST_SPAN_DAYS = 30;
const MANY_ROWS = 2000;
/** A cursor lives for some time only; when one new cursor after another is refused, reading anew would never end. */
const MOST_REFUSALS = 5;
/** Below so many, a day's calls may well all be gone; above, see {@link goneOf}. */
const FEW = 10;

export async function* pullDays(list: DayList, context: GongPull): AsyncGenerator<Page> {
  const before = checkpointSchema.nullable().parse(context.checkpoint);
  const walker = new Walker(list, context, before);
  while (!walker.isDone) yield await walker.next();
}

class Walker {
  private readonly list: DayList;
  private readonly context: GongPull;
  /** The first day that is listed in a window of its own. */
  private readonly singleFrom: Day;
  private state: Checkpoint;
  private walk: Walk;
  /** The first day of the window. */
  private at: Day;
  private rows = 0;
  private done = 0;
  private refusals = 0;
  isDone = false;

  constructor(list: DayList, context: GongPull, before: Checkpoint | null) {
    this.list = list;
    this.context = context;
    const { startedAt, settings, since } = context;
    const today = dayOf(startedAt, "utc");
    this.singleFrom = addDays(today, -settings.relist_days);
    const first = latest(list.beginsOn(startedAt), since === null ? null : dayOf(since, "utc"));
    this.state = before ?? { readTo: first, relistedOn: null, known: {}, walk: null };
    if (this.state.walk !== null) {
      this.walk = this.state.walk;
      this.at = this.state.readTo;
      return;
    }
    const isLong = this.state.relistedOn !== today;
    const again = addDays(earliest(this.state.readTo, today), isLong ? -settings.relist_days : -1);
    this.at = latest(again, first);
    const end = list.endsOn(startedAt);
    this.walk = { end, isLong, span: FIRST_SPAN_DAYS, cursor: null, windowTo: null, listed: {} };
  }

  /** Reads a page. */
  async next(): Promise<Page> {
    const to = this.walk.windowTo ?? this.windowEnd();
    const page = to > this.at ? await this.read({ from: this.at, to }) : null;
    if (page === "anew") return this.pageOf([], []);
    const records = page === null ? [] : (this.list.recordsOf?.(page.rows) ?? page.rows);
    this.note(to, records);
    this.rows += records.length;
    this.done += records.length;
    if (page !== null && page.cursor !== null) this.walk = { ...this.walk, cursor: page.cursor, windowTo: to };
    else this.moveTo(to);
    const gone = this.isDone ? this.finish() : [];
    return this.pageOf(records, gone);
  }

  /** @returns `anew` when the window has to be read from its beginning: a cursor lives for some time only (for how long is unverified). */
  private async read(days: Days): Promise<ListPage | "anew"> {
    const { cursor } = this.walk;
    try {
      const page = await this.list.read(this.context.client, days, cursor);
      if (page.cursor !== null && page.cursor === cursor) throw stuck(days);
      return page;
    } catch (error) {
      this.refusals += 1;
      if (cursor === null || !isCursorRefused(error) || this.refusals > MOST_REFUSALS) throw error;
      this.context.log("info", "Gong no longer takes the cursor: listing the days again", days);
      this.rows = 0;
      const { [days.from]: _, ...listed } = this.walk.listed;
      this.walk = { ...this.walk, cursor: null, windowTo: null, listed };
      return "anew";
    }
  }

  private windowEnd(): Day {
    const { end, span } = this.walk;
    if (this.at >= this.singleFrom) return earliest(addDays(this.at, 1), end);
    return earliest(addDays(this.at, span), earliest(this.singleFrom, end));
  }

  private moveTo(to: Day): void {
    const { span } = this.walk;
    const thin = this.rows === 0 ? span * 4 : span * 2;
    const next = this.rows > MANY_ROWS ? Math.ceil(span / 2) : this.rows < 100 ? thin : span;
    this.walk = { ...this.walk, cursor: null, windowTo: null, span: Math.min(next, this.list.longestSpanDays) };
    this.rows = 0;
    this.at = to;
    this.isDone = to >= this.walk.end;
  }

  /** Remembers what a day has, where it is listed by itself. */
  private note(to: Day, records: readonly JsonObject[]): void {
    if (this.at < this.singleFrom || daysBetween(this.at, to) !== 1) return;
    const ids = new Set([...(this.walk.listed[this.at] ?? []), ...records.map((record) => this.list.idOf(record))]);
    this.walk = { ...this.walk, listed: { ...this.walk.listed, [this.at]: [...ids] } };
  }

  private finish(): readonly string[] {
    const { known, relistedOn } = this.state;
    const { listed, isLong } = this.walk;
    const gone = goneOf(known, listed, this.context.log);
    const kept = Object.entries({ ...known, ...listed }).filter(([one]) => one >= this.singleFrom);
    this.state = {
      readTo: this.walk.end,
      relistedOn: isLong ? dayOf(this.context.startedAt, "utc") : relistedOn,
      known: Object.fromEntries(kept),
      walk: null,
    };
    return gone;
  }

  private pageOf(records: readonly JsonObject[], deleted: readonly string[]): Page {
    const checkpoint = this.isDone ? this.state : { ...this.state, readTo: this.at, walk: this.walk };
    return { records, deleted, checkpoint, progress: { done: this.done, total: null } };
  }
}

/**
 * Ids that the listed days had when they were listed before, and that none of them has now.
 *
 * A key that no longer sees any calls gets the same answer as an account that has none. So when more than half of what was known is missing
 * at once, nothing is taken away: if it is true, a full pull (`sync --full`) says so.
 */
function goneOf(known: Listed, listed: Listed, log: RunLog): readonly string[] {
  const present = new Set(Object.values(listed).flat());
  const before = [...new Set(Object.keys(listed).flatMap((one) => known[one] ?? []))];
  const gone = before.filter((id) => !present.has(id));
  if (gone.length > FEW && gone.length * 2 > before.length) {
    log(
      "warn",
      `${gone.length} of ${before.length} records are no longer listed. They are kept: Gong answers like this as well when the credentials have lost sight of them. If they were deleted, pull in full.`,
    );
    return [];
  }
  return gone;
}

function stuck(days: Days): TributaryError {
  return new TributaryError({
    code: "gong.list.stuck",
    kind: "contract",
    message: `Gong gives the same page of ${days.from} again and again.`,
    mend: "Report it: the cursor is not taken where it used to be.",
  });
}

function earliest(a: Day, b: Day): Day {
  return a < b ? a : b;
}

function latest(a: Day, b: Day | null): Day {
  return b !== null && b > a ? b : a;
}
