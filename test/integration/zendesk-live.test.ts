import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import type { Ticket } from "../../connectors/_simulator/company/model.ts";
import { zendesk } from "../../connectors/zendesk/index.ts";
import { startZendeskSimulator, type ZendeskSimulator } from "../../connectors/zendesk/simulator/index.ts";
import { ticketId } from "../../connectors/zendesk/simulator/translate.ts";
import type { InboundWebhook } from "../../core/connector/define.ts";
import { testDatabase } from "../support/database.ts";
import { testClock } from "../support/engine.ts";
import { type Connected, connected, type Life, startLife } from "../support/living.ts";
import { startReceiver } from "../support/receiver.ts";
import { connect } from "./zendesk-harness.ts";

/** The life of a ticket in Zendesk, as it reaches two hubs: one that is told by webhooks and never pulls tickets, and one that only pulls. */

const store = await testDatabase();
const receiver = await startReceiver();
const clock = testClock("2026-11-24T14:00:00Z");
const company = createCompany({ seed: 7, now: clock.now(), scale: 0.05 });
let sim: ZendeskSimulator;
let life: Life;
let told: Connected;
let pulled: Connected;

beforeAll(async () => {
  sim = await startZendeskSimulator({ company, clock, limits: "off" });
  // Declared by the connector, and made by the vendor's own interface.
  const webhook = zendesk.webhook as InboundWebhook;
  const subscribed = await webhook.subscribe?.(connect(sim, { clock }).client, receiver.url);
  const reaches = {
    clock,
    settings: { subdomain: sim.subdomain, base_url: sim.origin },
    credentials: { access_token: sim.accessToken() },
  };
  const secret = subscribed?.secret ?? "";
  told = await connected(store, zendesk, { ...reaches, id: "told", webhook: { receiver, secret } });
  pulled = await connected(store, zendesk, { ...reaches, id: "pulled", webhook: null });
  await pulled.pull("tickets", "survey_responses");
  life = startLife(company, clock, sim);
});
afterAll(() => sim.close());

async function row(connectionId: string, ticket: Ticket) {
  return store.db
    .selectFrom("tickets")
    .leftJoin("reps", "reps.id", "tickets.rep_id")
    .select(["status", "first_reply_at", "solved_at", "reopens", "satisfaction", "reps.email"])
    .where("tickets.connection_id", "=", connectionId)
    .where("tickets.external_id", "=", String(ticketId(ticket)))
    .executeTakeFirst();
}

/** By the webhook at once; by the pull once the export's minute of holding back is over. */
async function rows(ticket: Ticket) {
  const deliveries = await told.takeIn();
  const atOnce = await row("told", ticket);
  clock.advance(90_000);
  await pulled.pull("tickets");
  return { deliveries, atOnce, later: await row("pulled", ticket) };
}

const inSeconds = (at: Date | null): Date => new Date(Math.floor((at?.getTime() ?? 0) / 1000) * 1000);
const emailOf = (ticket: Ticket): string | undefined =>
  company.supportAgents.find(({ id }) => id === ticket.agentId)?.email;

test("a live answer reaches the tickets by the webhook, and by the next pull without one", async () => {
  const ticket = await life.ticket((now, before) => before.firstReplyAt === null && now.firstReplyAt !== null);
  const { deliveries, atOnce, later } = await rows(ticket);
  expect(deliveries.some((body) => body.includes("ticket.status_changed"))).toBe(true);
  expect(deliveries.some((body) => body.includes("ticket.agent_assignment_changed"))).toBe(true);
  expect(atOnce).toEqual(later);
  expect(atOnce).toMatchObject({ status: ticket.status, solved_at: null, reopens: 0, email: emailOf(ticket) });
  // The metric set counts whole minutes, seconds for messaging.
  const offMs = (atOnce?.first_reply_at?.getTime() ?? 0) - (ticket.firstReplyAt?.getTime() ?? 0);
  expect(Math.abs(offMs)).toBeLessThanOrEqual(31_000);
});

