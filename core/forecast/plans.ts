import type { JsonObject } from "../base/json.ts";
import type { Db } from "../store/db.ts";
import { readSettings } from "../store/setup/settings.ts";
import { type Scenario, scenarioSection } from "./scenario.ts";

/** Where plans come from: the config's section `forecast`, and, field by field before it, a sheet that people edit. */

/** What was read of a sheet. */
export type SheetPlan = {
  /** The destination that reads it. Once that is not set up any more, it says nothing. */
  readonly destination: string;
  readonly inputs: Scenario;
  /** Where each input stands: `Forecast!B6`. */
  readonly cells: { readonly [input: string]: string };
  /** What could not be taken, by cell. */
  readonly problems: readonly { readonly cell: string; readonly problem: string }[];
};

/** The section of the table `settings` that it is kept in. */
export const SHEET_PLAN = "forecast_sheet";

export type Plans = {
  readonly scenario: Scenario;
  /** What is planned, and where that is written: `config`, or the cell. */
  readonly inputs: readonly { readonly input: string; readonly from: string }[];
  readonly problems: SheetPlan["problems"];
};

/** Null: nothing is planned. */
export async function readPlans(db: Db): Promise<Plans | null> {
  const config = await readSettings(db, "forecast");
  const sheet = await readSheetPlan(db);
  if (config === null && sheet === null) return null;
  const written = config === null ? {} : scenarioSection.parse(config);
  const scenario: Scenario = { ...written, ...sheet?.inputs };
  const inputs = Object.keys(scenario).map((input) => ({
    input,
    from: sheet !== null && input in sheet.inputs ? (sheet.cells[input] ?? sheet.destination) : "config",
  }));
  return { scenario, inputs, problems: sheet?.problems ?? [] };
}

async function readSheetPlan(db: Db): Promise<SheetPlan | null> {
  // Written by `savePlan`, and by nobody else.
  const plan = (await readSettings(db, SHEET_PLAN)) as (JsonObject & SheetPlan) | null;
  if (plan === null || (await readSettings(db, plan.destination)) === null) return null;
  return { ...plan, inputs: scenarioSection.parse(plan.inputs) };
}
