import { z } from "zod";
import { UNITS } from "../engine/define.ts";

/** Section `metrics` of the config file: the KPIs that a company defines for itself. */

export const KINDS = ["count", "sum", "mean", "median", "percentile", "ratio", "difference", "sql"] as const;

const value = z.union([z.string().max(200), z.number(), z.boolean()]);
const values = z.union([value, z.array(value).min(1).max(50)]);

/** What a record's value has to be: one of these, none of these, or within bounds. */
export const condition = z
  .union([
    values,
    z.strictObject({ not: values.describe("None of these") }),
    z
      .strictObject({ at_least: z.number().optional(), at_most: z.number().optional() })
      .refine((bounds) => bounds.at_least !== undefined || bounds.at_most !== undefined, {
        message: "expected at_least, at_most, or both",
      }),
  ])
  .describe("A value, a list of which one holds, { not: … }, or { at_least: …, at_most: … }");
export type Condition = z.output<typeof condition>;

const conditions = z.record(z.string().min(1).max(100), condition);

export const ownMetric = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, "expected lower-case letters, digits and underscores")
    .describe("What it is asked for by; no built-in KPI may have it"),
  title: z.string().trim().min(1).max(60).optional(),
  question: z.string().trim().min(1).max(200).optional().describe("What it answers"),
  formula: z.string().trim().min(1).max(500).optional().describe("In words; absent: made from the definition"),
  kind: z.enum(KINDS).describe("How the records become a number"),
  over: z.string().optional().describe("Which records: won_deals, open_deals, activities, leads, tickets, …"),
  where: conditions.optional().describe("Only records with these values, by dimension, attribute or amount"),
  amount: z.string().optional().describe("What of a record is added up: value, minutes, attributes.seats, …"),
  per: z.string().optional().describe("Of a ratio: what the amount is divided by, of the same records"),
  numerator: conditions.optional().describe("Of a ratio: the part of the records that is in the numerator"),
  percentile: z.number().gt(0).lt(100).optional().describe("Of a percentile: 90 is what nine of ten are below"),
  of: z.array(z.string()).length(2).optional().describe("Of a ratio or difference: two other KPIs"),
  sql: z.string().trim().min(1).max(20_000).optional().describe("One SELECT; see docs/own-kpis.md"),
  aggregate: z.enum(["count", "sum", "mean", "median"]).optional().describe("Of sql: how its rows become a number"),
  unit: z.enum(UNITS).optional().describe("Absent: that of the amount"),
  better: z.enum(["higher", "lower"]).optional().describe("Absent: neither"),
});
export type OwnMetric = z.output<typeof ownMetric>;

export const metricsSection = z.array(ownMetric).max(200);
