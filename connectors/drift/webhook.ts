import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { fieldOf, type Json, type JsonObject, parseJson } from "../../core/base/json.ts";
import type { InboundRequest, InboundWebhook, StreamPart } from "../../core/connector/define.ts";
import type { DriftClient } from "./client.ts";
import { idText, instantOf } from "./fields.ts";
import { orGone, partOf, partOfContacts, partsOfConversations } from "./conversations.ts";

const delivery = z.looseObject({ type: z.string(), token: z.string().nullish(), data: z.json().optional() });
type Delivery = z.infer<typeof delivery>;

const DAY_MS = 86_400_000;
const TOKEN_HEADER = "x-verification-token";

/**
 * Drift signs nothing: a shared verification token comes in the body and in a header, without a time. Whoever has seen one delivery can make
 * others; so a delivery is only a hint, and what it names is asked for.
 */
export const driftWebhook: InboundWebhook<DriftClient> = {
  verify(request, secret) {
    const given = [tokenOf(request), request.headers[TOKEN_HEADER]].filter((token) => typeof token === "string");
    const isRight = secret !== null && given.length > 0 && given.every((token) => isEqual(token, secret));
    if (isRight) return;
    throw new TributaryError({
      code: "drift.webhook.token_invalid",
      kind: "auth",
      message: "A webhook delivery does not carry the connection's verification token.",
      mend: "If Drift sent it, copy the verification token of the app at dev.drift.com into the connection again.",
    });
  },

  withoutSecret({ headers, body }) {
    const { token: _token, ...rest } = read({ headers, body });
    const others = Object.entries(headers).filter(([name]) => name !== TOKEN_HEADER);
    return { headers: Object.fromEntries(others), body: Buffer.from(JSON.stringify(rest)) };
  },

  /** By type and id; and by the content, since a contact is updated more than once. */
  dedupeKey(request) {
    const { type, data } = read(request);
    const content = createHash("sha256")
      .update(JSON.stringify(data ?? null))
      .digest("hex");
    return `${type}|${idText(fieldOf(data, "id")) ?? ""}|${content}`;
  },

  async parts(request, client) {
    const { type, data } = read(request);
    if (type.startsWith("contact_"))
      return contactParts(client, idText(fieldOf(data, "contactId")) ?? idText(fieldOf(data, "id")));
    if (type.includes("meeting")) return meetingParts(client, data ?? null);
    const id =
      idText(fieldOf(data, "conversationId")) ?? (isAboutConversation(type) ? idText(fieldOf(data, "id")) : null);
    return id === null ? [] : conversationParts(client, id);
  },
};

function isAboutConversation(type: string): boolean {
  return type === "new_conversation" || type === "conversation_status_updated";
}

async function conversationParts(client: DriftClient, id: string): Promise<readonly StreamPart[]> {
  const found = await orGone(id, () => client.conversation(id));
  return "record" in found ? partsOfConversations(client, [found.record]) : [partOf("conversations", [found])];
}

async function contactParts(client: DriftClient, id: string | null): Promise<readonly StreamPart[]> {
  return id === null ? [] : [await partOfContacts(client, [id])];
}

/** There is no request for one meeting: the day around it is asked for. */
async function meetingParts(client: DriftClient, meeting: Json): Promise<readonly StreamPart[]> {
  const slug = fieldOf(meeting, "slug");
  const start = instantOf(fieldOf(meeting, "slotStart"))?.getTime();
  if (slug === null || start === undefined) return [];
  const around = await client.meetings(new Date(start - DAY_MS), new Date(start + DAY_MS));
  const records: readonly JsonObject[] = around.filter((one) => one["slug"] === slug);
  return [{ stream: "meetings", records }];
}

/** Of a body that may be anything: nobody has proved yet who sent it. */
function tokenOf(request: InboundRequest): Json {
  try {
    return fieldOf(parseJson(request.body.toString("utf8")), "token");
  } catch {
    return null;
  }
}

/** In constant time, whatever their lengths. */
function isEqual(given: string, secret: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(secret));
}

function read(request: InboundRequest): Delivery {
  try {
    return delivery.parse(JSON.parse(request.body.toString("utf8")));
  } catch {
    // The reason would quote the body, which holds the token.
    throw new TributaryError({
      code: "drift.webhook.unreadable",
      kind: "contract",
      message: "A webhook delivery of Drift holds no event.",
      mend: "Nothing to do for one; if they keep coming, check the address that the app at dev.drift.com sends to.",
    });
  }
}
