import { afterAll, beforeAll, expect, test } from "vitest";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import type { Chat } from "../../connectors/_simulator/company/model.ts";
import { intercom } from "../../connectors/intercom/index.ts";
import { type IntercomSimulator, startIntercomSimulator } from "../../connectors/intercom/simulator/index.ts";
import { conversationId } from "../../connectors/intercom/simulator/translate.ts";
import { testDatabase } from "../support/database.ts";
import { testClock } from "../support/engine.ts";
import { type Connected, connected, conversationRow, type Life, startLife } from "../support/living.ts";
import { startReceiver } from "../support/receiver.ts";

/** The life of a chat in Intercom, as it reaches two hubs: one that is told by webhooks and never pulls chats, and one that only pulls. */

const store = await testDatabase();
const receiver = await startReceiver();
const clock = testClock("2026-11-24T14:00:00Z");
const company = createCompany({ seed: 7, now: clock.now(), scale: 0.05 });
let sim: IntercomSimulator;
let life: Life;
let told: Connected;
let pulled: Connected;

beforeAll(async () => {
  sim = await startIntercomSimulator({ company, clock, limits: "off" });
  const reaches = { clock, settings: { base_url: sim.baseUrl }, credentials: sim.credentials };
  const webhook = { receiver, secret: sim.oauth.clientSecret };
  told = await connected(store, intercom, { ...reaches, id: "told", webhook });
  pulled = await connected(store, intercom, { ...reaches, id: "pulled", webhook: null });
  await sim.webhooks.subscribe(receiver.url);
  await pulled.pull("admins", "conversations");
  life = startLife(company, clock, sim);
});
afterAll(() => sim.close());

async function rows(chat: Chat) {
  const row = (connectionId: string) => conversationRow(store, connectionId, conversationId(chat.id));
  const deliveries = await told.takeIn();
  await pulled.pull("conversations");
  // Bodies of notifications are the vendor's own.
  const notifications = deliveries.map((body) => JSON.parse(body) as Notification);
  const topics = notifications.filter(({ data }) => data.item.id === conversationId(chat.id)).map(({ topic }) => topic);
  const [atOnce, later] = [await row("told"), await row("pulled")];
  return { topics, atOnce, later };
}

type Notification = { readonly topic: string; readonly data: { readonly item: { readonly id?: string } } };

const inSeconds = (at: Date | null): Date => new Date(Math.floor((at?.getTime() ?? 0) / 1000) * 1000);
const emailOf = (chat: Chat): string | undefined => company.reps.find(({ id }) => id === chat.repId)?.email;

test("a live answer and the closing after it reach the conversations by the webhook, and by the next pull without one", async () => {
  const answered = await life.chat((now, before) => before.firstResponseAt === null && now.firstResponseAt !== null);
  const first = await rows(answered);
  expect(first.topics).toEqual(["conversation.user.created", "conversation.admin.replied"]);
  expect(first.atOnce).toEqual(first.later);
  expect(first.atOnce).toEqual({
    status: "open",
    started_at: inSeconds(answered.startedAt),
    first_response_at: inSeconds(answered.firstResponseAt),
    closed_at: null,
    email: emailOf(answered),
  });
  expect(sim.store.conversations.get(conversationId(answered.id))).toMatchObject({
    updated_at: inSeconds(answered.updatedAt).getTime() / 1000,
    waiting_since: null,
    state: "open",
    admin_assignee_id: expect.any(Number) as number,
    statistics: { first_admin_reply_at: inSeconds(answered.firstResponseAt).getTime() / 1000 },
  });

  const closed = await life.chat((now) => now.id === answered.id && now.closedAt !== null);
  const second = await rows(closed);
  // The visitor says thanks before it is closed.
  expect(second.topics).toEqual(["conversation.user.replied", "conversation.admin.closed"]);
  expect(second.atOnce).toEqual(second.later);
  expect(second.atOnce).toEqual({ ...first.atOnce, status: "closed", closed_at: inSeconds(closed.closedAt) });
});

test("a chat that the visitor has left is closed unanswered, and nobody's", async () => {
  const left = await life.chat((now) => now.closedAt !== null && now.firstResponseAt === null);
  const { topics, atOnce, later } = await rows(left);
  expect(topics.at(-1)).toBe("conversation.admin.closed");
  expect(atOnce).toEqual(later);
  expect(atOnce).toMatchObject({ status: "closed", first_response_at: null, email: null });
});
