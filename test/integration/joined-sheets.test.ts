import { describe, expect, test } from "vitest";
import { SheetHub } from "../support/sheets.ts";

/*
 * Leads in one file, what became of some of them in another, joined by the key: 40 leads of March, of which every eighth was won on the
 * 15th of April, by sue or tom, for 100 each. Worked by hand: 5 won, 500.
 */
const LEADS = Array.from(
  { length: 40 },
  (_, n) => `lead${n},2026-03-${String((n % 28) + 1).padStart(2, "0")},${n % 2 === 0 ? "email" : "ads"}`,
);
const WON = [0, 8, 16, 24, 32];
const leads = `id,created,origin\n${LEADS.join("\n")}\n`;
const closed = (date: (n: number) => string): string =>
  `lead,won_at,rep,amount,segment\n${WON.map((n) => `lead${n},${date(n)},${n % 16 === 0 ? "sue" : "tom"},100,home`).join("\n")}\n`;
const april = { from: "2026-04-01", to: "2026-04-30" };
const march = { from: "2026-03-01", to: "2026-03-31" };

const config = (tables: string): string => `
workspace: { name: T, timezone: Europe/Berlin, currency: EUR }
connections:
  - id: crm
    connector: csv
    settings:
      tables:
${tables.replace(/^/gm, "        ")}`;
const LEAD_SOURCE = `from: leads.csv
    key: id
    columns: { status: { constant: open }, created_at: created }
    attributes: { origin: origin }`;
const CLOSED_SOURCE = `from: closed.csv
    key: lead
    columns: { status: { constant: won }, closed_at: CLOSED, rep: rep, value: amount }
    attributes: { segment: segment }`;
const WITH_TIME = '{ column: won_at, date_format: "yyyy-MM-dd HH:mm:ss" }';

const LAYOUTS: readonly (readonly [string, string, (n: number) => string])[] = [
  [
    "as a second source of deals",
    `deals:\n  - ${LEAD_SOURCE}\n  - ${CLOSED_SOURCE.replace("CLOSED", WITH_TIME)}`,
    () => "2026-04-15 19:58:54",
  ],
  [
    "as the first source of deals, with days",
    `deals:\n  - ${CLOSED_SOURCE.replace("CLOSED", "won_at")}\n  - ${LEAD_SOURCE}`,
    () => "2026-04-15",
  ],
  [
    "as changes of deals, with attributes",
    `deals:\n  - ${LEAD_SOURCE}
deal_changes:
  from: closed.csv
  key: lead
  columns: { deal: lead, changed_at: ${WITH_TIME}, status: { constant: won }, rep: rep, value: amount }
  attributes: { segment: segment }`,
    () => "2026-04-15 19:58:54",
  ],
];

