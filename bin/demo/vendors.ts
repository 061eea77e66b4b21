import { startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { LOST_REASON_FIELD } from "../../connectors/close/simulator/setup.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { startGeckoboardSimulator } from "../../dashboards/destinations/geckoboard/simulator/index.ts";
import { createLife } from "./life.ts";
import { startPages } from "./pages.ts";
import { type VendorsPlan, vendorsPlan, type VendorsReady } from "./vendors-protocol.ts";

type Vendors = {
  readonly ready: VendorsReady;
  startLife(): void;
  stop(): Promise<void>;
};

/** Something happens every two seconds, so a win comes every 20 to 28. */
const TICK_MS = 2000;

/** Every vendor of the demo in one process of its own, so that they are as far from the hub as real ones: HTTP is all that they share. */
async function startVendors(plan: VendorsPlan): Promise<Vendors> {
  const company = createCompany({ seed: plan.seed, now: plan.startedAt });
  const life = createLife(company, plan.ticksFile);
  const { ports } = plan;
  // A first load that is paced like a real account's would take minutes; five times the pace still shows the limits at work.
  const close = await onPort(ports.close, (port) =>
    startCloseSimulator({ company, clock: life.clock, port, limits: 5 }),
  );
  life.onChange((change) => close.change(change));
  life.relive();
  const geckoboard = await onPort(ports.geckoboard, (port) =>
    startGeckoboardSimulator({ apiKey: plan.geckoboardKey, port }),
  );
  const pages = await onPort(ports.pages, (port) => startPages({ company, webhookSecret: plan.webhookSecret, port }));
  return {
    ready: {
      type: "ready",
      pid: process.pid,
      closeUrl: close.baseUrl,
      closeKey: close.apiKey,
      lostReasonField: LOST_REASON_FIELD,
      geckoboardUrl: geckoboard.baseUrl,
      pagesUrl: pages.origin,
    },
    startLife: () => life.start(TICK_MS),
    async stop() {
      life.stop();
      await Promise.all([close.close(), geckoboard.close(), pages.close()]);
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
  const message = await new Promise<unknown>((resolve) => process.once("message", resolve));
  const { plan } = message as { readonly plan: unknown };
  const vendors = await startVendors(vendorsPlan.parse(plan));
  const end = new Promise<unknown>((resolve) => {
    process.once("disconnect", resolve);
    process.once("SIGTERM", resolve);
  });
  process.on("message", () => vendors.startLife());
  process.send?.(vendors.ready);
  await end;
  await vendors.stop();
}
