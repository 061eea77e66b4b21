import type { IdentityEntity } from "../schema/tables.ts";
import type { Tx } from "../store/db.ts";
import {
  ENTITY_TABLES,
  inWinningOrder,
  readComponentLinks,
  setMergedInto,
  type StoredLink,
} from "../store/identities.ts";

/** Which rows are one, from the links between them. */

/**
 * Groups of rows that links make one. Links count in the order in which they were made; one that would bring together two rows that
 * somebody has taken apart, even through a third, does not count. A manual link overrules that.
 */
export function groupsOf(
  links: readonly Pick<StoredLink, "fromId" | "intoId" | "rule" | "isUndone">[],
): Map<string, Set<string>> {
  const apart = new Set<string>();
  for (const link of links) if (link.isUndone) apart.add(pair(link.fromId, link.intoId));
  for (const link of links) if (!link.isUndone && link.rule === "manual") apart.delete(pair(link.fromId, link.intoId));
  const groups = new Map<string, Set<string>>();
  const groupOf = (id: string): Set<string> => {
    let group = groups.get(id);
    if (group === undefined) groups.set(id, (group = new Set([id])));
    return group;
  };
  for (const link of links) {
    if (link.isUndone) continue;
    const [a, b] = [groupOf(link.fromId), groupOf(link.intoId)];
    if (a === b || [...a].some((x) => [...b].some((y) => apart.has(pair(x, y))))) continue;
    for (const id of b) {
      a.add(id);
      groups.set(id, a);
    }
  }
  return groups;
}

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/** Brings `merged_into` to what the links say, for everything that is or was one with the rows. @returns how many rows were changed. */
export async function regroup(tx: Tx, entity: IdentityEntity, seeds: readonly string[]): Promise<number> {
  if (seeds.length === 0) return 0;
  const links = (await readComponentLinks(tx, seeds)).filter((link) => link.entity === entity);
  const groups = groupsOf(links);
  const all = [...new Set([...seeds, ...groups.keys()])];
  const order = await inWinningOrder(tx, entity, all);
  const winners = new Map<Set<string>, string>();
  const merges = order.map((id) => {
    const group = groups.get(id);
    if (group === undefined) return { id, into: null };
    const winner = winners.get(group);
    if (winner === undefined) winners.set(group, id);
    return { id, into: winner ?? null };
  });
  return setMergedInto(tx, entity, merges);
}

/** The entities that are related, in the order in which they are. */
export const RELATED_ENTITIES = Object.keys(ENTITY_TABLES) as readonly IdentityEntity[];
