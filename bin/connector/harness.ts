import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { TributaryError } from "../../core/base/errors.ts";
import type { ConnectorHarness } from "../../connectors/_check/harness.ts";

/** The folder of all connectors of this checkout. */
export const CONNECTORS_DIR: string = fileURLToPath(new URL("../../connectors", import.meta.url));

/**
 * The simulated vendor of a connector, for its checks.
 *
 * @param name the connector's folder in `connectors/`.
 * @throws TributaryError `connector.no_harness`
 */
export async function loadHarness(name: string): Promise<ConnectorHarness> {
  const simulator = path.join(CONNECTORS_DIR, name, "simulator");
  // A large simulator keeps it in a file of its own. The templates are what a compiled program finds the files by.
  const module = (
    existsSync(path.join(simulator, "harness.ts"))
      ? await import(`../../connectors/${name}/simulator/harness.ts`)
      : existsSync(path.join(simulator, "index.ts"))
        ? await import(`../../connectors/${name}/simulator/index.ts`)
        : {}
  ) as { readonly harness?: ConnectorHarness };
  if (module.harness === undefined) throw noHarness(path.join(simulator, "index.ts"));
  return module.harness;
}

function noHarness(file: string): TributaryError {
  return new TributaryError({
    code: "connector.no_harness",
    kind: "config",
    message: `There is no simulated vendor to check against: ${file} does not export \`harness\`.`,
    mend: "Export a ConnectorHarness (connectors/_check/harness.ts); connectors/_template/simulator shows how.",
  });
}
