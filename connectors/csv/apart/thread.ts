import { Worker } from "node:worker_threads";
import { fileError } from "../errors.ts";
import type { Mapping } from "../settings.ts";
import type { RawRow } from "../sheet-rows.ts";
import type { WorkbookRequest } from "../workbook/read.ts";
import { createTurns } from "./turns.ts";
import type { ThreadMessage } from "./worker.ts";

/** A text that rows stand in. */
export type TextRequest = {
  readonly path: string;
  /** How messages name the file. */
  readonly shown: string;
  /** The file's own name, which may say how it is divided. */
  readonly name: string;
  readonly mapping: Mapping;
};

export type ApartRequest =
  ({ readonly kind: "workbook" } & WorkbookRequest) | ({ readonly kind: "text" } & TextRequest);

/** What a thread that reads somebody's file may take. */
export type ApartLimits = {
  readonly heapMb: number;
  /** For the thread to begin, and for opening a workbook and finding the sheet. */
  readonly openMs: number;
  /** For the rest: so many bytes a millisecond at least, of a workbook those of its XML. */
  readonly bytesPerMs: number;
};

/** Each may take `heapMb`. The others wait. */
const turns = createTurns(3);

/**
 * The rows of a file from top to bottom, some at a time, read by a thread of its own: however long it takes and whatever is in it, the rest of
 * the process goes on, and the thread ends when the reading is left or `signal` aborts. Rows are made as they are asked for.
 *
 * @param hear what is known before and beside the rows.
 * @throws TributaryError what reading throws, `csv.file.too_large` beyond the limits; the signal's reason.
 */
export async function* readApart(
  request: ApartRequest,
  signal: AbortSignal,
  hear: (message: Extract<ThreadMessage, { readonly kind: "opened" | "told" | "found" }>) => void,
  limits: ApartLimits,
): AsyncGenerator<readonly RawRow[]> {
  const leave = await turns.take(signal);
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
        if (message.kind === "rows") {
          thread.ask();
          yield message.rows;
          continue;
        }
        if (message.kind === "opened") leftMs += message.bytes / limits.bytesPerMs;
        hear(message);
      }
    } finally {
      await thread.stop();
    }
  } catch (error) {
    // Whoever set the time knows no better reason than that it is over.
    throw isTimeOver(error) ? tooSlow(request) : error;
  } finally {
    leave();
  }
}

function isTimeOver(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

type Thread = {
  readonly ask: () => void;
  /** The next message; `late` when there is none after so long. */
  readonly next: (signal: AbortSignal, withinMs: number) => Promise<ThreadMessage | "late">;
  readonly stop: () => Promise<void>;
};

function startThread(request: ApartRequest, limits: ApartLimits): Thread {
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: request,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb, maxYoungGenerationSizeMb: 32 },
  });
  const came: ThreadMessage[] = [];
  let failure: Error | null = null;
  let wake: (() => void) | null = null;
  worker.on("message", (message: ThreadMessage) => {
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

const WHAT = { workbook: "a workbook", text: "rows of text" } as const;
const INSTEAD = {
  workbook: "Save the sheet that is needed as CSV, which is streamed, or split it.",
  text: "See whether it is the file that it should be; if it is, split it.",
} as const;

function broken({ kind, shown }: ApartRequest, cause: Error, { heapMb }: ApartLimits): Error {
  if ("code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY")
    return fileError({
      code: "csv.file.too_large",
      message: `${shown} needs more than ${heapMb} MB of memory to be read as ${WHAT[kind]}.`,
      mend: INSTEAD[kind],
      cause,
    });
  return fileError({
    code: "csv.file.unreadable",
    message: `${shown} cannot be read as ${WHAT[kind]}: ${cause.message}.`,
    mend: "Open it in a spreadsheet program and save it again as .xlsx.",
    cause,
  });
}

function tooSlow({ kind, shown }: ApartRequest): Error {
  return fileError({
    code: "csv.file.too_large",
    message: `${shown} takes too long to be read as ${WHAT[kind]}.`,
    mend:
      kind === "workbook"
        ? "Save the sheet that is needed as CSV, or save the workbook again in a spreadsheet program."
        : INSTEAD[kind],
  });
}
