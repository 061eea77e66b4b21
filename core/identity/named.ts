import { z } from "zod";
import type { Tx } from "../store/db.ts";
import { type NamedRow, readNamed } from "../store/identity/identities.ts";
import { dropConfigLinksBut, insertLinks, type Link } from "../store/identity/identity-links.ts";
import { readSettings } from "../store/setup/settings.ts";
import { regroup } from "./components.ts";
import { emailKey, nameKey } from "./keys.ts";

/** What the config file says is one. */
export type Said = { readonly name: string; readonly email?: string | undefined; readonly also: readonly string[] };

/** Config section `teams`, as it is stored: what else is the team, where its name does not tell. */
const teamsSection = z.array(z.object({ name: z.string(), also: z.array(z.string()) }));
/** Of the config section `pipelines`, what is needed here; the rest is the stages'. */
const pipelinesSection = z.record(z.string(), z.object({ also: z.array(z.string()).default([]) }));

/** Brings teams or pipelines to what the config file says of them. @returns how many rows are one with others than before. */
export async function applyNames(tx: Tx, entity: "team" | "pipeline"): Promise<number> {
  const section = entity === "team" ? "teams" : "pipelines";
  const value = await readSettings(tx, section);
  return (await linkNamed(tx, entity, value === null ? [] : saidOf(entity, value))).changed.length;
}

function saidOf(entity: "team" | "pipeline", value: unknown): readonly Said[] {
  if (entity === "team") return teamsSection.parse(value);
  return Object.entries(pipelinesSection.parse(value))
    .filter(([, { also }]) => also.length > 0)
    .map(([name, { also }]) => ({ name, also }));
}

/**
 * Makes the rows one that the config file names as one, and takes those apart that it no longer names. Saying the same again changes
 * nothing.
 *
 * @returns the rows that each entry names, in the order in which they win; and the rows that are one with others than before.
 */
export async function linkNamed<S extends Said>(
  tx: Tx,
  entity: "rep" | "team" | "pipeline",
  section: readonly S[],
): Promise<{ readonly named: readonly { said: S; rows: readonly NamedRow[] }[]; readonly changed: readonly string[] }> {
  const known = section.length === 0 ? [] : await readNamed(tx, entity);
  const named = section.map((said) => ({ said, rows: known.filter((row) => isNamed(row, said)) }));
  const rule = `${entity}.config` as const;
  const links = named.flatMap(({ said, rows: [winner, ...others] }) =>
    winner === undefined
      ? []
      : others.map((row): Link => ({
          entity,
          fromId: row.id,
          intoId: winner.id,
          rule,
          evidence: `${entity}s: ${said.name}`,
        })),
  );
  const left = await dropConfigLinksBut(tx, rule, links);
  await insertLinks(tx, links);
  const changed = await regroup(tx, entity, [...left, ...links.flatMap((link) => [link.fromId, link.intoId])]);
  return { named, changed };
}

function isNamed(row: NamedRow, said: Said): boolean {
  const names = [said.name, ...said.also].map(nameKey);
  const email = said.email === undefined ? null : emailKey(said.email);
  return (
    (row.name !== null && names.includes(nameKey(row.name))) ||
    (email !== null && row.email !== null && emailKey(row.email) === email) ||
    said.also.includes(`${row.connectionId}:${row.externalId}`)
  );
}
