import { expect, test } from "vitest";
import { moved, onlyUsed, resized, slugOf } from "./draft.ts";

test("a tile never becomes smaller or larger than a dashboard takes", () => {
  expect(resized({ view: "clock" }, { width: 0, height: -3 })).toEqual({ view: "clock", width: 2, height: 1 });
  expect(resized({}, { width: 40, height: 9 })).toEqual({ width: 12, height: 6 });
});

test("tiles are moved within their list and nowhere else", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b"], 1, 0)).toEqual(["b", "a"]);
  expect(moved(["a", "b"], 0, 2)).toEqual(["a", "b"]);
  expect(moved(["a"], 5, 0)).toEqual(["a"]);
});

test("another view keeps what it uses and drops what it would be refused for", () => {
  const uses = () => new Set(["view", "metric", "grain", "filters"]);
  expect(onlyUsed({ view: "line", metric: "won_value", period: "today", filters: {} }, uses)).toEqual({
    view: "line",
    metric: "won_value",
  });
});

test("a title becomes an address", () => {
  expect(slugOf("  Équipe Nord: écran n° 1! ")).toBe("equipe-nord-ecran-n-1");
  expect(slugOf("東京")).toBe("");
});
