import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { METRICS } from "./registry.ts";

const page = readFileSync(new URL("../../docs/kpis.md", import.meta.url), "utf8").replaceAll(/ +/g, " ");

describe("the registry", () => {
  test("ids are unique and stable in form", () => {
    const ids = METRICS.map((metric) => metric.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z_]*$/);
  });

  test.each(METRICS.map((metric) => [metric.id, metric] as const))("docs/kpis.md explains %s", (_, metric) => {
    const better = metric.better ?? "";
    expect(page).toContain(
      `| \`${metric.id}\` | ${metric.question} | ${metric.formula} | ${metric.unit} | ${better} |`.replaceAll(
        / +/g,
        " ",
      ),
    );
  });
});
