import type { EventSender, OutgoingEvent, SenderOptions } from "../../../core/destination/define.ts";
import { createPoster } from "../poster.ts";
import type { WebhookSettings } from "./settings.ts";
import { signedHeaders } from "./sign.ts";

/** What a receiver gets, the very shape in which the API lists events. `timestamp` is when it happened, not when it was sent. */
export function webhookBody(event: Pick<OutgoingEvent, "eventId" | "type" | "occurredAt" | "data">): string {
  return JSON.stringify({
    id: event.eventId,
    type: event.type,
    timestamp: event.occurredAt.toISOString(),
    data: event.data,
  });
}

/** Sends webhooks, one HTTP request per attempt. */
export function createSender(options: Pick<SenderOptions, "allowPrivateNetworks">): EventSender<WebhookSettings> {
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
