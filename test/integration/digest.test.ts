import { beforeEach, expect, test } from "vitest";
import { silentLog } from "../../core/base/log.ts";
import { digest } from "../../core/digest/digest.ts";
import { digestsSection } from "../../core/digest/settings.ts";
import { messageOf } from "../../dashboards/destinations/slack/message.ts";
import { createFormat } from "../../dashboards/web/format.ts";
import { tell } from "../../workers/tell.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

const store = await testDatabase();
let world: World;

/** Monday, 16 March, in Paris; the 14th of February was two days and a month before. */
const MORNING = "2026-03-16T07:00:00Z";

beforeEach(async () => {
  world = await World.create(store, { timeZone: "Europe/Paris", currency: "EUR" });
  await world.clear();
  await store.db
    .updateTable("workspace")
    .set({ name: "Fjord", locale: "en-GB", holidays: [], business_hours: "{}" })
    .execute();
  for (const rep of ["Ann", "Bob"]) await world.rep(rep);
  const won = (name: string, at: string, rep: string, amount: number, currency = "EUR") =>
    world.deal(name, {
      created: "2026-01-10",
      changes: [
        { at: "2026-01-10", rep, amountMinor: amount * 100, currency },
        { at, status: "won" },
      ],
    });
  await won("a", "2026-02-03", "Ann", 1_000);
  await won("b", "2026-03-05", "Ann", 1_500);
  await won("c", "2026-03-13", "Bob", 500);
  await won("d", "2026-03-14", "Bob", 900, "SEK");
  const id = world.id("record", "x");
  await store.db
    .insertInto("connections")
    .values({ id: "crm", connector: "csv", title: "CRM", settings: "{}", inbound_token: id })
    .onConflict((c) => c.doNothing())
    .execute();
});

async function configure(...digests: object[]): Promise<void> {
  const value = JSON.stringify(digestsSection.parse(digests));
  await store.db
    .insertInto("settings")
    .values({ section: "digests", value })
    .onConflict((c) => c.column("section").doUpdateSet({ value }))
    .execute();
}

async function said(settings: object, now = MORNING): Promise<string[]> {
  const [one] = digestsSection.parse([{ id: "morning", ...settings }]);
  if (one === undefined) throw new Error("no digest");
  return (await digest(store.db, one, createFormat, new Date(now))).text.split("\n");
}

const KPIS = [
  { metric: "won_value", period: "this_month" },
  { metric: "deals_won", period: "this_month", by: "rep", title: "By rep" },
  { metric: "win_rate", period: "today" },
];

test("has a line for each KPI: its value, what it is compared with, and what is left out", async () => {
  const [head, won, byRep, rate] = await said({ kpis: KPIS });
  // With or without a comma, as the version of ICU has it.
  expect(head).toMatch(/^Fjord, Monday,? 16 March 2026$/);
  // 1,500 and 500; 900 kronor have no rate. Of February until the 16th, 8 in the morning: 1,000.
  expect(won).toBe(
    "• Won, this month: €2,000 vs €1,000, the month before, until 16 Feb, 08:00, +100% (1 left out: no exchange rate)",
  );
  expect(byRep).toBe("• By rep, this month: Bob 2, Ann 1");
  expect(rate).toMatch(/^• Win rate, today: (no data in this period|no connected account gives this)$/);
});

test("speaks French where it is asked to, with French numbers", async () => {
  const [head, won] = (await said({ locale: "fr", title: "Nord", kpis: KPIS.slice(0, 1) })).map((line) =>
    line.replaceAll(/[\u00a0\u202f]/g, " "),
  );
  expect(head).toBe("Nord, lundi 16 mars 2026");
  expect(won).toMatch(/^• Gagné, ce mois-ci: 2 000 € contre 1 000 €, .*\+100 % \(1 .*\)$/);
});

test("is told once, on its days, from its time on in the workspace's time zone, also by a hub that was down then", async () => {
  await configure(
    { id: "morning", at: "08:00", kpis: KPIS },
    { id: "fridays", at: "07:00", days: ["friday"], kpis: KPIS },
  );
  const at = async (...instants: string[]): Promise<number> => {
    for (const now of instants) await tell({ store, clock: { now: () => new Date(now) }, log: silentLog });
    return (await store.db.selectFrom("outbox").select("id").where("type", "=", "digest.ready").execute()).length;
  };
  expect(await at("2026-03-16T06:59:00Z")).toBe(0);
  expect(await at(MORNING, "2026-03-16T07:01:00Z", "2026-03-16T12:00:00Z")).toBe(1);
  // Too late for Tuesday's; Saturday is none of its days.
  expect(await at("2026-03-17T13:00:00Z", "2026-03-21T08:00:00Z")).toBe(1);
  expect(await at("2026-03-18T08:30:00Z")).toBe(2);
  await store.db
    .updateTable("workspace")
    .set({
      holidays: ["2026-03-19"],
      business_hours: JSON.stringify({ thursday: ["09:00-17:00"], friday: ["09:00-17:00"] }),
    })
    .execute();
  expect(await at("2026-03-19T08:00:00Z")).toBe(2);
  expect(await at("2026-03-20T08:00:00Z")).toBe(4);
  const { payload } = await store.db
    .selectFrom("outbox")
    .select("payload")
    .orderBy("id")
    .limit(1)
    .executeTakeFirstOrThrow();
  expect(payload).toMatchObject({ digest: { id: "morning", title: "Fjord", day: "2026-03-16" }, currency: "EUR" });
  const message = messageOf({ type: "digest.ready", data: payload });
  expect(message.split("\n").slice(0, 2)).toEqual([
    expect.stringMatching(/^\*Fjord, Monday,? 16 March 2026\*$/),
    expect.stringMatching(/^• Won, this month: €2,000 vs/),
  ]);
});
