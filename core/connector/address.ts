import { z } from "zod";

/** An address that a vendor answers at, among settings: what other schemes lead to has no host that credentials could go to. */
export function webAddress(): z.ZodURL {
  return z.url({ protocol: /^https?$/, error: "expected an address that begins with https://" });
}
