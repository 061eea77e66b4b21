import { question, type Question } from "../../core/metrics/ask/question.ts";
import { dimensionNames } from "../../core/metrics/engine/define.ts";
import { METRICS } from "../../core/metrics/registry.ts";
import type { By } from "./numbers-by-hand.ts";

/** What is asked of the generated workspace. */
const HALF_A_YEAR_AGO = new Date("2025-12-31T12:00:00Z");

export type AskedHere = {
  readonly metric: string;
  readonly way: string;
  readonly question: Question;
  readonly asOf?: Date;
  /** As SQL by hand breaks it down. */
  readonly by: By;
};

const lastYear = { grain: "month", limit: 12 } as const;
const last90Days = { period: "last_90_days" } as const;

/** How each KPI is asked. */
const WAYS: readonly {
  readonly name: string;
  readonly asked: Partial<Question>;
  readonly asOf?: Date;
}[] = [
  { name: "month", asked: {} },
  { name: "90 days", asked: last90Days },
  { name: "12 months", asked: lastYear },
  { name: "by rep", asked: { ...last90Days, by: ["rep"] } },
  { name: "by team", asked: { ...last90Days, by: ["team"] } },
  { name: "by stage", asked: { ...last90Days, by: ["stage"] } },
  { name: "half a year ago", asked: last90Days, asOf: HALF_A_YEAR_AGO },
];

/** Every KPI in every way that it can be asked. */
export function allAsked(): readonly AskedHere[] {
  return METRICS.flatMap((metric) =>
    WAYS.flatMap(({ name, asked, asOf }): AskedHere[] => {
      const can = asked.by?.every((dimension) => dimensionNames(metric).includes(dimension)) ?? true;
      const isRanked = metric.kind === "ranking" && asked.by !== undefined;
      if (!can || isRanked) return [];
      return [
        {
          metric: metric.id,
          way: name,
          question: question({ metric: metric.id, ...asked }),
          ...(asOf === undefined ? {} : { asOf }),
          by: asked.grain === undefined ? ((asked.by?.[0] as By | undefined) ?? null) : "month",
        },
      ];
    }),
  );
}
