import { sql } from "kysely";
import { majorUnits } from "../../base/money.ts";
import type { Db } from "../../store/db.ts";
import { prepare, recordParts } from "../ask/evaluate.ts";
import { slicedRows } from "../engine/aggregate.ts";
import { slicingOfPart } from "../engine/compute.ts";
import { type Dimension, findDimension, rep as byRep } from "../engine/dimensions.ts";
import type { MetricQuery } from "../engine/query.ts";

/** A record that a KPI counts, all of them at once: for who has to notice when one comes or goes. */
export type CountedRecord = {
  /** `deal`, `lead` */
  readonly kind: string;
  readonly id: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly created: Date | null;
  readonly rep_id: string | null;
  readonly rep: string | null;
  /** Of deals, in main units of the workspace's currency; null: none. */
  readonly value: number | null;
  readonly pipeline: string | null;
  readonly stage: string | null;
  readonly company: string | null;
};

/** @returns each once, in order of id. @throws TributaryError what {@link prepare} throws */
export async function countedRecords(db: Db, query: MetricQuery): Promise<CountedRecord[]> {
  const { metric, scope, slicing } = await prepare(db, query);
  const found = new Map<string, CountedRecord>();
  for (const part of recordParts(metric)) {
    const { records, dimensions } = part.subject;
    const own = ["rep", "pipeline", "stage", "company"].filter((name) => Object.hasOwn(dimensions, name));
    const by: Dimension[] = [];
    for (const name of own) by.push(await findDimension(db, part, name));
    const label = (name: string) => by.find((dimension) => dimension.name === name)?.label ?? sql`null::text`;
    const sliced = { by, filters: slicingOfPart(part, slicing).filters };
    const hasRep = own.includes("rep");
    const value = records.kind === "deal" ? sql`r.value_minor::float8` : sql`null::float8`;
    const { rows } = await sql<Omit<CountedRecord, "kind"> & { readonly created: Date | number | null }>`
      select r.id, ${records.columns}, ${hasRep ? byRep.key : sql`null::text`} as rep_id, ${label("rep")} as rep, ${value} as value,
        ${label("pipeline")} as pipeline, ${label("stage")} as stage, ${label("company")} as company
      ${slicedRows(part, scope, sliced, records.table)} and r.counted
      order by r.id`.execute(db);
    for (const row of rows) {
      const { id, name, url, created, rep_id, rep, value: minor, pipeline, stage, company } = row;
      const main = minor === null ? null : majorUnits(Math.round(minor), scope.currency);
      const at = created instanceof Date ? created : null;
      found.set(id, {
        kind: records.kind,
        id,
        name,
        url,
        created: at,
        rep_id,
        rep,
        value: main,
        pipeline,
        stage,
        company,
      });
    }
  }
  return [...found.values()];
}
