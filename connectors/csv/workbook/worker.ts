import { parentPort, workerData } from "node:worker_threads";
import { toTributaryError } from "../../../core/base/errors.ts";
import { readWorkbook, type ChosenSheet, type WorkbookRequest, type WorkbookRow } from "./read.ts";

/** What the thread that reads a workbook says to the one that asked for it. */
export type WorkerMessage =
  | { readonly kind: "opened"; readonly sheet: ChosenSheet; readonly bytes: number }
  | { readonly kind: "rows"; readonly rows: readonly WorkbookRow[] }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly mend: string };

/** Each message from there asks for one more batch. */
async function run(port: NonNullable<typeof parentPort>): Promise<void> {
  const say = (message: WorkerMessage): void => port.postMessage(message);
  let asked = 0;
  let wake: (() => void) | null = null;
  port.on("message", () => {
    asked += 1;
    wake?.();
  });
  try {
    // Whoever starts this thread gives it a request as its data.
    await readWorkbook(workerData as WorkbookRequest, {
      opened: (sheet, bytes) => say({ kind: "opened", sheet, bytes }),
      rows: async (rows) => {
        while (asked === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        asked -= 1;
        say({ kind: "rows", rows });
      },
    });
    say({ kind: "done" });
  } catch (error) {
    const { code, message, mend } = toTributaryError(error);
    say({ kind: "failed", code, message, mend });
  } finally {
    port.close();
  }
}

if (parentPort !== null) await run(parentPort);
