import { DAY_MS, HOUR_MS, leadWeight } from "./calendar.ts";
import type { LeadSource, Person, Segment } from "./model.ts";
import { createFirmNames, INDUSTRIES, jobTitle, mailbox, personName } from "./names.ts";
import type { PhoneBook } from "./phones.ts";
import type { Random } from "./random.ts";

/** A firm of the market on the day it turns up, before anybody has worked on it. */
export type Firm = {
  readonly name: string;
  readonly domain: string;
  readonly country: string;
  readonly city: string;
  readonly timeZone: string;
  readonly phone: string | null;
  readonly industry: string;
  readonly segment: Segment;
  readonly employees: number;
  readonly source: LeadSource;
  readonly teamId: string;
};

type Place = {
  readonly country: string;
  readonly city: string;
  readonly timeZone: string;
  readonly teamId: string;
};

function places(teamId: string, country: string, timeZone: string, cities: string): readonly Place[] {
  return cities.split(", ").map((city) => ({ country, city, timeZone, teamId }));
}

const PLACES: readonly Place[] = [
  ...places("team-1", "US", "America/New_York", "New York, Boston, Atlanta, Philadelphia, Charlotte"),
  ...places("team-1", "CA", "America/Toronto", "Toronto, Ottawa"),
  ...places("team-2", "US", "America/Los_Angeles", "San Diego, Portland, Seattle"),
  ...places("team-2", "US", "America/Denver", "Denver, Boise"),
  ...places("team-2", "US", "America/Chicago", "Chicago, Austin, Minneapolis"),
  ...places("team-3", "GB", "Europe/London", "London, Leeds, Bristol"),
  ...places("team-3", "DE", "Europe/Berlin", "Berlin, Hamburg, Stuttgart"),
  ...places("team-3", "FR", "Europe/Paris", "Lyon, Nantes"),
  ...places("team-3", "SE", "Europe/Stockholm", "Malmo"),
];

const EMPLOYEES: { readonly [segment in Segment]: readonly [from: number, to: number] } = {
  small: [4, 60],
  mid_market: [61, 600],
  enterprise: [601, 9000],
};

/** Over the two years a growing company's outbound shrinks from a quarter of its leads to a sixth and referrals take its place. */
function sourceWeights(progress: number): { readonly [source in LeadSource]: number } {
  return {
    inbound: 26,
    paid_search: 18,
    referral: 8 + 6 * progress,
    partner: 6,
    event: 7,
    webinar: 9,
    outbound: 26 - 9 * progress,
  };
}

export type Market = {
  /** @param progress 0 at the history's start, 1 at its end. */
  firm(progress: number): Firm;
  person(firm: Pick<Firm, "domain" | "country">, leadId: string, createdAt: Date): Person;
};

export function createMarket(random: Random, phones: PhoneBook): Market {
  const firmName = createFirmNames(random.fork("names"));
  const mailboxes = new Set<string>();
  let people = 0;
  return {
    firm(progress) {
      const place = random.pick(PLACES);
      const industry = random.pick(INDUSTRIES);
      const segment = random.weighted({ small: 62, mid_market: 29, enterprise: 9 });
      const [fewest, most] = EMPLOYEES[segment];
      return {
        ...firmName(industry),
        ...place,
        industry,
        segment,
        employees: Math.round(random.between(fewest, most)),
        phone: random.chance(0.35) ? phones.take(place.country) : null,
        source: random.weighted(sourceWeights(progress)),
      };
    },
    person(firm, leadId, createdAt) {
      const name = personName(random);
      people += 1;
      const plain = `${mailbox(name)}@${firm.domain}`;
      const email = mailboxes.has(plain) ? `${mailbox(name)}.${people}@${firm.domain}` : plain;
      mailboxes.add(email);
      return {
        id: `person-${String(people).padStart(6, "0")}`,
        leadId,
        ...name,
        title: jobTitle(random),
        email,
        phone: random.chance(0.7) ? phones.take(firm.country) : null,
        createdAt,
        isSubscribed: random.chance(0.6),
      };
    },
  };
}

/**
 * When leads come in: `count` instants from `startMs` to `endMs`, rising. The business grows by two fifths a year, follows the seasons and
 * weekdays, and few people fill in a form at night.
 */
export function arrivals(random: Random, count: number, startMs: number, endMs: number): readonly number[] {
  const days = Math.ceil((endMs - startMs) / DAY_MS);
  const weights = Array.from({ length: days }, (_, day) => leadWeight(startMs + day * DAY_MS) * 1.4 ** (day / 365));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const instants: number[] = [];
  let due = 0;
  for (const [day, weight] of weights.entries()) {
    due += (weight / total) * count;
    while (instants.length < Math.round(due)) {
      // 14:00 UTC is morning in New York and afternoon in Berlin; hardly anybody is more than seven hours from it.
      const hour = 15 + random.between(-4, 4) + random.between(-4, 4);
      instants.push(Math.min(endMs - 1, Math.round(startMs + day * DAY_MS + hour * HOUR_MS - (startMs % DAY_MS))));
    }
  }
  return instants.filter((at) => at >= startMs).toSorted((a, b) => a - b);
}
