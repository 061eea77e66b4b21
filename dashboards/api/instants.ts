import { z } from "zod";
import { isAskable } from "../../core/base/time.ts";

/** As of when is answered. Of years that no calendar of ours counts in, nothing is. */
export const asOfQuery = z.iso
  .datetime({ offset: true })
  .refine((text) => isAskable(new Date(text)), "Write an instant of the years 1900 to 9998")
  .optional();
