import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";

/**
 * A report as the client library decodes it. The library adds helper keys (`oneValue`, `_currencyCode`) that must not be kept, and leaves
 * out what its version does not know; only what is named here goes on.
 */
const flag = z.boolean().nullish().transform(Boolean);
const value = z.object({ value: z.string().nullish() }).transform((each) => each.value ?? "");
/** int64 comes as text. */
const count = z.coerce.number().nonnegative();

const answer = z.object({
  dimensionHeaders: z.array(z.object({ name: z.string() })).nullish(),
  /** The type is a name or, where enums travel as numbers, a number. */
  metricHeaders: z.array(z.object({ name: z.string(), type: z.union([z.string(), z.number()]).nullish() })).nullish(),
  rows: z
    .array(z.object({ dimensionValues: z.array(value).nullish(), metricValues: z.array(value).nullish() }))
    .nullish(),
  rowCount: count.nullish(),
  metadata: z
    .object({
      timeZone: z.string().nullish(),
      currencyCode: z.string().nullish(),
      subjectToThresholding: flag,
      dataLossFromOtherRow: flag,
      samplingMetadatas: z.array(z.object({ samplesReadCount: count, samplingSpaceSize: count })).nullish(),
      schemaRestrictionResponse: z
        .object({ activeMetricRestrictions: z.array(z.object({ metricName: z.string().nullish() })).nullish() })
        .nullish(),
    })
    .nullish(),
});

export type Row = {
  /** In the order of the report's dimensions. */
  readonly dimensions: readonly string[];
  /** As Google wrote them, in the order of the report's metrics. */
  readonly metrics: readonly string[];
};

export type Quality = {
  /** Rows about few people are withheld. */
  readonly subjectToThresholding: boolean;
  /** Some rows are folded into one named `(other)`, which a filter or a limit may have cut off. */
  readonly dataLossFromOtherRow: boolean;
  /** How many events were read out of how many; null: all. */
  readonly sampling: { readonly samplesRead: number; readonly samplingSpace: number } | null;
  /** Metrics that the account's role hides; their values are not there. */
  readonly restrictedMetrics: readonly string[];
};

export type Report = {
  readonly dimensions: readonly string[];
  readonly metrics: readonly string[];
  readonly rows: readonly Row[];
  /** Of the whole report, whatever part of it was asked for. */
  readonly rowCount: number;
  /** The property's; null where the answer does not say. */
  readonly timeZone: string | null;
  readonly currency: string | null;
  readonly quality: Quality;
};

/** @throws TributaryError `google-analytics.report.unreadable` */
export function readReport(decoded: unknown): Report {
  const parsed = answer.safeParse(decoded);
  if (!parsed.success) {
    throw unreadable(parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join(".")}: ${issue.code}`));
  }
  const { dimensionHeaders, metricHeaders, rows, rowCount, metadata } = parsed.data;
  const sampled = metadata?.samplingMetadatas?.[0];
  const restrictions = metadata?.schemaRestrictionResponse?.activeMetricRestrictions ?? [];
  return {
    dimensions: (dimensionHeaders ?? []).map(({ name }) => name),
    metrics: (metricHeaders ?? []).map(({ name }) => name),
    rows: (rows ?? []).map((row) => ({ dimensions: row.dimensionValues ?? [], metrics: row.metricValues ?? [] })),
    rowCount: rowCount ?? 0,
    timeZone: metadata?.timeZone ?? null,
    currency: metadata?.currencyCode ?? null,
    quality: {
      subjectToThresholding: metadata?.subjectToThresholding ?? false,
      dataLossFromOtherRow: metadata?.dataLossFromOtherRow ?? false,
      sampling:
        sampled === undefined
          ? null
          : { samplesRead: sampled.samplesReadCount, samplingSpace: sampled.samplingSpaceSize },
      restrictedMetrics: restrictions.flatMap(({ metricName }) => metricName ?? []),
    },
  };
}

export function unreadable(reasons: readonly string[]): TributaryError {
  return new TributaryError({
    code: "google-analytics.report.unreadable",
    kind: "contract",
    message: `A report has another shape than documented: ${reasons.join(", ")}.`,
    mend: "Report it with the run's number: the Data API or Google's client library has changed.",
  });
}
