import { type ChatPeriod, isOfPeriod, messagesOf, numberOf } from "../../_simulator/chats.ts";
import type { Chat, Company, CompanyData, Meeting, Person } from "../../_simulator/company/model.ts";
import type { DriftObject, DriftStore } from "./store.ts";

const BOT = { id: 299_001, name: "Driftbot" };
const INBOX_ID = 62_401;

/** Ids as Drift has them: eleven digits at most, made of the company's. */
const userId = (repId: string): number => 243_900 + numberOf(repId);
const contactId = (personId: string): number => 17_000_000_000 + numberOf(personId);
const visitorId = (chatId: string): number => 18_000_000_000 + numberOf(chatId);
export const conversationId = (chatId: string): number => 3_700_000_000 + numberOf(chatId);
const messageId = (chatId: string, at: number): number => 9_900_000_000 + numberOf(chatId) * 100 + at;
const accountId = (leadId: string): string => `${numberOf(leadId)}_${leadId.replace("lead-", "acme.")}`;

/** Fills a store with what the company has done in Drift. */
export function fill(store: DriftStore, company: CompanyData | Company, period: ChatPeriod): void {
  const { profile } = company;
  for (const rep of company.reps) {
    store.users.set(userId(rep.id), {
      id: userId(rep.id),
      orgId: store.orgId,
      name: rep.name,
      alias: rep.firstName,
      email: rep.email,
      availability: "OFFLINE",
      role: rep.isManager ? "admin" : "agent",
      timeZone: rep.timeZone,
      verified: true,
      bot: false,
      createdAt: rep.hiredAt.getTime(),
      updatedAt: rep.hiredAt.getTime(),
      ...(rep.phone === null ? {} : { phone: rep.phone }),
    });
  }
  const since = profile.startedAt.getTime();
  store.users.set(BOT.id, {
    ...BOT,
    orgId: store.orgId,
    role: "member",
    verified: true,
    bot: true,
    createdAt: since,
    updatedAt: since,
  });
  const people = new Map(company.people.map((person) => [person.id, person]));
  const chats = company.chats.filter((chat) => isOfPeriod(company, chat, period));
  for (const chat of chats) addChat(store, chat, people.get(chat.personId ?? "") ?? null, profile.domain);
  for (const campaign of [1, 2, 3]) addBulkSent(store, campaign, since);
  addMeetings(store, company, chats);
  const leads = new Map(company.leads.map((lead) => [lead.id, lead]));
  for (const leadId of new Set(chats.flatMap((chat) => chat.leadId ?? []))) {
    const lead = leads.get(leadId);
    if (lead === undefined) continue;
    store.accounts.set(accountId(leadId), {
      accountId: accountId(leadId),
      ownerId: userId(lead.ownerId),
      name: lead.name,
      domain: lead.domain,
      customProperties: [],
      targeted: lead.segment === "enterprise",
      createDateTime: lead.createdAt.getTime(),
      updateDateTime: lead.createdAt.getTime(),
    });
  }
}

/** A conversation with its messages as the chat is by now, and whom it was held with. Its id. */
export function addChat(store: DriftStore, chat: Chat, person: Person | null, domain: string): number {
  const id = conversationId(chat.id);
  const contact = person === null ? visitorId(chat.id) : contactId(person.id);
  const page = `https://${domain}${chat.landingPage}`;
  if (!store.contacts.has(contact)) store.contacts.set(contact, contactOf(contact, chat, person, page));
  const messages = messagesOf(chat).map((message, at) =>
    messageOf(store, chat, {
      id: messageId(chat.id, at),
      body: message.text,
      createdAt: message.at.getTime(),
      author: authorOf(message.author, contact, chat.repId),
      page,
    }),
  );
  const last = messages.at(-1)?.["createdAt"];
  store.putConversation(
    {
      id,
      status: chat.closedAt === null ? "open" : "closed",
      contactId: contact,
      inboxId: INBOX_ID,
      createdAt: chat.startedAt.getTime(),
      updatedAt: Math.max(chat.updatedAt.getTime(), typeof last === "number" ? last : 0),
      participants: [...(chat.repId === null ? [] : [userId(chat.repId)]), BOT.id],
      conversationTags: chat.landingPage === "/pricing" ? [{ color: "#3478f6", name: "pricing" }] : [],
    },
    messages,
  );
  return id;
}

