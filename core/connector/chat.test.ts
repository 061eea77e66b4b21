import { describe, expect, test } from "vitest";
import type { ActivityFact, ConversationFact } from "../schema/facts.ts";
import { type Chat, chatFacts, type ChatMessage } from "./chat.ts";

const at = (time: string): Date => new Date(`2026-03-02T${time}Z`);
const contact = (time: string): ChatMessage => ({ at: at(time), by: "contact", rep: null });
const rep = (time: string, who = "r1"): ChatMessage => ({ at: at(time), by: "rep", rep: who });
const bot = (time: string): ChatMessage => ({ at: at(time), by: "bot", rep: null });

function facts(messages: readonly ChatMessage[], chat: Partial<Chat> = {}): [ConversationFact, ActivityFact] {
  const [conversation, activity] = chatFacts({
    externalId: "c1",
    channel: "chat",
    status: "open",
    startedAt: at("09:00:00"),
    closedAt: null,
    messages,
    assignee: null,
    person: "p1",
    company: null,
    url: null,
    attributes: {},
    ...chat,
  });
  if (conversation === undefined || activity === undefined) throw new RangeError("no facts");
  return [conversation, activity];
}

describe("a conversation", () => {
  test("is first answered by a person, and by the bot apart", () => {
    const [conversation] = facts([contact("09:00:00"), bot("09:00:02"), rep("09:02:30", "r2"), rep("09:05:00", "r1")]);
    expect(conversation).toMatchObject({
      firstResponseAt: { instant: at("09:02:30") },
      rep: "r2",
      attributes: { messages: 4, contact_messages: 1, rep_messages: 2, bot_messages: 1, bot_response_s: 2 },
    });
  });

  test("that a rep began is answered by what the rep says after the contact", () => {
    const [conversation, activity] = facts([rep("09:00:00"), contact("09:10:00"), rep("09:11:00")]);
    expect(conversation.firstResponseAt).toEqual({ instant: at("09:11:00") });
    expect(activity.direction).toBe("outbound");
  });

  test("that nobody answered has no first response and its assignee for a rep", () => {
    const [conversation, activity] = facts([contact("09:00:00"), bot("09:00:01")], { assignee: "r9" });
    expect(conversation).toMatchObject({ firstResponseAt: null, rep: "r9" });
    expect(activity).toMatchObject({ direction: "inbound", outcome: "no_answer" });
  });

  test("lasts as long as was talked: half an hour of silence is no part of it", () => {
    // 09:00 to 09:05 are 300 s, 09:45 to 09:46 another 60; the 40 minutes between are not counted.
    const [, activity] = facts([contact("09:00:00"), rep("09:05:00"), contact("09:45:00"), rep("09:46:00")]);
    expect(activity.durationS).toBe(360);
  });

  test("is the same whatever the order of its messages", () => {
    const messages = [contact("09:00:00"), bot("09:00:02"), rep("09:02:30")];
    expect(facts(messages.toReversed())).toEqual(facts(messages));
  });

  test("in which only a bot has spoken is none", () => {
    const [...none] = chatFacts({
      externalId: "c1",
      channel: null,
      status: null,
      startedAt: at("09:00:00"),
      closedAt: null,
      messages: [bot("09:00:00")],
      assignee: "r1",
      person: null,
      company: null,
      url: null,
      attributes: {},
    });
    expect(none).toEqual([]);
  });
});
