import { addDays, dayOf } from "../../../core/base/time.ts";
import { DAY_MS } from "./calendar.ts";
import { believed, changed, LOST_REASONS, newDeal, openStages, outcomeStage, rounded } from "./deal-life.ts";
import type { Market } from "./market.ts";
import type {
  Activity,
  Chat,
  CompanyChange,
  Deal,
  DealChangeKind,
  DealState,
  Lead,
  LeadStatus,
  LiveCompany,
  Person,
  Pipeline,
  Profile,
  Rep,
  Ticket,
} from "./model.ts";
import { EXPANSION, isEmployed, type Organisation, productivity } from "./organisation.ts";
import type { Random } from "./random.ts";
import { makeChat, makeTicket } from "./support.ts";
import { onTheHalfHour, type Moment, type Touches } from "./touches.ts";

/** The growing lists of a living company. */
export type LifeState = {
  readonly leads: Lead[];
  readonly people: Person[];
  readonly deals: Deal[];
  readonly activities: Activity[];
  readonly tickets: Ticket[];
  readonly chats: Chat[];
};

export type LifeSetting = {
  readonly random: Random;
  readonly profile: Profile;
  readonly organisation: Organisation;
  readonly market: Market;
  readonly touches: Touches;
  readonly state: LifeState;
  readonly now: () => number;
};

/** What may happen on a tick, by weight; wins come by their own count. */
const HAPPENINGS = {
  call: 30,
  email: 22,
  move: 18,
  lead: 18,
  deal: 20,
  meeting: 5,
  lost: 8,
  sms: 2,
  note: 2,
  value: 2,
  postpone: 2,
  ticket: 1,
  chat: 1,
} as const;
type Happening = keyof typeof HAPPENINGS | "won";

