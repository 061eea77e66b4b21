import { TributaryError } from "../base/errors.ts";
import { describeMetric, readCatalogue } from "../metrics/index.ts";
import type { Db } from "../store/db.ts";
import { deleteGoal, type NewGoal, writeGoal } from "../store/facts/goals.ts";
import { type Actor, noted } from "./verb.ts";

/** What people do to goals that no tool and no config file brings. */

/**
 * Sets a goal under an id, or changes the one that was set here under it.
 *
 * @throws TributaryError `goal.not_right`, `goal.exists`, `goal.unknown` (another's), `kpi.unknown_metric`
 */
export async function putGoal(db: Db, actor: Actor, id: string, goal: NewGoal): Promise<void> {
  await assertGoal(db, goal);
  await noted<"create" | "update">(
    db,
    (did) => ({ actor, action: `goal.${did}`, target: id, details: { metric: goal.metric } }),
    async (tx) => {
      const did = await writeGoal(tx, id, goal);
      if (did === "others") throw unknownGoal();
      if (did === "twice") throw exists();
      return did;
    },
  );
}

/** @throws TributaryError `goal.unknown` */
export async function removeGoal(db: Db, actor: Actor, id: string): Promise<void> {
  await noted(db, { actor, action: "goal.remove", target: id }, async (tx) => {
    if (!(await deleteGoal(tx, id))) throw unknownGoal();
  });
}

async function assertGoal(db: Db, { metric, repId, teamId, from, to, target }: NewGoal): Promise<void> {
  const { dimensions } = describeMetric((await readCatalogue(db)).need(metric));
  if (to < from) throw notRight("its last day is before its first");
  if (!(target > 0)) throw notRight("its target is not above 0");
  if (repId !== null && teamId !== null) throw notRight("it is of a rep or of a team, not of both");
  if (repId !== null && !dimensions.includes("rep")) throw notRight(`${metric} is not counted by rep`);
  if (teamId !== null && !dimensions.includes("team")) throw notRight(`${metric} is not counted by team`);
}

function notRight(why: string): TributaryError {
  return new TributaryError({
    code: "goal.not_right",
    kind: "config",
    message: `The goal is not right: ${why}.`,
    mend: "Correct what is named; nothing was changed.",
  });
}

function exists(): TributaryError {
  return new TributaryError({
    code: "goal.exists",
    kind: "config",
    message: "There is a goal of this KPI for the same days and the same rep or team.",
    mend: "Change that one.",
  });
}

export function unknownGoal(): TributaryError {
  return new TributaryError({
    code: "goal.unknown",
    kind: "config",
    message: "Nobody has set a goal of this id in the console or by the API.",
    mend: "Take an id of `GET /api/v1/goals` whose owner is `made`. What a file or a tool brings is changed there.",
  });
}
