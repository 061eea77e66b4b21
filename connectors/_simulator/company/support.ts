import { DAY_MS, HOUR_MS, MINUTE_MS, workCalendar } from "./calendar.ts";
import type { Chat, Deal, Lead, Person, Profile, Rep, SupportAgent, Ticket } from "./model.ts";
import { isEmployed } from "./organisation.ts";
import type { Random } from "./random.ts";
import { CHAT_BOT, CHAT_REPLY, chatQuestion, TICKET_REPLY, TICKET_SOLUTION, ticketSubject } from "./texts.ts";

/** A ticket as it is at `now`, from its first message on. */
export function makeTicket(
  random: Random,
  made: {
    readonly number: number;
    readonly deal: Deal;
    readonly agent: SupportAgent;
    readonly atMs: number;
    readonly nowMs: number;
  },
): Ticket {
  const { deal, agent, atMs, nowMs } = made;
  const replyMs = workCalendar(agent.timeZone).atWork(random, atMs + random.logNormal(2.2, 1) * HOUR_MS);
  const solvedMs = workCalendar(agent.timeZone).atWork(random, replyMs + random.logNormal(18, 1.1) * HOUR_MS);
  const firstReplyAt = replyMs <= nowMs ? new Date(replyMs) : null;
  const solvedAt = solvedMs <= nowMs && random.chance(0.95) ? new Date(solvedMs) : null;
  const subject = ticketSubject(random);
  return {
    id: `ticket-${String(made.number).padStart(6, "0")}`,
    leadId: deal.leadId,
    personId: deal.personId,
    dealId: deal.id,
    agentId: agent.id,
    subject,
    channel: random.weighted({ email: 55, web: 30, chat: 10, phone: 5 }),
    priority: random.weighted({ low: 20, normal: 55, high: 20, urgent: 5 }),
    status: solvedAt !== null ? "solved" : firstReplyAt === null ? "new" : random.pick(["open", "pending"]),
    createdAt: new Date(atMs),
    updatedAt: solvedAt ?? firstReplyAt ?? new Date(atMs),
    firstReplyAt,
    firstSolvedAt: solvedAt,
    solvedAt,
    reopens: solvedAt !== null && random.chance(0.08) ? 1 : 0,
    satisfaction: solvedAt !== null && random.chance(0.35) ? (random.chance(0.88) ? "good" : "bad") : null,
    messages: [
      { at: new Date(atMs), author: "customer", text: `${subject}. Can you help?` },
      ...(firstReplyAt === null ? [] : [{ at: firstReplyAt, author: "agent", text: TICKET_REPLY } as const]),
      ...(solvedAt === null ? [] : [{ at: solvedAt, author: "agent", text: TICKET_SOLUTION } as const]),
    ],
  };
}

/** Customers write in the weeks and months after they bought, the first time soon. */
export function createTickets(
  random: Random,
  profile: Profile,
  deals: readonly Deal[],
  agents: readonly SupportAgent[],
): readonly Ticket[] {
  const nowMs = profile.now.getTime();
  const opened: { readonly deal: Deal; readonly atMs: number }[] = [];
  for (const deal of deals) {
    if (deal.state.status !== "won" || deal.closedAt === null) continue;
    let atMs = deal.closedAt.getTime();
    while (random.chance(0.58)) {
      atMs = Math.round(atMs + random.logNormal(40, 0.9) * DAY_MS);
      if (atMs >= nowMs) break;
      opened.push({ deal, atMs });
    }
  }
  return opened
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((each, at) => makeTicket(random, { ...each, number: at + 1, agent: random.pick(agents), nowMs }));
}

/** A conversation on the web site; over by the next morning at the latest. */
export function makeChat(
  random: Random,
  made: {
    readonly number: number;
    readonly person: Person | null;
    readonly rep: Rep | null;
    readonly atMs: number;
    readonly nowMs: number;
  },
): Chat {
  const { person, rep, atMs, nowMs } = made;
  const answerMs = atMs + Math.round(random.logNormal(2, 0.8) * MINUTE_MS);
  const closedMs = answerMs + Math.round(random.logNormal(12, 0.7) * MINUTE_MS);
  const firstResponseAt = rep !== null && answerMs <= nowMs ? new Date(answerMs) : null;
  const closedAt = closedMs <= nowMs ? new Date(closedMs) : null;
  const startedAt = new Date(atMs);
  return {
    id: `chat-${String(made.number).padStart(6, "0")}`,
    personId: person?.id ?? null,
    leadId: person?.leadId ?? null,
    repId: rep?.id ?? null,
    startedAt,
    updatedAt: closedAt ?? firstResponseAt ?? startedAt,
    firstResponseAt,
    closedAt,
    landingPage: random.pick(["/", "/pricing", "/guide"]),
    messages: [
      { at: startedAt, author: "visitor", text: chatQuestion(random) },
      { at: startedAt, author: "bot", text: CHAT_BOT },
      ...(firstResponseAt === null ? [] : [{ at: firstResponseAt, author: "rep", text: CHAT_REPLY } as const]),
    ],
  };
}

/** Every fourth lead that came by itself chatted a little before; as many visitors never said who they were. */
export function createChats(
  random: Random,
  profile: Profile,
  leads: readonly Lead[],
  people: readonly Person[],
  reps: readonly Rep[],
): readonly Chat[] {
  const nowMs = profile.now.getTime();
  const firstPerson = new Map<string, Person>();
  for (const person of people) if (!firstPerson.has(person.leadId)) firstPerson.set(person.leadId, person);
  const chats: { readonly atMs: number; readonly person: Person | null }[] = [];
  for (const lead of leads) {
    if (!["inbound", "paid_search"].includes(lead.source)) continue;
    const person = firstPerson.get(lead.id) ?? null;
    const atMs = lead.createdAt.getTime();
    if (random.chance(0.25)) chats.push({ atMs: Math.round(atMs - random.between(1, 20) * MINUTE_MS), person });
    if (random.chance(0.25)) chats.push({ atMs: Math.round(atMs + random.between(-2, 2) * HOUR_MS), person: null });
  }
  return chats
    .filter((chat) => chat.atMs < nowMs)
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, person }, at) => {
      const isAnswered = random.chance(0.75);
      const here = reps.filter((rep) => isEmployed(rep, atMs));
      return makeChat(random, { number: at + 1, person, rep: isAnswered ? random.pick(here) : null, atMs, nowMs });
    });
}
