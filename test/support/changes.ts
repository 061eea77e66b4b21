import { changed, outcomeStage } from "../../connectors/_simulator/company/deal-life.ts";
import type { Call, Company, CompanyChange, Deal, Ticket } from "../../connectors/_simulator/company/model.ts";

/** What happens at a company when a test says so, now: like something of its history, under an id of its own. */
export type Changes = {
  /** One that has just ended. With another rep and person each time, as far as there are: what looks alike is one call that two tools tell of. */
  call(): CompanyChange;
  /** A visitor writes, and nobody has answered yet. */
  chat(): CompanyChange;
  /** A customer asks for help, and nobody has answered yet. */
  ticket(channel: Ticket["channel"]): Extract<CompanyChange, { readonly type: "ticket.created" }>;
  /** Its agent answers. */
  answer(ticket: Ticket): CompanyChange;
  /** A deal that was open is won for so much, once. */
  win(amountMinor: number): Extract<CompanyChange, { readonly type: "deal.updated" }>;
};

/** Between a call's end and its being in the tools. */
const AFTER_CALL_MS = 60_000;
/** Numbers that no history reaches. */
const FIRST_ID = 900_001;

export function createChanges(company: Company): Changes {
  const calls = unlike(company.activities.filter((activity) => activity.type === "call").filter(isConversation));
  const open = company.deals.filter((deal) => deal.state.status === "open");
  const chat = like(company.chats);
  let made = 0;
  const nextId = (kind: string): string => `${kind}-${FIRST_ID + made++}`;
  return {
    call() {
      const at = new Date();
      const call = like(calls, made);
      const began = new Date(at.getTime() - call.durationS * 1000 - AFTER_CALL_MS);
      const activity = { ...call, id: nextId("call"), at: began, createdAt: at, updatedAt: at };
      return { type: "activity.created", at, activity };
    },
    chat() {
      const at = new Date();
      const nobodyYet = { repId: null, firstResponseAt: null, closedAt: null };
      const messages = chat.messages.filter(({ author }) => author !== "rep").map((message) => ({ ...message, at }));
      const started = { ...chat, ...nobodyYet, id: nextId("chat"), startedAt: at, updatedAt: at, messages };
      return { type: "chat.created", at, chat: started };
    },
    ticket(channel) {
      const at = new Date();
      // A small company may not have had one by each channel; they differ in nothing else.
      const ticket = { ...like(company.tickets), channel };
      const unanswered = { status: "new", firstReplyAt: null, solvedAt: null, reopens: 0, satisfaction: null } as const;
      const messages = ticket.messages.slice(0, 1).map((message) => ({ ...message, at }));
      const opened = { ...ticket, ...unanswered, id: nextId("ticket"), createdAt: at, updatedAt: at, messages };
      return { type: "ticket.created", at, ticket: opened };
    },
    answer(previous) {
      const at = new Date();
      const messages = [...previous.messages, { at, author: "agent", text: "We are looking into it." } as const];
      const ticket = { ...previous, status: "open", firstReplyAt: at, updatedAt: at, messages } as const;
      return { type: "ticket.updated", at, ticket, previous };
    },
    win(amountMinor) {
      const at = new Date();
      const previous = like(open, made++);
      const deal = won(company, previous, at, amountMinor);
      return { type: "deal.updated", at, deal, previous, change: like(deal.changes, deal.changes.length - 1) };
    },
  };
}

function won(company: Company, deal: Deal, at: Date, amountMinor: number): Deal {
  const pipeline = like(company.pipelines.filter(({ id }) => id === deal.pipelineId));
  const stageId = outcomeStage(pipeline, "won").id;
  const state = { status: "won", stageId, probability: 1, amountMinor, valuePeriod: "one_time" } as const;
  return changed(deal, "won", at, deal.state.ownerId, state);
}

/** One that a recorder would keep. */
function isConversation(call: Call): boolean {
  return call.outcome === "answered" && call.durationS > 120;
}

function unlike(calls: readonly Call[]): readonly Call[] {
  const reps = new Map(calls.map((call) => [call.repId, call]));
  return [...new Map([...reps.values()].map((call) => [call.personId, call])).values()];
}

function like<T>(rows: readonly T[], nth = 0): T {
  const row = rows[nth % Math.max(1, rows.length)];
  if (row === undefined) throw new RangeError("The company is too small: nothing like it has ever happened there.");
  return row;
}
