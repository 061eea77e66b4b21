import type { Company, CompanyChange, CompanyData, Lead, Person, Ticket } from "../../_simulator/company/model.ts";
import { numericId, type Fields } from "./format.ts";
import * as objects from "./objects.ts";
import type { Row, ZendeskStore } from "./store.ts";

/** Solved tickets are closed by an automation after this. */
const CLOSES_AFTER_MS = 28 * 86_400_000;
/** The team that looks after customers has seats in Zendesk, too. */
const SEATED_TEAM = "team-4";

const SUPPORT = numericId("group support");
const GROWTH = numericId("group growth");

export function ticketId(ticket: Pick<Ticket, "id">): number {
  return 1000 + Number(ticket.id.replace("ticket-", ""));
}

export function userId(id: string): number {
  return numericId(`user ${id}`);
}

export function organizationId(leadId: string): number {
  return numericId(`organization ${leadId}`);
}

export type Translator = {
  /** Everything up to the company's `now`. */
  history(): void;
  change(change: CompanyChange): void;
};

/**
 * The company as Zendesk knows it: its support agents and the team that looks after customers, the customers who have written (with their
 * companies), their tickets, what was said in them, the calls among them, and how they were rated: first by the older generation of
 * ratings, from the middle of the history on by surveys.
 */
export function createTranslator(company: CompanyData | Company, store: ZendeskStore, origin: string): Translator {
  const { profile } = company;
  const surveysFrom = new Date((profile.startedAt.getTime() + profile.now.getTime()) / 2);

  function staff(): void {
    const createdAt = profile.startedAt;
    const dated = { createdAt, updatedAt: createdAt };
    store.put("group", objects.group(origin, { id: SUPPORT, name: "Support", ...dated }), createdAt);
    store.put("group", objects.group(origin, { id: GROWTH, name: "Customer Growth", ...dated }), createdAt);
    const seat = (
      id: string,
      groupId: number,
      of: { name: string; email: string; phone: string | null; timeZone: string; isActive?: boolean },
      role: "agent" | "admin",
    ): void => {
      const user = { ...of, ...dated, id: userId(id), role, organizationId: null, externalId: id };
      store.put("user", objects.user(origin, user), createdAt);
      const membership = objects.membership(origin, { userId: user.id, groupId, createdAt });
      store.put("membership", membership, createdAt);
    };
    company.supportAgents.forEach((agent, nth) =>
      seat(agent.id, SUPPORT, { ...agent, phone: null }, nth === 0 ? "admin" : "agent"),
    );
    for (const rep of company.reps) {
      if (rep.teamId === SEATED_TEAM) seat(rep.id, GROWTH, { ...rep, isActive: rep.leftAt === null }, "agent");
    }
  }

  function customer(lead: Lead, person: Person, at: Date): void {
    const organization = organizationId(lead.id);
    if (store.get("organization", organization) === undefined) {
      const of = { id: organization, name: lead.name, domain: lead.domain, externalId: lead.id };
      store.put("organization", objects.organization(origin, { ...of, createdAt: at, updatedAt: at }), at);
    }
    if (store.get("user", userId(person.id)) !== undefined) return;
    const user = objects.user(origin, {
      id: userId(person.id),
      name: person.name,
      email: person.email,
      phone: person.phone,
      role: "end-user",
      timeZone: lead.timeZone,
      organizationId: organization,
      externalId: person.id,
      createdAt: at,
      updatedAt: at,
    });
    store.put("user", user, at);
  }

  function addTicket(ticket: Ticket, leads: ReadonlyMap<string, Lead>, people: ReadonlyMap<string, Person>): void {
    const [lead, person] = [leads.get(ticket.leadId), people.get(ticket.personId)];
    if (lead === undefined || person === undefined) return;
    customer(lead, person, ticket.createdAt);
    const of = ticketOf(ticket, person, profile.now);
    let status: string | null = null;
    for (const nth of ticket.messages.keys()) {
      const isLast = nth === ticket.messages.length - 1;
      const next = nth === 0 ? "new" : isLast && ticket.solvedAt !== null ? "solved" : "pending";
      addEvent(ticket, nth, { channel: of.via["channel"], status: [next, status] });
      status = next;
    }
    if (ticket.channel === "phone") {
      const call = callOf(ticket);
      store.put("call", call, new Date(String(call["updated_at"])));
    }
    if (ticket.satisfaction !== null && ticket.solvedAt !== null) {
      const ratedMs = Math.min(profile.now.getTime(), ticket.solvedAt.getTime() + 12 * 3_600_000);
      addRating(ticket, ticket.satisfaction, new Date(ratedMs));
    }
    store.put("ticket", objects.ticket(origin, of), of.updatedAt);
  }

  /** What a live ticket shows from now on, with what was said or how it was rated. Whoever subscribed hears of what is patched. */
  function changeTicket(ticket: Ticket, previous: Ticket): void {
    const person = company.people.find((one) => one.id === ticket.personId);
    if (person === undefined || store.get("ticket", ticketId(ticket)) === undefined) return;
    const of = ticketOf(ticket, person, profile.now);
    for (let nth = previous.messages.length; nth < ticket.messages.length; nth += 1)
      addEvent(ticket, nth, { channel: of.via["channel"], status: [ticket.status, previous.status] });
    if (ticket.satisfaction !== null && ticket.satisfaction !== previous.satisfaction)
      addRating(ticket, ticket.satisfaction, ticket.updatedAt);
    const { status, assignee_id, satisfaction_rating, metric_set } = objects.ticket(origin, of);
    store.patch("ticket", of.id, { status, assignee_id, satisfaction_rating, metric_set }, of.updatedAt);
  }

  /** What was said in the ticket's nth message, and the status that it brought. */
  function addEvent(
    ticket: Ticket,
    nth: number,
    {
      channel,
      status,
    }: { readonly channel: unknown; readonly status: readonly [after: string, before: string | null] },
  ): void {
    const message = ticket.messages[nth];
    if (message === undefined) return;
    const event = objects.event({
      seed: `${ticket.id} ${nth}`,
      ticketId: ticketId(ticket),
      at: message.at,
      authorId: userId(message.author === "agent" ? ticket.agentId : ticket.personId),
      channel: String(channel),
      comment: message.text,
      ...(ticket.channel === "phone" && nth === 0 ? { call: callOf(ticket) } : {}),
      changes: { status },
    });
    store.put("event", event, message.at);
  }

  function addRating(ticket: Ticket, score: "good" | "bad", at: Date): void {
    if (at >= surveysFrom) {
      const of = { seed: ticket.id, ticketId: ticketId(ticket), responderId: userId(ticket.personId), at };
      store.put("survey", objects.survey({ ...of, rating: score === "good" ? 5 : 2 }), at);
      return;
    }
    const rating = objects.rating(origin, {
      id: numericId(`rating ${ticket.id}`),
      ticketId: ticketId(ticket),
      requesterId: userId(ticket.personId),
      assigneeId: userId(ticket.agentId),
      groupId: SUPPORT,
      score,
      createdAt: at,
      updatedAt: at,
    });
    store.put("rating", rating, at);
  }

  return {
    history() {
      staff();
      const leads = new Map(company.leads.map((lead) => [lead.id, lead]));
      const people = new Map(company.people.map((person) => [person.id, person]));
      for (const ticket of company.tickets) addTicket(ticket, leads, people);
    },
    change(change) {
      if (change.type === "ticket.updated") changeTicket(change.ticket, change.previous);
      else if (change.type === "ticket.created") {
        const { ticket } = change;
        const lead = company.leads.find((one) => one.id === ticket.leadId);
        const person = company.people.find((one) => one.id === ticket.personId);
        if (lead === undefined || person === undefined) return;
        addTicket(ticket, new Map([[lead.id, lead]]), new Map([[person.id, person]]));
      } else if (change.type === "lead.updated") {
        const id = organizationId(change.lead.id);
        if (store.get("organization", id) === undefined || change.lead.name === change.previous.name) return;
        store.patch("organization", id, { name: change.lead.name }, change.at);
      }
    },
  };
}

