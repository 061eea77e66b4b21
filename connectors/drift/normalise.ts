import { type Chat, type ChatMessage, chatFacts } from "../../core/connector/chat.ts";
import { readingOf } from "../../core/connector/reading.ts";
import * as records from "./records.ts";
import type { DriftSettings } from "./settings.ts";

/** Unverified: the address that Drift's own notifications lead to. */
const INBOX = "https://app.drift.com/conversations/";

const reading = readingOf<DriftSettings>({ code: "drift.record.unreadable" });

export const repFacts = reading(records.userRecord, (user) =>
  user.bot === true
    ? []
    : [
        {
          kind: "rep",
          externalId: user.id,
          isMention: false,
          name: user.name || user.alias || null,
          email: user.email || null,
          phone: user.phone || null,
          // Availability is about the moment; who has left is not said.
          isActive: null,
          team: null,
        },
      ],
);

/** A visitor who has said nothing of themselves is nobody yet: when they do, the contact's next version is a person. */
export const personFacts = reading(records.contactRecord, ({ id, attributes }) => {
  const { email, name, first_name: firstName, phone } = attributes ?? {};
  if (!email && !phone && !name) return [];
  return [
    {
      kind: "person",
      externalId: id,
      isMention: false,
      name: name || firstName || null,
      title: null,
      emails: email ? [email.toLowerCase()] : [],
      phones: phone ? [phone] : [],
      company: null,
      rep: null,
      // Every visitor is a contact here: leads are counted where the company keeps them.
      leadCreatedAt: null,
      url: null,
      attributes: {
        first_page: attributes?.original_entrance_page_url ?? null,
        external_id: attributes?.externalId ?? null,
      },
    },
  ];
});

export const companyFacts = reading(records.accountRecord, (account) => [
  {
    kind: "company",
    externalId: account.accountId,
    isMention: false,
    name: account.name || null,
    domains: domainsOf(account.domain),
    phones: [],
    rep: account.ownerId ?? null,
    leadCreatedAt: null,
    url: null,
    attributes: { targeted: account.targeted ?? null },
  },
]);

export const conversationFacts = reading(records.conversationRecord, (conversation) =>
  conversation.status === "bulk_sent" ? [] : chatFacts(chatOf(conversation)),
);

function chatOf(conversation: records.ConversationRecord): Chat {
  const said = conversation.messages.filter(({ type }) => type === "chat" || type === null || type === undefined);
  const messages = said.map((message): ChatMessage => {
    const { author } = message;
    if (author.type === "contact") return { at: message.createdAt, by: "contact", rep: null };
    const isBot = author.bot === true;
    return { at: message.createdAt, by: isBot ? "bot" : "rep", rep: isBot ? null : (author.id ?? null) };
  });
  const bots = new Set(conversation.messages.flatMap(({ author }) => (author.bot === true ? (author.id ?? []) : [])));
  return {
    externalId: conversation.id,
    channel: "chat",
    status: conversation.status ?? null,
    startedAt: conversation.createdAt,
    // There is no time of closing, and the status itself is being phased out: the last word is when it was over.
    closedAt: conversation.status === "closed" ? lastOf(messages) : null,
    messages,
    assignee: conversation.participants?.find((participant) => !bots.has(participant)) ?? null,
    person: conversation.contactId ?? null,
    company: null,
    url: `${INBOX}${conversation.id}`,
    attributes: {
      page: said.find(({ context }) => context?.href)?.context?.href ?? null,
      tags: conversation.conversationTags?.flatMap(({ name }) => name ?? []).join(", ") || null,
      playbook: conversation.relatedPlaybookId ?? null,
      inbox: conversation.inboxId ?? null,
    },
  };
}

function lastOf(messages: readonly ChatMessage[]): Date | null {
  return messages.reduce<Date | null>((last, { at }) => (last === null || at > last ? at : last), null);
}

/** A meeting that was booked in a chat. One that is no longer active does not take place. */
export const meetingFacts = reading(records.meetingRecord, (meeting) =>
  meeting.status !== "ACTIVE"
    ? []
    : [
        {
          kind: "activity",
          externalId: meeting.slug,
          type: "meeting",
          direction: null,
          occurredAt: { instant: meeting.slotStart },
          bookedAt: meeting.scheduledAt ?? null,
          durationS: meeting.slotEnd
            ? Math.round((meeting.slotEnd.getTime() - meeting.slotStart.getTime()) / 1000)
            : null,
          // That it was held, nobody says.
          outcome: "scheduled",
          disposition: null,
          subject: meeting.meetingType ?? null,
          rep: meeting.agentId ?? null,
          person: meeting.schedulerId ?? null,
          company: null,
          deal: null,
          url: meeting.conversationId ? `${INBOX}${meeting.conversationId}` : null,
          matchKeys: meeting.eventId ? [meeting.eventId] : [],
          attributes: { source: meeting.meetingSource ?? null },
        },
      ],
);

function domainsOf(domain: string | null | undefined): readonly string[] {
  const host = (domain ?? "")
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/^www\./, "")
    .replace(/\/.*$/, "");
  return host.includes(".") ? [host] : [];
}
