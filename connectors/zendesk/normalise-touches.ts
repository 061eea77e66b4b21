import type { ActivityType, Direction } from "../../core/schema/canonical.ts";
import type { ActivityFact, Fact, Ref } from "../../core/schema/facts.ts";
import { type Outcome, outcomeOf } from "../../core/schema/outcomes.ts";
import { agentUrl, channelOf, isStaff, moment, reading, ref, type ZendeskContext } from "./normalise.ts";
import * as records from "./records.ts";

/** What a ticket's channel makes of a message in it. Talk's calls have records of their own. Everything else is answered by e-mail. */
const MESSAGE_TYPES: { readonly [channel: string]: ActivityType } = {
  chat: "chat",
  native_messaging: "chat",
  messaging: "chat",
  facebook: "social",
  instagram_dm: "social",
  twitter: "social",
  line: "chat",
  whatsapp: "whatsapp",
  sms: "sms",
};

/**
 * Each public comment is a touch: to the customer by a member of staff, from the customer otherwise. The author's role decides, not who
 * entered the ticket (agents do that on behalf of customers). Internal notes are no touch.
 */
export const eventFacts = reading(records.eventRecord, (event, context) =>
  (event.child_events ?? []).flatMap((child): readonly Fact[] => {
    const isComment = child.event_type === "Comment" && child.type !== "VoiceComment" && child.public === true;
    const occurredAt = moment(child.created_at) ?? moment(event.created_at) ?? momentOfSeconds(event.timestamp) ?? null;
    const commentId = ref(child.id);
    if (!isComment || occurredAt === null || commentId === null) return [];
    const channel = channelOf(event.ticket?.channel) ?? "";
    if (channel === "voice" || channel === "sample_ticket") return [];
    const author = ref(child.author_id);
    const direction = directionOf(author, event.author_roles?.[author ?? ""], event.ticket);
    return [
      {
        ...touchOf(event.ticket, event.ticket_id, context),
        externalId: `comment:${commentId}`,
        type: MESSAGE_TYPES[channel] ?? "email",
        direction,
        occurredAt,
        rep: direction === "outbound" ? author : ref(event.ticket?.assignee_id),
        person: direction === "inbound" ? author : ref(event.ticket?.requester_id),
        attributes: { ticket: String(event.ticket_id), channel: channel || null },
      },
    ];
  }),
);

function momentOfSeconds(seconds: number | null | undefined): ActivityFact["occurredAt"] | null {
  const instant = new Date((seconds ?? NaN) * 1000);
  return Number.isNaN(instant.getTime()) ? null : { instant };
}

/** Of an author who is gone, the ticket still tells whether it was its requester. */
function directionOf(author: Ref | null, role: unknown, ticket: records.TicketContext): Direction | null {
  if (isStaff(role)) return "outbound";
  if (typeof role === "string" || (author !== null && author === ref(ticket?.requester_id))) return "inbound";
  return author !== null && author === ref(ticket?.assignee_id) ? "outbound" : null;
}

/** The list is open; what is not here is read by its words. Somebody had answered before a call was left on hold. */
const CALL_OUTCOMES: { readonly [status: string]: Outcome } = {
  completed: "answered",
  abandoned_on_hold: "answered",
  abandoned_in_voicemail: "abandoned",
};

/** A call over Talk, with whoever answered or made it. */
export const callFacts = reading(records.callRecord, (call, context) => {
  const occurredAt = moment(call.created_at);
  if (occurredAt === null) return [];
  const direction = call.direction === "inbound" || call.direction === "outbound" ? call.direction : null;
  const phone = direction === "outbound" ? call.ticket?.to_phone : call.ticket?.from_phone;
  const person = ref(call.customer_id);
  // The ticket's caller; its own record may not hold the number.
  const caller: readonly Fact[] = person === null || !phone ? [] : [mentionByPhone(person, phone)];
  return [
    ...caller,
    {
      ...touchOf(call.ticket, call.ticket_id, context),
      externalId: `call:${context.externalId}`,
      type: "call",
      direction,
      occurredAt,
      // Of the whole duration, waiting and the menu are no conversation.
      durationS: secondsOf(call.talk_time) ?? secondsOf(call.duration),
      outcome:
        call.voicemail === true
          ? "voicemail"
          : (CALL_OUTCOMES[call.completion_status ?? ""] ?? outcomeOf(call.completion_status, "call")),
      disposition: call.completion_status ?? null,
      rep: ref(call.agent_id),
      person,
      attributes: {
        ticket: ref(call.ticket_id),
        phone: phone ?? null,
        line: call.phone_number ?? null,
        wait_s: secondsOf(call.wait_time),
        voicemail: call.voicemail ?? null,
      },
    },
  ];
});

