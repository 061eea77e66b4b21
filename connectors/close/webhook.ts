import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { TributaryError } from "../../core/base/errors.ts";
import { parseJson } from "../../core/base/json.ts";
import type { InboundRequest, InboundWebhook } from "../../core/connector/define.ts";
import { ACTIVITY_STREAMS } from "./activities.ts";
import type { CloseClient, CloseRow } from "./client.ts";
import { partsOf } from "./events.ts";
import { keepPlain } from "./kept.ts";

/** Our rule against replays; the vendor sets none. */
const MAX_AGE_MS = 5 * 60_000;

const delivery = z.object({
  event: z.looseObject({ id: z.string(), date_updated: z.string().nullish() }),
});

/** Every pair has to be named: no wildcard is documented. Lists of what each type can do: developer.close.com, "List of event types". */
const BASIC = ["created", "updated", "deleted"];
const FURTHER: { readonly [objectType: string]: readonly string[] } = {
  lead: ["merged"],
  "activity.call": ["answered", "completed"],
  "activity.email": ["sent"],
  "activity.sms": ["sent"],
  "activity.meeting": ["scheduled", "started", "completed", "canceled"],
};
const TYPES = [
  "lead",
  "contact",
  "opportunity",
  "task.lead",
  ...ACTIVITY_STREAMS.map((activity) => activity.objectTypes[0] ?? "").filter(
    // Whether these two have events is unverified, and an unknown type would have the whole subscription refused.
    (type) => type !== "activity.created" && type !== "activity.lead_merge",
  ),
];

export const SUBSCRIBED: readonly { readonly object_type: string; readonly action: string }[] = TYPES.flatMap((type) =>
  [...actionsOf(type), ...(FURTHER[type] ?? [])].map((action) => ({ object_type: type, action })),
);

function actionsOf(type: string): readonly string[] {
  if (type === "activity.task_completed") return ["created", "deleted"];
  return type === "task.lead" ? [...BASIC, "completed"] : BASIC;
}

/**
 * Deliveries come several times and in any order: duplicates are told by event id and `date_updated`, order by the objects' own time.
 * What a delivery says is landed at once; the next walk of the event log closes every gap.
 */
export const closeWebhook: InboundWebhook<CloseClient> = {
  verify(request, secret, now) {
    const timestamp = request.headers["close-sig-timestamp"] ?? "";
    const given = Buffer.from(request.headers["close-sig-hash"] ?? "", "utf8");
    // The key is 64 hex characters standing for 32 bytes; used as text it gives another hash.
    const key = secret ?? "";
    const mac = createHmac("sha256", Buffer.from(key, "hex")).update(timestamp).update(request.body).digest("hex");
    const expected = Buffer.from(mac, "utf8");
    if (!/^[0-9a-f]{64}$/i.test(key) || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new TributaryError({
        code: "close.webhook.signature_invalid",
        kind: "auth",
        message: "A webhook delivery does not carry the signature that the connection's signing key gives.",
        mend: "If Close sent it, subscribe anew: the stored signature key is not the subscription's.",
      });
    }
    const ageMs = Math.abs(now.getTime() - Number(timestamp) * 1000);
    if (!(ageMs <= MAX_AGE_MS)) {
      throw new TributaryError({
        code: "close.webhook.too_old",
        kind: "auth",
        message: "A webhook delivery was signed more than five minutes away from now.",
        mend: "Check this machine's clock; a delivery that someone recorded and sent again is rightly refused.",
      });
    }
  },

  dedupeKey(request) {
    const { event } = read(request);
    return `${event.id}|${event.date_updated ?? ""}`;
  },

  parts(request) {
    const event = read(request).event as CloseRow; // It came as JSON.
    const { own, others } = partsOf([event], keepPlain);
    return own.length === 0 ? others : [...others, { stream: "events", records: own }];
  },

  /** An earlier subscription of the same address goes first: its deliveries would be signed with a key that is no longer kept. */
  async subscribe(client, url) {
    for (const { id, url: known } of await client.listAll("webhook/", null))
      if (known === url) await client.unsubscribe(id);
    const subscription = await client.subscribe(url, SUBSCRIBED);
    const key = subscription["signature_key"];
    if (typeof key === "string" && key !== "") return { secret: key };
    throw new TributaryError({
      code: "close.webhook.no_key",
      kind: "contract",
      message: "Close made the webhook subscription and gave no signature key.",
      mend: "Delete the subscription in Close and subscribe again.",
    });
  },
};

function read(request: InboundRequest): z.infer<typeof delivery> {
  try {
    return delivery.parse(parseJson(request.body.toString("utf8")));
  } catch (cause) {
    throw new TributaryError({
      code: "close.webhook.unreadable",
      kind: "contract",
      message: "A webhook delivery of Close holds no event.",
      mend: "Nothing to do for one; if they keep coming, subscribe anew.",
      cause,
    });
  }
}
