import path from "node:path";
import { beforeAll, describe, it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { CONNECTORS_DIR, loadHarness } from "../../bin/connector/harness.ts";
import { CHECKS } from "../../connectors/_check/index.ts";
import { staysFlat } from "../../connectors/_check/memory.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { testDatabase } from "../support/database.ts";

let engine: ReturnType<typeof createCheckEngine>;
beforeAll(async () => {
  engine = createCheckEngine(await testDatabase());
});

// The template is checked as what `connector new` makes of it: scaffold.test.ts. Checks go on side by side, since many wait: for a vendor
// that asks for a second, or that never answers. Memory cannot be measured beside others: memory.test.ts.
describe.concurrent.each(CONNECTORS)("the connector $key", (connector) => {
  // oxlint-disable-next-line vitest/expect-expect -- a check throws where its promise is broken
  it.concurrent.each(CHECKS.filter((check) => check !== staysFlat))("$name", { timeout: 240_000 }, async (check) => {
    const vendor = await loadHarness(path.join(CONNECTORS_DIR, connector.key));
    await check.run({ connector, vendor, engine });
  });
});