type Author = { readonly id: number; readonly type: "contact" | "user"; readonly bot: boolean };

function authorOf(author: "visitor" | "rep" | "bot", contact: number, repId: string | null): Author {
  if (author === "visitor") return { id: contact, type: "contact", bot: false };
  const isBot = author === "bot" || repId === null;
  return { id: isBot ? BOT.id : userId(repId), type: "user", bot: isBot };
}

function messageOf(
  store: DriftStore,
  chat: Chat,
  message: {
    readonly id: number;
    readonly body: string;
    readonly createdAt: number;
    readonly author: Author;
    readonly page: string;
  },
): DriftObject {
  const { page, body, ...rest } = message;
  const isVisitor = message.author.type === "contact";
  return {
    ...rest,
    orgId: store.orgId,
    conversationId: conversationId(chat.id),
    body: `<p>${body}</p>`,
    type: "chat",
    buttons: [],
    attributes: {},
    ...(isVisitor ? { context: { ip: "192.0.2.44", href: page, title: "Fernhill", locale: "en-US" } } : {}),
  };
}

/** E-mail and name are absent until the visitor gives them. */
function contactOf(id: number, chat: Chat, person: Person | null, page: string): DriftObject {
  const at = chat.startedAt.getTime();
  const who =
    person === null
      ? {}
      : {
          email: person.email,
          name: person.name,
          first_name: person.firstName,
          ...(person.phone === null ? {} : { phone: person.phone }),
        };
  const seen = { tags: [], events: {}, socialProfiles: {}, start_date: at, last_active: at };
  return { id, createdAt: at, attributes: { ...who, ...seen, original_entrance_page_url: page } };
}

/** A playbook's message that nobody answered. */
function addBulkSent(store: DriftStore, nth: number, sinceMs: number): void {
  const id = 3_690_000_000 + nth;
  const at = sinceMs + nth * 60_000;
  const contact = 18_900_000_000 + nth;
  const base = { contactId: contact, inboxId: INBOX_ID, createdAt: at, updatedAt: at, relatedPlaybookId: 671_501 };
  store.putConversation({ id, status: "bulk_sent", participants: [BOT.id], conversationTags: [], ...base }, []);
}

/** What was booked by people who had chatted: the calendar's id of each is the one that other tools know as well. */
function addMeetings(store: DriftStore, company: CompanyData | Company, chats: readonly Chat[]): void {
  const chatOf = new Map(chats.flatMap((chat) => (chat.personId === null ? [] : [[chat.personId, chat] as const])));
  for (const activity of company.activities) {
    const chat = activity.type === "meeting" ? chatOf.get(activity.personId) : undefined;
    if (chat === undefined || activity.type !== "meeting" || activity.createdAt < chat.startedAt) continue;
    const meeting = meetingOf(store, activity, chat);
    store.meetings.set(String(meeting["slug"]), meeting);
  }
}

function meetingOf(store: DriftStore, meeting: Meeting, chat: Chat): DriftObject {
  return {
    agentId: userId(meeting.repId),
    orgId: store.orgId,
    status: meeting.status === "canceled" ? "CANCELED" : "ACTIVE",
    meetingSource: "EMAIL_DROP",
    schedulerId: contactId(meeting.personId),
    eventId: meeting.calendarUid,
    slug: `m-${numberOf(meeting.id)}`,
    slotStart: meeting.at.getTime(),
    slotEnd: meeting.endsAt.getTime(),
    scheduledAt: meeting.createdAt.getTime(),
    updatedAt: meeting.updatedAt.getTime(),
    meetingType: "New Meeting",
    conversationId: conversationId(chat.id),
    bookedBy: userId(meeting.repId),
  };
}
