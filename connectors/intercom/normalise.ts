import { type Chat, type ChatMessage, chatFacts } from "../../core/connector/chat.ts";
import { readingOf } from "../../core/connector/reading.ts";
import type { Fact } from "../../core/schema/facts.ts";
import * as records from "./records.ts";
import { appUrlOf, type IntercomSettings } from "./settings.ts";

const reading = readingOf<IntercomSettings>({ code: "intercom.record.unreadable" });

export const repFacts = reading(records.adminRecord, (admin) => [
  {
    kind: "rep",
    externalId: admin.id,
    isMention: false,
    name: admin.name || null,
    email: admin.email || null,
    phone: null,
    isActive: true,
    team: null,
  },
]);

export const teamFacts = reading(records.teamRecord, (team) => [
  {
    kind: "team",
    externalId: team.id,
    isMention: false,
    name: team.name || null,
    manager: null,
    members: team.admin_ids ?? null,
  },
]);

export const companyFacts = reading(records.companyRecord, (company) => [
  {
    kind: "company",
    externalId: company.id,
    isMention: false,
    name: company.name || null,
    domains: domainsOf(company.website),
    phones: [],
    rep: null,
    leadCreatedAt: null,
    url: null,
    attributes: {
      industry: company.industry ?? null,
      employees: company.size ?? null,
      plan: company.plan?.name ?? null,
      external_id: company.company_id ?? null,
    },
  },
]);

/** A visitor who has said nothing of themselves is nobody yet. */
export const personFacts = reading(records.contactRecord, (contact) =>
  !contact.email && !contact.phone && !contact.name
    ? []
    : [
        {
          kind: "person",
          externalId: contact.id,
          isMention: false,
          name: contact.name || null,
          title: null,
          emails: contact.email ? [contact.email.toLowerCase()] : [],
          phones: contact.phone ? [contact.phone] : [],
          company: contact.companies?.data?.[0]?.id ?? null,
          rep: contact.owner_id ?? null,
          // Every visitor who writes is a "lead" here: leads are counted where the company keeps them.
          leadCreatedAt: null,
          url: null,
          attributes: {
            role: contact.role ?? null,
            external_id: contact.external_id ?? null,
            country: contact.location?.country ?? null,
          },
        },
      ],
);

/** The conversation with its touch; and who is named in it: admins who have left are listed nowhere else. */
export const conversationFacts = reading(records.conversationRecord, (conversation, { settings }) => {
  const facts = chatFacts(chatOf(conversation, settings));
  return facts.length === 0 ? [] : [...facts, ...mentions(conversation)];
});

function chatOf(conversation: records.ConversationRecord, settings: IntercomSettings): Chat {
  const { source, statistics, conversation_parts: parts } = conversation;
  const isCut = (parts?.total_count ?? 0) > (parts?.conversation_parts.length ?? 0);
  return {
    externalId: conversation.id,
    channel: source?.type ?? null,
    status: conversation.state ?? null,
    startedAt: conversation.created_at,
    closedAt: conversation.state === "closed" ? (statistics?.last_close_at ?? lastClosing(conversation)) : null,
    messages: messagesOf(conversation),
    assignee: conversation.admin_assignee_id ?? null,
    // Only the 500 newest parts come: where the first answer is not among them, the statistics know it.
    ...(isCut ? { firstResponse: { at: statistics?.first_admin_reply_at ?? null } } : {}),
    person: conversation.contacts?.contacts?.[0]?.id ?? null,
    company: conversation.company?.id ?? null,
    url: urlOf(conversation.id, settings),
    attributes: {
      delivered_as: source?.delivered_as ?? null,
      page: source?.url ?? null,
      team: conversation.team_assignee_id ?? null,
      tags: conversation.tags?.tags?.flatMap(({ name }) => name ?? []).join(", ") || null,
      reopens: statistics?.count_reopens ?? null,
      rating: conversation.conversation_rating?.rating ?? null,
      sla_status: conversation.sla_applied?.sla_status ?? null,
      office_hours_response_s: statistics?.time_to_admin_reply ?? null,
      ai_agent_participated: conversation.ai_agent_participated ?? null,
      ai_resolution: conversation.ai_agent?.resolution_state ?? null,
    },
  };
}

/** What started it, and the comments since. Assignments, notes and states are parts as well, and nobody says anything in them. */
function messagesOf({
  created_at: createdAt,
  source,
  conversation_parts: parts,
}: records.ConversationRecord): readonly ChatMessage[] {
  // A campaign is sent in an admin's name and written by nobody.
  const isByHand = source?.delivered_as === "customer_initiated" || source?.delivered_as === "admin_initiated";
  const first = source?.author ? [messageOf(createdAt, source.author, isByHand)] : [];
  const comments = (parts?.conversation_parts ?? []).filter((part) => SAID.has(part.part_type ?? ""));
  return [...first, ...comments.flatMap((part) => (part.author ? messageOf(part.created_at, part.author, true) : []))];
}

const SAID = new Set(["comment", "quick_reply"]);
const CONTACTS = new Set(["user", "lead", "contact"]);

function messageOf(at: Date, author: records.Author, isByHand: boolean): ChatMessage {
  if (CONTACTS.has(author.type ?? "")) return { at, by: "contact", rep: null };
  return isByHand && isHuman(author) ? { at, by: "rep", rep: author.id ?? null } : { at, by: "bot", rep: null };
}

/** Intercom's AI agent answers as an admin, or as a bot. */
function isHuman(author: records.Author): boolean {
  return author.type === "admin" && author.from_ai_agent !== true;
}

function lastClosing({ conversation_parts: parts }: records.ConversationRecord): Date | null {
  const closings = (parts?.conversation_parts ?? []).filter((part) => part.part_type === "close");
  return closings.reduce<Date | null>(
    (last, part) => (last === null || part.created_at > last ? part.created_at : last),
    null,
  );
}

function mentions({ source, conversation_parts: parts }: records.ConversationRecord): readonly Fact[] {
  const facts = new Map<string, Fact>();
  const authors = [source?.author, ...(parts?.conversation_parts ?? []).map((part) => part.author)];
  for (const author of authors) {
    if (!author?.id || !author.email) continue;
    const { id: externalId, email } = author;
    const who = { externalId, isMention: true, name: author.name || null } as const;
    if (isHuman(author)) {
      facts.set(`rep ${externalId}`, { kind: "rep", ...who, email, phone: null, isActive: null, team: null });
    } else if (CONTACTS.has(author.type ?? "")) {
      const unsaid = {
        title: null,
        phones: [],
        company: null,
        rep: null,
        leadCreatedAt: null,
        url: null,
        attributes: {},
      };
      facts.set(`person ${externalId}`, { kind: "person", ...who, emails: [email.toLowerCase()], ...unsaid });
    }
  }
  return [...facts.values()];
}

function urlOf(id: string, settings: IntercomSettings): string | null {
  if (settings.workspace_id === undefined) return null;
  return `${appUrlOf(settings)}a/inbox/${encodeURIComponent(settings.workspace_id)}/inbox/conversation/${id}`;
}

function domainsOf(website: string | null | undefined): readonly string[] {
  if (!website) return [];
  const address = /^[a-z]+:\/\//i.test(website) ? website : `https://${website}`;
  if (!URL.canParse(address)) return [];
  const host = new URL(address).hostname.toLowerCase().replace(/^www\./, "");
  return host.includes(".") ? [host] : [];
}
