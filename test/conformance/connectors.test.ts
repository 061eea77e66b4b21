import { describe, expect, it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { loadHarness } from "../../bin/connector/harness.ts";
import { CHECKS, runChecks } from "../../connectors/_check/index.ts";
import { staysFlat } from "../../connectors/_check/memory.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { testDatabase } from "../support/database.ts";

// Memory cannot be measured beside others: memory.test.ts.
const checks = CHECKS.filter((check) => check !== staysFlat);
// A database each: rows of one connector must not be related to another's, which tells of the same company.
const engines = new Map(
  await Promise.all(CONNECTORS.map(async ({ key }) => [key, createCheckEngine(await testDatabase())] as const)),
);

// The template is checked as what `connector new` makes of it: scaffold.test.ts. Connectors go on side by side, since their checks wait:
// for a vendor that asks for a second, or that never answers.
describe("the acceptance checks pass for", () => {
  it.concurrent.each(CONNECTORS)("$key", { timeout: 900_000 }, async (connector) => {
    const engine = engines.get(connector.key);
    if (engine === undefined) throw new Error(`${connector.key} has no database.`);
    const vendor = await loadHarness(connector.key);
    const failures: string[] = [];
    for await (const { name, failure } of runChecks({ connector, vendor, engine }, checks))
      if (failure !== null) failures.push(`${name}: ${failure}`);
    expect(failures).toEqual([]);
  });
});
