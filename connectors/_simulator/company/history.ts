import { DAY_MS, HOUR_MS, workCalendar } from "./calendar.ts";
import { dealLife } from "./deal-life.ts";
import { arrivals, type Firm, type Market } from "./market.ts";
import type {
  Activity,
  Deal,
  Lead,
  LeadSource,
  LeadStatus,
  LeadStatusChange,
  Person,
  Pipeline,
  Profile,
} from "./model.ts";
import { EXPANSION, type Organisation, productivity } from "./organisation.ts";
import { createRoster, type Ownership, type Roster } from "./ownership.ts";
import type { Random } from "./random.ts";
import { meetingsOf, type Touches, workOn } from "./touches.ts";

/** Everything that sales has done and seen, from the first day to `now`. */
export type History = {
  readonly leads: readonly Lead[];
  readonly people: readonly Person[];
  readonly deals: readonly Deal[];
  readonly activities: readonly Activity[];
};

/** Share of leads that become a deal, and the chance of an ordinary rep to win one. */
const QUALITY: { readonly [source in LeadSource]: { readonly qualified: number; readonly won: number } } = {
  inbound: { qualified: 0.68, won: 0.28 },
  paid_search: { qualified: 0.52, won: 0.22 },
  referral: { qualified: 0.84, won: 0.36 },
  partner: { qualified: 0.72, won: 0.3 },
  event: { qualified: 0.58, won: 0.23 },
  webinar: { qualified: 0.52, won: 0.21 },
  outbound: { qualified: 0.42, won: 0.18 },
};
const EXPANSION_WON = 0.4;
/** A rep qualifies a lead and opens the deal in the next minute. */
const DEAL_AFTER_MS = 60_000;

type Setting = {
  readonly random: Random;
  readonly profile: Profile;
  readonly organisation: Organisation;
  readonly market: Market;
  readonly touches: Touches;
  readonly roster: Roster;
};

export function createHistory(setting: Omit<Setting, "roster">, leadCount: number): History {
  const { profile, random } = setting;
  const startMs = profile.startedAt.getTime();
  const endMs = profile.now.getTime();
  const roster = createRoster(setting.organisation.reps);
  const leads: Lead[] = [];
  const people: Person[] = [];
  const deals: Deal[] = [];
  const activities: Activity[] = [];
  for (const atMs of arrivals(random.fork("arrivals"), leadCount, startMs, endMs)) {
    const firm = setting.market.firm((atMs - startMs) / (endMs - startMs));
    const story = leadStory({ ...setting, roster }, firm, atMs, leads.length + 1, deals.length + 1);
    leads.push(story.lead);
    people.push(...story.people);
    deals.push(...story.deals);
    activities.push(...story.activities);
  }
  return {
    leads,
    people,
    deals: deals.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()),
    activities: activities.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()),
  };
}

type Story = { lead: Lead; people: Person[]; deals: Deal[]; activities: Activity[] };

function leadStory(setting: Setting, firm: Firm, atMs: number, number: number, firstDealNumber: number): Story {
  const { random, roster, profile } = setting;
  const nowMs = profile.now.getTime();
  const id = `lead-${String(number).padStart(6, "0")}`;
  const owners = roster.own(random, firm.teamId, atMs);
  const people = staff(setting, firm, id, atMs);
  const quality = QUALITY[firm.source];
  const statuses: Status[] = [{ atMs, to: "new", byId: owners.at(atMs).id }];
  const activities: Activity[] = [];
  const deals: Deal[] = [];

  // Speed to lead: who asked is called within the hour or the day, who did not within days.
  const waitMs = random.logNormal(firm.source === "outbound" ? 20 : 2.5, 1) * HOUR_MS;
  const firstMs = workCalendar(owners.at(atMs).timeZone).atWork(random, atMs + waitMs);
  const decidedMs = workCalendar(owners.at(firstMs).timeZone).sameDay(
    random,
    firstMs + random.between(0.05, 14) * DAY_MS,
  );
  if (firstMs < nowMs) {
    statuses.push({ atMs: firstMs, to: "contacted", byId: owners.at(firstMs).id });
    const [person] = people;
    if (person !== undefined)
      activities.push(setting.touches.call({ atMs: firstMs, rep: owners.at(firstMs), person, dealId: null }));
    const count = Math.round(random.logNormal(1.6, 0.6));
    activities.push(
      ...workOn(random, setting.touches, {
        fromMs: firstMs,
        toMs: Math.min(decidedMs, nowMs),
        owners,
        people: people.slice(0, 1),
        dealId: null,
        count,
      }),
    );
  }
  if (decidedMs + DEAL_AFTER_MS < nowMs) {
    const ramp = Math.min(1.1, productivity(owners.at(decidedMs), decidedMs));
    const isQualified = random.chance(quality.qualified * (0.8 + 0.2 * ramp));
    statuses.push({
      atMs: decidedMs,
      to: isQualified ? "qualified" : random.chance(0.2) ? "bad_fit" : "cold",
      byId: owners.at(decidedMs).id,
    });
    if (isQualified) {
      const context = { setting, firm, leadId: id, people, owners };
      const first = workedDeal(
        context,
        decidedMs + DEAL_AFTER_MS,
        firstDealNumber,
        quality.won * (0.75 + 0.25 * ramp),
        null,
      );
      deals.push(first.deal);
      activities.push(...first.activities);
      statuses.push(...verdict(first.deal));
      const more = first.deal.state.status === "won" ? expansions(context, first.deal, firstDealNumber + 1) : [];
      deals.push(...more.map((each) => each.deal));
      activities.push(...more.flatMap((each) => each.activities));
    }
  }
  return { lead: leadOf(firm, id, owners.at(nowMs).id, statuses), people, deals, activities };
}