describe("leads in one file, what was won in another", () => {
  test.each(LAYOUTS)("%s: status, creation, owner and value are all there", async (_, tables, date) => {
    const hub = await SheetHub.open("2026-05-10T09:00:00Z");
    await hub.write("leads.csv", leads);
    await hub.write("closed.csv", closed(date));
    await hub.apply(config(tables));
    for (const run of Object.values(await hub.sync())) expect(run.counts.skipped).toBe(0);
    // Read once more, and by a replay, it is the same.
    await hub.sync();
    expect(await hub.value("deal_count")).toBe(40);
    expect([await hub.value("deals_won"), await hub.value("won_value")]).toEqual([5, 500]);
    expect([await hub.value("deals_won", april), await hub.value("deals_won", march)]).toEqual([5, 0]);
    expect(await hub.value("open_deal_count")).toBe(35);
    expect(await hub.value("win_rate_cohort", march)).toBe(5 / 40);
    expect(await hub.values("won_value", { by: ["rep"] })).toEqual({ sue: 300, tom: 200 });
    expect(await hub.values("won_value", { by: ["origin"] })).toEqual({ email: 500 });
    expect(await hub.values("won_value", { by: ["segment"] })).toEqual({ home: 500 });
    // Leads 0, 8, 16, 24 and 32 came on 1, 9, 17, 25 and 5 March: 45, 37, 29, 21 and 41 days before 15 April.
    expect(await hub.value("time_to_close_mean")).toBe((45 + 37 + 29 + 21 + 41) / 5);
    expect(await hub.events()).toEqual([]);
  });

  test("a win that comes into the second file is told, and a name that the source gets changes nothing", async () => {
    const hub = await SheetHub.open("2026-05-10T09:00:00Z");
    await hub.write("leads.csv", leads);
    await hub.write(
      "closed.csv",
      closed(() => "2026-04-15"),
    );
    const tables = `deals:\n  - ${LEAD_SOURCE}\n  - ${CLOSED_SOURCE.replace("CLOSED", "won_at")}`;
    await hub.apply(config(tables));
    await hub.sync();
    hub.now = new Date("2026-05-11T09:00:00Z");
    await hub.write("closed.csv", `${closed(() => "2026-04-15")}lead1,2026-05-11,sue,100,home\n`);
    await hub.sync();
    expect(await hub.events()).toEqual(["deal.won 2026-05-10T22:00"]);
    expect([await hub.value("deals_won"), await hub.value("open_deal_count")]).toEqual([6, 34]);
    hub.now = new Date("2026-05-12T09:00:00Z");
    await hub.apply(config(tables.replace("from: closed.csv", "name: outcomes\n    from: closed.csv")));
    const { deals } = await hub.sync();
    expect(deals?.counts.skipped).toBe(0);
    expect([await hub.value("deals_won"), await hub.value("deal_count"), await hub.value("won_value")]).toEqual([
      6, 40, 600,
    ]);
  });
});

describe("what becomes of a deal of several files", () => {
  const CHECKED = ["deal_count", "deals_won", "open_deal_count", "won_value", "time_to_close_mean"] as const;
  const numbers = async (hub: SheetHub): Promise<readonly (number | null)[]> => {
    const values: (number | null)[] = [];
    for (const metric of CHECKED) values.push(await hub.value(metric));
    return values;
  };
  const both = (first: string, second: string): string =>
    config(`deals:\n  - ${first}\n    rows_that_disappear: delete\n  - ${second}\n    rows_that_disappear: delete`);
  const WON_SOURCE = CLOSED_SOURCE.replace("CLOSED", "won_at");
  // Of lead 0 (1 March) and lead 8 (9 March), won on 15 April: 45 and 37 days.
  const someLeads = `id,created,origin\n${LEADS.slice(0, 10).join("\n")}\n`;
  const header = "lead,won_at,rep,amount,segment\n";
  const [win0, win8] = ["lead0,2026-04-15,sue,100,home\n", "lead8,2026-04-15,tom,70,home\n"];

  test.each([
    ["listed first", LEAD_SOURCE, WON_SOURCE],
    ["listed second", WON_SOURCE, LEAD_SOURCE],
  ])(
    "with the leads %s: a win that is taken back leaves the lead; one whose lead is gone stays",
    async (_, one, other) => {
      const hub = await SheetHub.open("2026-05-10T09:00:00Z");
      await hub.write("leads.csv", someLeads);
      await hub.write("closed.csv", header + win0 + win8);
      await hub.apply(both(one, other));
      await hub.sync();
      expect(await numbers(hub)).toEqual([10, 2, 8, 170, (45 + 37) / 2]);

      hub.now = new Date("2026-05-11T09:00:00Z");
      await hub.write("closed.csv", header + win8);
      await hub.sync("crm", { acceptDeletions: true });
      expect(await numbers(hub)).toEqual([10, 1, 9, 70, 37]);
      // What only the win said is gone with it.
      expect(await hub.values("open_deal_count", { by: ["rep"] })).toEqual({ "(none)": 9 });

      hub.now = new Date("2026-05-12T09:00:00Z");
      await hub.write("leads.csv", someLeads.replace(/^lead8,.*\n/m, ""));
      await hub.sync("crm", { acceptDeletions: true });
      expect(await numbers(hub)).toEqual([10, 1, 9, 70, 37]);
      // As of the first day both were won.
      expect(await hub.value("deals_won", { asOf: new Date("2026-05-10T12:00:00Z") })).toBe(2);

      hub.now = new Date("2026-05-13T09:00:00Z");
      await hub.write("closed.csv", header + win0);
      await hub.sync("crm", { acceptDeletions: true });
      // It was open again meanwhile, so this is another win.
      expect((await numbers(hub)).slice(0, 4)).toEqual([9, 1, 8, 100]);
    },
  );

  test("of a field that both have, the file that is listed first counts, in whichever batch or pull each row comes", async () => {
    const hub = await SheetHub.open("2026-05-10T09:00:00Z");
    const ids = Array.from({ length: 600 }, (_, n) => `d${n}`);
    await hub.write("leads.csv", `id,firm\n${ids.map((id) => `${id},First`).join("\n")}\n`);
    await hub.write("closed.csv", `id,firm\n${ids.map((id) => `${id},Second`).join("\n")}\n`);
    const columns = "columns: { status: { constant: open }, company: firm }";
    await hub.apply(
      config(
        `deals:\n  - from: leads.csv\n    key: id\n    ${columns}\n  - from: closed.csv\n    key: id\n    ${columns}`,
      ),
    );
    await hub.sync();
    const byFirm = (): Promise<unknown> => hub.values("open_deal_count", { by: ["company"] });
    expect(await byFirm()).toEqual({ First: 600 });
    hub.now = new Date("2026-05-11T09:00:00Z");
    await hub.write("closed.csv", `id,firm\n${ids.map((id) => `${id},Third`).join("\n")}\n`);
    await hub.sync();
    expect(await byFirm()).toEqual({ First: 600 });
    // An empty cell leaves room for the other file.
    hub.now = new Date("2026-05-12T09:00:00Z");
    await hub.write("leads.csv", `id,firm\n${ids.map((id) => `${id},${id === "d5" ? "" : "First"}`).join("\n")}\n`);
    await hub.sync();
    expect(await byFirm()).toEqual({ First: 599, Third: 1 });
  });
});

