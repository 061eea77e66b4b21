import {
  METRICS,
  type MetricAnswer,
  type MetricDefinition,
  type MetricQuery,
  type MetricRecords,
  evaluateMetric,
  metricRecords,
} from "../core/metrics/index.ts";
import type { Db } from "../core/store/db.ts";

/** The KPIs as screens, feeds and the API ask for them. */
export type Metrics = {
  readonly definitions: readonly MetricInfo[];
  /** @throws TributaryError when the metric, a dimension or a period is not one there is. */
  evaluate(query: MetricQuery): Promise<MetricAnswer>;
  /** The records behind a number. */
  records(
    query: MetricQuery,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<Pick<MetricRecords, "records" | "next_cursor">>;
};

export type MetricInfo = Pick<
  MetricDefinition,
  "id" | "title" | "question" | "formula" | "unit" | "better" | "dimensions"
>;

/** The KPIs of core/metrics over a database. */
export function metricsOf(db: Db): Metrics {
  return {
    definitions: METRICS,
    evaluate: (query) => evaluateMetric(db, query),
    records: (query, page) => metricRecords(db, query, page),
  };
}
