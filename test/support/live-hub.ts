import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type Vendor, TOOL_STARTS } from "../../bin/demo/vendor-list.ts";
import type { Company } from "../../connectors/_simulator/company/model.ts";
import { systemClock } from "../../core/base/clock.ts";
import { openStore, type Store } from "../../core/store/db.ts";
import { openEmbedded } from "../../core/store/embedded/index.ts";
import { type Relay, startRelay } from "./relay.ts";
import { kill, run, start, type Variables } from "./spawn.ts";
import { syncAll } from "./sync.ts";
import { switchOnTv, type Tv } from "./tv.ts";

const LIVE_VENDORS = ["close", "zendesk", "gong", "drift", "intercom"] as const;
export type LiveVendor = (typeof LIVE_VENDORS)[number];

/**
 * A whole hub in a process of its own that has loaded what its vendors have and waits for their calls: its schedules would bring nothing
 * for months. The vendors are simulated in this process; each connection has its vendor's name. A TV looks at the sales floor.
 */
export type LiveHub = {
  readonly vendors: { readonly [name in LiveVendor]?: Vendor };
  /** Where the vendors call. */
  readonly relay: Relay;
  readonly tv: Tv;
  readonly store: Store;
  readonly url: string;
  /** Of the hub's process and of the database's. */
  readonly pids: { readonly hub: number; readonly database: number | null };
  /** Ends all of it in an orderly way, and leaves nothing behind. @throws when the hub did not end well. */
  stop(): Promise<void>;
};

/**
 * @param companies whose account each vendor holds; a vendor without one is left out.
 * @param further variables of the hub.
 */
export async function startLiveHub(
  companies: { readonly [name in LiveVendor]?: Company },
  further: Variables = {},
): Promise<LiveHub> {
  const closers: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const close of closers.splice(0).reverse())
      await Promise.resolve()
        .then(close)
        .catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, "not everything ended well");
  };
  try {
    const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-live-"));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    // PostgreSQL runs as another user when this runs as root, and has to get in.
    chmodSync(folder, 0o711);
    const dataDir = path.join(folder, "data");
    const relay = await startRelay();
    closers.push(() => relay.close());
    const vendors = await startVendors(companies, closers);
    const variables: Variables = {
      ...Object.fromEntries(Object.values(vendors).flatMap((vendor) => Object.entries(vendor.variables))),
      TRIBUTARY_DATA_DIR: dataDir,
      TRIBUTARY_ALLOW_PRIVATE_NETWORKS: "true",
      PUBLIC_URL: relay.url,
      PORT: "0",
      ...further,
    };
    // Held here as well: no command has to start it, and questions can be asked of it.
    const embedded = await openEmbedded({ dataDir });
    closers.push(() => embedded.release());
    const store = openStore(embedded.target);
    closers.push(() => store.close());

    const ids = Object.keys(vendors);
    const file = path.join(folder, "tributary.yaml");
    writeFileSync(file, configOf(ids));
    await ran(["apply", file], variables);
    const failed = await syncAll(ids, variables);
    if (failed.length > 0) throw new Error(`the first load failed: ${JSON.stringify(failed)}`);

    const hub = start(["up", "--json"], variables);
    closers.push(async () => {
      await kill(hub.child, "SIGTERM");
      const { code, stderr } = await hub.finished;
      if (code !== 0) throw new Error(`the hub ended with ${code}: ${stderr.slice(-2000)}`);
    });
    const { url } = JSON.parse(await hub.said("}\n")) as { readonly url: string };
    relay.target = url;
    await Promise.all(Object.entries(vendors).map(([id, vendor]) => setUpWebhook(id, vendor, variables)));
    const link = await ran<{ readonly paths: readonly string[] }>(
      ["keys", "create-link", "TV", "--opens", "tv:sales-floor"],
      variables,
    );
    const tv = await switchOnTv(`${url}${link.paths[0] ?? ""}`);
    closers.push(() => tv.switchOff());
    const pids = { hub: hub.child.pid ?? 0, database: databasePid(dataDir) };
    return { vendors, relay, tv, store, url, pids, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Null where PostgreSQL does not say it. */
function databasePid(dataDir: string): number | null {
  const file = path.join(dataDir, "postgres", "postmaster.pid");
  return existsSync(file) ? Number(readFileSync(file, "utf8").split("\n")[0]) : null;
}

async function startVendors(
  companies: { readonly [name in LiveVendor]?: Company },
  closers: (() => Promise<unknown> | void)[],
): Promise<{ readonly [name in LiveVendor]?: Vendor }> {
  const vendors: { [name in LiveVendor]?: Vendor } = {};
  for (const name of LIVE_VENDORS) {
    const company = companies[name];
    if (company === undefined) continue;
    const vendor = await TOOL_STARTS[name]({ company, clock: systemClock, port: 0 });
    closers.push(() => vendor.close());
    vendors[name] = vendor;
  }
  return vendors;
}

const DEMO = fileURLToPath(new URL("../../config/examples/demo.yaml", import.meta.url));

/** The demo's connections to these vendors. JSON is YAML. */
function configOf(ids: readonly string[]): string {
  const demo = parse(readFileSync(DEMO, "utf8")) as {
    readonly workspace: object;
    readonly connections: readonly { readonly id: string }[];
    readonly pipelines: object;
  };
  const connections = demo.connections.filter(({ id }) => ids.includes(id));
  return JSON.stringify({
    workspace: { ...demo.workspace, timezone: zoneWithNoon(new Date()) },
    connections: connections.map((connection) => ({ ...connection, schedule: { cron: halfAYearFrom(new Date()) } })),
    pipelines: demo.pipelines,
  });
}

/** A day of the year. Of a period, however long, some stream's turn may come at any minute. */
function halfAYearFrom(now: Date): string {
  return `0 12 1 ${((now.getUTCMonth() + 6) % 12) + 1} *`;
}

/** Where it is about noon, so that neither today nor this month ends while somebody counts. */
function zoneWithNoon(now: Date): string {
  const offsetHours = 12 - now.getUTCHours();
  // In these names west of Greenwich is plus.
  return offsetHours === 0 ? "Etc/GMT" : `Etc/GMT${offsetHours > 0 ? "-" : "+"}${Math.abs(offsetHours)}`;
}

/** As a user does it: the hub subscribes, or the address is entered at the vendor and the vendor's secret here. */
async function setUpWebhook(id: string, vendor: Vendor, variables: Variables): Promise<void> {
  const { address, subscribed } = await ran<{ readonly address: string; readonly subscribed: boolean }>(
    ["webhook", id],
    variables,
  );
  if (subscribed) return;
  const secret = await vendor.addWebhook?.(address);
  if (secret === undefined) throw new Error(`nobody can enter an address at ${id}`);
  await ran(["webhook", id, "--secret", "SIGNED_WITH"], { ...variables, SIGNED_WITH: secret });
}

/** @returns what the command answers. */
async function ran<T>(args: readonly string[], variables: Variables): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json"], variables);
  if (code !== 0) throw new Error(`tributary ${args.join(" ")} ended with ${code}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as T;
}
