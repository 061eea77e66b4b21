import { afterAll, beforeAll, expect, test } from "vitest";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import type { Company, CompanyChange } from "../../connectors/_simulator/company/model.ts";
import { ticketId } from "../../connectors/zendesk/simulator/translate.ts";
import { createChanges } from "../support/changes.ts";
import { type LiveHub, type LiveVendor, startLiveHub } from "../support/live-hub.ts";
import { redisOfItsOwn } from "../support/processes.ts";
import type { Delivery } from "../support/relay.ts";
import { until } from "../support/until.ts";

const DAY_MS = 86_400_000;
const PATIENCE_MS = 60_000;

/** Its history ends before this month: what the TV shows of today and of this month begins at nothing. */
function quietCompany(months: number, scale: number): Company {
  return createCompany({ seed: 11, now: new Date(Date.now() - 40 * DAY_MS), months, scale });
}
const company = quietCompany(14, 0.03);
/** Companies chat with Drift in their first year, and with Intercom after it. */
const young = quietCompany(3, 0.2);
const changes = createChanges(company);
const youngChanges = createChanges(young);

/** What signs, or else proves, a delivery. */
const PROOFS: { readonly [name in LiveVendor]: string } = {
  close: "close-sig-hash",
  zendesk: "x-zendesk-webhook-signature",
  gong: "authorization",
  drift: "x-verification-token",
  intercom: "x-hub-signature",
};

let hub: LiveHub;
/** When the first load was done and every vendor had the hub's address. */
let quietSince: Date;
/** Of every delivery: whose it was, and how the hub answered a forgery of it, then the delivery, then the same once more. */
const answers: { readonly vendor: LiveVendor; readonly statuses: readonly number[] }[] = [];

beforeAll(async () => {
  hub = await startLiveHub(
    { close: company, zendesk: company, gong: company, drift: young, intercom: company },
    redisOfItsOwn(4),
  );
  hub.relay.pass = async (delivery, send) => {
    const vendor = delivery.path.split("/")[2] as LiveVendor;
    const statuses: number[] = [];
    for (const one of [forged(delivery, PROOFS[vendor]), delivery, delivery]) statuses.push(await send(one));
    answers.push({ vendor, statuses });
    return statuses[1] ?? 500;
  };
  await until(() => hub.tv.boards.length > 0, PATIENCE_MS);
  quietSince = new Date();
  // A dozen commands are started, beside whatever else the machine does.
}, 300_000);
afterAll(() => hub.stop());

function forged(delivery: Delivery, proof: string): Delivery {
  const headers = { ...delivery.headers, [proof]: `${delivery.headers[proof]?.slice(0, -8)}AAAAAAAA` };
  return { ...delivery, headers };
}

function happens(vendor: LiveVendor, change: CompanyChange): void {
  hub.vendors[vendor]?.change?.(change);
}

function shown(title: string): string {
  return hub.tv.latest()[title] ?? "";
}

/** The values that a tile has shown, one after another. */
function course(title: string): readonly string[] {
  const values = hub.tv.boards.map(({ numbers }) => numbers[title] ?? "");
  return values.filter((value, at) => value !== values[at - 1]);
}

test("a deal that is won at Close is on the TV by Close's webhook alone, and celebrated once", async () => {
  expect([shown("Deals won this month"), shown("Won this month")]).toEqual(["0", "$0"]);
  const win = changes.win(942_000);
  happens("close", win);
  await until(() => shown("Deals won this month") === "1", PATIENCE_MS);
  await until(() => hub.tv.wins.length > 0, PATIENCE_MS);
  const rep = company.reps.find(({ id }) => id === win.deal.state.ownerId);
  await until(() => shown("Won this month") === "$9,420", PATIENCE_MS);
  expect(hub.tv.wins).toEqual([expect.stringContaining("$9,420")]);
  expect(hub.tv.wins[0]).toContain(rep?.name);
});

test.each<[LiveVendor, string, () => CompanyChange]>([
  ["close", "call", () => changes.call()],
  ["gong", "call", () => changes.call()],
  ["zendesk", "ticket", () => changes.ticket("email")],
  ["zendesk", "call", () => changes.ticket("phone")],
  ["intercom", "chat", () => changes.chat()],
  ["drift", "chat", () => youngChanges.chat()],
])("%s's new %s adds one to the TV's activities of today", async (vendor, _, change) => {
  const before = Number(shown("Activities today"));
  happens(vendor, change());
  await until(() => Number(shown("Activities today")) > before, PATIENCE_MS);
  expect(Number(shown("Activities today"))).toBe(before + 1);
});

test("an answer to a ticket at Zendesk is on the TV beside the question, each once", async () => {
  const opened = changes.ticket("web");
  const before = Number(shown("Activities today"));
  for (const [nth, change] of [opened, changes.answer(opened.ticket)].entries()) {
    happens("zendesk", change);
    await until(() => Number(shown("Activities today")) > before + nth, PATIENCE_MS);
  }
  expect(Number(shown("Activities today"))).toBe(before + 2);
  const { count } = await hub.store.db
    .selectFrom("tickets")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("external_id", "=", String(ticketId(opened.ticket)))
    .where("first_reply_at", "is not", null)
    .executeTakeFirstOrThrow();
  expect(count).toBe(1);
});

test("a forged delivery is refused, and one that comes twice counts once", async () => {
  const before = Number(shown("Activities today"));
  // Whatever came before this call and was to move a number would have moved it by the time that this one shows.
  happens("close", changes.call());
  await until(() => Number(shown("Activities today")) > before, PATIENCE_MS);
  expect(new Set(answers.map(({ vendor }) => vendor))).toEqual(new Set(Object.keys(PROOFS)));
  expect(answers).toEqual(answers.map(({ vendor }) => ({ vendor, statuses: [401, 202, 200] })));
  expect(course("Activities today")).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(course("Deals won this month")).toEqual(["0", "1"]);
  expect(hub.tv.wins).toHaveLength(1);
});

test("no pull has helped", async () => {
  const runs = await hub.store.db
    .selectFrom("runs")
    .select(["connection_id", "stream", "kind", "state"])
    .where("started_at", ">=", quietSince)
    .execute();
  // The last of them may be under way.
  const isOurs = ["inbound succeeded", "inbound running"];
  expect(runs.filter(({ kind, state }) => !isOurs.includes(`${kind} ${state}`))).toEqual([]);
});
