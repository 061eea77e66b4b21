import { sql } from "kysely";
import { TributaryError } from "../../base/errors.ts";
import { dayOf, isDay, type Day } from "../../base/time.ts";
import type { Db } from "../../store/db.ts";
import type { Workspace } from "../../store/setup/workspace.ts";
import { periodsOf, wholePeriod, type Range } from "../ask/period.ts";
import type { Scope, Subject } from "./define.ts";
import type { MetricQuery } from "./query.ts";

/**
 * What the query is about. Without a grain the range is one period; with one, an open bound is closed by the first record and by today.
 *
 * @throws TributaryError `kpi.bad_period`, `kpi.too_many_periods`
 */
export async function scopeOf(db: Db, workspace: Workspace, subject: Subject, query: MetricQuery): Promise<Scope> {
  assertRange(query);
  const cutoff = new Date(Math.min(...[query.now, query.asOf, query.until].flatMap((at) => at?.getTime() ?? [])));
  const deletedBy = new Date(Math.min(query.now.getTime(), query.asOf?.getTime() ?? Infinity));
  const { timeZone, currency, working } = workspace;
  const scope = { timeZone, currency, working, cutoff, landedBy: query.asOf, deletedBy };
  if (query.grain === null) return { ...scope, periods: [wholePeriod(query, workspace)] };
  const today = dayOf(cutoff, timeZone);
  const to = query.to ?? (query.from !== null && query.from > today ? query.from : today);
  const from = query.from ?? earliest(await firstDay(db, subject, timeZone), to);
  return { ...scope, periods: periodsOf({ from, to }, query.grain, workspace) };
}

function earliest(first: Day | null, to: Day): Day {
  return first !== null && first < to ? first : to;
}

function assertRange({ from, to }: Range): void {
  for (const day of [from, to]) {
    if (day !== null && !isDay(day)) throw badPeriod(`"${day}" is no day`);
  }
  if (from !== null && to !== null && from > to) throw badPeriod(`${from} is after ${to}`);
}

function badPeriod(what: string): TributaryError {
  return new TributaryError({
    code: "kpi.bad_period",
    kind: "config",
    message: `The period can't be used: ${what}.`,
    mend: "Give days as YYYY-MM-DD, the earlier one first.",
  });
}

async function firstDay(db: Db, subject: Subject, timeZone: string): Promise<Day | null> {
  const { rows } = await sql<{ at: Date | null }>`${subject.firstInstant}`.execute(db);
  const at = rows[0]?.at ?? null;
  return at === null ? null : dayOf(at, timeZone);
}
