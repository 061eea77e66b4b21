import type { SheetPlan } from "../forecast/plans.ts";
import { SHEET_PLAN } from "../forecast/plans.ts";
import type { Db } from "../store/db.ts";
import { readSettings } from "../store/setup/settings.ts";
import type { Actor } from "./verb.ts";
import { setSection } from "./workspace.ts";

/**
 * Keeps the plans that were read of a destination, in the place of those before. The same again changes nothing.
 *
 * @param plan null: there are none any more.
 */
export async function savePlan(
  db: Db,
  actor: Actor,
  destination: string,
  plan: Omit<SheetPlan, "destination"> | null,
): Promise<void> {
  const before = (await readSettings(db, SHEET_PLAN)) as SheetPlan | null; // Written here, and by nobody else.
  const after: SheetPlan | null = plan === null ? null : { ...plan, destination };
  if (JSON.stringify(inOrder(before)) === JSON.stringify(inOrder(after))) return;
  const action = before === null ? "create" : after === null ? "remove" : "update";
  await setSection(db, actor, SHEET_PLAN, after, { action, fields: Object.keys(after?.inputs ?? {}) });
}

/** The database keeps the fields of an object in an order of its own. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, inOrder(one)]);
}
