import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { HarnessFault } from "../../_check/harness.ts";
import type { Sheet, Sheets } from "./sheets.ts";
import { portOf } from "../../../core/base/network.ts";

/** A web server of spreadsheets, as CSV with ETags, whose next answers can be made to fail. */
export type SheetServer = {
  readonly origin: string;
  readonly fail: (fault: HarnessFault, times: number) => void;
  readonly onRequest: (listener: (() => void) | null) => void;
  /** Rows come in another order each time. */
  readonly shuffle: (isOn: boolean) => void;
  readonly requestCount: () => number;
  readonly stop: () => Promise<void>;
};

export async function startSheetServer(sheets: Sheets): Promise<SheetServer> {
  const faults: HarnessFault[] = [];
  let listener: (() => void) | null = null;
  let isShuffled = false;
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    const fault = faults.shift();
    const sheet = sheets[/^\/(\w+)\.csv$/.exec(request.url ?? "")?.[1] ?? ""];
    if (sheet === undefined) return void response.writeHead(404).end();
    if (fault !== undefined) return answerFault(response, fault, csvText(sheet, 0));
    listener?.();
    const text = csvText(sheet, isShuffled ? count : 0);
    const etag = `"${createHash("sha256").update(text).digest("hex").slice(0, 16)}"`;
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304).end();
    response.writeHead(200, { "content-type": "text/csv; charset=utf-8", etag }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    fail: (fault, times) => void faults.push(...Array.from({ length: times }, () => fault)),
    onRequest: (next) => {
      listener = next;
    },
    shuffle: (isOn) => {
      isShuffled = isOn;
    },
    requestCount: () => count,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function answerFault(response: ServerResponse, fault: HarnessFault, text: string): void {
  const html = "<html><body>Something is wrong</body></html>";
  switch (fault) {
    case "rate_limited":
      return void response.writeHead(429, { "retry-after": "1" }).end();
    case "rate_limited_without_header":
      return void response.writeHead(429).end();
    case "server_error":
      return void response.writeHead(500).end("Internal error");
    case "unavailable_html":
      return void response.writeHead(503, { "content-type": "text/html" }).end(html);
    case "drip":
      // Whoever reads a file lets it take its time: this one comes slowly, and does end.
      response.writeHead(200, { "content-type": "text/csv" }).write(text.slice(0, text.length / 2));
      return void setTimeout(() => response.end(text.slice(text.length / 2)), 300);
    case "reset":
      return void response.socket?.destroy();
    case "truncated":
      response.writeHead(200, { "content-type": "text/csv", "content-length": Buffer.byteLength(text) });
      return void response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
    case "html":
      return void response.writeHead(200, { "content-type": "text/html" }).end(html);
    default:
      return fault satisfies never;
  }
}

/** @param turn where in the rows the text begins; 0: at the first. */
function csvText({ columns, rows }: Sheet, turn: number): string {
  const start = rows.length === 0 ? 0 : (turn * 7) % rows.length;
  const inOrder = [...rows.slice(start), ...rows.slice(0, start)];
  const line = (cells: readonly string[]): string => cells.map(quoted).join(";");
  return [columns, ...inOrder.map((row) => columns.map((column) => row[column] ?? ""))].map(line).join("\n") + "\n";
}

function quoted(cell: string): string {
  return /[";\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