export function startLife(setting: LifeSetting): LiveCompany {
  const listeners = new Set<(change: CompanyChange) => void>();
  const life = createLife(setting);
  let untilWin = setting.random.int(4, 8);
  return {
    tick() {
      untilWin -= 1;
      let happening: Happening = setting.random.weighted(HAPPENINGS);
      if (untilWin <= 0) {
        happening = "won";
        untilWin = setting.random.int(10, 14);
      }
      const changes = life(happening);
      for (const change of changes) for (const listener of listeners) listener(change);
      return changes;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Lets one thing happen, with what follows from it at once. */
function createLife(setting: LifeSetting): (happening: Happening) => readonly CompanyChange[] {
  const { random, profile, organisation, market, touches, state, now } = setting;
  const leadAt = new Map(state.leads.map((lead, at) => [lead.id, at]));
  const dealAt = new Map(state.deals.map((deal, at) => [deal.id, at]));
  const peopleOf = new Map<string, Person[]>();
  for (const person of state.people) peopleOf.set(person.leadId, [...(peopleOf.get(person.leadId) ?? []), person]);
  const open = new Set(state.deals.filter((deal) => deal.state.status === "open").map((deal) => deal.id));
  const upcoming = state.activities.filter((activity) => activity.type === "meeting" && activity.status === "upcoming");

  function deal(id: string): Deal {
    return found(state.deals[dealAt.get(id) ?? -1], id);
  }
  function lead(id: string): Lead {
    return found(state.leads[leadAt.get(id) ?? -1], id);
  }
  function rep(id: string): Rep {
    return found(
      organisation.reps.find((each) => each.id === id),
      id,
    );
  }
  function pipelineOf(each: Deal): Pipeline {
    return found(
      organisation.pipelines.find((pipeline) => pipeline.id === each.pipelineId),
      each.pipelineId,
    );
  }

  /** Somebody of a team who is here now. */
  function someone(teamId: string, atMs: number): Rep {
    const here = organisation.reps.filter((each) => each.teamId === teamId && isEmployed(each, atMs));
    return rep(random.weighted(Object.fromEntries(here.map((each) => [each.id, productivity(each, atMs)]))));
  }

  /** An open deal; with `towardsEnd`, rather one that stands far on. */
  function someDeal(towardsEnd: boolean): Deal | null {
    const ids = [...open];
    if (ids.length === 0) return null;
    const tries = Array.from({ length: towardsEnd ? 6 : 1 }, () => deal(random.pick(ids)));
    return tries.toSorted((a, b) => b.state.probability - a.state.probability)[0] ?? null;
  }

  function moment(each: Deal, atMs: number): Moment {
    const people = peopleOf.get(each.leadId) ?? [];
    return { atMs, rep: rep(each.state.ownerId), person: random.pick(people), dealId: each.id };
  }

  function add(activity: Activity): CompanyChange {
    state.activities.push(activity);
    return { type: "activity.created", at: activity.createdAt, activity };
  }

  function change(
    previous: Deal,
    kind: DealChangeKind,
    atMs: number,
    patch: Partial<DealState>,
  ): readonly CompanyChange[] {
    const at = new Date(Math.max(atMs, previous.updatedAt.getTime() + 1));
    const next = changed(previous, kind, at, previous.state.ownerId, patch);
    const last = next.changes.at(-1);
    if (next === previous || last === undefined) return [];
    state.deals[dealAt.get(next.id) ?? -1] = next;
    if (next.state.status !== "open") open.delete(next.id);
    return [{ type: "deal.updated", at, deal: next, previous, change: last }];
  }

  function status(id: string, to: LeadStatus, atMs: number): readonly CompanyChange[] {
    const previous = lead(id);
    if (previous.status === to) return [];
    const at = new Date(Math.max(atMs, previous.updatedAt.getTime() + 1));
    const next: Lead = {
      ...previous,
      status: to,
      updatedAt: at,
      statusChanges: [
        ...previous.statusChanges,
        {
          id: `${id}-status-${previous.statusChanges.length + 1}`,
          at,
          byId: previous.ownerId,
          from: previous.status,
          to,
        },
      ],
    };
    state.leads[leadAt.get(id) ?? -1] = next;
    return [{ type: "lead.updated", at, lead: next, previous }];
  }

  function newLead(atMs: number): readonly CompanyChange[] {
    const { teamId, ...firm } = market.firm(1);
    const id = `lead-${String(state.leads.length + 1).padStart(6, "0")}`;
    const at = new Date(atMs);
    const person = market.person(firm, id, at);
    const owner = someone(teamId, atMs);
    const made: Lead = {
      id,
      ...firm,
      createdAt: at,
      updatedAt: at,
      ownerId: owner.id,
      status: "new",
      statusChanges: [{ id: `${id}-status-1`, at, byId: owner.id, from: null, to: "new" }],
    };
    leadAt.set(id, state.leads.length);
    state.leads.push(made);
    state.people.push(person);
    peopleOf.set(id, [person]);
    return [{ type: "lead.created", at, lead: made, people: [person] }];
  }

  /** Opens a deal on one of the youngest leads that have none, or with a customer. */
  function openDeal(atMs: number): readonly CompanyChange[] {
    const isExpansion = random.chance(0.2);
    const wanted: readonly LeadStatus[] = isExpansion ? ["customer"] : ["new", "contacted"];
    const candidates = state.leads.filter((each) => wanted.includes(each.status)).slice(-40);
    if (candidates.length === 0) return newLead(atMs);
    const target = random.pick(candidates);
    const person = found(peopleOf.get(target.id)?.[0], target.id);
    const owner = isExpansion ? someone("team-4", atMs) : rep(target.ownerId);
    const made = newDeal(random, {
      id: `deal-${String(state.deals.length + 1).padStart(6, "0")}`,
      lead: target,
      person,
      pipeline: found(
        organisation.pipelines.find((pipeline) => (pipeline.id === EXPANSION) === isExpansion),
        "pipeline",
      ),
      createdMs: atMs,
      owners: { at: () => owner, handovers: () => [] },
      winProbability: 0,
      nowMs: atMs,
      timeZone: profile.timeZone,
      pace: 1,
    });
    dealAt.set(made.id, state.deals.length);
    state.deals.push(made);
    open.add(made.id);
    const first = found(made.changes[0], made.id);
    return [
      { type: "deal.created", at: made.createdAt, deal: made, change: first },
      ...(isExpansion ? [] : status(target.id, "qualified", atMs)),
    ];
  }

  function move(each: Deal, atMs: number): readonly CompanyChange[] {
    const stages = openStages(pipelineOf(each));
    const at = stages.findIndex((stage) => stage.id === each.state.stageId);
    const step = random.weighted({ on: 80, skip: 12, back: 8 });
    const next = stages[Math.max(0, at + { on: 1, skip: 2, back: -1 }[step])] ?? stages.at(-1);
    if (next === undefined || next.id === each.state.stageId) return [add(touches.call(moment(each, atMs)))];
    const moved = change(each, "stage", atMs, { stageId: next.id, probability: believed(random, next) });
    return next.canonical === "meeting" ? [...moved, book(deal(each.id), atMs)] : moved;
  }

  function book(each: Deal, atMs: number): CompanyChange {
    const startsMs = onTheHalfHour(atMs + random.between(1, 7) * DAY_MS);
    const meeting = touches.meeting(moment(each, atMs), startsMs, "upcoming");
    upcoming.push(meeting);
    return add(meeting);
  }

  function close(each: Deal, outcome: "won" | "lost", atMs: number): readonly CompanyChange[] {
    const amountMinor = each.state.amountMinor ?? rounded(random.logNormal(9000, 0.5) * 100);
    return [
      ...change(each, outcome, atMs, {
        status: outcome,
        stageId: outcomeStage(pipelineOf(each), outcome).id,
        probability: outcome === "won" ? 1 : 0,
        lostReason: outcome === "lost" ? random.weighted(LOST_REASONS) : null,
        // Nobody signs for an amount that is not written down.
        ...(outcome === "won" ? { amountMinor } : {}),
      }),
      ...(outcome === "won" ? status(each.leadId, "customer", atMs) : []),
    ];
  }

  /** The first appointment that is over by now, as held or missed. */
  function hold(atMs: number): readonly CompanyChange[] {
    const at = upcoming.findIndex((each) => each.type === "meeting" && each.endsAt.getTime() <= atMs);
    const [previous] = at < 0 ? [] : upcoming.splice(at, 1);
    if (previous?.type !== "meeting") return [];
    const next: Activity = {
      ...previous,
      status: random.chance(0.85) ? "completed" : "no_show",
      updatedAt: new Date(atMs),
    };
    state.activities[state.activities.indexOf(previous)] = next;
    return [{ type: "activity.updated", at: next.updatedAt, activity: next, previous }];
  }

  function ticket(atMs: number): readonly CompanyChange[] {
    const won = state.deals.filter((each) => each.state.status === "won");
    if (won.length === 0) return [];
    const agent = random.pick(organisation.supportAgents);
    const made = makeTicket(random, {
      number: state.tickets.length + 1,
      deal: random.pick(won),
      agent,
      atMs,
      nowMs: atMs,
    });
    state.tickets.push(made);
    return [{ type: "ticket.created", at: made.createdAt, ticket: made }];
  }

  function chat(atMs: number): readonly CompanyChange[] {
    const person = random.chance(0.5) ? random.pick(state.people.slice(-50)) : null;
    const made = makeChat(random, { number: state.chats.length + 1, person, rep: null, atMs, nowMs: atMs });
    state.chats.push(made);
    return [{ type: "chat.created", at: made.startedAt, chat: made }];
  }

  function happen(happening: Happening, atMs: number): readonly CompanyChange[] {
    if (happening === "lead") return newLead(atMs);
    if (happening === "deal") return openDeal(atMs);
    if (happening === "ticket") return ticket(atMs);
    if (happening === "chat") return chat(atMs);
    const each = someDeal(happening === "won");
    if (each === null) return openDeal(atMs);
    switch (happening) {
      case "won":
      case "lost":
        return close(each, happening, atMs);
      case "move":
        return move(each, atMs);
      case "meeting":
        return [book(each, atMs)];
      case "email":
        return [add(touches.email(moment(each, atMs), random.chance(0.7) ? "outbound" : "inbound", null))];
      case "value":
        return change(each, "value", atMs, {
          amountMinor: rounded((each.state.amountMinor ?? 900_000) * random.logNormal(1, 0.2)),
        });
      case "postpone": {
        const today = dayOf(new Date(atMs), profile.timeZone);
        return change(each, "expected_close", atMs, { expectedCloseOn: addDays(today, random.int(10, 45)) });
      }
      case "call":
      case "sms":
      case "note":
        return [add(touches[happening](moment(each, atMs)))];
      default: {
        const never: never = happening;
        throw new Error(`Nobody has said what happens on ${String(never)}.`);
      }
    }
  }

  return (happening) => {
    const atMs = now();
    return [...hold(atMs), ...happen(happening, atMs)];
  };
}

function found<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new Error(`The company has no ${id}.`);
  return value;
}
