import { sql } from "kysely";
import { TributaryError } from "../../base/errors.ts";
import type { Day } from "../../base/time.ts";
import type { Db } from "../../store/db.ts";
import { readWorkspace } from "../../store/setup/workspace.ts";
import { answerOf, computeMetric } from "../ask/evaluate.ts";
import { askedNow, question } from "../ask/question.ts";
import type { PeriodName, Range } from "../ask/period.ts";
import { readCatalogue } from "../catalogue.ts";
import { dimensionNames, type MetricDefinition, type Unit } from "../engine/define.ts";

/** Everything there is to say of a rep in one call: each KPI that is of reps, beside the period before and the others. */
export type Scorecard = {
  readonly rep: { readonly id: string; readonly name: string };
  readonly from: Day | null;
  readonly to: Day | null;
  readonly as_of: string;
  readonly timezone: string;
  readonly currency: string;
  /** In the order of the list of KPIs. */
  readonly rows: readonly ScorecardRow[];
};

export type ScorecardRow = {
  readonly metric: string;
  readonly title: string;
  readonly unit: Unit;
  /** What tells the rows of one KPI apart: the action of a streak. */
  readonly dimensions: { readonly [dimension: string]: string | null };
  /** Money in main units. Null: there is no value. */
  readonly value: number | null;
  readonly numerator: number | null;
  readonly denominator: number | null;
  readonly sample_size: number;
  /** In the period before, or its same span where the period still runs. */
  readonly previous: number | null;
  /** Among the reps who have a value, ties sharing a rank; null where neither way is better. */
  readonly rank: number | null;
  readonly ranked: number;
};

export type ScorecardQuery = {
  /** A name, an e-mail address or an id. */
  readonly rep: string;
  readonly period: PeriodName | Range;
  /** Of these KPIs alone; empty: of all. */
  readonly metrics: readonly string[];
  readonly asOf: Date | null;
  readonly now: Date;
};

/** @throws TributaryError `kpi.unknown_rep`, `kpi.unknown_metric` */
export async function scorecard(db: Db, asked: ScorecardQuery): Promise<Scorecard> {
  const rep = await findRep(db, asked.rep);
  const [catalogue, workspace] = [await readCatalogue(db), await readWorkspace(db)];
  const wanted =
    asked.metrics.length === 0 ? catalogue.metrics.filter(isOfReps) : asked.metrics.map((id) => catalogue.need(id));
  const rows: ScorecardRow[] = [];
  let frame: Pick<Scorecard, "from" | "to" | "as_of" | "timezone" | "currency"> | null = null;
  for (const metric of wanted) {
    const ask = question({ metric: metric.id, by: ["rep"], period: asked.period, compare: "previous" });
    const { query, compared } = askedNow(ask, asked.now, workspace, asked.asOf);
    const computed = await computeMetric(db, query);
    const answer = answerOf(query, computed);
    const before = compared === null ? null : await computeMetric(db, compared.query);
    const earlier = before === null || compared === null ? [] : answerOf(compared.query, before).rows;
    const { from, to, as_of, timezone, currency } = answer;
    frame ??= { from, to, as_of, timezone, currency };
    const mine = computed.rows.flatMap((row, at) => (row.groups[0]?.key === rep.id ? [answer.rows[at]] : []));
    for (const row of mine.length === 0 ? [undefined] : mine) {
      const { rep: _, ...dimensions } = row?.dimensions ?? {};
      const apart = JSON.stringify(dimensions);
      const same = (of: { readonly dimensions: { readonly [name: string]: string | null } }): boolean => {
        const { rep: __, ...others } = of.dimensions;
        return JSON.stringify(others) === apart;
      };
      const previous = before?.rows.findIndex((of, at) => {
        const there = earlier[at];
        return of.groups[0]?.key === rep.id && there !== undefined && same(there);
      });
      const values = answer.rows.flatMap((of) => (same(of) && of.dimensions["rep"] !== null ? (of.value ?? []) : []));
      const value = row?.value ?? (metric.kind === "count" || metric.kind === "sum" ? 0 : null);
      rows.push({
        metric: metric.id,
        title: metric.title,
        unit: answer.unit,
        dimensions,
        value,
        numerator: row?.numerator ?? null,
        denominator: row?.denominator ?? null,
        sample_size: row?.sample_size ?? 0,
        previous: previous === undefined || previous < 0 ? null : (earlier[previous]?.value ?? null),
        rank: row?.value == null ? null : rankOf(row.value, values, metric.better),
        ranked: values.length,
      });
    }
  }
  if (frame === null) throw unknownRep(asked.rep, []);
  return { rep, ...frame, rows };
}

/** Those that a rep has one number of. */
function isOfReps(metric: MetricDefinition): boolean {
  const always = (metric.alwaysBy ?? []).filter((name) => name !== "rep" && name !== "action");
  const isCurve = "curveBy" in metric && metric.curveBy !== undefined;
  return metric.kind !== "ranking" && !isCurve && always.length === 0 && dimensionNames(metric).includes("rep");
}

function rankOf(value: number, values: readonly number[], better: "higher" | "lower" | null): number | null {
  if (better === null) return null;
  return 1 + values.filter((other) => (better === "higher" ? other > value : other < value)).length;
}

async function findRep(db: Db, said: string): Promise<Scorecard["rep"]> {
  const { rows } = await sql<{ id: string; name: string }>`
    select distinct on (rep.id) rep.id::text as id, coalesce(rep.name, rep.email, rep.external_id) as name
    from reps own join reps rep on rep.id = coalesce(own.merged_into, own.id)
    where lower(own.name) = lower(${said}) or lower(own.email) = lower(${said}) or own.id::text = ${said} or own.external_id = ${said}
    order by rep.id`.execute(db);
  const [only, ...more] = rows;
  if (only !== undefined && more.length === 0) return only;
  if (only !== undefined) throw unknownRep(said, rows);
  const { rows: all } = await sql<{ id: string; name: string }>`
    select id::text as id, coalesce(name, email, external_id) as name from reps
    where merged_into is null and deleted_at is null and is_active is distinct from false order by 2 limit 100`.execute(
    db,
  );
  throw unknownRep(said, all);
}

function unknownRep(said: string, known: readonly { readonly id: string; readonly name: string }[]): TributaryError {
  const isShared = known.length > 1 && new Set(known.map(({ name }) => name)).size < known.length;
  return new TributaryError({
    code: "kpi.unknown_rep",
    kind: "config",
    message: isShared ? `Several reps are called "${said}".` : `There is no rep "${said}".`,
    mend: `Use one of: ${known.map(({ id, name }) => (isShared ? `${id} (${name})` : name)).join(", ")}.`,
  });
}
