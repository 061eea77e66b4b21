import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { TributaryError } from "../core/base/errors.ts";
import { CONNECTORS } from "../connectors/index.ts";
import type { Desired } from "./desired.ts";
import { DESTINATIONS } from "../dashboards/destinations/index.ts";
import { questionsOfTile, tile, KPI_VIEWS } from "../core/metrics/boards.ts";
import { feed, questionsOfFeed, WIDGETS } from "../core/metrics/feeds.ts";
import { FEED_SHOWING, TILE_SHOWING } from "../core/metrics/showing.ts";
import { loadConfig, parseConfig } from "./file.ts";

const variables: { readonly [name: string]: string } = { CLOSE_KEY: "api_secret_1", FOLDER: "/data", EMPTY: "" };

function parse(text: string): Desired {
  return parseConfig(text, "/etc/tributary/c.yaml", {
    connectors: CONNECTORS,
    destinations: DESTINATIONS,
    variable: (name) => variables[name],
  });
}

/** The complaints, one a line, without the file's name. */
function complaints(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof TributaryError) || error.code !== "config.file.invalid") throw error;
    return error.message
      .split("\n")
      .filter((line) => line.startsWith("/etc/tributary/c.yaml:"))
      .map((line) => line.slice("/etc/tributary/c.yaml:".length));
  }
  return [];
}

const SHEET = `
connections:
  - id: sheet
    connector: csv
    settings:
      tables:
        companies:
          from: files/companies.csv
          key: Name
          columns: { name: Name }
`;

describe("a mistake", () => {
  it("is named with line, column, path, what was expected and what is there", () => {
    const text = [
      "workspace:",
      "  timezone: Mars/Base",
      "  week_start: 1",
      "connections:",
      "  - id: Crm",
      "    connector: csv",
      "",
    ];
    expect(complaints(text.join("\n"))).toEqual([
      '2:13 workspace.timezone: expected an IANA name such as Europe/Berlin, got "Mars/Base"',
      "3:15 workspace.week_start: expected one of monday, tuesday, wednesday, thursday, friday, saturday, sunday, got 1",
      '5:9 connections[0].id: expected lower-case letters, digits and hyphens, got "Crm"',
    ]);
  });

  it("in a key comes with what was probably meant", () => {
    expect(complaints("workspce: {}\n")).toEqual(['1:1 unknown key "workspce"; did you mean "workspace"?']);
    expect(complaints(SHEET.replace("columns:", "colums:"))).toEqual([
      "7:9 connections[0].settings.tables.companies.columns: expected a map, but it is missing",
      '10:11 connections[0].settings.tables.companies: unknown key "colums"; did you mean "columns"?',
    ]);
    expect(complaints(SHEET.replace("{ name: Name }", "{ nmae: Name }"))).toEqual([
      '10:22 connections[0].settings.tables.companies.columns: unknown key "nmae"; did you mean "name"?',
    ]);
    expect(complaints(SHEET.replace("csv", "cvs"))).toEqual([
      '4:16 connections[0].connector: there is no connector "cvs"; did you mean "csv"?',
    ]);
  });

  it("in settings that the connector would drop silently is found as well", () => {
    const text =
      "connections:\n  - id: close\n    connector: close\n    credentials: { api_key: '${CLOSE_KEY}' }\n    settings: { base_ulr: x }\n";
    expect(complaints(text)).toEqual([
      '5:17 connections[0].settings: unknown key "base_ulr"; did you mean "base_url"?',
    ]);
  });

  it("in YAML itself is named with its line", () => {
    expect(complaints("workspace:\n  name: [\n")[0]).toMatch(/^3:1 /);
    expect(complaints("workspace: {}\nworkspace: {}\n")[0]).toMatch(/^2:1 .*unique/);
  });

  it("in a KPI's name, a team or a repeated id is found across sections", () => {
    const text = [
      "feeds:",
      "  - { id: a, metric: won_valeu }",
      "goals:",
      "  - { metric: won_value, period: 2026-Q4, target: 1, team: nort }",
      "teams:",
      "  - { id: north }",
      "  - { id: north }",
    ].join("\n");
    expect(complaints(text)).toEqual([
      '2:22 feeds[0].metric: there is no KPI "won_valeu"; did you mean "won_value"?',
      '4:60 goals[0].team: no team of this file has the id "nort"',
      '7:11 teams[1].id: "north" is there twice',
    ]);
  });
});