test("a status may come from whether a column is filled", async () => {
  const hub = await SheetHub.open("2026-05-10T09:00:00Z");
  await hub.write("all.csv", "id,created,won_at\na,2026-03-01,2026-03-11\nb,2026-03-01,\n");
  await hub.apply(
    config(`deals:
  from: all.csv
  key: id
  columns: { status: { column: won_at, filled: won, default: open }, created_at: created, closed_at: won_at }`),
  );
  await hub.sync();
  expect([await hub.value("deals_won", march), await hub.value("open_deal_count")]).toEqual([1, 1]);
});

describe("keys that do not meet", () => {
  const CHANGES = LAYOUTS[2]?.[1] ?? "";
  const at = "2026-04-15 19:58:54";

  test("what stands around a key and what nobody sees makes no difference", async () => {
    const hub = await SheetHub.open("2026-05-10T09:00:00Z");
    await hub.write("leads.csv", leads);
    const keys = [" lead0 ", "lead8\u200b", "\ufefflead16", "lead24\u00a0", "lead32"];
    await hub.write(
      "closed.csv",
      `lead,won_at,rep,amount,segment\n${keys.map((key) => `${key},${at},sue,100,home`).join("\n")}\n`,
    );
    await hub.apply(config(CHANGES));
    const { deal_changes: run } = await hub.sync();
    expect([await hub.value("deals_won"), await hub.value("deal_count"), run?.counts.skipped]).toEqual([5, 40, 0]);
  });

  test("a row of a deal that nobody has is named, and counts when its deal comes", async () => {
    const hub = await SheetHub.open("2026-05-10T09:00:00Z");
    await hub.write("leads.csv", leads);
    await hub.write(
      "closed.csv",
      `lead,won_at,rep,amount,segment\nLEAD8,${at},sue,100,home\nzz,${at},tom,70,home\nlead0,${at},tom,30,home\n`,
    );
    await hub.apply(config(CHANGES));
    const { deal_changes: run } = await hub.sync();
    expect(run?.counts.skipped).toBe(2);
    expect(run === undefined ? [] : (await hub.lines(run)).filter((line) => line.includes("land."))).toEqual([
      "land.no_such_deal 2 rows of this table tell of deals that no source of deals has; they are kept, and count as soon as their deals are read.",
      'land.no_such_deal deal_changes LEAD8: there is no deal of this key, but there is "lead8"',
      "land.no_such_deal deal_changes zz: there is no deal of this key",
    ]);
    expect(await hub.value("won_value")).toBe(30);
    await hub.write("leads.csv", `${leads}zz,2026-03-02,ads\n`);
    hub.now = new Date("2026-05-11T09:00:00Z");
    await hub.sync();
    expect([await hub.value("won_value"), await hub.value("deals_won", april)]).toEqual([100, 2]);
    // What the row says besides comes with it.
    expect(await hub.values("won_value", { by: ["segment"] })).toEqual({ home: 100 });
  });

  test("two keys that are one but for upper and lower case are told", async () => {
    const hub = await SheetHub.open("2026-05-10T09:00:00Z");
    await hub.write("leads.csv", leads);
    await hub.write("closed.csv", closed(() => "2026-04-15").replaceAll("\nlead", "\nLEAD"));
    await hub.apply(config(LAYOUTS[1]?.[1] ?? ""));
    const { deals: run } = await hub.sync();
    const lines = run === undefined ? [] : await hub.lines(run);
    expect(lines.filter((line) => line.startsWith("land."))).toEqual([
      expect.stringMatching(
        /^land.keys_alike deals: 5 keys of deals differ from another only in upper and lower case \("LEAD0", "lead0"\)/,
      ),
    ]);
  });

  test("zeros that a spreadsheet program took from a key are told, by changes and by a second source", async () => {
    const hub = await SheetHub.open("2026-05-10T09:00:00Z");
    await hub.write("leads.csv", "id,created,origin\n00012,2026-03-01,ads\n7,2026-03-02,ads\n");
    await hub.write("closed.csv", `lead,won_at,rep,amount,segment\n12,${at},sue,100,home\n7.0,${at},sue,100,home\n`);
    await hub.apply(config(CHANGES));
    const { deal_changes: run } = await hub.sync();
    expect(run === undefined ? [] : (await hub.lines(run)).filter((line) => line.includes("but there is"))).toEqual([
      'land.no_such_deal deal_changes 12: there is no deal of this key, but there is "00012"',
      'land.no_such_deal deal_changes 7.0: there is no deal of this key, but there is "7"',
    ]);
    await hub.apply(config(LAYOUTS[0]?.[1] ?? ""));
    const { deals } = await hub.sync();
    expect(deals === undefined ? [] : (await hub.lines(deals)).filter((line) => line.startsWith("land."))).toEqual([
      'land.keys_alike deals: 2 keys of deals differ from another only in zeros around a number ("00012", "12"): they are counted as different deals',
    ]);
  });
});

test("what is wrong with every row in the same way is said three times, and then counted", async () => {
  const hub = await SheetHub.open("2026-05-10T09:00:00Z");
  await hub.write(
    "leads.csv",
    `id,created,origin\ngood,2026-03-01,x\n${Array.from({ length: 200 }, (_, n) => `l${n},soon,x`).join("\n")}\n`,
  );
  await hub.apply(config(`deals:\n  - ${LEAD_SOURCE}`));
  const { deals: run } = await hub.sync();
  expect(run?.counts.skipped).toBe(200);
  const told = run === undefined ? [] : (await hub.lines(run)).filter((line) => line.includes("soon"));
  expect(told).toHaveLength(4);
  expect(told[3]).toMatch(/the same 197 more times: created_at \(column "created"\): "soon"/);
});
