import type { Clock } from "../base/clock.ts";
import type { Page } from "../connector/define.ts";

/** A page, and when it was asked for. */
export type FetchedPage = { readonly page: Page; readonly fetchedAt: Date };

export type BatchLimits = { readonly maxRecords: number; readonly maxWaitMs: number };

/**
 * Gathers pages into batches: at most about `maxRecords` records (a page is never split), none older than `maxWaitMs` when it is handed on.
 * While a batch is being landed the next page is on its way, and only that one: memory holds two batches and a page.
 *
 * When the pages fail, what had come before is handed on first, then the error is thrown. When `signal` aborts, what had come is handed on
 * and the batches end.
 */
export async function* batchPages(
  pages: AsyncIterable<Page>,
  clock: Clock,
  limits: BatchLimits,
  signal: AbortSignal,
): AsyncGenerator<readonly FetchedPage[]> {
  const iterator = pages[Symbol.asyncIterator]();
  const ask = (): Promise<FetchedPage | null> => {
    const fetchedAt = clock.now();
    const asked = iterator.next().then((result) => (result.done === true ? null : { page: result.value, fetchedAt }));
    // It may fail while nobody is waiting for it; whoever waits next gets the error.
    asked.catch(() => undefined);
    return asked;
  };
  let isDone = false;
  try {
    let gathered: FetchedPage[] = [];
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
      if (result.page.page.startsListing === true && gathered.length > 0) {
        yield gathered;
        gathered = [];
      }
      if (gathered.length === 0) deadlineMs = performance.now() + limits.maxWaitMs;
      gathered.push(result.page);
      if (countRecords(gathered) >= limits.maxRecords) {
        yield gathered;
        gathered = [];
      }
    }
    if (gathered.length > 0) yield gathered;
  } finally {
    if (!isDone) await iterator.return?.().catch(() => undefined);
  }
}

function countRecords(pages: readonly FetchedPage[]): number {
  let count = 0;
  for (const { page } of pages) {
    count += page.records.length;
    for (const other of page.others ?? []) count += other.records.length;
  }
  return count;
}

type Settled =
  | { readonly kind: "page"; readonly page: FetchedPage | null }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "late" };

/** The page, its failure, or `late` after `waitMs`; null waits for as long as it takes. */
async function settle(next: Promise<FetchedPage | null>, waitMs: number | null): Promise<Settled> {
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
