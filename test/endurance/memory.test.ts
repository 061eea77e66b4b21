import { it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { loadHarness } from "../../bin/connector/harness.ts";
import { staysFlat } from "../../connectors/_check/memory.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { testDatabase } from "../support/database.ts";

/** `connector check` reads 100,000 of each, which takes minutes. */
const MANY_RECORDS = 5_000;

const engine = createCheckEngine(await testDatabase());

// oxlint-disable-next-line vitest/expect-expect -- a check throws where its promise is broken
it.each(CONNECTORS.filter(({ isPushed }) => isPushed !== true))(
  `the connector $key ${staysFlat.name}`,
  { timeout: 120_000 },
  async (connector) => {
    const vendor = await loadHarness(connector.key);
    await staysFlat.run({ connector, vendor, engine, manyRecords: MANY_RECORDS });
  },
);
