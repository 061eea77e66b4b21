import { TributaryError } from "../../../core/base/errors.ts";
import type { EventSender, OutgoingEvent, SenderOptions } from "../../../core/destination/define.ts";
import { createPoster } from "../poster.ts";
import type { WebhookSettings } from "./settings.ts";
import { signedHeaders } from "./sign.ts";

/** What a receiver gets. `timestamp` is when it happened, not when it was sent. */
export function webhookBody(event: Pick<OutgoingEvent, "type" | "occurredAt" | "data">): string {
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

/** Sends webhooks, one HTTP request per attempt. */
export function createSender(options: SenderOptions): EventSender<WebhookSettings> {
  const poster = createPoster(options);
  return {
    send(settings, event) {
      const body = webhookBody(event);
      const headers = {
        "content-type": "application/json",
        "user-agent": "Tributary-Webhooks/1",
        ...signedHeaders(settings, event.eventId, body, new Date()),
        ...(event.isReplay ? { "tributary-replay": "1" } : {}),
      };
      const shown = { url: settings.url, headers: { ...headers, "webhook-signature": "«hidden»" } };
      return poster.post({ url: settings.url, headers, body, shown });
    },
    close: () => poster.close(),
  };
}