type Status = { readonly atMs: number; readonly to: LeadStatus; readonly byId: string };

/** What a closed deal says about its lead. */
function verdict(deal: Deal): readonly Status[] {
  return deal.changes.flatMap((change) => {
    const to =
      change.kind === "won"
        ? "customer"
        : change.kind === "lost"
          ? "cold"
          : change.kind === "reopened"
            ? "qualified"
            : null;
    return to === null ? [] : [{ atMs: change.at.getTime(), to, byId: change.byId }];
  });
}

function staff(setting: Setting, firm: Firm, leadId: string, atMs: number): Person[] {
  const { random, market, profile } = setting;
  const count = random.weighted({ 1: 60, 2: 28, 3: 12 });
  const people = [market.person(firm, leadId, new Date(atMs))];
  for (let nth = 1; nth < Number(count); nth += 1) {
    const metMs = Math.round(atMs + random.between(0.2, 25) * DAY_MS);
    if (metMs < profile.now.getTime()) people.push(market.person(firm, leadId, new Date(metMs)));
  }
  return people;
}

type DealContext = {
  readonly setting: Setting;
  readonly firm: Firm;
  readonly leadId: string;
  readonly people: readonly Person[];
  readonly owners: Ownership;
};

function workedDeal(
  context: DealContext,
  createdMs: number,
  number: number,
  winProbability: number,
  pipelineId: string | null,
): { readonly deal: Deal; readonly activities: readonly Activity[] } {
  const { setting, firm, people } = context;
  const { random, profile, touches, organisation } = setting;
  const nowMs = profile.now.getTime();
  const pipeline = pick(organisation.pipelines, pipelineId);
  const [person] = people;
  if (person === undefined) throw new RangeError("A lead has at least one person.");
  // Some deals change hands though nobody leaves.
  const owners = random.chance(0.05)
    ? context.owners.handedOver(createdMs + random.between(3, 25) * DAY_MS)
    : context.owners;
  const deal = dealLife(random, {
    id: `deal-${String(number).padStart(6, "0")}`,
    lead: { id: context.leadId, name: firm.name, segment: firm.segment },
    person,
    pipeline,
    createdMs,
    owners,
    winProbability,
    nowMs,
    timeZone: profile.timeZone,
    pace: pipeline.id === EXPANSION ? 0.7 : 1,
  });
  const isGoneCold = deal.state.lostReason === "No response";
  const endMs = Math.min(nowMs, deal.closedAt?.getTime() ?? nowMs);
  const toMs = isGoneCold ? createdMs + (endMs - createdMs) * 0.45 : endMs;
  const busy = deal.state.status === "won" ? 9 : deal.state.status === "open" ? 6 : 5;
  const meetingStage = pipeline.stages.find((stage) => stage.canonical === "meeting");
  return {
    deal,
    activities: [
      ...workOn(random, touches, {
        fromMs: createdMs,
        toMs,
        owners,
        people,
        dealId: deal.id,
        count: Math.round(random.logNormal(busy, 0.4)),
      }),
      ...(meetingStage === undefined
        ? []
        : meetingsOf(random, touches, deal, { stageId: meetingStage.id, owners, person, nowMs })),
    ],
  };
}

function pick(pipelines: readonly Pipeline[], id: string | null): Pipeline {
  const found = id === null ? pipelines[0] : pipelines.find((pipeline) => pipeline.id === id);
  if (found === undefined) throw new RangeError(`There is no pipeline ${id}.`);
  return found;
}

/** Two in three customers hear from Customer Growth some months later, some twice. */
function expansions(
  context: DealContext,
  won: Deal,
  firstNumber: number,
): { readonly deal: Deal; readonly activities: readonly Activity[] }[] {
  const { setting } = context;
  const { random, profile, roster } = setting;
  const made: { readonly deal: Deal; readonly activities: readonly Activity[] }[] = [];
  let fromMs = won.updatedAt.getTime();
  while (random.chance(0.6)) {
    const rawMs = fromMs + random.between(60, 260) * DAY_MS;
    const owners = roster.own(random, "team-4", rawMs);
    const createdMs = workCalendar(owners.at(rawMs).timeZone).atWork(random, rawMs);
    if (createdMs >= profile.now.getTime()) break;
    made.push(workedDeal({ ...context, owners }, createdMs, firstNumber + made.length, EXPANSION_WON, EXPANSION));
    fromMs = createdMs;
  }
  return made;
}

function leadOf(firm: Firm, id: string, ownerId: string, statuses: readonly Status[]): Lead {
  const changes = statuses.map((status, at): LeadStatusChange => ({
    id: `${id}-status-${at + 1}`,
    at: new Date(status.atMs),
    byId: status.byId,
    from: statuses[at - 1]?.to ?? null,
    to: status.to,
  }));
  const [first] = changes;
  const last = changes.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("A lead begins with a status.");
  const { teamId: _team, ...facts } = firm;
  return { id, ...facts, createdAt: first.at, updatedAt: last.at, ownerId, status: last.to, statusChanges: changes };
}
