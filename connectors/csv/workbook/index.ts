import type { RunLog } from "../../../core/connector/define.ts";
import { type ApartLimits, readApart } from "../apart/thread.ts";
import type { RawRow } from "../sheet-rows.ts";
import type { ChosenSheet, WorkbookRequest } from "./read.ts";

export type WorkbookLimits = ApartLimits;

/** Reading is fifty times as fast on an idle machine. */
const LIMITS: WorkbookLimits = { heapMb: 384, openMs: 60_000, bytesPerMs: 250 };

/**
 * The rows of one sheet of a workbook, from top to bottom, read by a thread of its own.
 *
 * @param onOpen which sheet is read; `log` takes what people should know of it.
 * @throws TributaryError `csv.file.unreadable`, `csv.file.sheet`, `csv.file.too_large`; the signal's reason.
 */
export function readWorkbookApart(
  request: WorkbookRequest,
  signal: AbortSignal,
  { onOpen, log }: { readonly onOpen: (sheet: ChosenSheet) => void; readonly log: RunLog },
  limits: WorkbookLimits = LIMITS,
): AsyncGenerator<readonly RawRow[]> {
  return readApart(
    { kind: "workbook", ...request },
    signal,
    (message) => {
      if (message.kind === "opened" && message.sheet !== null) onOpen(message.sheet);
      if (message.kind === "told") log(message.level, message.message);
    },
    limits,
  );
}
