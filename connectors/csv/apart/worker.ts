import { stat } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { toTributaryError } from "../../../core/base/errors.ts";
import type { RunLog } from "../../../core/connector/define.ts";
import type { FileFault, RawRow } from "../sheet-rows.ts";
import { readText } from "../text-rows.ts";
import { readWorkbook, type ChosenSheet } from "../workbook/read.ts";
import type { ApartRequest } from "./thread.ts";

/** What the thread that reads a file says to the one that asked for it. */
export type ThreadMessage =
  /** Before the first row. `bytes`: what there is to read. */
  | { readonly kind: "opened"; readonly sheet: ChosenSheet | null; readonly bytes: number }
  | { readonly kind: "told"; readonly level: Parameters<RunLog>[0]; readonly message: string }
  | { readonly kind: "found"; readonly fault: FileFault }
  | { readonly kind: "rows"; readonly rows: readonly RawRow[] }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly mend: string };

/** Each message from there asks for one more batch. */
async function run(port: NonNullable<typeof parentPort>): Promise<void> {
  const say = (message: ThreadMessage): void => port.postMessage(message);
  let asked = 0;
  let wake: (() => void) | null = null;
  port.on("message", () => {
    asked += 1;
    wake?.();
  });
  const give = async (rows: readonly RawRow[]): Promise<void> => {
    while (asked === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    asked -= 1;
    say({ kind: "rows", rows });
  };
  try {
    // Whoever starts this thread gives it a request as its data.
    await read(workerData as ApartRequest, say, give);
    say({ kind: "done" });
  } catch (error) {
    const { code, message, mend } = toTributaryError(error);
    say({ kind: "failed", code, message, mend });
  } finally {
    port.close();
  }
}

async function read(
  request: ApartRequest,
  say: (message: ThreadMessage) => void,
  give: (rows: readonly RawRow[]) => Promise<void>,
): Promise<void> {
  const log: RunLog = (level, message) => say({ kind: "told", level, message });
  if (request.kind === "workbook") {
    await readWorkbook(request, {
      opened: (sheet, bytes) => say({ kind: "opened", sheet, bytes }),
      rows: give,
      warn: (message) => log("warn", message),
    });
    return;
  }
  const { path, name } = request;
  say({ kind: "opened", sheet: null, bytes: (await stat(path)).size });
  const tell = (fault: FileFault): void => say({ kind: "found", fault });
  for await (const rows of readText({ ...request, log, tell }, path, name)) await give(rows);
}

if (parentPort !== null) await run(parentPort);
