import { afterAll, beforeAll, expect, test } from "vitest";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import type { Chat } from "../../connectors/_simulator/company/model.ts";
import { drift } from "../../connectors/drift/index.ts";
import { type DriftSimulator, startDriftSimulator } from "../../connectors/drift/simulator/index.ts";
import { conversationId } from "../../connectors/drift/simulator/translate.ts";
import { testDatabase } from "../support/database.ts";
import { testClock } from "../support/engine.ts";
import { type Connected, connected, conversationRow, type Life, startLife } from "../support/living.ts";
import { startReceiver } from "../support/receiver.ts";

/** The life of a chat in Drift, as it reaches two hubs: one that is told by webhooks and never pulls chats, and one that only pulls. */

const store = await testDatabase();
const receiver = await startReceiver();
const clock = testClock("2026-11-24T14:00:00Z");
const company = createCompany({ seed: 7, now: clock.now(), scale: 0.05 });
let sim: DriftSimulator;
let life: Life;
let told: Connected;
let pulled: Connected;

beforeAll(async () => {
  sim = await startDriftSimulator({ company, clock, limits: "off", chats: "all" });
  const reaches = { clock, settings: { base_url: sim.baseUrl }, credentials: sim.credentials };
  const webhook = { receiver, secret: sim.verificationToken };
  told = await connected(store, drift, { ...reaches, id: "told", webhook });
  pulled = await connected(store, drift, { ...reaches, id: "pulled", webhook: null });
  sim.webhooks.subscribe(receiver.url);
  for (const hub of [told, pulled]) await hub.pull("users");
  await pulled.pull("conversations");
  life = startLife(company, clock, sim);
});
afterAll(() => sim.close());

async function rows(chat: Chat) {
  const row = (connectionId: string) => conversationRow(store, connectionId, String(conversationId(chat.id)));
  const deliveries = await told.takeIn();
  await pulled.pull("conversations");
  // Bodies are the vendor's own.
  const events = deliveries.map((body) => JSON.parse(body) as Delivery);
  const types = events.filter(({ data }) => data.conversationId === conversationId(chat.id)).map(({ type }) => type);
  const [atOnce, later] = [await row("told"), await row("pulled")];
  return { types, atOnce, later };
}

type Delivery = { readonly type: string; readonly data: { readonly conversationId: number } };

const emailOf = (chat: Chat): string | undefined => company.reps.find(({ id }) => id === chat.repId)?.email;

test("a live answer and the closing after it reach the conversations by the webhook, and by the next pull without one", async () => {
  const answered = await life.chat((now, before) => before.firstResponseAt === null && now.firstResponseAt !== null);
  const first = await rows(answered);
  expect(first.types).toEqual(["new_message", "new_message"]);
  expect(first.atOnce).toEqual(first.later);
  expect(first.atOnce).toEqual({
    status: "open",
    started_at: answered.startedAt,
    first_response_at: answered.firstResponseAt,
    closed_at: null,
    email: emailOf(answered),
  });
  const [latest] = sim.store.latestFirst();
  expect(latest).toMatchObject({ id: conversationId(answered.id), updatedAt: answered.updatedAt.getTime() });

  const closed = await life.chat((now) => now.id === answered.id && now.closedAt !== null);
  const second = await rows(closed);
  // The visitor says thanks before it is closed.
  expect(second.types).toEqual(["new_message", "conversation_status_updated"]);
  expect(second.atOnce).toEqual(second.later);
  expect(second.atOnce).toEqual({ ...first.atOnce, status: "closed", closed_at: closed.closedAt });
});

test("a chat that the visitor has left is closed unanswered, and nobody's", async () => {
  const left = await life.chat((now) => now.closedAt !== null && now.firstResponseAt === null);
  const { types, atOnce, later } = await rows(left);
  expect(types.at(-1)).toBe("conversation_status_updated");
  expect(atOnce).toEqual(later);
  expect(atOnce).toMatchObject({ status: "closed", first_response_at: null, email: null });
});
