import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import { fieldOf, type Json, listOf } from "../../core/base/json.ts";
import type { Page } from "../../core/connector/define.ts";
import { type CloseRow, type SearchPage } from "./client.ts";
import type { ClosePull } from "./dated.ts";
import { CURSOR_EXPIRED } from "./errors.ts";
import { askedFields, keepFor, type Keep } from "./kept.ts";
import { closeInstant } from "./time.ts";

const checkpointSchema = z.object({ readUpTo: z.iso.datetime().nullable() });

const PAGE_SIZE = 100;
/** Search answers from an index that lags behind (a few incidents a year at status.close.com); the event log closes longer gaps. */
const OVERLAP_MS = 15 * 60_000;

/**
 * Leads by `date_updated`, oldest first, with their contacts embedded. A lead's `date_updated` also moves for its contacts, deals and
 * activities, so a changed contact brings its lead along.
 *
 * Each page is asked for anew from the last `date_updated` seen, not by cursor: cursors live for seconds only and sorted results are
 * capped (both unverified), and a lead that is edited meanwhile moves to the end, where it is met again. The cursor only serves where
 * more leads than a page share one time.
 */
export async function* pullLeads(context: ClosePull): AsyncGenerator<Page> {
  const before = checkpointSchema.nullable().parse(context.checkpoint)?.readUpTo ?? null;
  const keep = await keepFor(context.client, context.settings);
  let from = before === null ? context.since : new Date(Date.parse(before) - OVERLAP_MS);
  let readUpTo = before === null ? null : new Date(before);
  let cursor: string | null = null;
  let done = 0;
  for (;;) {
    const page: SearchPage | "expired" = await searchFrom(context, from, cursor);
    if (page === "expired") {
      cursor = null;
      continue;
    }
    const last = newest(page.data);
    if (last !== null && (readUpTo === null || last > readUpTo)) readUpTo = last;
    done += page.data.length;
    const checkpoint = { readUpTo: earlier(readUpTo, context.startedAt)?.toISOString() ?? null };
    yield { ...leadsAndContacts(page.data, keep), checkpoint, progress: { done, total: null } };
    if (page.data.length === 0 || page.cursor === null) return;
    const isFurther = last !== null && (from === null || last > from);
    cursor = isFurther ? null : page.cursor;
    if (isFurther) from = last;
  }
}

async function searchFrom(
  context: ClosePull,
  from: Date | null,
  cursor: string | null,
): Promise<SearchPage | "expired"> {
  const fields = askedFields("leads", context.settings) ?? [];
  try {
    return await context.client.search({ objectType: "lead", fields, updatedFrom: from, limit: PAGE_SIZE, cursor });
  } catch (error) {
    if (cursor !== null && failedWith(error, CURSOR_EXPIRED)) return "expired";
    throw error;
  }
}

/** Leads as they are landed, and their contacts for the stream of contacts. */
export function leadsAndContacts(leads: readonly Json[], keep: Keep): Pick<Page, "records" | "others"> {
  const contacts = leads.flatMap((lead) => {
    const embedded = fieldOf(lead, "contacts");
    return listOf(embedded);
  });
  const records = leads.map((lead) => keep("leads", lead));
  const parts = contacts.map((contact) => keep("contacts", contact));
  return { records, others: parts.length === 0 ? [] : [{ stream: "contacts", records: parts }] };
}

function newest(rows: readonly CloseRow[]): Date | null {
  let latest: Date | null = null;
  for (const row of rows) {
    const at = closeInstant(row["date_updated"] as string | null); // As the schema of a list has read it.
    if (at !== null && (latest === null || at > latest)) latest = at;
  }
  return latest;
}

function earlier(a: Date | null, b: Date): Date | null {
  return a !== null && a > b ? b : a;
}
