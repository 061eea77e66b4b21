import { z } from "zod";
import { isTimeZone } from "../../core/base/time.ts";
import { WEEKDAYS } from "../../config/sections.ts";
import { ownedByFile } from "../../core/setup/entries.ts";
import { makesFactsAnew, setExchangeRates, setWorkspace } from "../../core/setup/workspace.ts";
import type { Db } from "../../core/store/db.ts";
import { countValuedDeals, listExchangeRates } from "../../core/store/setup/exchange-rates.ts";
import { readAppliedFile } from "../../core/store/setup/settings.ts";
import { readWorkspaceRow, type WorkspaceRow } from "../../core/store/setup/workspace.ts";
import { actorOf } from "../auth/principal.ts";
import { invalidRequest } from "../web/problem.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { day } from "./kpis.ts";

const HOURS = /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$/;
const shape = {
  name: z.string().trim().min(1).max(200),
  time_zone: z
    .string()
    .refine(isTimeZone, "expected an IANA name such as Europe/Berlin")
    .describe("Calendar days are taken in it"),
  week_start: z.int().min(1).max(7).describe("1 is Monday, 7 is Sunday"),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "expected an ISO 4217 code such as USD")
    .describe("Amounts are shown in it"),
  locale: z
    .string()
    .refine(isLocale, "expected a BCP 47 name such as en-GB")
    .describe("How numbers and dates are written"),
  fiscal_year_start: z.int().min(1).max(12).describe("The first month of the fiscal year"),
  business_hours: z
    .partialRecord(z.enum(WEEKDAYS), z.array(z.string().regex(HOURS, "expected HH:MM-HH:MM")).max(10))
    .describe("By weekday; a day that is not there is not worked. None at all: all time is working time"),
  holidays: z.array(day).max(1000).describe("Days on which nobody works"),
  timely_contact_minutes: z
    .int()
    .min(1)
    .max(100_000)
    .describe("A lead that is contacted within them was contacted in time"),
  cold_after_days: z.int().min(1).max(3650).describe("A lead without activity for longer is cold"),
  landmark_days: z.int().min(1).max(3650).describe("The age at which cohorts are compared"),
};
const workspace = z.object(shape).meta({ id: "Workspace" });
const rate = z.strictObject({
  day,
  currency: shape.currency,
  rate: z.number().positive().max(1e9).describe("What one unit of it was worth in the workspace's currency"),
});
const rates = z
  .object({
    currency: z.string().describe("The workspace's"),
    rates: z.array(rate).describe("Each holds for up to seven days"),
    deals: z
      .array(z.object({ currency: z.string(), deals: z.number().int() }))
      .describe("How many deals have their value in each currency"),
  })
  .meta({ id: "ExchangeRates" });
const tag = "Workspace";

export const workspaceEndpoints = [
  endpoint({
    method: "get",
    path: "/workspace",
    access: { kind: "api", scope: "read" },
    tag,
    summary: "How the company counts: its days, weeks and money",
    response: workspace,
    run: async (_input, call) => shown(call),
  }),
  endpoint({
    method: "patch",
    path: "/workspace",
    access: { kind: "api", scope: "admin" },
    tag,
    summary:
      "Change how the company counts; what is left out stays. Another time zone or currency makes all facts anew, which begins at once",
    body: z.strictObject(shape).partial(),
    response: workspace,
    run: async ({ body }, call) => {
      const { db } = call.deps.store;
      const [old, file] = [await readWorkspaceRow(db), await readAppliedFile(db)];
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      // What is left is what the schema has checked, field by field.
      const row = { ...old, ...(given as Partial<WorkspaceRow>) };
      const fields = (Object.keys(given) as (keyof WorkspaceRow)[]).filter(
        (field) => JSON.stringify(old[field]) !== JSON.stringify(row[field]),
      );
      const owned = fields.filter((field) => file?.workspace.includes(field));
      if (owned.length > 0) throw ownedByFile(`\`${owned.join("`, `")}\` of the workspace`);
      if (fields.length > 0) {
        await setWorkspace(db, actorOf(call.principal), row, fields);
        const { requestRebuild, requestMeasure } = call.deps.setup;
        await (makesFactsAnew(fields) ? requestRebuild() : requestMeasure());
      }
      return shown(call);
    },
  }),
  endpoint({
    method: "get",
    path: "/exchange-rates",
    access: { kind: "api", scope: "read" },
    tag,
    summary: "What other currencies were worth, by currency and day, and which the deals have",
    response: rates,
    run: async (_input, { deps }) => shownRates(deps.store.db),
  }),
  endpoint({
    method: "put",
    path: "/exchange-rates",
    access: { kind: "api", scope: "admin" },
    tag,
    summary: "Replace all exchange rates; amounts are converted anew at once",
    body: z.strictObject({ rates: z.array(rate).max(20_000) }),
    response: rates,
    run: async ({ body }, call) => {
      const { db } = call.deps.store;
      if ((await readAppliedFile(db))?.exchange_rates === true) throw ownedByFile("The exchange rates");
      const { currency } = await readWorkspaceRow(db);
      const seen = new Set<string>();
      for (const { day: on, currency: of } of body.rates) {
        if (of === currency) throw invalidRequest(`${of} is the workspace's own currency and has no rate.`);
        if (seen.has(`${of} ${on}`)) throw invalidRequest(`There are two rates of ${of} for ${on}.`);
        seen.add(`${of} ${on}`);
      }
      const fields = [...new Set(body.rates.map(({ currency: of }) => of))];
      await setExchangeRates(db, actorOf(call.principal), body.rates, fields);
      await call.deps.setup.requestMeasure();
      return shownRates(db);
    },
  }),
  endpoint({
    method: "get",
    path: "/config-file",
    access: { kind: "api", scope: "read" },
    tag,
    summary: "What of the set-up the config file owns: it is changed there, and would be set back from there",
    response: z
      .object({
        applied: z.boolean().describe("Whether one was ever applied"),
        workspace: z.array(z.string()).describe("Fields of the workspace"),
        exchange_rates: z.boolean(),
        connections: z.array(z.string()),
        sections: z.array(z.string()),
      })
      .meta({ id: "ConfigFile" }),
    run: async (_input, { deps }) => {
      const file = await readAppliedFile(deps.store.db);
      return {
        applied: file !== null,
        workspace: [...(file?.workspace ?? [])],
        exchange_rates: file?.exchange_rates ?? false,
        connections: [...(file?.connections ?? [])],
        sections: [...(file?.sections ?? [])],
      };
    },
  }),
];

async function shownRates(db: Db): Promise<z.input<typeof rates>> {
  const [{ currency }, listed, deals] = [
    await readWorkspaceRow(db),
    await listExchangeRates(db),
    await countValuedDeals(db),
  ];
  return { currency, rates: listed.map((one) => ({ ...one })), deals: deals.map((one) => ({ ...one })) };
}

async function shown(call: Call): Promise<z.input<typeof workspace>> {
  const { business_hours: hours, holidays, ...row } = await readWorkspaceRow(call.deps.store.db);
  // Written by this schema, or by the config file's, which is the same.
  return { ...row, business_hours: hours, holidays: [...holidays] };
}

function isLocale(name: string): boolean {
  try {
    return Intl.getCanonicalLocales(name).length === 1;
  } catch {
    return false;
  }
}
