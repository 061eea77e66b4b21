/** The KPIs: what there is, what a number is, and the records behind it. */
export type { MetricAnswer, MetricFilter, MetricQuery, MetricRow } from "./engine/query.ts";
export { evaluateMetric } from "./ask/evaluate.ts";
export { keptAnswer } from "./ask/kept.ts";
export { metricRecords, type MetricRecords } from "./ask/records.ts";
export { type Catalogue, readCatalogue } from "./catalogue.ts";
export { describeMetric, METRICS, sayingOf } from "./registry.ts";
