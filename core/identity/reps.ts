import { entityId } from "../base/ids.ts";
import type { Tx } from "../store/db.ts";
import { readReps, type RepName } from "../store/identity/identities.ts";
import { dropConfigLinksBut, insertLinks, type Link } from "../store/identity/identity-links.ts";
import { assignTeam, CONFIG_ORIGIN } from "../store/identity/teams.ts";
import { regroup } from "./components.ts";
import { emailKey, nameKey } from "./keys.ts";
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
  const row = await tx.selectFrom("settings").select("value").where("section", "=", "reps").executeTakeFirst();
  const section: RepsSection = row === undefined ? [] : repsSection.parse(row.value);
  const known = section.length === 0 ? [] : await readReps(tx);
  const named = section.map((said) => ({ said, rows: known.filter((rep) => isNamed(rep, said)) }));
  const links = named.flatMap(({ said, rows }) => linksTo(said.name, rows));
  const left = await dropConfigLinksBut(tx, links);
  await insertLinks(tx, links);
  const reps = await regroup(tx, "rep", [...left, ...links.flatMap((link) => [link.fromId, link.intoId])]);
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

function isNamed(rep: RepName, said: RepsSection[number]): boolean {
  const names = [said.name, ...said.also].map(nameKey);
  const email = said.email === undefined ? null : emailKey(said.email);
  return (
    (rep.name !== null && names.includes(nameKey(rep.name))) ||
    (email !== null && rep.email !== null && emailKey(rep.email) === email) ||
    said.also.includes(`${rep.connectionId}:${rep.externalId}`)
  );
}

function linksTo(name: string, rows: readonly RepName[]): Link[] {
  const [winner, ...others] = rows;
  if (winner === undefined) return [];
  return others.map((rep) => ({
    entity: "rep",
    fromId: rep.id,
    intoId: winner.id,
    rule: "rep.config",
    evidence: `reps: ${name}`,
  }));
}

/** The team of that name that a tool has; where none has it, one of the config's own. */
async function teamCalled(tx: Tx, name: string): Promise<string> {
  const known = await tx
    .selectFrom("teams")
    .select(["id", "merged_into"])
    .where("name", "=", name)
    .orderBy("connection_id")
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (known !== undefined) return known.merged_into ?? known.id;
  const id = entityId("team", CONFIG_ORIGIN, name);
  await tx
    .insertInto("teams")
    .values({
      id,
      connection_id: CONFIG_ORIGIN,
      record_id: entityId("record", CONFIG_ORIGIN, "teams", name),
      external_id: name,
      deleted_at: null,
      is_mention: false,
      name,
      manager: null,
      merged_into: null,
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
  return id;
}
