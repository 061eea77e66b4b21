import { relateNames, relateReps } from "../identity/index.ts";
import { applyPipelineSettings } from "../normalise/pipeline-settings.ts";
import type { Db, Tx } from "../store/db.ts";
import { resetAllMarks } from "../store/facts/facts-marks.ts";
import { touchSettings } from "../store/facts/kept-answers.ts";
import { type ExchangeRate, replaceExchangeRates } from "../store/setup/exchange-rates.ts";
import { writeSettings } from "../store/setup/settings.ts";
import { updateWorkspace, type WorkspaceRow } from "../store/setup/workspace.ts";
import { type Actor, noted } from "./verb.ts";

/** What of it changed, for the audit log: fields, not values. */
type Change = { readonly action: "create" | "update" | "remove"; readonly fields: readonly string[] };

/** Changes how the company counts: its days, weeks and money. Where {@link makesFactsAnew} says so, `requestRebuild` has it begin at once. */
export async function setWorkspace(db: Db, actor: Actor, row: WorkspaceRow, fields: readonly string[]): Promise<void> {
  const details = { fields: [...fields] };
  await noted(db, { actor, action: "workspace.update", target: "workspace", details }, async (tx) => {
    await updateWorkspace(tx, row);
    if (makesFactsAnew(fields)) await resetAllMarks(tx);
  });
}

/** Whether every fact was read by one of these fields: a day begins elsewhere, and amounts without a currency are in another. */
export function makesFactsAnew(fields: readonly string[]): boolean {
  return fields.some((field) => /^(time_?zone|currency)$/i.test(field));
}

/** Replaces all rates. */
export async function setExchangeRates(
  db: Db,
  actor: Actor,
  rates: readonly ExchangeRate[],
  fields: readonly string[],
): Promise<void> {
  const details = { fields: [...fields] };
  await noted(db, { actor, action: "exchange_rates.update", target: "exchange_rates", details }, (tx) =>
    replaceExchangeRates(tx, rates),
  );
}

/**
 * Replaces a section that is stored whole (pipelines, feeds, dashboards, …), and what follows from it.
 *
 * @param value with its secrets sealed; null takes the section away.
 */
export async function setSection(
  db: Db,
  actor: Actor,
  section: string,
  value: object | null,
  { action, fields }: Change,
): Promise<void> {
  const details = { fields: [...fields] };
  await noted(db, { actor, action: `section.${action}`, target: section, details }, async (tx) => {
    await writeSettings(tx, section, value);
    await touchSettings(tx);
    await FOLLOWS[section]?.(tx);
  });
}

/** Sections that facts follow from. */
const FOLLOWS: { readonly [section: string]: (tx: Tx) => Promise<unknown> } = {
  pipelines: async (tx) => {
    await applyPipelineSettings(tx);
    await relateNames(tx, "pipeline");
  },
  teams: (tx) => relateNames(tx, "team"),
  reps: (tx) => relateReps(tx, new Date()),
};