describe("a variable", () => {
  it("that is not set is named with its line, and a fallback stands in for one that is empty", () => {
    expect(complaints(SHEET.replace("files/", "${NOWHERE}/"))).toEqual([
      "8:17 the environment variable NOWHERE is not set",
    ]);
    const read = parse(SHEET.replace("files/", "${EMPTY:-other}/"));
    expect(read.connections[0]?.settings).toMatchObject({
      tables: { companies: { from: "/etc/tributary/other/companies.csv" } },
    });
  });

  it("is filled in where values stand, never in keys, and $${ is a literal", () => {
    const read = parse(
      SHEET.replace("{ name: Name }", () => "{ name: Name, url: '$${X}' }").replace("files/", "${FOLDER}/"),
    );
    expect(read.connections[0]?.settings).toMatchObject({
      tables: { companies: { from: "/data/companies.csv", columns: { url: "${X}" } } },
    });
  });

  it("never shows its value in a complaint", () => {
    const text = "workspace: { currency: '${CLOSE_KEY}' }\n";
    expect(complaints(text)).toEqual(["1:24 workspace.currency: expected an ISO 4217 code such as USD, got «hidden»"]);
    const close = "connections:\n  - { id: c, connector: close, credentials: { api_kye: sk_live_1 } }\n";
    expect(complaints(close).join("\n")).not.toContain("sk_live_1");
  });

  it("is where secrets belong: one in the file itself is warned about, without showing it", () => {
    const text = "connections:\n  - { id: c, connector: close, credentials: { api_key: sk_live_1 } }\n";
    expect(parse(text).warnings).toEqual([
      "/etc/tributary/c.yaml:2:56 connections[0].credentials.api_key: is a secret in the file itself; write ${ENV_NAME} and set the variable",
    ]);
    expect(parse(text.replace("sk_live_1", "'${CLOSE_KEY}'")).warnings).toEqual([]);
  });
});

it("starts relative paths at the file's folder, and leaves addresses alone", () => {
  const from = (text: string): unknown => parse(text).connections[0]?.settings["tables"];
  expect(from(SHEET)).toMatchObject({ companies: { from: "/etc/tributary/files/companies.csv" } });
  expect(from(SHEET.replace("files/companies.csv", "https://x.example/a.csv"))).toMatchObject({
    companies: { from: "https://x.example/a.csv" },
  });
});

it("turns its own reps, teams and goals into rows of a spreadsheet connection", () => {
  const read = parse(
    [
      "reps:",
      "  - { name: Ada, email: Ada@example.com }",
      "  - { name: Lin }",
      "teams:",
      "  - { id: north, name: North, members: [ada@example.com, Lin, new@example.com] }",
      "goals:",
      "  - { metric: won_value, period: 2026-Q4, target: 250000.5, team: north }",
      "  - { metric: deals_won, period: 2026-02, target: 12, rep: Lin }",
    ].join("\n"),
  );
  const csv = CONNECTORS.find((connector) => connector.key === "csv");
  expect(read.connections).toMatchObject([{ id: "config-file", connector: "csv" }]);
  expect(csv?.settings.safeParse(read.connections[0]?.settings)).toMatchObject({ success: true });
  expect(read.connections[0]?.settings).toMatchObject({
    tables: {
      reps: {
        rows: [
          { key: "ada@example.com", name: "Ada", email: "ada@example.com", team: "north" },
          { key: "Lin", name: "Lin", email: "", team: "north" },
          { key: "new@example.com", email: "new@example.com", team: "north" },
        ],
      },
      teams: { rows: [{ key: "north", name: "North" }] },
      goals: {
        rows: [
          { metric: "won_value", from: "2026-10-01", to: "2026-12-31", target: "250000.5", team: "north" },
          { metric: "deals_won", from: "2026-02-01", to: "2026-02-28", target: "12", rep: "Lin" },
        ],
      },
    },
  });
});

