import { expect, test } from "vitest";
import type { ForecastAnswer } from "../../../core/forecast/index.ts";
import { type Cell, dayCell } from "./cells.ts";
import { emptyTemplate, readTemplate, templateWrites } from "./template.ts";

/** A new template with these cells filled in, by address. */
function filled(cells: { readonly [address: string]: Cell }): (readonly Cell[])[] {
  const rows = emptyTemplate("EUR").map((row) => [...row]);
  for (const [address, value] of Object.entries(cells)) {
    const [, letter = "A", row = "1"] = /^([A-Z])(\d+)$/.exec(address) ?? [];
    const line = (rows[Number(row) - 1] ??= []);
    for (let column = line.length; column < letter.charCodeAt(0) - 65; column += 1) line[column] = "";
    line[letter.charCodeAt(0) - 65] = value;
  }
  return rows;
}

test("an empty template plans nothing, and nothing is wrong with it", () => {
  expect(readTemplate("Forecast", emptyTemplate("EUR"))).toMatchObject({ inputs: {}, problems: [], cells: {} });
});

test("inputs, price changes, hires and goals are read as people write them", () => {
  const read = readTemplate(
    "Plan",
    filled({
      B6: 120.5,
      B7: "40",
      B8: 0,
      B9: 5_000,
      // A cell that is shown in per cent holds a tenth for 10 %.
      A13: dayCell("2026-03-01"),
      B13: 0.1,
      A14: "2026-06-01",
      B14: -0.05,
      A28: dayCell("2026-04-01"),
      B28: 2,
      A43: "Won value",
      B43: dayCell("2026-01-01"),
      C43: dayCell("2026-03-31"),
      D43: 90_000,
    }),
  );
  expect(read.problems).toEqual([]);
  expect(read.inputs).toEqual({
    product_cost: 120.5,
    cost_per_lead: 40,
    lead_spend: 0,
    addressable_market: 5_000,
    price_changes: [
      { day: "2026-03-01", percent: 10 },
      { day: "2026-06-01", percent: -5 },
    ],
    hires: [{ day: "2026-04-01", count: 2, ramp_days: 90 }],
    goals: [{ metric: "won_value", from: "2026-01-01", to: "2026-03-31", target: 90_000 }],
  });
  expect(read.cells["product_cost"]).toBe("Plan!B6");
  expect(read.statuses.filter(({ text }) => text === "taken")).toHaveLength(8);
});

test("each bad cell is told with its address, and costs nothing but itself", () => {
  const read = readTemplate(
    "Plan",
    filled({
      B6: "1.000,00 €",
      B7: 0,
      B8: 800,
      B9: 10.5,
      A13: "1.3.2026",
      B13: 0.1,
      A14: dayCell("2026-04-01"),
      B28: 1,
      A43: "revenue",
      B43: "2026-02-30",
      C43: dayCell("2026-01-31"),
      D43: -5,
      A44: "deals_won",
      B44: dayCell("2026-02-01"),
      C44: dayCell("2026-01-31"),
      D44: 5,
    }),
  );
  expect(read.inputs).toEqual({ lead_spend: 800 });
  expect(read.problems.map(({ cell }) => cell)).toEqual([
    "Plan!B6",
    "Plan!B7",
    "Plan!B9",
    "Plan!A13",
    "Plan!B14",
    "Plan!A28",
    "Plan!A43",
    "Plan!B43",
    "Plan!D43",
    "Plan!C44",
  ]);
  expect(read.statuses.find(({ row }) => row === 5)?.text).toMatch(/^B6: "1\.000,00 €" is no number/);
});

test("rows may be added to a list, and a heading that is gone is told", () => {
  const rows = filled({ A13: dayCell("2026-03-01"), B13: 0.1, A28: dayCell("2026-04-01"), B28: 1 });
  const more = [...rows.slice(0, 12), [], [dayCell("2026-05-01"), 0.2], ...rows.slice(12)];
  const read = readTemplate("Plan", more);
  expect(read.inputs.price_changes?.map(({ day }) => day)).toEqual(["2026-05-01", "2026-03-01"]);
  expect(read.inputs.hires).toHaveLength(1);
  const without = readTemplate(
    "Plan",
    rows.map((row) => (row[0] === "Hires" ? ["People"] : row)),
  );
  expect(without.problems[0]?.problem).toContain('no row "Hires"');
});

test("what the hub writes stands beside the inputs and never on them", () => {
  const read = readTemplate("Plan", filled({ B6: "x", A13: dayCell("2026-03-01"), B13: 0.1 }));
  const answer: ForecastAnswer = {
    as_of: "2026-01-01T00:00:00Z",
    timezone: "UTC",
    currency: "EUR",
    seed: "s",
    rows: [],
    plans: null,
    goals: null,
  };
  for (const { row, column, cells } of templateWrites(read, answer, 1))
    for (const [down, line] of cells.entries())
      for (const [across] of line.entries()) {
        const isStamp = (row + down === 1 || row + down === 2) && column + across === 1;
        const isStatus = column + across >= 2 && row + down >= 5;
        expect(isStamp || isStatus || column + across >= 7).toBe(true);
      }
  expect(templateWrites(read, answer, 1)[0]?.cells).toEqual([[1], ["1 cell is not right: see B6"]]);
});
