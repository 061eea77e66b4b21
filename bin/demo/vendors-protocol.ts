import { z } from "zod";

/** What the demo and the process of its vendors say to each other: a plan, then `ready`, then `live`. */

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
  pid: z.int(),
  closeUrl: z.string(),
  closeKey: z.string(),
  lostReasonField: z.string(),
  geckoboardUrl: z.string(),
  pagesUrl: z.string(),
});
export type VendorsReady = z.infer<typeof vendorsReady>;
