import type { CompanyFact, PersonFact, RepFact, TeamFact } from "../../core/schema/facts.ts";

/*
 * A row that names a rep, team, company or person makes one, so that a sheet of deals alone is enough. Where a row of its own says
 * more, that row wins.
 */

export function mentionRep(ref: string | null): readonly RepFact[] {
  if (ref === null) return [];
  const email = isEmail(ref) ? ref.toLowerCase() : null;
  return [{ kind: "rep", externalId: ref, isMention: true, name: ref, email, phone: null, isActive: null, team: null }];
}

export function mentionTeam(ref: string | null): readonly TeamFact[] {
  if (ref === null) return [];
  return [{ kind: "team", externalId: ref, isMention: true, name: ref, manager: null, members: null }];
}

export function mentionCompany(ref: string | null): readonly CompanyFact[] {
  if (ref === null) return [];
  return [
    {
      kind: "company",
      externalId: ref,
      isMention: true,
      name: ref,
      domains: [],
      phones: [],
      rep: null,
      leadCreatedAt: null,
      url: null,
      attributes: {},
    },
  ];
}

export function mentionPerson(ref: string | null): readonly PersonFact[] {
  if (ref === null) return [];
  return [
    {
      kind: "person",
      externalId: ref,
      isMention: true,
      name: ref,
      title: null,
      emails: isEmail(ref) ? [ref.toLowerCase()] : [],
      phones: [],
      company: null,
      rep: null,
      leadCreatedAt: null,
      url: null,
      attributes: {},
    },
  ];
}

/** No address is longer than 254 characters (RFC 5321, section 4.5.3.1.3); the pattern's time grows with the square of the text. */
function isEmail(text: string): boolean {
  return text.length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
}
