import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Log } from "../../core/base/log.ts";
import { type ConsoleBuild, readConsoleBuild } from "../../dashboards/console/build.ts";

const PROGRAM = fileURLToPath(new URL("../program/console.js", import.meta.url));
/** It takes some seconds, on a machine that has much else to do some minutes; what takes longer than this hangs. */
const LONGEST_MS = 60 * 60 * 1000;

/**
 * Builds the console in a process of its own, where there is no build that is like the sources.
 *
 * @returns how it stands, and how to give up.
 */
export function buildConsole(log: Log): { readonly current: () => ConsoleBuild; readonly stop: () => void } {
  let current: ConsoleBuild = { state: "building" };
  const startedMs = Date.now();
  const child = execFile(process.execPath, [PROGRAM], { timeout: LONGEST_MS }, (error, stdout, stderr) => {
    if (child.killed) return;
    try {
      if (error !== null) throw new Error(stderr.trim() || error.message);
      current = readConsoleBuild(z.object({ folder: z.string() }).parse(JSON.parse(stdout)).folder);
      log.info({ tookMs: Date.now() - startedMs }, "the console is there");
    } catch (failure) {
      current = { state: "failed", reason: failure instanceof Error ? failure.message : String(failure) };
      log.error({ err: failure }, "the console could not be built");
    }
  });
  return { current: () => current, stop: () => void child.kill() };
}
