import { type ChatPeriod, isOfPeriod, messagesOf, numberOf } from "../../_simulator/chats.ts";
import type { Chat, Company, CompanyData, Lead, Person, Rep } from "../../_simulator/company/model.ts";
import type { IntercomObject, IntercomStore } from "./store.ts";

const BOT = { type: "bot", id: "299001", name: "Fin", email: "operator+simulated@intercom.io" };

/** Ids as Intercom has them, made of the company's: numbers as text for people of the workspace, 24 hexadecimals for the others. */
const adminNumber = (repId: string): number => 7_012_000 + numberOf(repId);
const teamNumber = (teamId: string): number => 5_017_000 + numberOf(teamId);
const hex = (prefix: string, number: number): string => `${prefix}${number.toString(16).padStart(16, "0")}`;
const contactId = (personId: string): string => hex("6762f14a", numberOf(personId));
const visitorId = (chatId: string): string => hex("6762f14b", numberOf(chatId));
const companyId = (leadId: string): string => hex("6762f14c", numberOf(leadId));
export const conversationId = (chatId: string): string => String(21_547_000_000 + numberOf(chatId));

export const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** Fills a store with what the company has done in Intercom. Who has left is no admin any more. */
export function fill(store: IntercomStore, company: CompanyData | Company, period: ChatPeriod): void {
  const current = company.reps.filter((rep) => rep.leftAt === null);
  for (const rep of current) store.admins.set(String(adminNumber(rep.id)), adminOf(rep));
  for (const team of company.teams) {
    const admin_ids = current.filter((rep) => rep.teamId === team.id).map((rep) => adminNumber(rep.id));
    const id = String(teamNumber(team.id));
    store.teams.set(id, { type: "team", id, name: team.name, admin_ids });
  }
  const book = bookOf(company);
  for (const chat of company.chats) if (isOfPeriod(company, chat, period)) addChat(store, book, chat);
}

/** Who is who in the company, for chats to name. */
export type Book = {
  readonly domain: string;
  readonly person: (id: string | null) => Person | null;
  readonly lead: (id: string | null) => Lead | null;
  readonly rep: (id: string | null) => Rep | null;
};

export function bookOf(company: CompanyData | Company): Book {
  return {
    domain: company.profile.domain,
    person: indexed(company.people),
    lead: indexed(company.leads),
    rep: indexed(company.reps),
  };
}

/** The lists of a living company grow: they are looked through anew when they have. */
function indexed<T extends { readonly id: string }>(rows: readonly T[]): (id: string | null) => T | null {
  let by = new Map<string, T>();
  return (id) => {
    if (by.size !== rows.length) by = new Map(rows.map((row) => [row.id, row]));
    return id === null ? null : (by.get(id) ?? null);
  };
}

function adminOf(rep: Rep): IntercomObject {
  return {
    type: "admin",
    id: String(adminNumber(rep.id)),
    name: rep.name,
    email: rep.email,
    job_title: rep.isManager ? "Sales manager" : "Account executive",
    away_mode_enabled: false,
    away_mode_reassign: false,
    has_inbox_seat: true,
    team_ids: [teamNumber(rep.teamId)],
  };
}

/** A conversation as the chat is by now, whom it was held with, and their company. Its id. */
export function addChat(store: IntercomStore, book: Book, chat: Chat): string {
  const person = book.person(chat.personId);
  const lead = book.lead(chat.leadId);
  const rep = book.rep(chat.repId);
  if (lead !== null) addCompany(store, lead);
  const contact = person === null ? visitorId(chat.id) : contactId(person.id);
  if (!store.contacts.has(contact)) store.contacts.set(contact, contactOf(contact, chat, person, lead));
  const id = conversationId(chat.id);
  const [first, ...later] = messagesOf(chat);
  const visitor = authorOf(contact, person);
  const admin =
    rep === null ? BOT : { type: "admin", id: String(adminNumber(rep.id)), name: rep.name, email: rep.email };
  const parts = later.map((message, at) =>
    partOf(id, at, {
      body: message.text,
      at: message.at,
      author: message.author === "visitor" ? visitor : message.author === "bot" ? BOT : admin,
    }),
  );
  if (chat.closedAt !== null) {
    parts.push({
      ...partOf(id, parts.length, { body: null, at: chat.closedAt, author: admin }),
      part_type: "close",
      state: "closed",
    });
  }
  store.parts.set(id, parts);
  const base = conversationOf(id, chat, { contact, rep, partCount: parts.length });
  const source = {
    type: "conversation",
    id: `src${id}`,
    delivered_as: "customer_initiated",
    subject: "",
    body: first?.text ?? "",
    author: visitor,
    attachments: [],
    url: `https://${book.domain}${chat.landingPage}`,
    redacted: false,
  };
  store.conversations.set(id, { ...base, source });
  return id;
}

type Author = { readonly type: string; readonly id: string; readonly name: string | null; readonly email?: string };

