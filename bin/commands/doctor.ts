import type { Command } from "commander";
import { loadConfig } from "../../config/file.ts";
import { CONNECTORS } from "../../connectors/index.ts";
import type { Env } from "../../config/env.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import type { CliContext } from "../context.ts";
import { examine, type Finding, ok, type Verdict } from "../doctor/check.ts";
import { databaseFindings } from "../doctor/database.ts";
import { configFileExists, dataFolder, nodeVersion, port, publicUrl, timeZones } from "../doctor/machine.ts";

/** `tributary doctor`: everything a set-up needs, one line each. Fails when a line does. */
export function registerDoctor(command: Command, context: CliContext): void {
  command.action(async () => {
    const { env, out } = context;
    const findings = [
      await examine("node", nodeVersion),
      await examine("time zones", timeZones),
      await examine("data folder", () => dataFolder(env)),
      ...(await databaseFindings(env)),
      await examine("port", async () => port(env)),
      await examine("public url", () => publicUrl(env)),
      await examine("config file", async () => configFile(env)),
    ];
    const isHealthy = findings.every(({ state }) => state !== "fail");
    out.result({ healthy: isHealthy, checks: findings }, () => findings.map(line).join("\n"));
    if (!isHealthy) process.exitCode = 1;
  });
}

async function configFile(env: Env): Promise<Verdict> {
  if (!configFileExists(env)) return ok(`none at ${env.configFile}`);
  await loadConfig(env.configFile, { connectors: CONNECTORS, destinations: DESTINATIONS, variable: env.variable });
  return ok(env.configFile);
}

function line({ check, state, detail, mend }: Finding): string {
  const first = `${state.padEnd(4)}  ${check.padEnd(12)} ${detail}`;
  return mend === "" ? first : `${first}\n      ${" ".repeat(12)} → ${mend}`;
}
