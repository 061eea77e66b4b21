import type { ActivityType, Direction } from "../../core/schema/canonical.ts";
import type {
  ActivityFact,
  Attributes,
  CompanyFact,
  Fact,
  Moment,
  OtherId,
  PersonFact,
  Ref,
} from "../../core/schema/facts.ts";
import { type Outcome, outcomeOf } from "../../core/schema/outcomes.ts";
import { reading, repMention } from "./normalise.ts";
import { callRecord, type CallRecord, type Context, type Party } from "./records.ts";

/**
 * A call is one activity, however many people were in it: a `meeting` where it was a web conference, else a `call`. Everyone from outside
 * with an e-mail address or a phone number becomes a person; the activity is that of the one who spoke most.
 *
 * Calls among colleagues are no touch of a customer and give no facts.
 */
export const callFacts = reading(callRecord, (call) => {
  const occurredAt = moment(call.metaData.started) ?? moment(call.metaData.scheduled);
  if (occurredAt === null || call.metaData.scope === "Internal") return [];
  const guests = guestsOf(call);
  const host = hostOf(call);
  const company = companyMention(call);
  const facts: Fact[] = guests.map(({ ref, party }) => personMention(ref, party));
  if (company !== null) facts.push(company);
  if (host !== null) facts.push(repMention(host.userId, host.party?.name, host.party?.emailAddress));
  return [...facts, activity(call, occurredAt, host?.userId ?? null, guests, company?.externalId ?? null)];
});

type Guest = { readonly ref: Ref; readonly party: Party; readonly talkS: number };

/** Who spoke most comes first; where nobody's time is known, in Gong's order. */
function guestsOf(call: CallRecord): readonly Guest[] {
  const talk = new Map(call.interaction?.speakers?.map((speaker) => [speaker.id, speaker.talkTime ?? 0]));
  const guests = new Map<Ref, Guest>();
  for (const party of call.parties ?? []) {
    const ref = refOf(party);
    const isOurs = party.affiliation === "Internal" || Boolean(party.userId);
    if (isOurs || ref === null || guests.has(ref)) continue;
    guests.set(ref, { ref, party, talkS: talk.get(party.id) ?? 0 });
  }
  return [...guests.values()].toSorted((a, b) => b.talkS - a.talkS);
}

/** The id of a party is that of one call; what lasts is the address, or the number. */
function refOf({ emailAddress, phoneNumber }: Party): Ref | null {
  return emailAddress?.trim().toLowerCase() || phoneNumber?.replaceAll(/[^\d+]/g, "") || null;
}

function hostOf({ metaData, parties }: CallRecord): { readonly userId: Ref; readonly party: Party | null } | null {
  const isHost = (party: Party): boolean => Boolean(party.userId) && party.userId === metaData.primaryUserId;
  const party = parties?.find(isHost) ?? null;
  if (metaData.primaryUserId) return { userId: metaData.primaryUserId, party };
  const other = parties?.find((one) => one.affiliation === "Internal" && Boolean(one.userId));
  return other?.userId ? { userId: other.userId, party: other } : null;
}

function personMention(ref: Ref, party: Party): PersonFact {
  return {
    kind: "person",
    externalId: ref,
    isMention: true,
    name: party.name || null,
    title: party.title || null,
    emails: party.emailAddress ? [party.emailAddress.trim().toLowerCase()] : [],
    phones: party.phoneNumber ? [party.phoneNumber] : [],
    otherIds: crmObjects(party.context, ["Contact", "Lead"]),
    company: null,
    rep: null,
    leadCreatedAt: null,
    url: null,
    attributes: {},
  };
}

/** The account that the call belongs to by the CRM's word. Gong has no accounts of its own. */
function companyMention({ context }: CallRecord): CompanyFact | null {
  const [account] = crmObjects(context, ["Account"]);
  if (account === undefined) return null;
  return {
    kind: "company",
    externalId: `${account.system ?? "crm"} ${account.id}`,
    isMention: true,
    name: null,
    domains: [],
    phones: [],
    otherIds: [account],
    rep: null,
    leadCreatedAt: null,
    url: null,
    attributes: {},
  };
}

