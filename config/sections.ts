import { CronExpressionParser } from "cron-parser";
import { z } from "zod";
import "../core/base/wording.ts";
import { isDay, isTimeZone } from "../core/base/time.ts";
import type { AnyDestination } from "../core/destination/define.ts";
import { digestsSection } from "../core/digest/settings.ts";
import { scenarioSection } from "../core/forecast/scenario.ts";
import { dashboardsSection } from "../core/metrics/boards.ts";
import { feedsSection } from "../core/metrics/feeds.ts";
import { targetedActionsSection } from "../core/metrics/targeted-actions.ts";
import { metricsSection } from "../core/metrics/own/section.ts";
import { leadStatusesSection } from "../core/normalise/lead-status-settings.ts";
import { pipelinesSection } from "../core/normalise/pipeline-settings.ts";
import { reviewSection } from "../core/review/settings.ts";
import { rulesSection } from "../core/rules/settings.ts";
import { signInSection } from "../core/setup/providers.ts";
import { secret } from "../core/secrets/declared.ts";

/** The parts of the config file, each as people write it. Keys in snake_case; unknown ones are refused. */

const day = z.string().refine(isDay, "expected a day that exists, as YYYY-MM-DD");
const currency = z.string().regex(/^[A-Z]{3}$/, "expected an ISO 4217 code such as USD");
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and hyphens");

export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
] as const;
const hours = z.array(z.string().regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$/, "expected HH:MM-HH:MM"));

export const workspaceSection = z.strictObject({
  name: z.string().min(1).max(100).optional().describe("Shown on screens"),
  timezone: z
    .string()
    .refine(isTimeZone, "expected an IANA name such as Europe/Berlin")
    .optional()
    .describe("Calendar days and weeks are taken in it"),
  week_start: z.enum(WEEKDAYS).optional().describe("Default monday"),
  currency: currency.optional().describe("Amounts are converted to it"),
  locale: z.string().refine(isLocale, "expected a BCP 47 tag such as de-DE").optional(),
  business_hours: z.partialRecord(z.enum(WEEKDAYS), hours).optional().describe("By weekday: a list of HH:MM-HH:MM"),
  holidays: z.array(day).optional().describe("Days on which nobody works"),
  fiscal_year_start: z
    .enum(MONTHS)
    .optional()
    .describe(
      "The month that years and quarters start with on screens and in every answer; default january. `period` of a goal stays the calendar's",
    ),
  timely_contact_minutes: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("A lead is reached in time within so many working minutes; default 60"),
  cold_after_days: z
    .int()
    .min(1)
    .max(3_650)
    .optional()
    .describe("A lead or a deal is cold after so many days without a touch; default 30"),
  landmark_days: z
    .int()
    .min(1)
    .max(365)
    .optional()
    .describe("What works: a stage's touches are counted over so many days from the entry; default 7"),
  exchange_rates: z
    .array(z.strictObject({ day, currency, rate: z.number().positive() }))
    .optional()
    .describe("What one unit of a currency was worth in the workspace's, by day; each holds for up to seven days"),
});

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** `30s`, `15m`, `2h`, `1d`. */
const every = z.string().regex(/^[1-9]\d{0,5}[smhd]$/, "expected a number and s, m, h or d, such as 15m");

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

export function everySeconds(text: string): number {
  // `every` has checked the last letter.
  return Number(text.slice(0, -1)) * SECONDS[text.slice(-1) as keyof typeof SECONDS];
}

const schedule = z.union([
  z.strictObject({ every: every.refine((text) => everySeconds(text) >= 10, "expected at least 10s") }),
  z.strictObject({
    cron: z.string().refine(isCron, "expected a cron expression such as 0 6 * * 1-5 (in the workspace's time zone)"),
  }),
]);

function isCron(text: string): boolean {
  try {
    CronExpressionParser.parse(text);
    return true;
  } catch {
    return false;
  }
}

const json = z.record(z.string(), z.json());

