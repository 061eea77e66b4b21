import type { IdentityEntity } from "../schema/tables/identity.ts";
import type { Tx } from "../store/db.ts";
import { ENTITY_TABLES } from "../store/identity/identities.ts";
import {
  inWinningOrder,
  readComponentLinks,
  setMergedInto,
  type StoredLink,
} from "../store/identity/identity-links.ts";
import { strengthOf } from "./rules.ts";

/** Which rows are one, from the links between them. */

type GroupLink = Pick<StoredLink, "fromId" | "intoId" | "rule" | "evidence" | "isUndone">;

/**
 * Groups of rows that links make one. The surest links count first, whatever the order in which they were made; one that would bring
 * together two rows that somebody has taken apart, even through a third, does not count. A manual link overrules that.
 */
export function groupsOf(given: readonly GroupLink[]): Map<string, Set<string>> {
  const links = given.toSorted(bySureness);
  const apart = new Set<string>();
  for (const link of links) if (link.isUndone) apart.add(pair(link.fromId, link.intoId));
  for (const link of links) if (!link.isUndone && link.rule === "manual") apart.delete(pair(link.fromId, link.intoId));
  const groups = new Map<string, Set<string>>();
  const groupOf = (id: string): Set<string> => {
    let group = groups.get(id);
    if (group === undefined) groups.set(id, (group = new Set([id])));
    return group;
  };
  const areApart = (a: Set<string>, b: Set<string>): boolean =>
    apart.size > 0 && [...a].some((x) => [...b].some((y) => apart.has(pair(x, y))));
  for (const link of links) {
    if (link.isUndone) continue;
    const [a, b] = [groupOf(link.fromId), groupOf(link.intoId)];
    if (a === b || areApart(a, b)) continue;
    for (const id of b) {
      a.add(id);
      groups.set(id, a);
    }
  }
  return groups;
}

function bySureness(a: GroupLink, b: GroupLink): number {
  return strengthOf(a.rule) - strengthOf(b.rule) || compare(keyOf(a), keyOf(b));
}

function keyOf(link: GroupLink): string {
  return `${link.evidence}|${pair(link.fromId, link.intoId)}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/**
 * Brings `merged_into` to what the links say, for everything that is or was one with the rows.
 *
 * @returns the rows that are one with others than before, and those that they had been one with.
 */
export async function regroup(tx: Tx, entity: IdentityEntity, seeds: readonly string[]): Promise<string[]> {
  if (seeds.length === 0) return [];
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
  const changed = await setMergedInto(tx, entity, merges);
  return changed.flatMap(({ id, before }) => (before === null ? [id] : [id, before]));
}

/** The entities that are related, in the order in which they are. */
export const RELATED_ENTITIES = Object.keys(ENTITY_TABLES) as readonly IdentityEntity[];
