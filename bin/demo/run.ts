import { testConnection } from "../../core/setup/vendor.ts";
import { createLog } from "../../core/base/log.ts";
import { recognise } from "../../core/store/failures.ts";
import { measure } from "../../workers/measure.ts";
import { pullStreams } from "../commands/sync.ts";
import { type CliContext, createContext, type Hub } from "../context.ts";
import { createSetup } from "../hub/setup.ts";
import { DRAIN_MS, ROLES } from "../hub/roles.ts";
import { runHub } from "../hub/run.ts";
import { holdFolder } from "./folder.ts";
import { patiently } from "./patience.ts";
import { applyDemoConfig, ADMIN_EMAIL, createAccess, showDestinations, subscribeVendors } from "./set-up.ts";
import { type DemoState, openState, ticksFile, writeState } from "./state.ts";
import { portsOf, startVendorsProcess, type VendorsProcess } from "./vendors-process.ts";
import type { VendorsReady } from "./vendors-protocol.ts";

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
  readonly calendar: string;
  readonly webhookReceiver: string;
  /** The process of the simulated vendors. */
  readonly vendorsPid: number;
  readonly isNew: boolean;
  readonly readyAfterS: number;
};

const FEEDS = ["won-value", "leaderboard", "won-by-month", "stages", "win-rate"];

/**
 * Runs the whole hub with its simulated vendors until it is told to end.
 *
 * @throws TributaryError `demo.running`, `demo.foreign_folder`, `demo.vendors_failed`
 */
export async function runDemo(
  context: CliContext,
  options: DemoOptions,
  onReady: (addresses: DemoAddresses) => void,
): Promise<void> {
  const release = holdFolder(options.folder);
  try {
    const startedMs = Date.now();
    const { state, isNew } = await openState(options.folder, options.seed, new Date());
    const env = {
      ...context.env,
      dataDir: options.folder,
      closedFolders: [...context.env.closedFolders, options.folder],
      port: options.port,
      // The demo is the same wherever it runs: its own database, its own queues, its own keys, vendors on this machine.
      databaseUrl: null,
      redisUrl: null,
      secretKey: null,
      publicUrl: null,
      allowPrivateNetworks: true,
    };
    const demo = createContext(env, context.out, context.signal);
    context.out.note("Starting the simulated vendors and the database …");
    // Vendors forget who had subscribed when they die, and some make new keys.
    let onRestart: (ready: VendorsReady) => Promise<void> = () => Promise.resolve();
    const starting = startVendorsProcess(
      { ...state, startedAt: new Date(state.startedAt), ticksFile: ticksFile(options.folder) },
      { log: createLog(env.logLevel ?? "warn"), onRestart: (ready) => onRestart(ready) },
    );
    // Both take seconds, so they start at once; a failure of the vendors is met when they are needed.
    starting.catch(() => undefined);
    try {
      await demo.withHub(
        async (hub) => {
          const vendors = await starting;
          await live(hub, demo, options, { state, vendors }, (url, linkKey) => {
            onRestart = async (ready) => {
              await applyDemoConfig(hub, ready);
              await subscribeVendors(hub, url, vendors);
            };
            const readyAfterS = (Date.now() - startedMs) / 1000;
            onReady({ ...addresses(url, vendors.ready, linkKey, state), isNew, readyAfterS });
          });
        },
        { graceMs: DRAIN_MS + 10_000 },
      );
    } finally {
      await starting.then((vendors) => vendors.stop()).catch(() => undefined);
    }
  } finally {
    release();
  }
}

async function live(
  hub: Hub,
  context: CliContext,
  options: DemoOptions,
  { state, vendors }: { readonly state: DemoState; readonly vendors: VendorsProcess },
  onReady: (url: string, linkKey: string) => void,
): Promise<void> {
  const patience = { say: (text: string) => context.out.note(text), signal: context.signal };
  const connections = await patiently("the config file", () => applyDemoConfig(hub, vendors.ready), patience);
  const linkKey = await patiently("the admin's access", () => createAccess(hub, state), patience);
  await writeState(options.folder, { ...state, linkKey, ports: portsOf(vendors.ready) });
  await firstLoad(hub, context, connections);
  if (context.signal.aborted) return;
  const running = await patiently("the hub", () => runHub(hub, ROLES), patience);
  try {
    if (running.url === null) throw new Error("The demo runs a server.");
    const { url } = running;
    await patiently("webhooks", () => subscribeVendors(hub, url, vendors), patience);
    if (options.isLive) vendors.startLife();
    onReady(url, linkKey);
    // Nobody waits for it: a demo has no Monday morning.
    await showDestinations(hub).catch((error: unknown) => context.out.note(recognise(error).toString()));
    await aborted(context.signal);
    context.out.note("Stopping …");
  } finally {
    await running.drain();
  }
}

/**
 * Tests every connection, which names its account, and loads everything once, in this process, before the workers begin; all accounts at the
 * same time, since each mostly waits for its vendor. Of a demo that is started again it brings what has happened since. What passes by itself
 * is waited for, as long as it takes; of what does not, it says so and leaves it to the hub, whose schedule comes to it and whose pages show it.
 */
async function firstLoad(hub: Hub, context: CliContext, connections: readonly string[]): Promise<void> {
  const { out, signal } = context;
  out.note(`Loading ${connections.join(", ")} …`);
  const setup = createSetup(hub);
  const patience = { say: (text: string) => out.note(text), signal };
  const load = async (id: string): Promise<void> => {
    await patiently(id, () => testConnection(setup, "demo", id, signal), patience);
    const runs = await patiently(id, () => pullStreams(hub, context, "demo", id, { mostTries: Infinity }), patience);
    for (const { stream, error } of runs)
      if (error !== null) out.note(`${id}/${stream}: ${error.message} [${error.code}]`);
  };
  await Promise.all(
    connections.map((id) =>
      load(id).catch((error: unknown) => {
        if (!signal.aborted) out.note(`${id}: ${recognise(error).toString()}`);
      }),
    ),
  );
  if (!signal.aborted) await patiently("the KPIs", () => measure(hub, { reason: "facts" }), patience);
}

function addresses(
  url: string,
  { origins, pid }: VendorsReady,
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
    calendar: `${url}/calendar/reviews.ics?key=${linkKey}`,
    webhookReceiver: `${origins["pages"]}/`,
    vendorsPid: pid,
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
