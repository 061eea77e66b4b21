import type { IdentityEntity, IdentityKeyType } from "../schema/tables.ts";
import type { Link, Match } from "../store/identities.ts";
import { nameKey } from "./keys.ts";

/** By what two rows of different connections are taken to be one. A name alone is never enough. */
type Rule = {
  readonly id: string;
  readonly entity: IdentityEntity;
  readonly key: IdentityKeyType;
  /** What must hold besides the equal key. */
  readonly fits?: (a: Match, b: Match) => boolean;
};

export const RULES: readonly Rule[] = [
  { id: "rep.email", entity: "rep", key: "email" },
  { id: "person.email", entity: "person", key: "email" },
  // A switchboard's number is many people's: the names must be the same as well.
  { id: "person.phone", entity: "person", key: "phone", fits: (a, b) => isSameName(a.name, b.name) },
  { id: "company.domain", entity: "company", key: "domain" },
];

function isSameName(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && nameKey(a) === nameKey(b);
}

/**
 * Links that the matches are worth. Of each connection the first row counts: a tool that keeps two rows under one key means two, and only
 * one of them can be the other tool's.
 *
 * @param matches in the order in which rows win, equal keys side by side.
 */
export function linksOf(matches: readonly Match[]): Link[] {
  const links: Link[] = [];
  const groups = new Map<string, Match[]>();
  for (const match of matches) {
    const key = `${match.entity}|${match.type}|${match.value}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [match]);
    else group.push(match);
  }
  for (const group of groups.values()) {
    const winner = group[0];
    const rule =
      winner === undefined ? undefined : RULES.find((r) => r.entity === winner.entity && r.key === winner.type);
    if (winner === undefined || rule === undefined) continue;
    const joined = new Set([winner.connectionId]);
    for (const other of group) {
      if (joined.has(other.connectionId) || rule.fits?.(winner, other) === false) continue;
      joined.add(other.connectionId);
      const evidence = `${winner.type}:${winner.value}`;
      links.push({ entity: winner.entity, fromId: other.entityId, intoId: winner.entityId, rule: rule.id, evidence });
    }
  }
  return links;
}
