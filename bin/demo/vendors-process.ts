import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Log } from "../../core/base/log.ts";
import { TributaryError } from "../../core/base/errors.ts";
import { type Order, report, type VendorsPlan, type VendorsReady } from "./vendors-protocol.ts";

/** The vendors' process as the demo holds it. One that dies is started again on the same ports, where its story goes on. */
export type VendorsProcess = {
  readonly ready: VendorsReady;
  /**
   * Enters the hub's addresses at those vendors that have no interface for it, as an admin would.
   *
   * @returns what each of them signs its deliveries with.
   */
  addWebhooks(addresses: { readonly [name: string]: string }): Promise<{ readonly [name: string]: string }>;
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
      if (isAlive) tell(current.child, { type: "live" });
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
    async addWebhooks(addresses) {
      tell(current.child, { type: "webhooks", addresses });
      const answer = report.parse((await once(current.child, "message"))[0]);
      return answer.type === "webhooks" ? answer.secrets : {};
    },
    startLife() {
      isAlive = true;
      tell(current.child, { type: "live" });
    },
    async stop() {
      isStopping = true;
      await ended(current.child);
    },
  };
}

/** The ports that the vendors answer on. */
export function portsOf(ready: VendorsReady): VendorsPlan["ports"] {
  return Object.fromEntries(
    Object.entries(ready.origins).map(([name, origin]) => [name, Number(new URL(origin).port)]),
  );
}

function tell(child: ChildProcess, order: Order): void {
  child.send(order);
}

type Begun = { readonly child: ChildProcess; readonly ready: VendorsReady };

/** The plan goes by message, because it holds secrets and arguments can be read by everyone. */
function begin(plan: VendorsPlan): Promise<Begun> {
  // A group of its own: the terminal's Ctrl-C goes to the hub, which ends the vendors after it has drained.
  const child = fork(MAIN, { detached: true, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(failed(code)));
    child.once("error", (cause) => reject(failed(null, cause)));
    child.once("message", (message) => {
      const first = report.parse(message);
      if (first.type === "ready") resolve({ child, ready: first });
    });
    tell(child, { type: "start", plan });
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