/** The call that opened a ticket. */
function callOf(ticket: Ticket): Row {
  const id = numericId(`call ${ticket.id}`);
  return objects.call({
    id,
    at: ticket.createdAt,
    direction: "inbound",
    agentId: userId(ticket.agentId),
    customerId: userId(ticket.personId),
    ticketId: ticketId(ticket),
    talkS: 60 + (id % 600),
    waitS: 5 + (id % 40),
  });
}

function ticketOf(ticket: Ticket, person: Person, now: Date): objects.TicketOf {
  const by = (author: "customer" | "agent"): Ticket["messages"] =>
    ticket.messages.filter((message) => message.author === author);
  const isSolved = ticket.status === "solved" && ticket.solvedAt !== null;
  const isClosed = isSolved && now.getTime() - ticket.solvedAt.getTime() > CLOSES_AFTER_MS;
  return {
    id: ticketId(ticket),
    subject: ticket.subject,
    description: ticket.messages[0]?.text ?? "",
    status: isClosed ? "closed" : ticket.status,
    priority: ticket.priority,
    requesterId: userId(ticket.personId),
    assigneeId: ticket.status === "new" ? null : userId(ticket.agentId),
    organizationId: organizationId(ticket.leadId),
    groupId: SUPPORT,
    via: viaOf(ticket.channel, person),
    score: ticket.satisfaction,
    firstReplyAt: ticket.firstReplyAt,
    firstSolvedAt: ticket.firstSolvedAt,
    solvedAt: ticket.solvedAt,
    reopens: ticket.reopens,
    replies: by("agent").length,
    latestCommentAt: ticket.messages.at(-1)?.at ?? ticket.createdAt,
    requesterWroteAt: by("customer").at(-1)?.at ?? ticket.createdAt,
    createdAt: ticket.createdAt,
    updatedAt: ticket.updatedAt,
  };
}

function viaOf(channel: Ticket["channel"], person: Person): Fields {
  const nobody = { from: {}, to: {}, rel: null };
  switch (channel) {
    case "email":
      return {
        channel: "email",
        source: { ...nobody, from: { address: person.email, name: person.name }, to: { name: "Support" } },
      };
    case "phone": {
      const from = { phone: person.phone, formatted_phone: person.phone, name: person.name };
      return { channel: "voice", source: { from, to: { phone: objects.COMPANY_LINE }, rel: "inbound" } };
    }
    case "chat":
      return { channel: "native_messaging", source: nobody };
    case "web":
      return { channel: "web", source: nobody };
    default:
      return channel satisfies never;
  }
}
