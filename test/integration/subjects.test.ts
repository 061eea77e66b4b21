import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wholePeriod } from "../../core/metrics/ask/period.ts";
import type { evaluateMetric as Evaluate } from "../../core/metrics/index.ts";
import { SUBJECTS } from "../../core/metrics/subjects/index.ts";
import type { Store } from "../../core/store/db.ts";
import { testDatabase } from "../support/database.ts";
import { World } from "./kpi-world.ts";

let store: Store;
beforeAll(async () => {
  store = await testDatabase();
});

const always = { from: null, to: null };
const scope = (landedBy: Date | null) => ({
  timeZone: "Europe/Berlin",
  currency: "EUR",
  working: null,
  cutoff: new Date("2026-06-30T12:00:00Z"),
  landedBy,
  deletedBy: new Date("2026-06-01T00:00:00Z"),
  periods: [wholePeriod(always, { timeZone: "Europe/Berlin", weekStart: 1 })],
});

describe("a subject", () => {
  const kinds = SUBJECTS.flatMap((subject) =>
    Object.entries(subject.rows).map(([name, rows]) => ({ of: `${subject.id}: ${name}`, subject, rows })),
  );

  test("has an id of its own", () => {
    expect(new Set(SUBJECTS.map(({ id }) => id)).size).toBe(SUBJECTS.length);
  });

  test.each(kinds)(
    "$of: has the columns that everything counts on, and those of its dimensions",
    async ({ subject, rows }) => {
      const { table, columns } = subject.records;
      const parts = Object.values(subject.dimensions);
      const joins = new Map(parts.flatMap((part) => part.joins).map(({ name, join }) => [name, join]));
      for (const landedBy of [null, new Date("2026-05-01T00:00:00Z")]) {
        const asked = sql`
        select r.period_no, r.id, r.nth, r.at, r.at_is_day, r.connection_id, r.attributes, record.external_id, ${columns},
          ${sql.join(parts.flatMap(({ key, label, hint, order }) => [key, label, hint, order]))}
        from (${rows(scope(landedBy))}) r ${table} ${sql.join([...joins.values()], sql` `)}`;
        await expect(asked.execute(store.db)).resolves.toBeDefined();
      }
      await sql`${subject.firstInstant}`.execute(store.db);
      await sql`select a.attributes from (${subject.attributes}) a`.execute(store.db);
    },
  );
});

describe("a new KPI about a new subject", () => {
  const root = mkdtempSync(path.join(tmpdir(), "tributary-toys-"));
  const checkout = fileURLToPath(new URL("../../", import.meta.url));
  afterAll(() => rmSync(root, { recursive: true }));

  /** One line more in each of an index's lists. */
  function list(file: string, importLine: string, inList: RegExp, name: string): void {
    const text = readFileSync(path.join(root, file), "utf8");
    writeFileSync(path.join(root, file), `${importLine}\n${text.replace(inList, (head) => `${head}\n  ${name},`)}`);
  }

  test("is one file and one line each", async () => {
    for (const name of ["node_modules", "package.json"]) symlinkSync(path.join(checkout, name), path.join(root, name));
    cpSync(path.join(checkout, "core"), path.join(root, "core"), { recursive: true });
    const subjectFile = path.join(root, "core/metrics/subjects/promise.ts");
    writeFileSync(
      subjectFile,
      `import { sql } from "kysely";
import type { Subject } from "../engine/define.ts";
import * as by from "../engine/dimensions.ts";
import { dayStart, periodTable } from "../engine/row-parts.ts";

export const promised = {
  id: "promise",
  dimensions: { rep: by.rep, about: by.column("about", {}) },
  rows: {
    begun: (scope) => sql\`
      select p.no as period_no, g.id, 0 as nth, \${dayStart(scope, sql\`g.from_day\`)} as at, true as at_is_day, g.rep_id, g.metric as about,
        g.connection_id, '{}'::jsonb as attributes
      from \${periodTable(scope)} p
      join goals g on \${dayStart(scope, sql\`g.from_day\`)} >= p.starts and \${dayStart(scope, sql\`g.from_day\`)} < p.ends\`,
  },
  attributes: sql\`select '{}'::jsonb as attributes where false\`,
  firstInstant: sql\`select min(from_day)::timestamptz as at from goals\`,
  measured: "goal",
  records: {
    kind: "goal",
    table: sql\`join goals record on record.id = r.id\`,
    columns: sql\`record.metric as name, null::text as url, null::timestamptz as created, null as status, '' as sub\`,
  },
} as const satisfies Subject;
`,
    );
    list(
      "core/metrics/subjects/index.ts",
      'import { promised } from "./promise.ts";',
      /SUBJECTS: readonly Subject\[\] = \[/,
      "promised",
    );
    writeFileSync(
      path.join(root, "core/metrics/kpis/goals-set.ts"),
      `import type { AggregateMetric } from "../engine/define.ts";
import { measured } from "../engine/rows.ts";
import { promised } from "../subjects/promise.ts";

export const goalsSet: AggregateMetric = {
  id: "goals_set", title: "Goals", question: "How many goals are there?", unit: "count", formula: "count of goals that begin in the period",
  numerator: null, denominator: null, better: null, subject: promised, kind: "count",
  rows: (scope) => measured(promised.rows.begun(scope), {}),
};
`,
    );
    list(
      "core/metrics/registry.ts",
      'import { goalsSet } from "./kpis/goals-set.ts";',
      /METRICS: readonly MetricDefinition\[\] = \[/,
      "goalsSet",
    );

    const world = await World.create(store);
    await world.rep("Ann");
    await world.goal("won_value", "2026-03-01", "2026-03-31", "Ann");
    await world.goal("won_value", "2026-04-01", "2026-04-30", "Ann");
    const address = pathToFileURL(path.join(root, "core/metrics/index.ts")).href;
    const { evaluateMetric } = (await import(address)) as { readonly evaluateMetric: typeof Evaluate };
    const query = world.query("goals_set", "2026-03-01", "2026-04-30", { by: ["rep"], grain: "month" });
    const { rows } = await evaluateMetric(store.db, query);
    expect(rows.map((row) => [row.dimensions["rep"], row.period, row.value])).toEqual([
      ["Ann", "2026-03-01", 1],
      ["Ann", "2026-04-01", 1],
    ]);
  });
});
