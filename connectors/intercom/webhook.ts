import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, type Json } from "../../core/base/json.ts";
import type { InboundRequest, InboundWebhook, StreamPart } from "../../core/connector/define.ts";
import type { IntercomClient } from "./client.ts";
import { partOfCompany, partOfContact, partOfConversations } from "./conversations.ts";
import { idText } from "./fields.ts";

/** Our rule against replays; the vendor sets none, and tries again for a while. */
const MAX_AGE_MS = 60 * 60_000;

const notification = z.looseObject({
  id: z.string().nullish(),
  topic: z.string(),
  created_at: z.number(),
  data: z.looseObject({ item: z.json().optional() }).nullish(),
});

/**
 * A notification names what has changed, in the version of the app: the record itself is asked for. Subscribed by hand in the Developer Hub;
 * the secret is the app's client secret. developers.intercom.com, "Webhooks".
 */
export const intercomWebhook: InboundWebhook<IntercomClient> = {
  verify(request, secret, now) {
    const given = Buffer.from(request.headers["x-hub-signature"] ?? "", "utf8");
    const expected = Buffer.from(
      `sha1=${createHmac("sha1", secret ?? "")
        .update(request.body)
        .digest("hex")}`,
      "utf8",
    );
    if (secret === null || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new TributaryError({
        code: "intercom.webhook.signature_invalid",
        kind: "auth",
        message: "A webhook notification does not carry the signature that the app's client secret gives.",
        mend: "If Intercom sent it, copy the client secret of the app (Developer Hub → Basic information) into the connection again.",
      });
    }
    if (Math.abs(now.getTime() - read(request).created_at * 1000) > MAX_AGE_MS) {
      throw new TributaryError({
        code: "intercom.webhook.too_old",
        kind: "auth",
        message: "A webhook notification was made more than an hour away from now.",
        mend: "Check this machine's clock; a notification that someone recorded and sent again is rightly refused.",
      });
    }
  },

  /** A ping has no id of its own. */
  dedupeKey(request) {
    const { id, topic, created_at: at } = read(request);
    return id ?? `${topic}|${at}`;
  },

  async parts(request, client) {
    const { topic, data } = read(request);
    const item = data?.item ?? null;
    const [about] = topic.split(".");
    const id =
      about === "conversation" || about === "conversation_part" ? conversationId(item) : idText(fieldOf(item, "id"));
    if (id === null) return [];
    switch (about) {
      case "conversation":
      case "conversation_part":
        return [topic === "conversation.deleted" ? gone("conversations", id) : await partOfConversations(client, [id])];
      case "contact":
        return [topic === "contact.deleted" ? gone("contacts", id) : await partOfContact(client, id)];
      case "company":
        return [topic === "company.deleted" ? gone("companies", id) : await partOfCompany(client, id)];
      default:
        // A ping, or a topic that nothing here is made of.
        return [];
    }
  },
};

/** The item is the conversation, or holds it (a tagged part). */
function conversationId(item: Json): string | null {
  const inner = fieldOf(item, "conversation");
  if (inner !== null) return idText(fieldOf(inner, "id"));
  return fieldOf(item, "type") === "conversation_part"
    ? idText(fieldOf(item, "conversation_id"))
    : idText(fieldOf(item, "id"));
}

function gone(stream: string, id: string): StreamPart {
  return { stream, records: [], deleted: [id] };
}

function read(request: InboundRequest): z.infer<typeof notification> {
  try {
    return notification.parse(JSON.parse(request.body.toString("utf8")));
  } catch (cause) {
    throw new TributaryError({
      code: "intercom.webhook.unreadable",
      kind: "contract",
      message: "A webhook delivery of Intercom holds no notification.",
      mend: "Nothing to do for one; if they keep coming, check the address in the Developer Hub.",
      cause,
    });
  }
}