export const connectionSection = z.strictObject({
  id: slug.describe("Chosen once; what was pulled belongs to it"),
  connector: z.string().min(1).describe("One of `tributary connectors`"),
  title: z.string().min(1).max(200).optional(),
  settings: json.default({}).describe("The connector's own settings"),
  credentials: secret(z.record(z.string(), z.string())).optional().describe("Each as ${ENV_NAME}"),
  schedule: schedule.optional().describe("every: 15m, or cron; default: the connector's"),
  streams: z.array(z.string().min(1)).min(1).optional().describe("Default: all that the connector has"),
  backfill_from: day.optional().describe("Nothing older is pulled; default: everything"),
  paused: z.boolean().optional(),
});

export const repSection = z
  .strictObject({
    name: z.string().min(1).optional(),
    email: z.email("expected an e-mail address").optional(),
    phone: z.string().optional(),
    team: slug.optional().describe("The id of one of `teams`"),
    active: z.boolean().optional(),
    also: z
      .array(z.string().min(1))
      .optional()
      .describe("What else is this rep: connection:id (a tool's own id), or another name that a tool uses"),
  })
  .refine((rep) => rep.name !== undefined || rep.email !== undefined, "expected a name or an e-mail address");

export const teamSection = z.strictObject({
  id: slug,
  name: z.string().min(1).optional(),
  manager: z.string().optional(),
  members: z.array(z.string().min(1)).optional().describe("E-mail addresses or names of reps"),
  also: z
    .array(z.string().min(1))
    .optional()
    .describe("What else is this team, besides teams of its name: connection:id (a tool's own id), or another name"),
});

export const goalSection = z
  .strictObject({
    metric: z.string().describe("The id of a KPI"),
    target: z.number().describe("In the KPI's unit; amounts in main units of the workspace's currency"),
    from: day.optional(),
    to: day.optional().describe("Inclusive"),
    period: z
      .string()
      .regex(/^\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?$/, "expected 2026, 2026-Q4 or 2026-11")
      .optional(),
    rep: z.string().optional().describe("An e-mail address or name"),
    team: slug.optional(),
  })
  .refine(
    ({ period, from, to }) =>
      period === undefined ? from !== undefined && to !== undefined : from === undefined && to === undefined,
    { message: "expected either period, or from and to" },
  );

/** What the tools' words for where a deal came from mean. */
const sourcesSection = z
  .record(z.string().trim().min(1).max(200), z.enum(["referral", "other"]))
  .describe("A tool's word for a source, and what it means: referral, or other");

const ownSections = z.strictObject({
  workspace: workspaceSection.optional(),
  connections: z.array(connectionSection).nullish(),
  pipelines: pipelinesSection.optional(),
  lead_statuses: leadStatusesSection.optional(),
  reps: z.array(repSection).optional(),
  teams: z.array(teamSection).optional(),
  goals: z.array(goalSection).optional(),
  forecast: scenarioSection.optional(),
  metrics: metricsSection.optional(),
  review: reviewSection.optional(),
  targeted_actions: targetedActionsSection.optional(),
  sources: sourcesSection.optional(),
  rules: rulesSection.optional(),
  feeds: feedsSection.optional(),
  dashboards: dashboardsSection.optional(),
  digests: digestsSection.optional(),
  sign_in: signInSection.optional(),
});
export type FileSections = z.output<typeof ownSections>;

/** The whole file: the hub's own sections, and one for each destination: a list where it receives events, else a map. */
export function fileSchemaOf(destinations: readonly AnyDestination[]): z.ZodType<FileSections> {
  const shape = Object.fromEntries(
    destinations.map(({ key, settings, takes }) => [
      key,
      (takes.kind === "events" ? z.array(settings) : settings).optional(),
    ]),
  );
  // Only adds sections; what was there keeps its type.
  return z.strictObject({ ...ownSections.shape, ...shape });
}

/** What the file says of a destination, as its schema gives it; undefined: nothing. */
export function destinationSection(sections: FileSections, { key }: AnyDestination): unknown {
  return (sections as { readonly [section: string]: unknown })[key];
}
