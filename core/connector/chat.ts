import type { ActivityFact, Attributes, ConversationFact, Ref } from "../schema/facts.ts";

/** A conversation of a chat tool in nobody's words, so that every such tool gives the same facts. */
export type Chat = {
  readonly externalId: Ref;
  readonly channel: string | null;
  readonly status: string | null;
  readonly startedAt: Date;
  readonly closedAt: Date | null;
  /** What was said, in any order. Notes among colleagues are not. */
  readonly messages: readonly ChatMessage[];
  /** Who is to answer, where nobody has; null: nobody in particular. */
  readonly assignee: Ref | null;
  /** Only where messages are missing: what the tool says of the first answer. */
  readonly firstResponse?: { readonly at: Date | null };
  readonly person: Ref | null;
  readonly company: Ref | null;
  readonly url: string | null;
  readonly attributes: Attributes;
};

export type ChatMessage = {
  readonly at: Date;
  readonly by: "contact" | "rep" | "bot";
  /** Null unless by a rep. */
  readonly rep: Ref | null;
};

/** Nobody tells when a chat is over: after so long without a message it is. */
const PAUSE_MS = 30 * 60_000;

/**
 * The conversation and the touch that it was: nothing where neither a person nor a rep has said anything (a bot that was not answered).
 *
 * - The first response is a person's, the earliest after the contact's first message; a bot's is kept apart (`bot_response_s`).
 * - The rep is who gave it; else the first to write, else the assignee.
 * - The touch lasts as long as was talked: pauses of half an hour and more are left out.
 */
export function chatFacts(chat: Chat): readonly [] | readonly [ConversationFact, ActivityFact] {
  const messages = chat.messages.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const people = messages.filter(({ by }) => by !== "bot");
  const [first] = people;
  if (first === undefined) return [];
  const asked = people.find(({ by }) => by === "contact");
  const answered = asked === undefined ? undefined : people.find(({ by, at }) => by === "rep" && at >= asked.at);
  const botAnswered = asked === undefined ? undefined : messages.find(({ by, at }) => by === "bot" && at >= asked.at);
  const firstResponseAt = chat.firstResponse === undefined ? (answered?.at ?? null) : chat.firstResponse.at;
  const rep = answered?.rep ?? people.find(({ by }) => by === "rep")?.rep ?? chat.assignee;
  const { externalId, channel, status, person, company, url } = chat;
  const count = (by: ChatMessage["by"]): number => messages.filter((message) => message.by === by).length;
  const attributes: Attributes = {
    ...chat.attributes,
    messages: messages.length,
    contact_messages: count("contact"),
    rep_messages: count("rep"),
    bot_messages: count("bot"),
    bot_response_s: asked === undefined || botAnswered === undefined ? null : secondsBetween(asked.at, botAnswered.at),
  };
  return [
    {
      kind: "conversation",
      externalId,
      channel,
      status,
      startedAt: { instant: chat.startedAt },
      firstResponseAt: firstResponseAt === null ? null : { instant: firstResponseAt },
      closedAt: chat.closedAt === null ? null : { instant: chat.closedAt },
      rep,
      person,
      company,
      url,
      attributes,
    },
    {
      kind: "activity",
      externalId,
      type: "chat",
      direction: first.by === "contact" ? "inbound" : "outbound",
      occurredAt: { instant: chat.startedAt },
      bookedAt: null,
      durationS: talkedS(messages),
      outcome: firstResponseAt === null ? "no_answer" : "answered",
      disposition: null,
      subject: null,
      rep,
      person,
      company,
      deal: null,
      url,
      matchKeys: [],
      attributes: { channel, messages: messages.length },
    },
  ];
}

function talkedS(messages: readonly ChatMessage[]): number {
  const gapsMs = messages.slice(1).map(({ at }, index) => at.getTime() - (messages[index]?.at.getTime() ?? 0));
  return Math.round(gapsMs.filter((ms) => ms < PAUSE_MS).reduce((sum, ms) => sum + ms, 0) / 1000);
}

function secondsBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / 1000);
}