function mentionByPhone(externalId: Ref, phone: string): Fact {
  return {
    kind: "person",
    externalId,
    isMention: true,
    name: null,
    title: null,
    emails: [],
    phones: [phone],
    company: null,
    rep: null,
    leadCreatedAt: null,
    url: null,
    attributes: {},
  };
}

function secondsOf(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.round(value) : null;
}

/** A rating that a customer gave, older generation. Offers that nobody took are no touch; the ticket holds the score as well. */
export const ratingFacts = reading(records.ratingRecord, (rating, context) => {
  const occurredAt = moment(rating.created_at);
  if (occurredAt === null || (rating.score !== "good" && rating.score !== "bad")) return [];
  return [
    {
      ...touchOf(null, rating.ticket_id, context),
      externalId: `rating:${context.externalId}`,
      type: "form",
      direction: "inbound",
      occurredAt,
      outcome: rating.score === "good" ? "positive" : "negative",
      disposition: rating.score,
      rep: ref(rating.assignee_id),
      person: ref(rating.requester_id),
      matchKeys: ratingKeys(ref(rating.ticket_id)),
      attributes: { ticket: ref(rating.ticket_id), reason: rating.reason ?? null },
    },
  ];
});

/** The same of the current generation, which rates on scales; the survey names no agent, so its ticket's does. */
export const surveyFacts = reading(records.surveyRecord, (response, context) => {
  const answer = response.answers?.find((each) => each.type === "rating_scale");
  const occurredAt = moment(answer?.created_at);
  const ticketId = response.subject_zrns?.map((zrn) => /^zen:ticket:(\d+)$/.exec(zrn)?.[1]).find(Boolean) ?? null;
  const category = answer?.rating_category ?? goodOrBad(answer?.rating);
  if (occurredAt === null || category === null) return [];
  return [
    {
      ...touchOf(response.ticket, ticketId === null ? null : Number(ticketId), context),
      externalId: `survey:${context.externalId}`,
      type: "form",
      direction: "inbound",
      occurredAt,
      outcome: category === "good" ? "positive" : category === "bad" ? "negative" : null,
      disposition: category,
      rep: ref(response.ticket?.assignee_id),
      person: ref(response.responder_id),
      matchKeys: ratingKeys(ticketId),
      attributes: { ticket: ticketId, rating: answer?.rating ?? null },
    },
  ];
});

/** As Zendesk mirrors a five-point scale into the ticket: 4 and 5 are good. */
function goodOrBad(rating: number | null | undefined): "good" | "bad" | null {
  if (typeof rating !== "number") return null;
  return rating >= 4 ? "good" : "bad";
}

/** An account that has changed generations may show one rating in both lists. */
function ratingKeys(ticketId: Ref | null): readonly string[] {
  return ticketId === null ? [] : [`zen:ticket:${ticketId}/satisfaction`];
}

type Common = Omit<ActivityFact, "externalId" | "type" | "direction" | "occurredAt" | "rep" | "person" | "attributes">;

/** What every touch takes from its ticket. */
function touchOf(ticket: records.TicketContext, ticketId: number | null | undefined, context: ZendeskContext): Common {
  const id = ref(ticketId);
  return {
    kind: "activity",
    bookedAt: null,
    durationS: null,
    outcome: null,
    disposition: null,
    subject: ticket?.subject || null,
    company: ref(ticket?.organization_id),
    deal: null,
    url: id === null ? null : agentUrl(context, "tickets", id),
    matchKeys: [],
  };
}
