import { DAY_MS } from "./company/calendar.ts";
import type { Chat, CompanyData } from "./company/model.ts";

/**
 * The company chatted with Drift in its first year and has used Intercom since. `all`: as if it had always used this one (for tests, which
 * want many).
 */
export type ChatPeriod = "first_year" | "since" | "all";

const YEAR_MS = 365 * DAY_MS;

/** Whether a chat was held with the tool that was in use in the period. */
export function isOfPeriod(company: Pick<CompanyData, "profile">, chat: Chat, period: ChatPeriod): boolean {
  const isEarly = chat.startedAt.getTime() < company.profile.startedAt.getTime() + YEAR_MS;
  return period === "all" || isEarly === (period === "first_year");
}

/** The chat's messages, with the visitor's thanks where somebody has helped and it is over. */
export function messagesOf(chat: Chat): Chat["messages"] {
  const isHelped = chat.firstResponseAt !== null && chat.closedAt !== null;
  return isHelped ? [...chat.messages, { at: chat.closedAt, author: "visitor", text: "Thank you!" }] : chat.messages;
}

/** The number in an id of the company: `chat-000017` → 17. */
export function numberOf(id: string): number {
  return Number(/\d+$/.exec(id)?.[0] ?? 0);
}
