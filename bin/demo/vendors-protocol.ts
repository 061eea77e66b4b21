import { z } from "zod";

/** What the demo and the process of its vendors say to each other: `start`, then `ready`; `webhooks` with its answer; `live`. */

/** By the name of the vendor: a connector's key, a destination's key, or `pages`. */
export const ports = z.record(z.string(), z.int());

const vendorsPlan = z.object({
  seed: z.int(),
  startedAt: z.coerce.date(),
  ticksFile: z.string(),
  /** Wanted; absent: any. */
  ports,
  webhookSecret: z.string(),
  /** What the keys of the accounts at simulated destinations are made of. */
  destinationSecret: z.string(),
});
export type VendorsPlan = z.infer<typeof vendorsPlan>;

export const order = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), plan: vendorsPlan }),
  /** Calls these addresses from now on when something happens, as if an admin had entered them at the vendor. */
  z.object({ type: z.literal("webhooks"), addresses: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal("live") }),
]);
export type Order = z.infer<typeof order>;

const vendorsReady = z.object({
  type: z.literal("ready"),
  pid: z.int(),
  /** Where each answers: `http://127.0.0.1:…`. */
  origins: z.record(z.string(), z.string()),
  /** The variables of the demo's config file: addresses and credentials. */
  variables: z.record(z.string(), z.string()),
});
export type VendorsReady = z.infer<typeof vendorsReady>;

export const report = z.discriminatedUnion("type", [
  vendorsReady,
  /** What each of the vendors signs its deliveries with. */
  z.object({ type: z.literal("webhooks"), secrets: z.record(z.string(), z.string()) }),
]);
export type Report = z.infer<typeof report>;
