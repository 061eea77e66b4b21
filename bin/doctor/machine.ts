import { accessSync, constants, existsSync, mkdirSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { isTimeZone } from "../../core/base/time.ts";
import type { Env } from "../../config/env.ts";
import { fail, ok, type Verdict, warn } from "./check.ts";

const MIN_NODE = [20, 19] as const;
const GIB = 1024 ** 3;

export function nodeVersion(version = process.versions.node): Verdict {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isEnough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return isEnough ? ok(`Node ${version}`) : fail(`Node ${version}`, `Install Node ${MIN_NODE.join(".")} or later.`);
}

/** A Node built with few locales knows no time zones but UTC and would count days wrongly. */
export function timeZones(): Verdict {
  const knows = isTimeZone("Europe/Berlin") && isTimeZone("Asia/Kolkata");
  return knows
    ? ok(`time zone data ${process.versions["tz"] ?? "of the system"}`)
    : fail("this Node has no time zone data", "Install an official build of Node (with full ICU).");
}

export function dataFolder({ dataDir }: Env): Verdict {
  const mend = "Give the user that runs Tributary the folder, or name another one in TRIBUTARY_DATA_DIR.";
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return fail(`${dataDir}: ${error instanceof Error ? error.message : "not usable"}`, mend);
  }
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  const detail = `${dataDir}, ${(free / GIB).toFixed(1)} GiB free`;
  if (free < 0.5 * GIB) return fail(detail, "Free some space: the database stops when the disk is full.");
  return free < 5 * GIB
    ? warn(detail, "Two years of a middling company take some GiB: enlarge the disk in time.")
    : ok(detail);
}

/** Free, or held by a hub of ours. */
export async function port({ host, port: number }: Env): Promise<Verdict> {
  const where = `${host}:${number}`;
  const refusal = await tryListen(host, number);
  if (refusal === null) return ok(`${where} is free`);
  if (refusal !== "EADDRINUSE")
    return fail(
      `${where} cannot be listened on (${refusal})`,
      "Correct HOST, or choose a port from 1024 on with PORT.",
    );
  if (await answersAsHub(host, number)) return ok(`${where} is held by a hub that runs`);
  return fail(`${where} is taken by another program`, "Stop the other program, or choose another port with PORT.");
}

function tryListen(host: string, number: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(number, host, () => server.close(() => resolve(null)));
  });
}

async function answersAsHub(host: string, number: number): Promise<boolean> {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  try {
    const answer = await fetch(`http://${reachable}:${number}/healthz`, { signal: AbortSignal.timeout(3_000) });
    return answer.ok && ((await answer.json()) as { status?: unknown }).status === "ok";
  } catch {
    return false;
  }
}

export function publicUrl({ publicUrl: url, host }: Env): Verdict {
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (url === null) {
    return isLocal
      ? ok("not set: the hub is for this machine")
      : warn(
          "not set, while HOST lets others in",
          "Set PUBLIC_URL to the address that people use, so that links and sign-ins work.",
        );
  }
  const { protocol, hostname, pathname } = new URL(url);
  if (pathname !== "/")
    return fail(`${url} has a path`, "Give the hub a host name of its own: PUBLIC_URL takes no path.");
  const isSafe = protocol === "https:" || hostname === "localhost" || hostname.startsWith("127.");
  return isSafe
    ? ok(url)
    : warn(`${url} is not encrypted`, "Put a proxy with a certificate in front, and say https:// here.");
}

export function configFileExists({ configFile }: Env): boolean {
  return existsSync(configFile);
}
