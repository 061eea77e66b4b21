import { mkdirSync } from "node:fs";
import { lock } from "proper-lockfile";
import { TributaryError } from "../../core/base/errors.ts";
import { sync } from "../commands/sync.ts";
import { type CliContext, createContext, type Hub } from "../context.ts";
import { DRAIN_MS, ROLES, runHub } from "../hub/run.ts";
import { applyDemoConfig, ADMIN_EMAIL, createAccess, subscribeClose } from "./set-up.ts";
import { type DemoState, openState, ticksFile, writeState } from "./state.ts";
import { portsOf, startVendorsProcess, type VendorsProcess } from "./vendors-process.ts";

export type DemoOptions = {
  readonly seed: number;
  /** Absolute. */
  readonly folder: string;
  readonly port: number;
  readonly isLive: boolean;
};

export type DemoAddresses = {
  readonly console: string;
  readonly email: string;
  readonly password: string;
  readonly tv: string;
  readonly feeds: readonly string[];
  readonly api: string;
  readonly webhookReceiver: string;
  readonly isNew: boolean;
  readonly readyAfterS: number;
};

const CONNECTIONS = ["sheets", "close"];
const FEEDS = ["won-value", "leaderboard", "won-by-month", "stages", "win-rate"];

/**
 * Runs the whole hub with its simulated vendors until it is told to end.
 *
 * @throws TributaryError `demo.running`, `demo.foreign_folder`, `demo.vendors_failed`, `demo.first_load_failed`
 */
export async function runDemo(
  context: CliContext,
  options: DemoOptions,
  onReady: (addresses: DemoAddresses) => void,
): Promise<void> {
  const release = await lockFolder(options.folder);
  try {
    const startedMs = Date.now();
    const { state, isNew } = await openState(options.folder, options.seed, new Date());
    const env = {
      ...context.env,
      dataDir: options.folder,
      port: options.port,
      // The demo is the same wherever it runs: its own database, its own queues, its own keys, vendors on this machine.
      databaseUrl: null,
      redisUrl: null,
      secretKey: null,
      publicUrl: null,
      allowPrivateNetworks: true,
    };
    const demo = createContext(env, context.out, context.signal);
    await demo.withHub(
      async (hub) => {
        await live(hub, demo, options, state, ({ url, pagesUrl, linkKey }) =>
          onReady({ ...addresses(url, pagesUrl, linkKey, state), isNew, readyAfterS: (Date.now() - startedMs) / 1000 }),
        );
      },
      { graceMs: DRAIN_MS + 10_000 },
    );
  } finally {
    await release();
  }
}

type Ready = { readonly url: string; readonly pagesUrl: string; readonly linkKey: string };

async function live(
  hub: Hub,
  context: CliContext,
  options: DemoOptions,
  state: DemoState,
  onReady: (ready: Ready) => void,
): Promise<void> {
  const { out, signal } = context;
  let url: string | null = null;
  out.note("Starting the simulated vendors …");
  const vendors = await startVendorsProcess(
    { ...state, startedAt: new Date(state.startedAt), ticksFile: ticksFile(options.folder) },
    {
      log: hub.log,
      // Simulated vendors forget who had subscribed.
      onRestart: async () => (url === null ? undefined : subscribeClose(hub, url)),
    },
  );
  try {
    await applyDemoConfig(hub, state, vendors.ready);
    const linkKey = await createAccess(hub, state);
    await writeState(options.folder, { ...state, linkKey, ports: portsOf(vendors.ready) });
    await firstLoad(hub, context);
    if (signal.aborted) return;
    const running = await runHub(hub, ROLES);
    try {
      url = running.url;
      if (url === null) throw new Error("The demo runs a server.");
      await subscribeClose(hub, url);
      if (options.isLive) vendors.startLife();
      onReady({ url, pagesUrl: vendors.ready.pagesUrl, linkKey });
      await aborted(signal);
      out.note("Stopping …");
    } finally {
      await running.drain();
    }
  } finally {
    await stopQuietly(vendors, hub);
  }
}

/** Everything once, in this process, before the workers begin. Of a demo that is started again it brings what has happened since. */
async function firstLoad(hub: Hub, context: CliContext): Promise<void> {
  for (const id of CONNECTIONS) {
    context.out.note(`Loading ${id} …`);
    const failed = (await sync(hub, context, id, {})).find((run) => run.state === "failed");
    if (failed !== undefined) throw loadFailed(id, failed.stream, failed.error?.message ?? "unknown reason");
  }
}

async function stopQuietly(vendors: VendorsProcess, hub: Hub): Promise<void> {
  await vendors.stop().catch((err: unknown) => hub.log.error({ err }, "the simulated vendors did not stop"));
}

function addresses(
  url: string,
  pagesUrl: string,
  linkKey: string,
  state: DemoState,
): Omit<DemoAddresses, "isNew" | "readyAfterS"> {
  return {
    console: `${url}/`,
    email: ADMIN_EMAIL,
    password: state.adminPassword,
    tv: `${url}/tv/sales-floor?key=${linkKey}`,
    feeds: FEEDS.map((feed) => `${url}/feeds/${feed}?key=${linkKey}`),
    api: `${url}/docs`,
    webhookReceiver: `${pagesUrl}/`,
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

/** Two demos in one folder would each empty it under the other. */
async function lockFolder(folder: string): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true });
  try {
    return await lock(folder, { lockfilePath: `${folder}.lock`, realpath: false });
  } catch (cause) {
    throw new TributaryError({
      code: "demo.running",
      kind: "config",
      message: `A demo runs in ${folder} already.`,
      mend: "Stop it first, or name another folder with --data-dir.",
      cause,
    });
  }
}

function loadFailed(id: string, stream: string, reason: string): TributaryError {
  return new TributaryError({
    code: "demo.first_load_failed",
    kind: "bug",
    message: `${id}/${stream} could not be loaded: ${reason}`,
    mend: "Start the demo again: it goes on from where it stopped. With --seed it begins anew.",
  });
}