/** The dialer's word, then Gong's own, then its category. A meeting of which there is a recording was held. */
function outcomeIn({ metaData, content }: CallRecord, type: ActivityFact["type"]): Outcome | null {
  const said = outcomeOf(metaData.sdrDisposition, type) ?? outcomeOf(content?.callOutcome?.name, type);
  if (said !== null || type === "meeting") return said ?? "held";
  const category = content?.callOutcome?.category;
  return category === "ANSWERED" ? "answered" : category === "NOT_ANSWERED" ? "no_answer" : null;
}

function activity(
  call: CallRecord,
  occurredAt: Moment,
  rep: Ref | null,
  guests: readonly Guest[],
  company: Ref | null,
): ActivityFact {
  const { metaData } = call;
  const type = typeOf(call);
  return {
    kind: "activity",
    externalId: metaData.id,
    type,
    direction: directionOf(metaData.direction),
    occurredAt,
    bookedAt: null,
    durationS: typeof metaData.duration === "number" ? Math.round(metaData.duration) : null,
    outcome: outcomeIn(call, type),
    disposition: metaData.sdrDisposition || call.content?.callOutcome?.name || null,
    // Who may see a private call is decided in Gong; here everyone sees what is called what.
    subject: metaData.isPrivate === true ? null : metaData.title || null,
    rep,
    person: guests[0]?.ref ?? null,
    company,
    // Gong knows deals by the CRM's ids alone: a deal is a row of the CRM's connection, never of this one.
    deal: null,
    url: metaData.url || null,
    matchKeys: matchKeys(call),
    attributes: attributesOf(call, guests.length),
  };
}

function typeOf({ metaData }: CallRecord): ActivityType {
  if (metaData.direction === "Inbound" || metaData.direction === "Outbound") return "call";
  return metaData.direction === "Conference" || metaData.calendarEventId ? "meeting" : "call";
}

function directionOf(word: string | null | undefined): Direction | null {
  if (word === "Inbound") return "inbound";
  return word === "Outbound" ? "outbound" : null;
}

/**
 * The event in the calendar, and the id that the dialer gave. Not the meeting's address: a personal room has the same one for every
 * meeting of a day. Not the CRM's ids: a deal has many calls.
 */
function matchKeys({ metaData }: CallRecord): readonly string[] {
  return [metaData.calendarEventId, metaData.clientUniqueId].filter((key): key is string => Boolean(key));
}

/** Gong's words for its statistics of the host: help.gong.io, "Calls" (API). Ratios are 0 to 1, monologues and stories in seconds. */
const STATS: readonly (readonly [attribute: string, name: string])[] = [
  ["talk_ratio", "Talk Ratio"],
  ["longest_monologue_s", "Longest Monologue"],
  ["longest_customer_story_s", "Longest Customer Story"],
  ["interactivity", "Interactivity"],
  ["patience", "Patience"],
];

function attributesOf(call: CallRecord, guests: number): Attributes {
  const { metaData, interaction } = call;
  const stats = new Map(interaction?.interactionStats?.map((stat) => [stat.name, stat.value ?? null]));
  return {
    ...Object.fromEntries(STATS.map(([attribute, name]) => [attribute, stats.get(name) ?? null])),
    questions_asked: interaction?.questions?.companyCount ?? null,
    questions_received: interaction?.questions?.nonCompanyCount ?? null,
    guests,
    system: metaData.system ?? null,
    language: metaData.language ?? null,
    purpose: metaData.purpose ?? null,
    scope: metaData.scope ?? null,
    meeting_url: metaData.meetingUrl ?? null,
    crm_deal: crmObjects(call.context, ["Opportunity", "Deal"])[0]?.id ?? null,
  };
}

/** The CRM's ids of some types, in Gong's order. `Salesforce` is the connector `salesforce`; a CRM that Gong has no name for is `Generic`. */
function crmObjects(context: Context, types: readonly string[]): readonly OtherId[] {
  return (context ?? []).flatMap(({ system, objects }) =>
    (objects ?? []).flatMap(({ objectType, objectId: id }) =>
      id && types.includes(objectType ?? "") ? [{ system: systemOf(system), id }] : [],
    ),
  );
}

function systemOf(system: string | null | undefined): string | null {
  return !system || system === "Generic" ? null : system.toLowerCase().replaceAll(/\s+/g, "-");
}

/** ISO 8601 with any offset: the same instant may be written in several ways. */
function moment(text: string | null | undefined): Moment | null {
  const instant = new Date(text ?? Number.NaN);
  return Number.isNaN(instant.getTime()) ? null : { instant };
}
