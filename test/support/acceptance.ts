import { describe, expect, it } from "vitest";
import { createCheckEngine } from "../../bin/connector/engine.ts";
import { loadHarness } from "../../bin/connector/harness.ts";
import type { Check, Subject } from "../../connectors/_check/check.ts";
import { runChecks } from "../../connectors/_check/index.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import { testDatabase } from "./database.ts";

/**
 * A test for each connector in the list: it passes these acceptance checks. The template is checked as what `connector new` makes of it
 * (scaffold.test.ts). Connectors go on side by side, since their checks wait: for a vendor that asks for a second, or that never answers.
 *
 * @param checksOf of the connector that stands so far down the list.
 * @param records about how many each source holds; absent: as many as `connector check` gives it.
 */
export async function passAll(checksOf: (nth: number) => readonly Check[], records?: number): Promise<void> {
  // A database each: rows of one connector must not be related to another's, which tells of the same company.
  const subjects = await Promise.all(
    // What is posted is not pulled: these checks have nothing to ask of it (inbound-rows.test.ts does).
    CONNECTORS.filter(({ isPushed }) => isPushed !== true).map(async (connector, nth) => {
      const engine = createCheckEngine(await testDatabase());
      const vendor = await loadHarness(connector.key);
      const subject: Subject = { connector, vendor, engine, ...(records === undefined ? {} : { records }) };
      return { key: connector.key, subject, nth };
    }),
  );
  describe("the acceptance checks pass for", () => {
    it.concurrent.each(subjects)("$key", { timeout: 900_000 }, async ({ subject, nth }) => {
      const failures: string[] = [];
      for await (const { name, failure } of runChecks(subject, checksOf(nth)))
        if (failure !== null) failures.push(`${name}: ${failure}`);
      expect(failures).toEqual([]);
    });
  });
}
