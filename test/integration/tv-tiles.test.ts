import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SOURCE, World } from "./kpi-world.ts";
import { DEFAULT_BOARDS } from "../../core/metrics/ready-boards.ts";
import { EVENTS } from "../../core/outbox/catalogue.ts";
import { appendEvents } from "../../core/outbox/append.ts";
import { entityId } from "../../core/base/ids.ts";
import { writeSettings } from "../../core/store/setup/settings.ts";
import { testDatabase } from "../support/database.ts";
import { newKey, type Running, startServer } from "./server-support.ts";

const store = await testDatabase();
let running: Running;
let key: string;

beforeAll(async () => {
  const world = await World.create(store);
  await world.rep("ada", { shownAs: "Ada Lee" });
  for (const [name, amountMinor] of [
    ["small", 500_00],
    ["large", 1_500_00],
  ] as const) {
    await world.deal(name, {
      changes: [{ at: "2026-11-03", stage: "demo", amountMinor, currency: "USD", rep: "ada" }],
    });
  }
  await world.deal("won", {
    changes: [
      { at: "2026-10-02", stage: "demo", amountMinor: 900_00, currency: "USD", rep: "ada" },
      { at: "2026-11-18", status: "won", amountMinor: 900_00, currency: "USD", rep: "ada" },
    ],
  });
  await store.db.transaction().execute((tx) =>
    appendEvents(tx, [
      {
        type: "deal.won",
        key: "won",
        entityKey: `deal:${entityId("deal", SOURCE, "won")}`,
        occurredAt: new Date("2026-11-18T09:30:00Z"),
        data: EVENTS["deal.won"].sample,
      },
    ]),
  );
  await writeSettings(store.db, "dashboards", [
    {
      id: "all",
      title: "All",
      theme: "light",
      rotate: { to: "pipeline", after_s: 20 },
      celebrate: { sound: true, from: "08:00", to: "18:30" },
      tiles: [
        { view: "pipeline", title: "Open" },
        { view: "movement", title: "Moved", period: "this_month" },
        { view: "forecast", title: "To come" },
        { view: "ticker", title: "Latest" },
        { view: "text", title: "House rule", text: "Call <first>,\nwrite second" },
        { view: "clock", title: "Oslo" },
        { view: "movement", title: "Ever", period: "all" },
      ],
    },
  ]);
  running = await startServer(store);
  key = await newKey(store, "tv:*");
});
afterAll(() => running.close());

const pageOf = async (id: string): Promise<string> => {
  const response = await running.fetch(`/tv/${id}?key=${key}`);
  expect(response.status).toBe(200);
  return response.text();
};
/** The text of a tile, without its markup. */
const tileOf = (page: string, title: string): string =>
  (page.split(/<section /).find((part) => part.includes(`>${title}`)) ?? "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

describe("tiles beside those of one KPI", () => {
  it("show the open pipeline by stage, and what moved it, in money that adds up", async () => {
    const page = await pageOf("all");
    expect(tileOf(page, "Open")).toContain("$2,000 2");
    // What was open when the month began has been won; what was created is open.
    expect(tileOf(page, "Moved")).toMatch(/Start \$900 New \+\$2,000 Won −\$900 Now \$2,000/);
  });

  it("say why where there is nothing to show, and what to do where a tile asks for what cannot be", async () => {
    const page = await pageOf("all");
    expect(tileOf(page, "To come")).toMatch(/too little|Next 30 days/);
    expect(tileOf(page, "Ever")).toMatch(/kpi\.bad_period/);
  });

  it("tell the latest wins, a text as it was written, and the time", async () => {
    const page = await pageOf("all");
    expect(tileOf(page, "Latest")).toMatch(/Won won · \$900 Ada Lee/);
    expect(page).toContain("Call &lt;first&gt;,\nwrite second");
    expect(page).toMatch(/data-clock/);
  });

  it("stand on a page with the dashboard's colours, its hours of sound, and the dashboard that comes next", async () => {
    const page = await pageOf("all");
    expect(page).toContain('class="theme-light"');
    expect(page).toContain('data-sound="08:00-18:30"');
    expect(page).toContain(`data-next="/tv/pipeline?key=${key}" data-next-after="20"`);
  });
});

it("each dashboard that is there without a config answers all of its tiles", async () => {
  const troubled: string[] = [];
  for (const { id } of DEFAULT_BOARDS) if ((await pageOf(id)).includes('class="problem"')) troubled.push(id);
  expect(troubled).toEqual([]);
});

it("they speak the workspace's language, tiles and all", async () => {
  await store.db.updateTable("workspace").set({ locale: "fr-FR" }).execute();
  const page = await pageOf("pipeline");
  expect(tileOf(page, "Par étape")).toContain("2 000 $US");
  expect(tileOf(page, "Ce qui l’a fait bouger")).toMatch(/Début .* Nouvelles .* Gagnées .* Actuel/);
  expect(page.replace(/<[^>]*>/g, " ")).not.toMatch(/By stage|Start|stalled|yesterday|no data/);
});