function authorOf(id: string, person: Person | null): Author {
  return person === null
    ? { type: "lead", id, name: null }
    : { type: "user", id, name: person.name, email: person.email };
}

function partOf(
  conversation: string,
  at: number,
  said: { readonly body: string | null; readonly at: Date; readonly author: Author },
): IntercomObject {
  const time = seconds(said.at);
  return {
    type: "conversation_part",
    id: String(Number(conversation) * 100 + at),
    part_type: "comment",
    body: said.body,
    created_at: time,
    updated_at: time,
    notified_at: time,
    assigned_to: null,
    author: { ...said.author, from_ai_agent: said.author === BOT, is_ai_answer: false },
    attachments: [],
    external_id: null,
    redacted: false,
    state: "open",
    tags: [],
  };
}

function conversationOf(
  id: string,
  chat: Chat,
  { contact, rep, partCount }: { readonly contact: string; readonly rep: Rep | null; readonly partCount: number },
): IntercomObject & { readonly updated_at: number } {
  const isClosed = chat.closedAt !== null;
  return {
    type: "conversation",
    id,
    title: null,
    created_at: seconds(chat.startedAt),
    updated_at: seconds(chat.updatedAt),
    waiting_since: isClosed || chat.firstResponseAt !== null ? null : seconds(chat.startedAt),
    snoozed_until: null,
    open: !isClosed,
    state: isClosed ? "closed" : "open",
    read: chat.firstResponseAt !== null,
    priority: "not_priority",
    admin_assignee_id: rep === null ? null : adminNumber(rep.id),
    team_assignee_id: rep === null ? null : teamNumber(rep.teamId),
    tags: { type: "tag.list", tags: [] },
    contacts: { type: "contact.list", contacts: [{ type: "contact", id: contact, external_id: null }] },
    teammates: {
      type: "admin.list",
      teammates: rep === null ? [] : [{ type: "admin", id: String(adminNumber(rep.id)) }],
    },
    statistics: statisticsOf(chat, partCount),
    custom_attributes: {},
    linked_objects: { type: "list", data: [], total_count: 0, has_more: false },
    ai_agent_participated: false,
    ai_agent: null,
  };
}

function statisticsOf(chat: Chat, parts: number): object {
  const startedS = seconds(chat.startedAt);
  const wrote = messagesOf(chat).findLast(({ author }) => author === "visitor");
  const replied = chat.firstResponseAt;
  const closed = chat.closedAt;
  return {
    type: "conversation_statistics",
    first_contact_reply_at: startedS,
    last_contact_reply_at: wrote === undefined ? startedS : seconds(wrote.at),
    count_reopens: 0,
    count_assignments: chat.repId === null ? 0 : 1,
    count_conversation_parts: parts,
    ...(replied === null
      ? {}
      : {
          time_to_admin_reply: seconds(replied) - startedS,
          first_admin_reply_at: seconds(replied),
          last_admin_reply_at: seconds(replied),
        }),
    ...(closed === null
      ? {}
      : {
          time_to_first_close: seconds(closed) - startedS,
          time_to_last_close: seconds(closed) - startedS,
          first_close_at: seconds(closed),
          last_close_at: seconds(closed),
        }),
  };
}

/** An unknown visitor is a lead without an address. */
function contactOf(
  id: string,
  chat: Chat,
  person: Person | null,
  lead: Lead | null,
): IntercomObject & { readonly updated_at: number } {
  const at = seconds(chat.startedAt);
  const companies =
    lead === null ? [] : [{ type: "company", id: companyId(lead.id), url: `/companies/${companyId(lead.id)}` }];
  return {
    type: "contact",
    id,
    external_id: person === null ? null : `crm-${numberOf(person.id)}`,
    workspace_id: WORKSPACE.id_code,
    role: person === null ? "lead" : "user",
    ...(person === null ? {} : { email: person.email, email_domain: person.email.split("@")[1] ?? "" }),
    phone: person?.phone ?? null,
    name: person?.name ?? null,
    owner_id: null,
    created_at: at,
    updated_at: at,
    last_replied_at: at,
    unsubscribed_from_emails: person === null ? false : !person.isSubscribed,
    companies: {
      type: "list",
      data: companies,
      url: `/contacts/${id}/companies`,
      total_count: companies.length,
      has_more: false,
    },
    custom_attributes: {},
  };
}

function addCompany(store: IntercomStore, lead: Lead): void {
  const id = companyId(lead.id);
  const at = seconds(lead.createdAt);
  store.companies.set(id, {
    type: "company",
    id,
    name: lead.name,
    app_id: WORKSPACE.id_code,
    company_id: lead.id,
    created_at: at,
    updated_at: at,
    size: lead.employees,
    website: `https://www.${lead.domain}`,
    industry: lead.industry,
    custom_attributes: {},
  });
}

export const WORKSPACE = { type: "app", id_code: "abc1d2ef", region: "US" };
