import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Log } from "../../core/base/log.ts";
import { TributaryError } from "../../core/base/errors.ts";
import { type VendorsPlan, type VendorsReady, vendorsReady } from "./vendors-protocol.ts";

/** The vendors' process as the demo holds it. One that dies is started again on the same ports, where its story goes on. */
export type VendorsProcess = {
  readonly ready: VendorsReady;
  /** Lets live activity begin, also in every later process. */
  startLife(): void;
  stop(): Promise<void>;
};

const MAIN = fileURLToPath(new URL("./vendors-main.js", import.meta.url));
const RESTART_AFTER_MS = 500;
const MOST_RESTARTS_IN_A_ROW = 5;

/**
 * @param onRestart told after the vendors came back.
 * @throws TributaryError `demo.vendors_failed`
 */
export async function startVendorsProcess(
  plan: VendorsPlan,
  options: { readonly log: Log; readonly onRestart: (ready: VendorsReady) => Promise<void> },
): Promise<VendorsProcess> {
  const { log } = options;
  let current = await begin(plan);
  const same = { ...plan, ports: portsOf(current.ready) };
  let isAlive = false;
  let isStopping = false;
  let deaths = 0;

  function watch(child: ChildProcess): void {
    child.once("exit", (code, signal) => {
      if (isStopping) return;
      log.warn({ code, signal }, "the simulated vendors have died; starting them again");
      setTimeout(() => void restart(), RESTART_AFTER_MS);
    });
  }

  async function restart(): Promise<void> {
    if (isStopping) return;
    deaths += 1;
    try {
      current = await begin(same);
      watch(current.child);
      if (isAlive) current.child.send({ type: "live" });
      await options.onRestart(current.ready);
      deaths = 0;
    } catch (err) {
      if (deaths < MOST_RESTARTS_IN_A_ROW) setTimeout(() => void restart(), RESTART_AFTER_MS * 2 ** deaths);
      else log.error({ err }, "the simulated vendors do not start any more; stop the demo and start it again");
    }
  }

  watch(current.child);
  return {
    ready: current.ready,
    startLife() {
      isAlive = true;
      current.child.send({ type: "live" });
    },
    async stop() {
      isStopping = true;
      await ended(current.child);
    },
  };
}

/** The ports that the vendors answer on. */
export function portsOf(ready: VendorsReady): VendorsPlan["ports"] {
  const port = (address: string): number => Number(new URL(address).port);
  return { close: port(ready.closeUrl), geckoboard: port(ready.geckoboardUrl), pages: port(ready.pagesUrl) };
}

type Begun = { readonly child: ChildProcess; readonly ready: VendorsReady };

/** The plan goes by message, because it holds secrets and arguments can be read by everyone. */
function begin(plan: VendorsPlan): Promise<Begun> {
  // A group of its own: the terminal's Ctrl-C goes to the hub, which ends the vendors after it has drained.
  const child = fork(MAIN, { detached: true, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(failed(code)));
    child.once("error", (cause) => reject(failed(null, cause)));
    child.once("message", (message) => resolve({ child, ready: vendorsReady.parse(message) }));
    child.send({ type: "start", plan });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const last = setTimeout(() => child.kill("SIGKILL"), 3000);
  await exit;
  clearTimeout(last);
}

function failed(code: number | null, cause?: unknown): TributaryError {
  return new TributaryError({
    code: "demo.vendors_failed",
    kind: "bug",
    message: `The process with the simulated vendors ended before it was ready (exit status ${code ?? "none"}).`,
    mend: "What it said stands above. Start the demo again; with another --data-dir if it stays so.",
    cause,
  });
}