it.each(["config/examples/tributary.yaml", "config/examples/crm-sales-opportunities.yaml"])(
  "%s is right",
  async (file) => {
    const read = parseConfig(await readFile(file, "utf8"), file, {
      connectors: CONNECTORS,
      destinations: DESTINATIONS,
      variable: () => undefined,
    });
    expect(read.warnings).toEqual([]);
  },
);

it("config/examples/tributary.yaml is right with everything in it that is commented out", async () => {
  const text = await readFile("config/examples/tributary.yaml", "utf8");
  // Commented-out YAML has no space after the #, or its own indentation; prose has exactly one.
  const whole = text.replace(/^#(?! \S|$)/gm, "");
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const read = parseConfig(whole, "c.yaml", {
    connectors: CONNECTORS,
    destinations: DESTINATIONS,
    variable: (name) => (name === "SMTP" ? "smtps://hub:secret@mail.example.com" : secret),
  });
  expect(read.connections.map((one) => one.id)).toEqual(["close", "ads", "config-file"]);
  expect(Object.keys(read.sections).toSorted()).toEqual([
    "dashboards",
    "digests",
    "docs",
    "feeds",
    "forecast",
    "geckoboard",
    "lead_statuses",
    "pipelines",
    "reps",
    "review",
    "rules",
    "sheets",
    "sign_in",
    "teams",
  ]);
  expect(read.receivers["webhooks"]).toHaveLength(1);
  expect(read.exchangeRates).toHaveLength(1);
});

describe("an own KPI", () => {
  const of = (metric: string): string[] => complaints(`metrics:\n  - ${metric}\n`);

  it("that is not right is told by its line, with what was probably meant", () => {
    const text = `
metrics:
  - { id: a, kind: sum, over: won_deal, amount: value }
  - { id: b, kind: sum, over: won_deals, amount: valeu }
  - { id: c, kind: count, over: activities, where: { tpye: call } }
  - { id: d, kind: ratio, of: [won_vlaue, spend] }
  - { id: won_value, kind: count, over: leads }
  - { id: e, kind: count, over: leads }
  - { id: e, kind: count, over: leads }
goals: [{ metric: aa, target: 5, period: 2026-11 }, { metric: a, target: 5, period: 2026-11 }]
`;
    expect(complaints(text)).toEqual([
      '3:31 metrics[0].over: there are no records "won_deal"; did you mean "won_deals"?',
      '4:50 metrics[1].amount: won_deals have no amount "valeu"; did you mean "value"?',
      '5:60 metrics[2].where.tpye: activities have no "tpye"; did you mean "type"?',
      '6:32 metrics[3].of[0]: there is no KPI "won_vlaue"; did you mean "won_value"?',
      '7:11 metrics[4].id: "won_value" is a built-in KPI; choose another id',
      '9:11 metrics[6].id: "e" is there twice',
      '10:19 goals[0].metric: there is no KPI "aa"; did you mean "a"?',
    ]);
  });

  it.each([
    ["{ id: a, kind: sum, over: won_deals }", 'needs "amount"'],
    ["{ id: a, kind: count, over: won_deals, amount: value }", 'takes no "amount"'],
    ["{ id: a, kind: percentile, over: won_deals, amount: value }", 'needs "percentile"'],
    ["{ id: a, kind: percentile, percentile: 100, over: won_deals, amount: value }", "percentile"],
    ["{ id: a, kind: ratio, over: won_deals }", 'needs either "numerator"'],
    ["{ id: a, kind: ratio }", 'needs either "of"'],
    ["{ id: a, kind: ratio, of: [won_value] }", "of"],
    ["{ id: a, kind: ratio, of: [a, won_value] }", "worked out from itself"],
    ["{ id: a, kind: ratio, of: [rep_leaderboard, won_value] }", "no single number"],
    ["{ id: a, kind: ratio, of: [stage_leak, spend] }", "not broken down by the same"],
    ["{ id: a, kind: difference, of: [won_value, deals_won] }", "they have no difference"],
    ["{ id: a, kind: count, over: won_deals, unit: money }", "can't be in money"],
    ["{ id: a, kind: sum, over: won_deals, amount: value, unit: number }", "can't be in number"],
    ["{ id: a, kind: count, over: won_deals, where: { rep: { at_least: 1 } } }", "no amount"],
    ["{ id: a, kind: count, over: won_deals, where: { value: 1 } }", "give its bounds"],
    ["{ id: a, kind: count, over: won_deals, where: { value: { at_least: 1, atmost: 2 } } }", "atmost"],
    ["{ id: A, kind: count, over: won_deals }", "lower-case"],
    ["{ id: a, kind: counts, over: won_deals }", "kind"],
    ["{ id: a, kind: sql }", 'needs "sql"'],
    ["{ id: a, kind: count, over: constructor }", "no records"],
  ])("is refused: %s", (metric, what) => {
    expect(of(metric).join("\n")).toContain(what);
  });

  it("in money has goals in main units of the workspace's currency, which the file has to say", () => {
    const text = `
metrics: [{ id: a, kind: sum, over: won_deals, amount: value }, { id: b, kind: count, over: won_deals }]
goals: [{ metric: a, target: 100.5, period: 2026-11 }, { metric: b, target: 7, period: 2026-11 }]
`;
    expect(complaints(text)).toEqual([
      '3:19 goals[0].metric: a goal of the own KPI "a" is money: write workspace.currency, too',
    ]);
    const [own] = parse(`workspace: { currency: USD }${text}`).connections;
    expect(JSON.stringify(own?.settings)).toContain('"target":"10050"');
    expect(JSON.stringify(own?.settings)).toContain('"target":"7"');
  });

  it("may be worked out from one that stands below it, but not in a circle", () => {
    const circle = (last: string): string[] =>
      complaints(
        `metrics: [{ id: a, kind: ratio, of: [b, won_value] }, { id: b, kind: ratio, of: [c, won_value] }, { id: c, kind: ratio, of: [${last}, won_value] }]`,
      );
    expect(circle("spend")).toEqual([]);
    expect(circle("a").join()).toContain("c is worked out from itself, by way of a");
  });

  it("in SQL is read by PostgreSQL's own parser when the file is loaded", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "tributary-"));
    const file = path.join(folder, "c.yaml");
    writeFileSync(file, "metrics:\n  - id: a\n    kind: sql\n    sql: select token_hash as amount from sessions\n");
    const loading = loadConfig(file, { connectors: CONNECTORS, destinations: DESTINATIONS, variable: () => undefined });
    await expect(loading).rejects.toThrow('c.yaml:4:10 metrics[0].sql: it may not read "sessions"');
    rmSync(folder, { recursive: true });
  });
});

