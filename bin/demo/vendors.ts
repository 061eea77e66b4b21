import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { createLife, type Pace } from "./life.ts";
import { DESTINATIONS } from "../../dashboards/destinations/index.ts";
import { type ReceivedBy, type Vendor, VENDOR_STARTS } from "./vendor-list.ts";
import { order, type Report, type VendorsPlan } from "./vendors-protocol.ts";

type Running = {
  readonly ready: Extract<Report, { type: "ready" }>;
  /** What each vendor signs its deliveries to these addresses with. */
  addWebhooks(addresses: { readonly [name: string]: string }): Promise<{ [name: string]: string }>;
  startLife(): void;
  stop(): Promise<void>;
};

/**
 * At first something happens every two seconds, and so a win every 20 to 28, for whoever has just opened the TV. Then as often as at a busy company:
 * at the first pace a day would hold fifty times what the day before held, and no comparison would mean anything.
 */
const PACE: Pace = { livelyMs: 2_000, livelyTicks: 60, calmMs: 30_000 };

/** Every vendor of the demo in one process of its own, so that they are as far from the hub as real ones: HTTP is all that they share. */
async function startVendors(plan: VendorsPlan): Promise<Running> {
  const company = createCompany({ seed: plan.seed, now: plan.startedAt });
  const life = createLife(company, plan.ticksFile);
  const vendors = new Map<string, Vendor>();
  const received = (): ReceivedBy =>
    Object.fromEntries(
      DESTINATIONS.flatMap(({ key, title }) => {
        const has = vendors.get(key)?.received?.();
        return has === undefined ? [] : [[title, has]];
      }),
    );
  for (const [name, start] of Object.entries(VENDOR_STARTS)) {
    const vendor = await onPort(plan.ports[name] ?? 0, (port) =>
      start({ company, clock: life.clock, port, plan, received }),
    );
    vendors.set(name, vendor);
    if (vendor.change !== undefined) life.onChange(vendor.change);
  }
  life.relive();
  const origins = Object.fromEntries([...vendors].map(([name, { url }]) => [name, new URL(url).origin]));
  const variables = Object.fromEntries([...vendors.values()].flatMap((vendor) => Object.entries(vendor.variables)));
  return {
    ready: { type: "ready", pid: process.pid, origins, variables },
    async addWebhooks(addresses) {
      const secrets: { [name: string]: string } = {};
      for (const [name, vendor] of vendors) {
        const address = addresses[name];
        if (address !== undefined && vendor.addWebhook !== undefined) secrets[name] = await vendor.addWebhook(address);
      }
      return secrets;
    },
    startLife: () => life.start(PACE),
    async stop() {
      life.stop();
      await Promise.all([...vendors.values()].map((vendor) => vendor.close()));
    },
  };
}

/** On the wanted port, or on any when somebody else has it by now. */
async function onPort<T>(port: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port);
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!isTaken || port === 0) throw error;
    return start(0);
  }
}

/** What the vendors' process does: waits for its plan, starts, and lives until it is told to end or its parent is gone. */
export async function serveVendors(): Promise<void> {
  const send = (report: Report): void => void process.send?.(report);
  const first = order.parse(await new Promise<unknown>((resolve) => process.once("message", resolve)));
  if (first.type !== "start") throw new Error("The first order is to start.");
  const vendors = await startVendors(first.plan);
  const end = new Promise<unknown>((resolve) => {
    process.once("disconnect", resolve);
    process.once("SIGTERM", resolve);
  });
  process.on("message", (message) => {
    const next = order.parse(message);
    if (next.type === "live") vendors.startLife();
    if (next.type === "webhooks")
      void vendors.addWebhooks(next.addresses).then((secrets) => send({ type: "webhooks", secrets }));
  });
  send(vendors.ready);
  await end;
  await vendors.stop();
}
