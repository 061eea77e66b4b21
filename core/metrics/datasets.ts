import { z } from "zod";
import { GRAINS, PERIOD_NAMES } from "./ask/period.ts";

/** Section `geckoboard` of the config file: which KPI tables are pushed to Geckoboard. */
export const geckoboardSection = z.strictObject({
  api_key: z.string().min(1).describe("Geckoboard's API key, from its Account page"),
  base_url: z.url().default("https://api.geckoboard.com").describe("Geckoboard's address"),
  datasets: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(/^[0-9a-z][0-9a-z._-]*$/, "Lower-case letters, digits, dots, hyphens and underscores")
          .describe("The dataset's id in Geckoboard: `sales.won_by_rep`"),
        metric: z.string().describe("The KPI"),
        by: z.array(z.string()).max(7).default([]).describe("Broken down by these dimensions"),
        period: z.enum(PERIOD_NAMES).default("this_month").describe("Over which days"),
        grain: z.enum(GRAINS).optional().describe("A row for each period of this length"),
        of: z.string().optional().describe("For rep_leaderboard: the KPI to rank by"),
      }),
    )
    .default([]),
});
export type GeckoboardSection = z.output<typeof geckoboardSection>;
export type DatasetConfig = GeckoboardSection["datasets"][number];
