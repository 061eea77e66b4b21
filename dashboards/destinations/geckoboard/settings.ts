import { z } from "zod";
import { filtersOf, question, questionFields, type Question } from "../../../core/metrics/ask/question.ts";
import { secret } from "../../../core/secrets/declared.ts";

/** Section `geckoboard` of the config file: which KPI tables are pushed to Geckoboard. */
export const geckoboardSettings = z.strictObject({
  api_key: secret(z.string().min(1)).describe("Geckoboard's API key, from its Account page"),
  base_url: z
    .url({ protocol: /^https?$/ })
    .default("https://api.geckoboard.com")
    .describe("Geckoboard's address"),
  datasets: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(
            /^[0-9a-z][0-9a-z._-]+[0-9a-z]$/,
            "Three or more lower-case letters, digits, dots, hyphens and underscores; a letter or digit first and last",
          )
          .describe("The dataset's id in Geckoboard: `sales.won_by_rep`"),
        ...questionFields,
        by: z.array(z.string()).max(7).default([]).describe("Broken down by these dimensions"),
        grain: questionFields.grain.optional(),
        append: z
          .boolean()
          .default(false)
          .describe(
            "Keep what was sent before, so that a history grows: rows of the same day or period and dimensions are replaced, others stay. Default: the dataset is what the KPI says now",
          ),
      }),
    )
    .default([]),
});
export type GeckoboardSettings = z.output<typeof geckoboardSettings>;
export type DatasetConfig = GeckoboardSettings["datasets"][number];

/** What a dataset asks. */
export function questionOf({ metric, of, by, period, grain, filters }: DatasetConfig): Question {
  return question({ metric, of, by, period, grain, filters: filtersOf(filters) });
}
