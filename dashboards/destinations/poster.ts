import { guardedAgents } from "../../core/connector/guard.ts";
import { type Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { JsonObject } from "../../core/base/json.ts";
import type { SenderOptions, SendOutcome } from "../../core/destination/define.ts";

/** Receivers should queue and answer; one that needs longer is treated as failing (Standard Webhooks: 15 to 30 s). */
const ANSWER_MS = 15_000;
const CONNECT_MS = 5_000;
/** The status is the answer. Of the body so much is kept, and waited for so long; then the connection is given up. */
const BODY_BYTES = 20_000;
const BODY_MS = 1_000;
/** Of an answer that says that all is well. */
const KEPT_OF_SUCCESS = 500;

/** One POST of JSON to an address that people gave. */
export type Post = {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  /** What of the request may be shown in the log: the address, where it is no secret, and headers. */
  readonly shown: { readonly url: string; readonly headers: { readonly [name: string]: string } };
};

export type Poster = {
  /** Never throws: whatever happens is the outcome. 2xx is delivered, nothing else is; a redirect is not followed. */
  post(what: Post): Promise<SendOutcome>;
  close(): void;
};

export function createPoster({ allowPrivateNetworks }: Pick<SenderOptions, "allowPrivateNetworks">): Poster {
  const options = { keepAlive: true };
  const { httpAgent, httpsAgent } = guardedAgents(allowPrivateNetworks, options);
  return {
    async post({ url, headers, body, shown }) {
      const startedAt = performance.now();
      const request: JsonObject = { method: "POST", url: shown.url, headers: shown.headers };
      const outcome = (rest: Omit<SendOutcome, "durationMs" | "request">): SendOutcome => ({
        durationMs: Math.round(performance.now() - startedAt),
        request,
        ...rest,
      });
      try {
        const address = new URL(url);
        const isHttps = address.protocol === "https:";
        const response = await open(address, isHttps, isHttps ? httpsAgent : httpAgent, headers, body);
        const status = response.statusCode ?? 0;
        const isDelivered = status >= 200 && status < 300;
        // Taken here: how long the body trickles says nothing of the receiver.
        const answered = outcome({
          statusCode: status,
          error: isDelivered ? null : `The receiver answered ${status}.`,
          retryAfterS: retryAfterS(response.headers["retry-after"]),
          wish: wishOf(response.headers["webhook-delivery"]),
          response: null,
        });
        const text = await bodyOf(response);
        return {
          ...answered,
          response: {
            status,
            headers: shownHeaders(response),
            body: isDelivered ? text.slice(0, KEPT_OF_SUCCESS) : text,
          },
        };
      } catch (error) {
        return outcome({
          statusCode: null,
          error: networkFailure(error),
          retryAfterS: null,
          wish: null,
          response: null,
        });
      }
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** Resolves when the answer's head is there. */
function open(
  url: URL,
  isHttps: boolean,
  agent: HttpAgent,
  headers: Post["headers"],
  body: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (isHttps ? httpsRequest : httpRequest)(url, {
      method: "POST",
      agent,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
    });
    const silence = setTimeout(() => request.destroy(new NoAnswer(ANSWER_MS)), ANSWER_MS);
    let connect: NodeJS.Timeout | undefined;
    request.once("socket", (socket) => {
      if (!socket.connecting) return;
      connect = setTimeout(() => request.destroy(new NoAnswer(CONNECT_MS)), CONNECT_MS);
      socket.once(isHttps ? "secureConnect" : "connect", () => clearTimeout(connect));
    });
    const ended = (): void => {
      clearTimeout(silence);
      clearTimeout(connect);
    };
    request.once("response", (response) => {
      ended();
      resolve(response);
    });
    // Stays for what comes after the head: a connection that breaks then is met by who reads the body.
    request.on("error", (error) => {
      ended();
      reject(error);
    });
    request.end(body);
  });
}

/** What came of the body within bounds. One that goes on is given up with its connection. */
function bodyOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => {
      clearTimeout(timer);
      if (!response.complete) response.destroy();
      resolve(Buffer.concat(chunks).subarray(0, BODY_BYTES).toString("utf8"));
    };
    const timer = setTimeout(finish, BODY_MS);
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= BODY_BYTES) finish();
    });
    response.once("end", finish);
    response.once("error", finish);
    response.once("close", finish);
  });
}

class NoAnswer extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.ms = ms;
  }
}

/** Headers of an answer that help to see why, without what may be somebody's secret. */
function shownHeaders({ headers }: IncomingMessage): JsonObject {
  const shown = ["content-type", "content-length", "date", "location", "retry-after", "server", "webhook-delivery"];
  return Object.fromEntries(
    shown.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value.slice(0, 200)]] : [];
    }),
  );
}

function wishOf(header: string | string[] | undefined): SendOutcome["wish"] {
  if (header === "disable") return "stop";
  return header === "abort-message" ? "drop" : null;
}

/** Seconds or a date; anything else says nothing. */
function retryAfterS(header: string | undefined): number | null {
  if (header === undefined || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

function networkFailure(error: unknown): string {
  if (error instanceof NoAnswer) return `The receiver did not answer within ${error.ms / 1000} s.`;
  if (error instanceof Error && /is not allowed/.test(error.message)) {
    return "The address leads into a private network, which is not allowed.";
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "no code";
  return `The receiver could not be reached (${code}).`;
}