describe("everything that is wrong", () => {
  it("is told at once: a variable that is not set hides nothing else, and no mistake of one section those of another", () => {
    const text = `
workspace:
  currency: EURO
connections:
  - id: close-main
    connector: close
    credentials: { api_key: "\${NOT_SET}" }
    streams: [deal]
  - id: shop
    connector: csv
    settings: { tables: { deals: { form: x.csv } } }
goals:
  - { metric: won_vaule, target: 5, period: 2026-11 }
`;
    const said = complaints(text).join("\n");
    for (const part of ["currency", "NOT_SET is not set", 'no stream "deal"', '"form"', "NOT_SET"])
      expect(said).toContain(part);
    expect(said).not.toContain("api_key: expected");
    const fewer = complaints(text.replace("currency: EURO", "currency: EUR")).join("\n");
    for (const part of ["NOT_SET is not set", "won_vaule"]) expect(fewer).toContain(part);
  });

  it("is told in words, not in those of a schema", () => {
    const long = "x".repeat(61);
    const [said] = complaints(
      `dashboards: [{ id: floor, title: Floor, tiles: [{ metric: won_value, title: ${long} }] }]`,
    );
    expect(said).toMatch(/dashboards\[0\]\.tiles\[0\]\.title: expected at most 60 characters, got "x+…$/);
  });
});

describe("a file that would take the hub down", () => {
  it("is refused: aliases of aliases, and lists within lists without end", () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array(12).fill(`*a${n}`).join(", ")}]`,
    );
    expect(complaints(`a0: &a0 [x]\n${levels.join("\n")}\n`)).toEqual([
      expect.stringContaining("aliases stand for too much"),
    ]);
    for (const depth of [500, 1_000, 2_000, 4_000, 20_000, 100_000]) {
      const [said, ...more] = complaints(`workspace: ${"[".repeat(depth)}${"]".repeat(depth)}\n`);
      expect([depth, said, more]).toEqual([depth, expect.stringMatching(/nested too deeply|expected a map/), []]);
    }
    expect(
      complaints(`workspace: { name: "a\\0b", title: [${"[".repeat(900)}${"]".repeat(900)}] }\n`).length,
    ).toBeGreaterThan(0);
  });
});

describe("a setting that would not count", () => {
  const SETTINGS: { readonly [setting: string]: string } = {
    period: "today",
    by: "rep",
    grain: "week",
    limit: "5",
    trend: "false",
    min: "1",
    max: "2",
    amber: "1",
    green: "2",
  };
  const shown = (showing: string): string =>
    ({ leaderboard: "rep_leaderboard", funnel: "win_rate" })[showing] ?? "won_value";

  it.each(KPI_VIEWS.flatMap((view) => ["period", "by", "grain", "limit"].map((setting) => [view, setting] as const)))(
    "of a tile: view %s with %s is taken only where it counts",
    (view, setting) => {
      const written = `{ metric: ${shown(view)}, view: ${view}, ${setting}: ${SETTINGS[setting]} }`;
      const complaint = `tiles[0].${setting}: ${setting} is not used by view: ${view}`;
      const found = complaints(`dashboards:\n  - { id: d, title: D, tiles: [${written}] }\n`);
      expect(found.map((line) => line.includes(complaint))).toEqual(
        TILE_SHOWING[view].uses.includes(setting) ? [] : [true],
      );
    },
  );

  it("of a tile that shows something else: a KPI, a text that is not said, a list that there is not", () => {
    const found = (written: string): string[] =>
      complaints(`dashboards:\n  - { id: d, title: D, tiles: [${written}] }\n`);
    expect(found("{ view: pipeline, limit: 5, filters: { rep: Ann } }")).toEqual([]);
    expect(found("{ view: clock, metric: won_value }")).toEqual([
      expect.stringContaining("is not used by view: clock"),
    ]);
    expect(found("{ metric: won_value, text: hello }")).toEqual([
      expect.stringContaining("is not used by view: number"),
    ]);
    expect(found("{ view: forecast, limit: 5 }")).toEqual([expect.stringContaining("is not used by view: forecast")]);
  });

  it.each(WIDGETS.flatMap((widget) => Object.keys(SETTINGS).map((setting) => [widget, setting] as const)))(
    "of a feed: widget %s with %s is taken only where it counts",
    (widget, setting) => {
      const complaint = `feeds[0].${setting}: ${setting} is not used by widget: ${widget}`;
      const found = complaints(
        `feeds:\n  - { id: f, metric: ${shown(widget)}, widget: ${widget}, ${setting}: ${SETTINGS[setting]} }\n`,
      );
      expect(found.map((line) => line.includes(complaint))).toEqual(
        FEED_SHOWING[widget].uses.includes(setting) ? [] : [true],
      );
    },
  );

  const changes = [
    ["period", "today"],
    ["by", "team"],
    ["grain", "week"],
  ] as const;

  it.each(KPI_VIEWS)("of a tile: what view %s is said to use is what its question depends on", (view) => {
    const asked = (more: object): string =>
      JSON.stringify(questionsOfTile(tile.parse({ metric: "won_value", view, ...more })));
    // The period of a line comes from its grain, whatever the question names.
    const isOfLine = (setting: string): boolean => view === "line" && setting === "period";
    const used = changes.filter(([setting, value]) => !isOfLine(setting) && asked({ [setting]: value }) !== asked({}));
    expect(used.map(([setting]) => setting)).toEqual(
      changes.map(([setting]) => setting).filter((setting) => TILE_SHOWING[view].uses.includes(setting)),
    );
  });

  it.each(WIDGETS)("of a feed: what widget %s is said to use is what its question depends on", (widget) => {
    const asked = (more: object): string => {
      const { main, series } = questionsOfFeed(feed.parse({ id: "f", metric: "won_value", widget, ...more }));
      return JSON.stringify(widget === "line" ? series : main);
    };
    const used = changes.filter(([setting, value]) => {
      // The period of a line's numbers comes from its grain, whatever the question names.
      const isOfLine = widget === "line" && setting === "period";
      return !isOfLine && asked({ [setting]: value }) !== asked({});
    });
    expect(used.map(([setting]) => setting)).toEqual(
      changes.map(([setting]) => setting).filter((setting) => FEED_SHOWING[widget].uses.includes(setting)),
    );
  });

  it.each([
    ["- { id: f, metric: won_value, of: deals_won }", "of is not used by won_value"],
    ["- { id: f, metric: rep_leaderboard }", "rep_leaderboard is a ranking and cannot be shown as"],
    ["- { id: f, metric: stage_conversion, widget: text }", "stage_conversion has a value for each stage"],
    ["- { id: f, metric: won_value, widget: leaderboard }", "won_value is no ranking; for its ranks write"],
    [
      "- { id: f, metric: rep_leaderboard, widget: bar, by: team }",
      "by is not used by rep_leaderboard, which is by rep",
    ],
  ])("or a KPI that cannot be shown so is refused: %s", (feed, complaint) => {
    expect(complaints(`feeds:\n  ${feed}\n`)).toEqual([expect.stringContaining(complaint)]);
  });

  it.each([
    ["connector: inbound, schedule: { every: 5m }, settings: { tables: { deals: {} } }", "schedule: is not used"],
    [
      "connector: inbound, backfill_from: 2026-01-01, settings: { tables: { deals: {} } }",
      "backfill_from: is not used",
    ],
    [
      "connector: csv, backfill_from: 2026-01-01, settings: { tables: { reps: { from: r.csv, key: id, columns: {} } } }",
      "backfill_from: is not used",
    ],
    [
      "connector: csv, settings: { tables: { reps: { from: r.csv, key: id, columns: {}, sheet: x } } }",
      "settings.tables.reps.sheet: is not used",
    ],
  ])("of a connection: %s", (connection, complaint) => {
    expect(complaints(`connections:\n  - { id: c, ${connection} }\n`)).toEqual([expect.stringContaining(complaint)]);
  });

  it("of a goal: days beside a period", () => {
    expect(complaints('goals:\n  - { metric: deals_won, target: 5, period: "2026", from: 2026-01-01 }\n')).toEqual([
      expect.stringContaining("expected either period, or from and to"),
    ]);
  });

  it("of a number with a trend, the trend's own count", () => {
    expect(complaints("feeds:\n  - { id: f, metric: won_value, trend: true, grain: week, limit: 5 }\n")).toEqual([]);
  });

  it("of a receiver of events: a filter of what it does not get, or of a KPI that there is not", () => {
    const hook = (rest: string): string[] =>
      complaints(`webhooks:\n  - { url: "https://x.example", secret: "whsec_${"A".repeat(32)}", ${rest} }\n`);
    expect(hook("events: [deal.won], filters: { rises_to: 5 }")).toEqual([
      expect.stringContaining("the filter rises_to is of the event kpi.updated, and none is subscribed"),
    ]);
    expect(hook("events: [kpi.updated], filters: { min_amount: 5 }")).toEqual([
      expect.stringContaining("the filter min_amount is of events of deals, and none is subscribed"),
    ]);
    expect(hook("events: [kpi.updated], filters: { metrics: [won_vlaue] }")).toEqual([
      expect.stringContaining('there is no KPI "won_vlaue"; did you mean "won_value"?'),
    ]);
    expect(hook("events: ['*'], filters: { min_amount: 5, rises_to: 1, metrics: [won_value] }")).toEqual([]);
  });
});
