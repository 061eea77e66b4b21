import { z } from "zod";

/** Acme CRM's records: the fields that we read. Anything else passes through untouched. */
export const account = z
  .object({ account_id: z.string(), account_name: z.string() })
  .transform(({ account_id: accountId, account_name: accountName }) => ({ accountId, accountName }));

/** All that a page is held to: a record that is odd in its other fields still lands. One that is gone comes once more as `deleted`. */
const change = z.looseObject({ id: z.string(), updated_at: z.iso.datetime(), deleted: z.boolean().optional() });
export const changesPage = z.object({ data: z.array(z.json().and(change)), next: z.string().nullable() });

const owner = z.object({ id: z.string(), name: z.string(), email: z.string() });

export const deal = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(["open", "won", "lost"]),
  /** Decimal text in whole units: `1250.00`. */
  value: z.string().nullable(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  owner,
  created_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
  lost_reason: z.string().nullable(),
});

export const call = z.object({
  id: z.string(),
  deal_id: z.string().nullable(),
  owner,
  direction: z.enum(["inbound", "outbound"]),
  started_at: z.iso.datetime(),
  duration_s: z.number().int().nonnegative(),
  outcome: z.string(),
});
