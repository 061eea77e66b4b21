import type { Chat, CompanyChange, Rep, Ticket } from "./model.ts";
import { isEmployed, type Organisation } from "./organisation.ts";
import type { Random } from "./random.ts";
import { makeChat, makeTicket } from "./support.ts";
import { CHAT_REPLY, TICKET_REPLY, TICKET_RETURN, TICKET_SOLUTION } from "./texts.ts";
import { after, type World } from "./world.ts";

/** Chats that are under way at a time. */
const USUAL_CHATS = 2;
/** A quiet help desk still has this many tickets open. */
const FEWEST_USUAL_TICKETS = 3;

/** What a customer does once the ticket is solved, as often as in the history. */
const REACTIONS = { none: 57, rate: 35, reopen: 8 } as const;
type Reaction = Exclude<keyof typeof REACTIONS, "none">;

/**
 * What happens to the tickets and chats of a living company. What is open is gone on with, whoever waits for a first answer before the
 * others; something new begins less often, and oftener while there is less to do than usual.
 *
 *   a ticket is …   until …
 *   new             its agent answers
 *   open, pending   its agent solves it
 *   solved          some customers rate it, and some find that it is not mended: it is open again
 *
 *   a chat is …     until …
 *   waiting         a rep answers; or the visitor has left, and it is closed
 *   answered        it is closed
 */
export class SupportLife {
  readonly #random: Random;
  readonly #organisation: Organisation;
  readonly #world: World;
  /** Tickets that are not over, by id: not solved, or solved and about to be reacted to. */
  readonly #tickets = new Map<string, Ticket>();
  readonly #reactions = new Map<string, Reaction>();
  /** Chats that are not closed, by id. */
  readonly #chats = new Map<string, Chat>();
  readonly #usualTickets: number;

  constructor(random: Random, organisation: Organisation, world: World) {
    this.#random = random;
    this.#organisation = organisation;
    this.#world = world;
    for (const ticket of world.state.tickets) if (ticket.status !== "solved") this.#tickets.set(ticket.id, ticket);
    for (const chat of world.state.chats) if (chat.closedAt === null) this.#chats.set(chat.id, chat);
    this.#usualTickets = Math.max(FEWEST_USUAL_TICKETS, this.#tickets.size);
  }

  /** The next thing that happens at the help desk. Nothing while there are no customers. */
  ticket(atMs: number): readonly CompanyChange[] {
    const tickets = [...this.#tickets.values()];
    if (this.#beginsAnother(tickets.length, this.#usualTickets)) return this.#openTicket(atMs);
    const ticket = this.#drawn(tickets, (one) => one.firstReplyAt === null);
    const next = this.#goOn(ticket, after(atMs, ticket.updatedAt));
    if (next.status !== "solved" || this.#reactions.has(next.id)) this.#tickets.set(next.id, next);
    else this.#tickets.delete(next.id);
    return [this.#world.replaceTicket(ticket, next)];
  }

  /** The next thing that happens in the chat on the web site. */
  chat(atMs: number): readonly CompanyChange[] {
    const chats = [...this.#chats.values()];
    if (this.#beginsAnother(chats.length, USUAL_CHATS)) return this.#startChat(atMs);
    const chat = this.#drawn(chats, (one) => one.firstResponseAt === null);
    const at = after(atMs, chat.updatedAt);
    const isAnswered = chat.firstResponseAt === null && this.#random.chance(0.85);
    const next = isAnswered ? answered(chat, this.#repFor(chat, atMs), at) : { ...chat, closedAt: at, updatedAt: at };
    if (next.closedAt === null) this.#chats.set(next.id, next);
    else this.#chats.delete(next.id);
    return [this.#world.replaceChat(chat, next)];
  }

  /**
   * A ticket takes three to four steps from its opening on, a chat three: at both of these shares in turn there are about as many as usual.
   */
  #beginsAnother(count: number, usual: number): boolean {
    return count === 0 || this.#random.chance(count < usual ? 0.45 : 0.2);
  }

  #drawn<T>(open: readonly T[], waits: (one: T) => boolean): T {
    const waiting = open.filter(waits);
    return this.#random.pick(waiting.length > 0 && this.#random.chance(0.7) ? waiting : open);
  }

  #goOn(ticket: Ticket, at: Date): Ticket {
    const reaction = this.#reactions.get(ticket.id);
    if (reaction !== undefined) {
      this.#reactions.delete(ticket.id);
      return reaction === "reopen" ? reopened(ticket, at) : this.#rated(ticket, at);
    }
    if (ticket.firstReplyAt === null) {
      const status = this.#random.pick(["open", "pending"] as const);
      return { ...said(ticket, "agent", TICKET_REPLY, at), status, firstReplyAt: at };
    }
    const next = this.#random.weighted(REACTIONS);
    if (next !== "none") this.#reactions.set(ticket.id, next);
    const solved = said(ticket, "agent", TICKET_SOLUTION, at);
    return { ...solved, status: "solved", firstSolvedAt: ticket.firstSolvedAt ?? at, solvedAt: at };
  }

  #rated(ticket: Ticket, at: Date): Ticket {
    return { ...ticket, satisfaction: this.#random.chance(0.88) ? "good" : "bad", updatedAt: at };
  }

  #openTicket(atMs: number): readonly CompanyChange[] {
    const { state } = this.#world;
    const won = state.deals.filter((deal) => deal.state.status === "won");
    if (won.length === 0) return [];
    const ticket = makeTicket(this.#random, {
      number: state.tickets.length + 1,
      deal: this.#random.pick(won),
      agent: this.#random.pick(this.#organisation.supportAgents),
      atMs,
      nowMs: atMs,
    });
    this.#tickets.set(ticket.id, ticket);
    return [this.#world.addTicket(ticket)];
  }

  #startChat(atMs: number): readonly CompanyChange[] {
    const { state } = this.#world;
    const person = this.#random.chance(0.5) ? this.#random.pick(state.people.slice(-50)) : null;
    const chat = makeChat(this.#random, { number: state.chats.length + 1, person, rep: null, atMs, nowMs: atMs });
    this.#chats.set(chat.id, chat);
    return [this.#world.addChat(chat)];
  }

  /** Whoever has the visitor's company answers; anybody, where that is nobody's yet. */
  #repFor(chat: Chat, atMs: number): Rep {
    const ownerId = chat.repId ?? (chat.leadId === null ? null : this.#world.lead(chat.leadId).ownerId);
    const owner = ownerId === null ? null : this.#world.rep(ownerId);
    if (owner !== null && isEmployed(owner, atMs)) return owner;
    return this.#random.pick(this.#organisation.reps.filter((rep) => isEmployed(rep, atMs)));
  }
}

function said(ticket: Ticket, author: "customer" | "agent", text: string, at: Date): Ticket {
  return { ...ticket, updatedAt: at, messages: [...ticket.messages, { at, author, text }] };
}

function reopened(ticket: Ticket, at: Date): Ticket {
  return { ...said(ticket, "customer", TICKET_RETURN, at), status: "open", reopens: ticket.reopens + 1 };
}

function answered(chat: Chat, rep: Rep, at: Date): Chat {
  const messages = [...chat.messages, { at, author: "rep" as const, text: CHAT_REPLY }];
  return { ...chat, repId: rep.id, firstResponseAt: at, updatedAt: at, messages };
}
