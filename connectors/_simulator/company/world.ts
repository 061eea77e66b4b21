import { changed } from "./deal-life.ts";
import type {
  Activity,
  Chat,
  CompanyChange,
  Deal,
  DealChangeKind,
  DealState,
  Lead,
  LeadStatus,
  Person,
  Pipeline,
  Rep,
  Ticket,
} from "./model.ts";
import { isEmployed, type Organisation, productivity } from "./organisation.ts";
import type { Random } from "./random.ts";
import type { Moment } from "./touches.ts";

/** The growing lists of a living company. */
export type LifeState = {
  readonly leads: Lead[];
  readonly people: Person[];
  readonly deals: Deal[];
  readonly activities: Activity[];
  readonly tickets: Ticket[];
  readonly chats: Chat[];
};

/** The lists with what finds things in them. Records are replaced, never changed; every writing method says what changed. */
export class World {
  readonly state: LifeState;
  readonly #random: Random;
  readonly #organisation: Organisation;
  readonly #leadAt: Map<string, number>;
  readonly #dealAt: Map<string, number>;
  readonly #peopleOf = new Map<string, readonly Person[]>();
  /** Ids of the deals in play. */
  readonly #open = new Set<string>();

  constructor(random: Random, organisation: Organisation, state: LifeState) {
    this.state = state;
    this.#random = random;
    this.#organisation = organisation;
    this.#leadAt = new Map(state.leads.map((lead, at) => [lead.id, at]));
    this.#dealAt = new Map(state.deals.map((deal, at) => [deal.id, at]));
    for (const person of state.people) this.#peopleOf.set(person.leadId, [...this.peopleOf(person.leadId), person]);
    for (const deal of state.deals) if (deal.state.status === "open") this.#open.add(deal.id);
  }

  /** Deals in play. */
  get openCount(): number {
    return this.#open.size;
  }

  deal(id: string): Deal {
    return found(this.state.deals[this.#dealAt.get(id) ?? -1], id);
  }

  lead(id: string): Lead {
    return found(this.state.leads[this.#leadAt.get(id) ?? -1], id);
  }

  rep(id: string): Rep {
    return found(
      this.#organisation.reps.find((rep) => rep.id === id),
      id,
    );
  }

  pipeline(id: string): Pipeline {
    return found(
      this.#organisation.pipelines.find((pipeline) => pipeline.id === id),
      id,
    );
  }

  peopleOf(leadId: string): readonly Person[] {
    return this.#peopleOf.get(leadId) ?? [];
  }

  /** Somebody of a team who is here at an instant, the able and experienced more often. */
  someone(teamId: string, atMs: number): Rep {
    const here = this.#organisation.reps.filter((rep) => rep.teamId === teamId && isEmployed(rep, atMs));
    return this.rep(this.#random.weighted(Object.fromEntries(here.map((rep) => [rep.id, productivity(rep, atMs)]))));
  }

  /** A deal in play, or null when there is none; the best placed of `tries` drawn ones. */
  someDeal(tries: number): Deal | null {
    const ids = [...this.#open];
    if (ids.length === 0) return null;
    const drawn = Array.from({ length: tries }, () => this.deal(this.#random.pick(ids)));
    return drawn.toSorted((a, b) => b.state.probability - a.state.probability)[0] ?? null;
  }

  /** A touch of the deal's owner with one of the lead's people. */
  moment(deal: Deal, atMs: number): Moment {
    return {
      atMs,
      rep: this.rep(deal.state.ownerId),
      person: this.#random.pick(this.peopleOf(deal.leadId)),
      dealId: deal.id,
    };
  }

  addLead(lead: Lead, people: readonly Person[]): CompanyChange {
    this.#leadAt.set(lead.id, this.state.leads.length);
    this.state.leads.push(lead);
    this.state.people.push(...people);
    this.#peopleOf.set(lead.id, people);
    return { type: "lead.created", at: lead.createdAt, lead, people };
  }

  addDeal(deal: Deal): CompanyChange {
    this.#dealAt.set(deal.id, this.state.deals.length);
    this.state.deals.push(deal);
    this.#open.add(deal.id);
    return { type: "deal.created", at: deal.createdAt, deal, change: found(deal.changes[0], deal.id) };
  }

  addActivity(activity: Activity): CompanyChange {
    this.state.activities.push(activity);
    return { type: "activity.created", at: activity.createdAt, activity };
  }

  replaceActivity(previous: Activity, activity: Activity): CompanyChange {
    this.state.activities[this.state.activities.indexOf(previous)] = activity;
    return { type: "activity.updated", at: activity.updatedAt, activity, previous };
  }

  addTicket(ticket: Ticket): CompanyChange {
    this.state.tickets.push(ticket);
    return { type: "ticket.created", at: ticket.createdAt, ticket };
  }

  replaceTicket(previous: Ticket, ticket: Ticket): CompanyChange {
    this.state.tickets[this.state.tickets.indexOf(previous)] = ticket;
    return { type: "ticket.updated", at: ticket.updatedAt, ticket, previous };
  }

  addChat(chat: Chat): CompanyChange {
    this.state.chats.push(chat);
    return { type: "chat.created", at: chat.startedAt, chat };
  }

  replaceChat(previous: Chat, chat: Chat): CompanyChange {
    this.state.chats[this.state.chats.indexOf(previous)] = chat;
    return { type: "chat.updated", at: chat.updatedAt, chat, previous };
  }

  /** Nothing where nothing would change. */
  changeDeal(previous: Deal, kind: DealChangeKind, atMs: number, patch: Partial<DealState>): readonly CompanyChange[] {
    const at = after(atMs, previous.updatedAt);
    const deal = changed(previous, kind, at, previous.state.ownerId, patch);
    if (deal === previous) return [];
    this.state.deals[this.#dealAt.get(deal.id) ?? -1] = deal;
    if (deal.state.status !== "open") this.#open.delete(deal.id);
    return [{ type: "deal.updated", at, deal, previous, change: found(deal.changes.at(-1), deal.id) }];
  }

  /** Nothing where the lead has that status. */
  setLeadStatus(id: string, to: LeadStatus, atMs: number): readonly CompanyChange[] {
    const previous = this.lead(id);
    const from = previous.status;
    if (from === to) return [];
    const at = after(atMs, previous.updatedAt);
    const change = { id: `${id}-status-${previous.statusChanges.length + 1}`, at, byId: previous.ownerId, from, to };
    const lead: Lead = { ...previous, status: to, updatedAt: at, statusChanges: [...previous.statusChanges, change] };
    this.state.leads[this.#leadAt.get(id) ?? -1] = lead;
    return [{ type: "lead.updated", at, lead, previous }];
  }
}

/** An instant, but later than another one: two changes of a record never share their instant. */
export function after(atMs: number, previous: Date): Date {
  return new Date(Math.max(atMs, previous.getTime() + 1));
}

function found<T>(value: T | undefined, id: string): T {
  if (value === undefined) throw new Error(`The company has no ${id}.`);
  return value;
}
