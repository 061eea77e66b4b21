import type { Clock } from "../base/clock.ts";
import type { Page } from "../connector/define.ts";
import type { LandPart } from "./batch.ts";

/** A page whose records have been read, as all that is kept of them; `rest` is what it says besides. */
export type ReadPage = {
  readonly parts: readonly LandPart[];
  readonly rest: Omit<Page, "records" | "deleted" | "others">;
};

/** `maxLength` is that of the records as JSON text, in UTF-16 units. */
export type BatchLimits = { readonly maxRecords: number; readonly maxLength: number; readonly maxWaitMs: number };

/**
 * Gathers pages into batches: at most about `maxRecords` records and `maxLength` of text (a page is never split), none older than
 * `maxWaitMs` when it is handed on. While a batch is being landed the next page is on its way, and only that one: memory holds two batches
 * and a page.
 *
 * When the pages fail, what had come before is handed on first, then the error is thrown. When `signal` aborts, what had come is handed on
 * and the batches end.
 *
 * @param read told when the page was asked for.
 */
export async function* batchPages(
  pages: AsyncIterable<Page>,
  read: (page: Page, fetchedAt: Date) => ReadPage,
  clock: Clock,
  limits: BatchLimits,
  signal: AbortSignal,
): AsyncGenerator<readonly ReadPage[]> {
  const iterator = pages[Symbol.asyncIterator]();
  const ask = (): Promise<ReadPage | null> => {
    const fetchedAt = clock.now();
    const asked = iterator.next().then((result) => (result.done === true ? null : read(result.value, fetchedAt)));
    // It may fail while nobody is waiting for it; whoever waits next gets the error.
    asked.catch(() => undefined);
    return asked;
  };
  let isDone = false;
  try {
    let gathered: ReadPage[] = [];
    let deadlineMs = 0;
    let next = ask();
    while (!signal.aborted) {
      const result = await settle(next, gathered.length === 0 ? null : deadlineMs - performance.now());
      if (result.kind === "late") {
        yield gathered;
        gathered = [];
        continue;
      }
      if (result.kind === "failed" || result.page === null) {
        isDone = true;
        if (gathered.length > 0) yield gathered;
        if (result.kind === "failed") throw result.error;
        return;
      }
      next = ask();
      // What came before belongs to another listing, and lands apart from it.
      if (result.page.rest.startsListing === true && gathered.length > 0) {
        yield gathered;
        gathered = [];
      }
      if (gathered.length === 0) deadlineMs = performance.now() + limits.maxWaitMs;
      gathered.push(result.page);
      if (isFull(gathered, limits)) {
        yield gathered;
        gathered = [];
      }
    }
    if (gathered.length > 0) yield gathered;
  } finally {
    if (!isDone) await iterator.return?.().catch(() => undefined);
  }
}

function isFull(pages: readonly ReadPage[], limits: BatchLimits): boolean {
  let records = 0;
  let length = 0;
  for (const { parts } of pages)
    for (const { versions } of parts) {
      records += versions.length;
      for (const { json } of versions) length += json.length;
    }
  return records >= limits.maxRecords || length >= limits.maxLength;
}

type Settled =
  | { readonly kind: "page"; readonly page: ReadPage | null }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "late" };

/** The page, its failure, or `late` after `waitMs`; null waits for as long as it takes. */
async function settle(next: Promise<ReadPage | null>, waitMs: number | null): Promise<Settled> {
  const settled = next.then(
    (page): Settled => ({ kind: "page", page }),
    (error: unknown): Settled => ({ kind: "failed", error }),
  );
  if (waitMs === null) return settled;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Settled>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "late" }), Math.max(0, waitMs));
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
