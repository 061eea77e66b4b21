import type { Deal, Person } from "./company.ts";
import { companyOf, type Known } from "./known.ts";

/** Who is one with whom, and who came in as a lead. */

/** Who a person is one with: the name of the row that they were merged into. */
export function groupOf({ company }: Known, name: string): string {
  return company.people.find((one) => one.name === name)?.mergedInto ?? name;
}

export type Lead = {
  /** The row that came in first, of those that are one. */
  readonly first: Person;
  readonly leadAt: number;
  readonly group: string;
  readonly firm: string | null;
};

/** Each once, at the earliest instant of those that are one. */
export function leads(known: Known): Lead[] {
  const found = new Map<string, Lead>();
  for (const first of known.company.people) {
    const { leadAt, name } = first;
    const group = groupOf(known, name);
    if (leadAt === null || leadAt > known.cutoff || !known.isThere(first)) continue;
    if ((found.get(group)?.leadAt ?? Infinity) > leadAt)
      found.set(group, { first, leadAt, group, firm: companyOf(first.company) });
  }
  return [...found.values()];
}

/** The channel of the lead that a deal's person first was. */
export function firstChannel(known: Known, { person }: Deal): string | null {
  if (person === null) return null;
  const group = groupOf(known, person);
  return leads(known).find((lead) => lead.group === group)?.first.channel ?? null;
}
