import type { Response } from "express";

/** Sent this often when there is nothing to say, so that neither side nor a proxy takes silence for a dead line. */
const HEARTBEAT_MS = 15_000;
/** How long a browser waits before it connects again. */
const RETRY_MS = 2_000;
/** A screen that has not read this much is not reading; it is cut off and will connect again. */
const MOST_UNREAD_BYTES = 1024 * 1024;

export type EventStream = {
  /** WHATWG HTML, "Server-sent events": the id comes back as `Last-Event-ID` when the browser connects again. */
  send(event: { readonly name: string; readonly id: string | null; readonly data: unknown }): void;
  onClose(act: () => void): void;
};

/** All open event streams of this server, so that it can end them when it drains. */
export type EventStreams = {
  open(response: Response): EventStream;
  readonly count: () => number;
  /** Ends all; browsers connect again by themselves, to whoever is there then. */
  endAll(): void;
};

export function createEventStreams(): EventStreams {
  const responses = new Set<Response>();
  return {
    count: () => responses.size,
    endAll: () => {
      for (const response of responses) response.end();
    },
    open: (response) => {
      responses.add(response);
      response.status(200).set({
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        // nginx would keep events back to fill its buffer.
        "X-Accel-Buffering": "no",
      });
      response.write(`retry: ${RETRY_MS}\n\n`);
      const heartbeat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS);
      const closeActions: (() => void)[] = [];
      response.on("close", () => {
        clearInterval(heartbeat);
        responses.delete(response);
        for (const act of closeActions) act();
      });
      return {
        onClose: (act) => {
          if (response.closed) act();
          else closeActions.push(act);
        },
        send: ({ name, id, data }) => {
          if (response.writableLength > MOST_UNREAD_BYTES) {
            response.destroy();
            return;
          }
          // JSON has no raw line breaks, so the data is one line.
          response.write(`event: ${name}\n${id === null ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
        },
      };
    },
  };
}
