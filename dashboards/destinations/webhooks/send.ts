import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import axios, { isAxiosError } from "axios";
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from "request-filtering-agent";
import { TributaryError } from "../../../core/base/errors.ts";
import type { EventSender, OutgoingEvent, SenderOptions } from "../../../core/destination/define.ts";
import type { WebhookSettings } from "./settings.ts";
import { signedHeaders } from "./sign.ts";

/** Receivers should queue and answer; one that needs longer is treated as failing (Standard Webhooks: 15 to 30 s). */
const TIMEOUT_MS = 15_000;

/** What a receiver gets. `timestamp` is when it happened, not when it was sent. */
export function webhookBody(event: Omit<OutgoingEvent, "eventId">): string {
  return JSON.stringify({ type: event.type, timestamp: event.occurredAt.toISOString(), data: event.data });
}

/**
 * Checks an address before it is subscribed. The network guard itself works at connection time, on the resolved address.
 *
 * @throws TributaryError `webhooks.url_refused`
 */
export function assertWebhookUrl(text: string, options: SenderOptions): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  const refuse = (why: string): never => {
    throw new TributaryError({
      code: "webhooks.url_refused",
      kind: "config",
      message: `The webhook address is refused: ${why}.`,
      mend: "Give an https:// address that is reachable from the internet, without user name or password in it.",
    });
  };
  if (url === null) return refuse("it is not an absolute URL");
  if (url.username !== "" || url.password !== "") return refuse("it carries a user name or password");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && options.allowPrivateNetworks)) {
    return refuse(`it uses ${url.protocol.slice(0, -1)} instead of https`);
  }
  return undefined;
}

/** Sends webhooks, one HTTP request per attempt. Never throws: whatever happens is the attempt's outcome. */
export function createSender(options: SenderOptions): EventSender<WebhookSettings> {
  const httpAgent = options.allowPrivateNetworks
    ? new HttpAgent({ keepAlive: true })
    : new RequestFilteringHttpAgent({ keepAlive: true });
  const httpsAgent = options.allowPrivateNetworks
    ? new HttpsAgent({ keepAlive: true })
    : new RequestFilteringHttpsAgent({ keepAlive: true });
  const http = axios.create({
    httpAgent,
    httpsAgent,
    proxy: false,
    maxRedirects: 0,
    timeout: TIMEOUT_MS,
    maxContentLength: 64 * 1024,
    responseType: "text",
    transformResponse: (data: unknown) => data,
    validateStatus: () => true,
  });
  return {
    async send({ url, secret }, event) {
      const body = webhookBody(event);
      const startedAt = performance.now();
      const elapsedMs = (): number => Math.round(performance.now() - startedAt);
      try {
        const response = await http.post<string>(url, body, {
          headers: {
            "content-type": "application/json",
            "user-agent": "Tributary-Webhooks/1",
            ...signedHeaders(secret, event.eventId, body, new Date()),
          },
          // `timeout` covers silence; this covers an answer that trickles in for ever.
          signal: AbortSignal.timeout(TIMEOUT_MS + 1_000),
        });
        const isDelivered = response.status >= 200 && response.status < 300;
        return {
          statusCode: response.status,
          durationMs: elapsedMs(),
          error: isDelivered ? null : `The receiver answered ${response.status}.`,
          retryAfterS: retryAfterS(response.headers["retry-after"]),
        };
      } catch (error) {
        return { statusCode: null, durationMs: elapsedMs(), error: networkFailure(error), retryAfterS: null };
      }
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

function retryAfterS(header: unknown): number | null {
  if (typeof header !== "string" || header === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

function networkFailure(error: unknown): string {
  if (error instanceof Error && /is not allowed/.test(error.message)) {
    return "The address leads into a private network, which is not allowed.";
  }
  if (isAxiosError(error)) {
    if (error.code === "ECONNABORTED" || error.code === "ERR_CANCELED" || error.code === "ETIMEDOUT") {
      return `The receiver did not answer within ${TIMEOUT_MS / 1000} s.`;
    }
    return `The receiver could not be reached (${error.code ?? "no code"}).`;
  }
  return "The request could not be made.";
}
