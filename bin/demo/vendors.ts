import { z } from "zod";
import { startCloseSimulator } from "../../connectors/close/simulator/index.ts";
import { LOST_REASON_FIELD } from "../../connectors/close/simulator/setup.ts";
import { createCompany } from "../../connectors/_simulator/company/company.ts";
import { startGeckoboardSimulator } from "../../dashboards/destinations/geckoboard/simulator/index.ts";
import { createLife } from "./life.ts";
import { startPages } from "./pages.ts";

/** Every vendor of the demo in one process of its own, so that they are as far from the hub as real ones: HTTP is all that they share. */
export const vendorsPlan = z.object({
  seed: z.int(),
  startedAt: z.coerce.date(),
  ticksFile: z.string(),
  /** Wanted; 0 for any. */
  ports: z.object({ close: z.int(), geckoboard: z.int(), pages: z.int() }),
  webhookSecret: z.string(),
  geckoboardKey: z.string(),
});
export type VendorsPlan = z.infer<typeof vendorsPlan>;

export const vendorsReady = z.object({
  type: z.literal("ready"),
  closeUrl: z.string(),
  closeKey: z.string(),
  lostReasonField: z.string(),
  geckoboardUrl: z.string(),
  pagesUrl: z.string(),
});
export type VendorsReady = z.infer<typeof vendorsReady>;

export type Vendors = {
  readonly ready: VendorsReady;
  startLife(): void;
  stop(): Promise<void>;
};

/** Something happens every two seconds, so a win comes every 20 to 28. */
const TICK_MS = 2000;

export async function startVendors(plan: VendorsPlan): Promise<Vendors> {
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
