import { z } from "zod";
import { failedWith } from "../../core/base/errors.ts";
import type { Page } from "../../core/connector/define.ts";
import type { IntercomPull } from "./client.ts";
import { asListed } from "./conversations.ts";
import { PAGE_LIMIT } from "./errors.ts";

const PER_PAGE = 50;
const MOST_RESTARTS = 5;

const checkpointSchema = z.object({
  /** When the last whole listing began; null: never. */
  readAt: z.coerce.date().nullable(),
  /** Where a listing stands. `total`: how many there were when it began. */
  listing: z.object({ page: z.int(), total: z.int().nullable(), isScroll: z.boolean() }).nullable(),
});
type Listing = NonNullable<z.infer<typeof checkpointSchema>["listing"]>;
const FIRST: Listing = { page: 1, total: null, isScroll: false };

/**
 * All companies, from time to time: they can neither be searched by date nor say which are gone.
 *
 * Page by page as far as that goes (10,000, or until companies keep coming and going); beyond, by scrolling, which only one may do at a time and which cannot be gone on with after an
 * interruption: a page that was answered and not landed would be taken for gone.
 */
export async function* pullCompanies(context: IntercomPull): AsyncGenerator<Page> {
  const { settings, startedAt } = context;
  const before = checkpointSchema.nullable().parse(context.checkpoint);
  const readAt = before?.readAt ?? null;
  const isDue = readAt === null || startedAt.getTime() - readAt.getTime() >= settings.companies_every_minutes * 60_000;
  if (!isDue && !before?.listing) return;
  const done = { readAt: startedAt.toISOString(), listing: null };
  const at = (listing: Listing): Page["checkpoint"] => ({ readAt: readAt?.toISOString() ?? null, listing });
  const listing = before?.listing ?? FIRST;
  if (listing.isScroll || !(yield* byPages(context, listing, at, done))) yield* byScroll(context, at, done);
}

type At = (listing: Listing) => Page["checkpoint"];

/** @returns false where there are more than pages go, or too much comes and goes for pages: a scroll does not go by numbers. */
async function* byPages(
  { client, log }: IntercomPull,
  start: Listing,
  at: At,
  done: Page["checkpoint"],
): AsyncGenerator<Page, boolean> {
  let { page, total } = start;
  for (let restarts = 0; ;) {
    const found = await client.companies(page, PER_PAGE).catch((error: unknown) => {
      if (failedWith(error, PAGE_LIMIT)) return null;
      throw error;
    });
    if (found === null) return false;
    if (total !== null && found.total !== total) {
      // One that was taken away has pulled up those after it: a page would be stepped over by one, and who stood there taken for gone.
      if (restarts === MOST_RESTARTS) return false;
      log("info", "companies came or went while they were read: reading them again");
      restarts += 1;
      [page, total] = [1, null];
      continue;
    }
    total = found.total;
    const checkpoint = found.isLast ? done : at({ page: page + 1, total, isScroll: false });
    yield { records: found.rows.map(asListed), checkpoint, ...(page === 1 ? { startsListing: true } : {}) };
    if (found.isLast) return true;
    page += 1;
  }
}

async function* byScroll({ client }: IntercomPull, at: At, done: Page["checkpoint"]): AsyncGenerator<Page> {
  let param: string | null = null;
  for (let isFirst = true; ; isFirst = false) {
    const { rows, next } = await client.scrollCompanies(param);
    const isLast = rows.length === 0 || next === null;
    const checkpoint = isLast ? done : at({ page: 1, total: null, isScroll: true });
    yield { records: rows.map(asListed), checkpoint, ...(isFirst ? { startsListing: true } : {}) };
    if (isLast) return;
    param = next;
  }
}
