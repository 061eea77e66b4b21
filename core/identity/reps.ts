import { entityId } from "../base/ids.ts";
import type { Tx } from "../store/db.ts";
import { readNamed } from "../store/identity/identities.ts";
import { addConfigTeam, assignTeam, CONFIG_ORIGIN } from "../store/identity/teams.ts";
import { readSettings } from "../store/setup/settings.ts";
import { nameKey } from "./keys.ts";
import { linkNamed } from "./named.ts";
import { type RepsSection, repsSection } from "./reps-config.ts";

/**
 * Brings the reps to what the config section `reps` says: rows that it names as one are one, and in the team it names. Run after the
 * section changes and after reps have come in. Saying the same again changes nothing.
 *
 * @returns the reps that are one with others than before, and how many rows were changed.
 */
export async function applyRepsConfig(
  tx: Tx,
  now: Date,
): Promise<{ readonly reps: readonly string[]; readonly rows: number }> {
  const section: RepsSection = repsSection.parse((await readSettings(tx, "reps")) ?? []);
  const { named, changed: reps } = await linkNamed(tx, "rep", section);
  let assigned = 0;
  for (const { said, rows } of named) {
    if (said.team !== undefined && rows.length > 0)
      assigned += await assignTeam(
        tx,
        rows.map((rep) => rep.id),
        await teamCalled(tx, said.team),
        now,
      );
  }
  return { reps, rows: reps.length + assigned };
}

/** The team of that name that a tool has; where none has it, one of the config's own. */
async function teamCalled(tx: Tx, name: string): Promise<string> {
  const known = (await readNamed(tx, "team")).find(
    (team) => team.name !== null && nameKey(team.name) === nameKey(name),
  );
  if (known !== undefined) return known.id;
  const id = entityId("team", CONFIG_ORIGIN, name);
  await addConfigTeam(tx, id, name);
  return id;
}
