import path from "node:path";
import { beforeAll, describe, it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { CONNECTORS_DIR, loadHarness } from "../../bin/connector/harness.ts";
import type { ConnectorHarness } from "../../connectors/_check/harness.ts";
import { CHECKS } from "../../connectors/_check/index.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { testDatabase } from "../support/database.ts";

let engine: ReturnType<typeof createCheckEngine>;
beforeAll(async () => {
  engine = createCheckEngine(await testDatabase());
});

// The template is checked as what `connector new` makes of it: scaffold.test.ts.
describe.each(CONNECTORS)("the connector $key", (connector) => {
  let vendor: ConnectorHarness;
  beforeAll(async () => {
    vendor = await loadHarness(path.join(CONNECTORS_DIR, connector.key));
  });

  // oxlint-disable-next-line vitest/expect-expect -- a check throws where its promise is broken
  it.each(CHECKS)("$name", { timeout: 120_000 }, async (check) => {
    await check.run({ connector, vendor, engine });
  });
});
