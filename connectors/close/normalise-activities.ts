import type { ActivityType, Direction } from "../../core/schema/canonical.ts";
import type { Attributes, Ref } from "../../core/schema/facts.ts";
import { type Outcome, outcomeOf } from "../../core/schema/outcomes.ts";
import { leadUrl, moment, reading, type Normaliser } from "./normalise.ts";
import { activityRecord, type ActivityRecord } from "./records.ts";

/** What differs between Close's kinds of activity once they are activities of ours. */
type Kind = {
  readonly type: ActivityType;
  /** Whether it took place, or may still: a draft, a failed mail or a cancelled meeting is no touch. Absent: always. */
  readonly counts?: (record: ActivityRecord) => boolean;
  /** For kinds that only go one way; absent: as the record says. */
  readonly direction?: Direction | null;
  /** What Close itself says of how it ended; what the team says (`outcome_id`) is a label, which counts before this. */
  readonly outcome?: (record: ActivityRecord) => Outcome | null;
  readonly subject?: (record: ActivityRecord) => string | null | undefined;
  readonly attributes?: (record: ActivityRecord) => Attributes;
};

export const ACTIVITY_KINDS = {
  call: {
    type: "call",
    outcome: (call) => CALL_OUTCOMES[call.disposition ?? ""] ?? CALL_OUTCOMES[call.status ?? ""] ?? null,
    attributes: (call) => ({
      status: call.status ?? null,
      disposition: call.disposition ?? null,
      method: call.call_method ?? null,
    }),
  },
  email: {
    type: "email",
    counts: isExchanged,
    outcome: (email) => (email.has_reply === true && email.status === "sent" ? "replied" : sentOf(email)),
    subject: (email) => email.subject,
    attributes: (email) => ({
      has_reply: email.has_reply ?? null,
      is_autoreply: email.envelope?.is_autoreply ?? null,
      sequence: email.sequence_id ?? null,
      thread: email.thread_id ?? null,
    }),
  },
  sms: { type: "sms", counts: isExchanged, outcome: sentOf },
  whatsapp: { type: "whatsapp", outcome: ({ status }) => outcomeOf(status, "whatsapp") },
  meeting: {
    type: "meeting",
    counts: (meeting) => !["canceled", "declined-by-org", "declined-by-lead"].includes(meeting.status ?? ""),
    direction: null,
    // `completed` is set by the clock when the end has passed: held, unless the team says that nobody came.
    outcome: ({ status }) =>
      status === "upcoming" ? "scheduled" : MEETING_PASSED.includes(status ?? "") ? "held" : null,
    subject: (meeting) => meeting.title,
    attributes: (meeting) => ({
      status: meeting.status ?? null,
      attached_calls: meeting.attached_call_ids?.join(" ") || null,
    }),
  },
  note: { type: "note", direction: null, subject: (note) => note.title },
  taskCompleted: {
    type: "task",
    direction: null,
    outcome: () => "done",
    subject: (task) => task.task_text ?? task.text,
  },
  formSubmission: { type: "form", direction: "inbound" },
  custom: {
    type: "custom",
    counts: (activity) => activity.status !== "draft",
    direction: null,
    attributes: (activity) => ({ custom_type: activity.custom_activity_type_id ?? null }),
  },
} satisfies { readonly [name: string]: Kind };

/** By disposition, else by status. `completed` alone does not say whether anybody answered. */
const CALL_OUTCOMES: { readonly [word: string]: Outcome } = {
  answered: "answered",
  "no-answer": "no_answer",
  "vm-answer": "voicemail",
  "vm-left": "voicemail",
  busy: "busy",
  blocked: "failed",
  error: "failed",
  abandoned: "abandoned",
  cancel: "cancelled",
  failed: "failed",
  timeout: "no_answer",
};

const MEETING_PASSED = ["in-progress", "completed"];

function sentOf({ status }: ActivityRecord): Outcome | null {
  return status === "sent" ? "sent" : null;
}

/** Went out, or came in. Drafts, scheduled, queued and failed messages are in the same list and are none. */
function isExchanged(message: ActivityRecord): boolean {
  const direction = directionOf(message.direction);
  return (
    (direction === "outbound" && message.status === "sent") || (direction === "inbound" && message.status === "inbox")
  );
}

/** Calls and SMS say inbound and outbound, e-mail and WhatsApp incoming and outgoing. */
function directionOf(word: string | null | undefined): Direction | null {
  if (word === "inbound" || word === "incoming") return "inbound";
  return word === "outbound" || word === "outgoing" ? "outbound" : null;
}

export function activityFacts(kind: Kind): Normaliser {
  return reading(activityRecord, (record) => {
    const occurredAt =
      moment(record.activity_at) ?? moment(record.date_sent) ?? moment(record.starts_at) ?? moment(record.date_created);
    if (occurredAt === null || (kind.counts !== undefined && !kind.counts(record))) return [];
    return [
      {
        kind: "activity",
        externalId: record.id,
        type: kind.type,
        direction: kind.direction === undefined ? directionOf(record.direction) : kind.direction,
        occurredAt,
        // When a meeting was booked is said by the event log alone.
        bookedAt: null,
        durationS: durationS(record),
        outcome: kind.outcome?.(record) ?? null,
        disposition: record.outcome_id ?? record.disposition ?? record.status ?? null,
        subject: kind.subject?.(record) || null,
        rep: repOf(record),
        person: record.contact_id ?? record.attendees?.find((attendee) => attendee.contact_id)?.contact_id ?? null,
        company: record.lead_id ?? null,
        // No kind of Close activity names a deal.
        deal: null,
        url: leadUrl(record.lead_id),
        matchKeys: matchKeys(record),
        attributes: kind.attributes?.(record) ?? {},
      },
    ];
  });
}

function durationS(record: ActivityRecord): number | null {
  const seconds = record.actual_duration ?? record.duration;
  return typeof seconds === "number" && Number.isFinite(seconds) ? Math.round(seconds) : null;
}

/** Who did it: the activity's user, else a meeting's organizer or first user, else who made the record. A missed call has nobody. */
function repOf(record: ActivityRecord): Ref | null {
  const organizer = record.attendees?.find((attendee) => attendee.is_organizer && attendee.user_id)?.user_id;
  return record.user_id ?? organizer ?? record.users?.[0] ?? record.created_by ?? null;
}

/** RFC 5322 message ids and iCalendar UIDs: the same mail or meeting in another tool has the same. */
function matchKeys(record: ActivityRecord): readonly string[] {
  const keys = new Set([...(record.message_ids ?? []), ...(record.calendar_event_uids ?? [])]);
  if (record.envelope?.message_id) keys.add(record.envelope.message_id);
  return [...keys];
}
