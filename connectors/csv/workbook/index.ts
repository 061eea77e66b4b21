import { Worker } from "node:worker_threads";
import { fileError } from "../errors.ts";
import type { ChosenSheet, WorkbookRequest, WorkbookRow } from "./read.ts";
import type { WorkerMessage } from "./worker.ts";

export type { ChosenSheet, WorkbookRow } from "./read.ts";

/** What a thread that reads somebody's workbook may take. */
export type WorkbookLimits = {
  readonly heapMb: number;
  /** For opening a workbook and finding the sheet. */
  readonly openMs: number;
  /** For the rest: so many bytes of XML a millisecond at least. Reading is fifty times as fast on an idle machine. */
  readonly bytesPerMs: number;
};

const LIMITS: WorkbookLimits = { heapMb: 384, openMs: 60_000, bytesPerMs: 250 };

/** How many workbooks are read at the same time: each may take `heapMb`. The others wait. */
const MAX_AT_ONCE = 3;
let running = 0;
const waiting: (() => void)[] = [];

/**
 * The rows of one sheet of a workbook, from top to bottom, some at a time, read by a thread of its own: however long it takes and whatever is in it, the rest
 * of the process goes on, and the thread ends when the reading is left or `signal` aborts. Rows are made as they are asked for.
 *
 * @param onOpen which sheet is read.
 * @throws TributaryError `csv.file.unreadable`, `csv.file.sheet`, `csv.file.too_large`; the signal's reason.
 */
export async function* readWorkbookApart(
  request: WorkbookRequest,
  signal: AbortSignal,
  onOpen: (sheet: ChosenSheet) => void,
  limits: WorkbookLimits = LIMITS,
): AsyncGenerator<readonly WorkbookRow[]> {
  await takeTurn(signal);
  try {
    const thread = startThread(request, limits);
    try {
      let leftMs = limits.openMs;
      // One batch is read ahead, while the last one is looked at.
      thread.ask();
      for (;;) {
        const startedMs = performance.now();
        const message = await thread.next(signal, leftMs);
        leftMs -= performance.now() - startedMs;
        if (message === "late") throw tooSlow(request);
        if (message.kind === "done") return;
        if (message.kind === "failed") throw fileError(message);
        if (message.kind === "opened") {
          leftMs += message.bytes / limits.bytesPerMs;
          onOpen(message.sheet);
          continue;
        }
        thread.ask();
        yield message.rows;
      }
    } finally {
      await thread.stop();
    }
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

async function takeTurn(signal: AbortSignal): Promise<void> {
  while (running >= MAX_AT_ONCE) {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const go = (): void => {
        signal.removeEventListener("abort", go);
        const at = waiting.indexOf(go);
        if (at >= 0) waiting.splice(at, 1);
        resolve();
      };
      waiting.push(go);
      signal.addEventListener("abort", go, { once: true });
    });
  }
  signal.throwIfAborted();
  running += 1;
}

type Thread = {
  readonly ask: () => void;
  /** The next message; `late` when there is none after so long. */
  readonly next: (signal: AbortSignal, withinMs: number) => Promise<WorkerMessage | "late">;
  readonly stop: () => Promise<void>;
};

function startThread(request: WorkbookRequest, limits: WorkbookLimits): Thread {
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: request,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb, maxYoungGenerationSizeMb: 32 },
  });
  const came: WorkerMessage[] = [];
  let failure: Error | null = null;
  let wake: (() => void) | null = null;
  worker.on("message", (message: WorkerMessage) => {
    came.push(message);
    wake?.();
  });
  worker.on("error", (error: Error) => {
    failure = broken(request, error, limits);
    wake?.();
  });
  worker.on("exit", () => {
    failure ??= broken(request, new Error("its reader ended early"), limits);
    wake?.();
  });
  return {
    ask: () => worker.postMessage("more"),
    next: async (signal, withinMs) => {
      let isLate = false;
      const onAbort = (): void => wake?.();
      const timer = setTimeout(
        () => {
          isLate = true;
          wake?.();
        },
        Math.max(1, withinMs),
      );
      signal.addEventListener("abort", onAbort);
      try {
        for (;;) {
          signal.throwIfAborted();
          const message = came.shift();
          if (message !== undefined) return message;
          if (failure !== null) throw failure;
          if (isLate) return "late";
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      }
    },
    stop: async () => {
      worker.removeAllListeners();
      // Whatever it still says or does is of no use to anybody.
      worker.on("error", () => {});
      await worker.terminate();
    },
  };
}

function broken({ shown }: WorkbookRequest, cause: Error, { heapMb }: WorkbookLimits): Error {
  if ("code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY")
    return fileError({
      code: "csv.file.too_large",
      message: `${shown} needs more than ${heapMb} MB of memory to be read as a workbook.`,
      mend: "Save the sheet that is needed as CSV, which is streamed, or split it.",
      cause,
    });
  return fileError({
    code: "csv.file.unreadable",
    message: `${shown} cannot be read as a workbook: ${cause.message}.`,
    mend: "Open it in a spreadsheet program and save it again as .xlsx.",
    cause,
  });
}

function tooSlow({ shown }: WorkbookRequest): Error {
  return fileError({
    code: "csv.file.too_large",
    message: `${shown} takes too long to be read as a workbook.`,
    mend: "Save the sheet that is needed as CSV, or save the workbook again in a spreadsheet program.",
  });
}
