import { z } from "zod";
import { expect, test } from "vitest";
import { dashboardsSection } from "./boards.ts";

const said = (tile: object): string => {
  const parsed = dashboardsSection.safeParse([{ id: "floor", title: "Floor", tiles: [tile] }]);
  return parsed.success ? "fine" : z.prettifyError(parsed.error);
};

test("a tile says what its view needs", () => {
  expect(said({ metric: "won_value" })).toBe("fine");
  expect(said({ view: "ticker" })).toBe("fine");
  expect(said({ view: "bar" })).toMatch(/A tile with the view "bar" needs a KPI[^]*tiles\[0\]\.metric/);
  expect(said({ view: "text" })).toContain("A text tile needs its text");
});