test("a live solution does, and opening it again takes it back", async () => {
  const solved = await life.ticket((now, before) => now.status === "solved" && before.status !== "solved");
  const first = await rows(solved);
  expect(first.atOnce).toEqual(first.later);
  expect(first.atOnce).toMatchObject({ status: "solved", solved_at: inSeconds(solved.solvedAt), reopens: 0 });

  const reopened = await life.ticket((now, before) => now.reopens > before.reopens);
  const second = await rows(reopened);
  expect(second.deliveries.some((body) => body.includes('"previous": "solved"'))).toBe(true);
  expect(second.atOnce).toEqual(second.later);
  expect(second.atOnce).toMatchObject({ status: "open", solved_at: null, reopens: 1 });
  // What Zendesk keeps of the first solving, and what it takes back.
  expect(sim.store.get("ticket", ticketId(reopened))?.["metric_set"]).toMatchObject({
    solved_at: inSeconds(reopened.firstSolvedAt).toISOString().replace(".000", ""),
    first_resolution_time_in_minutes: { calendar: expect.any(Number) as number },
    full_resolution_time_in_minutes: { calendar: null },
  });

  const again = await life.ticket(
    (now, before) => now.id === reopened.id && now.status === "solved" && before.status === "open",
  );
  const third = await rows(again);
  expect(third.atOnce).toEqual(third.later);
  expect(third.atOnce).toMatchObject({ status: "solved", solved_at: inSeconds(again.solvedAt), reopens: 1 });
});

/** What was said or called at Zendesk since then. */
async function touches(connectionId: string, since: Date) {
  return store.db
    .selectFrom("activities")
    .leftJoin("reps", "reps.id", "activities.rep_id")
    .leftJoin("people", "people.id", "activities.person_id")
    .select(["activities.external_id", "type", "direction", "occurred_at", "duration_s", "reps.email", "people.name"])
    .where("activities.connection_id", "=", connectionId)
    .where("occurred_at", ">=", since)
    .orderBy("activities.external_id")
    .execute();
}

test("what is said and called live are touches at once, and the exports neither add to them nor change them", async () => {
  const since = clock.now();
  const seen = new Set<string>();
  // Until tickets were opened by a call as well as in writing.
  while (!(seen.has("call") && seen.has("email") && seen.has("chat"))) {
    await life.ticket((now, before) => now.messages.length > before.messages.length);
    await told.takeIn();
    for (const { type } of await touches("told", since)) seen.add(type);
  }
  const atOnce = await touches("told", since);
  // A call's export waits for its end.
  clock.advance(20 * 60_000);
  for (const hub of [told, pulled]) await hub.pull("users", "tickets", "ticket_events", "calls");
  expect(atOnce).toEqual(await touches("pulled", since));
  expect(await touches("told", since)).toEqual(atOnce);
  const excerpts = await store.db
    .selectFrom("raw_records")
    .select("external_id")
    .where("connection_id", "=", "told")
    .where(sql<boolean>`payload ->> 'is_excerpt' = 'true'`)
    .execute();
  expect(excerpts).toEqual([]);
});

test("a live rating is nothing that Zendesk calls about: the next pull brings it, with the survey's answer", async () => {
  const rated = await life.ticket((now, before) => now.satisfaction !== before.satisfaction);
  const { deliveries, later } = await rows(rated);
  const about = deliveries.filter((body) => body.includes(`"subject": "zen:ticket:${ticketId(rated)}"`));
  expect(about.filter((body) => body.includes(rated.updatedAt.toISOString().slice(0, 19)))).toEqual([]);
  expect(later).toMatchObject({ status: "solved", satisfaction: rated.satisfaction });
  await pulled.pull("survey_responses");
  const answers = await store.db
    .selectFrom("activities")
    .select(["occurred_at", "outcome"])
    .where("connection_id", "=", "pulled")
    .where("type", "=", "form")
    .where("occurred_at", "=", rated.updatedAt)
    .execute();
  expect(answers).toHaveLength(1);
});

test("what was said live is in the ticket's events, each comment by who wrote it", async () => {
  const ticket = await life.ticket(
    (now, before) => now.status === "solved" && before.status !== "solved" && now.reopens > 0,
  );
  clock.advance(90_000);
  await pulled.pull("ticket_events");
  const events = sim.store.all("event").filter((event) => event["ticket_id"] === ticketId(ticket));
  expect(events).toHaveLength(ticket.messages.length);
  expect(events.at(-1)).toMatchObject({
    created_at: inSeconds(ticket.solvedAt).toISOString().replace(".000", ""),
    child_events: [
      { status: "solved", previous_value: "open" },
      { event_type: "Comment", public: true },
    ],
  });
  const touches = await store.db
    .selectFrom("activities")
    .select("direction")
    .where("connection_id", "=", "pulled")
    .where("occurred_at", "=", inSeconds(ticket.solvedAt))
    .execute();
  expect(touches).toContainEqual({ direction: "outbound" });
});
