import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import path from "node:path";
import { TributaryError } from "../../core/base/errors.ts";
import type { ConnectorHarness } from "../../connectors/_check/harness.ts";

/** The folder of all connectors of this checkout. */
export const CONNECTORS_DIR: string = fileURLToPath(new URL("../../connectors", import.meta.url));

/**
 * The simulated vendor of a connector, for its checks.
 *
 * @param directory the connector's folder.
 * @throws TributaryError `connector.no_harness`
 */
export async function loadHarness(directory: string): Promise<ConnectorHarness> {
  // A large simulator keeps it in a file of its own.
  const file = ["harness.ts", "index.ts"].map((name) => path.join(directory, "simulator", name)).find(existsSync);
  if (file === undefined) throw noHarness(path.join(directory, "simulator", "index.ts"));
  const module = (await import(pathToFileURL(file).href)) as { readonly harness?: ConnectorHarness };
  if (module.harness === undefined) throw noHarness(file);
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
