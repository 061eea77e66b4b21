import { z } from "zod";
import { isTimeZone } from "../../core/base/time.ts";
import { makesFactsAnew, setWorkspace } from "../../core/setup/workspace.ts";
import { readWorkspaceRow, type WorkspaceRow } from "../../core/store/setup/workspace.ts";
import { actorOf } from "../auth/principal.ts";
import { type Call, endpoint } from "./endpoint.ts";
import { day } from "./kpis.ts";

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
  holidays: z.array(day).max(1000),
  timely_contact_minutes: z
    .int()
    .min(1)
    .max(100_000)
    .describe("A lead that is contacted within them was contacted in time"),
  cold_after_days: z.int().min(1).max(3650).describe("A lead without activity for longer is cold"),
  landmark_days: z.int().min(1).max(3650).describe("The age at which cohorts are compared"),
};
const workspace = z.object(shape).meta({ id: "Workspace" });
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
      const old = await readWorkspaceRow(db);
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      // What is left is what the schema has checked, field by field.
      const row = { ...old, ...(given as Partial<WorkspaceRow>) };
      const fields = (Object.keys(given) as (keyof WorkspaceRow)[]).filter(
        (field) => JSON.stringify(old[field]) !== JSON.stringify(row[field]),
      );
      if (fields.length > 0) {
        await setWorkspace(db, actorOf(call.principal), row, fields);
        const { requestRebuild, requestMeasure } = call.deps.setup;
        await (makesFactsAnew(fields) ? requestRebuild() : requestMeasure());
      }
      return shown(call);
    },
  }),
];

async function shown(call: Call): Promise<z.input<typeof workspace>> {
  const { business_hours: _hours, holidays, ...row } = await readWorkspaceRow(call.deps.store.db);
  return { ...row, holidays: [...holidays] };
}

function isLocale(name: string): boolean {
  try {
    return Intl.getCanonicalLocales(name).length === 1;
  } catch {
    return false;
  }
}
