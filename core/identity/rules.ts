import type { IdentityEntity, IdentityKeyType } from "../schema/tables/identity.ts";
import type { Key, Match, NamedMatch } from "../store/identity/identities.ts";
import type { Link } from "../store/identity/identity-links.ts";
import { nameKey } from "./keys.ts";

/** By what two rows of different connections are taken to be one. Of people and companies a name alone is never enough. */
type Rule = {
  readonly id: string;
  readonly entity: IdentityEntity;
  readonly key: IdentityKeyType;
  /** What must be equal besides the key; a row for which it is null is nobody's. */
  readonly besides?: (match: Match) => string | null;
};

const RULES: readonly Rule[] = [
  { id: "rep.email", entity: "rep", key: "email" },
  { id: "person.email", entity: "person", key: "email" },
  // A switchboard's number is many people's: the names must be the same as well.
  { id: "person.phone", entity: "person", key: "phone", besides: ({ name }) => (name === null ? null : nameKey(name)) },
  { id: "company.domain", entity: "company", key: "domain" },
  // A team or a pipeline is what the company calls so, whichever tool says it.
  { id: "team.name", entity: "team", key: "name" },
  { id: "pipeline.name", entity: "pipeline", key: "name" },
];

/** Links of people and of the config come first, then the rules from the surest to the least sure. */
const STRENGTH = [
  "manual",
  "rep.config",
  "team.config",
  "pipeline.config",
  "rep.email",
  "person.email",
  "person.other_id",
  "company.other_id",
  "person.phone",
  "company.domain",
  "team.name",
  "pipeline.name",
];

export function strengthOf(rule: string): number {
  const at = STRENGTH.indexOf(rule);
  return at === -1 ? STRENGTH.length : at;
}

export function isLinkable(key: Key): boolean {
  return key.type === "other_id" || RULES.some((rule) => rule.entity === key.entity && rule.key === key.type);
}

/**
 * Links that the matches are worth. Of each connection the first row counts: a tool that keeps two rows under one key means two, and only
 * one of them can be the other tool's.
 *
 * @param matches in the order in which rows win.
 */
export function linksOf(matches: readonly Match[]): Link[] {
  const links: Link[] = [];
  const groups = new Map<string, { readonly winner: Match; readonly rule: Rule; readonly joined: Set<string> }>();
  for (const match of matches) {
    const rule = RULES.find((one) => one.entity === match.entity && one.key === match.type);
    const besides = rule?.besides === undefined ? "" : rule.besides(match);
    if (rule === undefined || besides === null) continue;
    const id = `${match.entity}|${match.type}|${match.value}|${besides}`;
    const group = groups.get(id);
    if (group === undefined) {
      groups.set(id, { winner: match, rule, joined: new Set([match.connectionId]) });
      continue;
    }
    if (group.joined.has(match.connectionId)) continue;
    group.joined.add(match.connectionId);
    links.push({
      entity: match.entity,
      fromId: match.entityId,
      intoId: group.winner.entityId,
      rule: rule.id,
      evidence: evidenceOf(match),
    });
  }
  return links;
}

/**
 * Links by an id that one tool names and another has. Where the record does not say whose id it is, it has to be one connection's alone.
 *
 * @param named in the order in which rows win.
 */
export function namedLinksOf(named: readonly NamedMatch[]): Link[] {
  const owners = new Map<string, Set<string>>();
  const keyOf = (match: NamedMatch): string => `${match.entity}|${match.value}`;
  for (const match of named)
    owners.set(keyOf(match), (owners.get(keyOf(match)) ?? new Set()).add(match.ownerConnectionId));
  const links: Link[] = [];
  const joined = new Set<string>();
  for (const match of named) {
    if (match.value.startsWith("*:") && (owners.get(keyOf(match))?.size ?? 0) > 1) continue;
    const place = `${keyOf(match)}|${match.ownerConnectionId}|${match.namerConnectionId}`;
    if (joined.has(place)) continue;
    joined.add(place);
    links.push({
      entity: match.entity,
      fromId: match.namerId,
      intoId: match.ownerId,
      rule: `${match.entity}.other_id`,
      evidence: evidenceOf({ type: "other_id", value: match.value }),
    });
  }
  return links;
}

export function evidenceOf(key: Pick<Key, "type" | "value">): string {
  return `${key.type}:${key.value}`;
}
