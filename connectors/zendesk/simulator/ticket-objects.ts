import { isoTime, numericId, type Fields } from "./format.ts";
import type { Row } from "./store.ts";

export type TicketOf = {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly id: number;
  readonly subject: string;
  readonly description: string;
  readonly status: string;
  readonly priority: string;
  readonly requesterId: number;
  readonly assigneeId: number | null;
  readonly organizationId: number | null;
  readonly groupId: number | null;
  readonly via: Fields;
  readonly tags?: readonly string[];
  readonly score?: string | null;
  readonly firstReplyAt: Date | null;
  /** Absent: `solvedAt`. */
  readonly firstSolvedAt?: Date | null;
  /** The latest time, also where it was opened again since. */
  readonly solvedAt: Date | null;
  readonly reopens: number;
  readonly replies: number;
  /** Absent: when the ticket itself changed last. */
  readonly latestCommentAt?: Date;
  /** Absent: when it was opened. */
  readonly requesterWroteAt?: Date;
};

/** With its metric set, which the routes take out where it was not asked for. */
export function ticket(origin: string, of: TicketOf): Row {
  return {
    id: of.id,
    url: `${origin}/api/v2/tickets/${of.id}.json`,
    external_id: null,
    via: of.via,
    created_at: isoTime(of.createdAt),
    updated_at: isoTime(of.updatedAt),
    type: "question",
    subject: of.subject,
    raw_subject: of.subject,
    description: of.description,
    priority: of.priority,
    status: of.status,
    custom_status_id: 4_044_436,
    recipient: null,
    requester_id: of.requesterId,
    submitter_id: of.requesterId,
    assignee_id: of.assigneeId,
    organization_id: of.organizationId,
    group_id: of.groupId,
    collaborator_ids: [],
    follower_ids: [],
    email_cc_ids: [],
    forum_topic_id: null,
    problem_id: null,
    has_incidents: false,
    is_public: true,
    due_at: null,
    tags: of.tags ?? [],
    custom_fields: [],
    fields: [],
    satisfaction_rating: { score: of.score ?? (of.solvedAt === null ? "unoffered" : "offered") },
    sharing_agreement_ids: [],
    followup_ids: [],
    ticket_form_id: 360_000_084_201,
    brand_id: 360_000_358_401,
    allow_channelback: false,
    allow_attachments: true,
    from_messaging_channel: of.via["channel"] === "native_messaging",
    metric_set: metricSet(origin, of),
  };
}

function metricSet(origin: string, of: TicketOf): Fields {
  const minutes = (until: Date | null): number | null =>
    until === null ? null : Math.round((until.getTime() - of.createdAt.getTime()) / 60_000);
  const both = (calendar: number | null): Fields => ({ calendar, business: calendar });
  const latestCommentAt = of.latestCommentAt ?? of.updatedAt;
  // Whoever answers a new ticket takes it.
  const assignedAt = of.assigneeId === null ? null : isoTime(of.firstReplyAt ?? of.createdAt);
  const isSolved = of.status === "solved" || of.status === "closed";
  const isMessaging = of.via["channel"] === "native_messaging";
  const id = numericId(`metrics ${of.id}`);
  return {
    url: `${origin}/api/v2/ticket_metrics/${id}.json`,
    id,
    ticket_id: of.id,
    created_at: isoTime(of.createdAt),
    updated_at: isoTime(of.updatedAt),
    group_stations: 1,
    assignee_stations: of.assigneeId === null ? 0 : 1,
    reopens: of.reopens,
    replies: of.replies,
    assignee_updated_at: null,
    requester_updated_at: isoTime(of.requesterWroteAt ?? of.createdAt),
    // Here every change of the status comes with a comment.
    status_updated_at: isoTime(latestCommentAt),
    initially_assigned_at: assignedAt,
    assigned_at: assignedAt,
    solved_at: of.solvedAt === null ? null : isoTime(of.solvedAt),
    latest_comment_added_at: isoTime(latestCommentAt),
    reply_time_in_minutes: both(minutes(of.firstReplyAt)),
    reply_time_in_seconds: {
      calendar:
        isMessaging && of.firstReplyAt !== null
          ? Math.round((of.firstReplyAt.getTime() - of.createdAt.getTime()) / 1000)
          : null,
    },
    first_resolution_time_in_minutes: both(minutes(of.firstSolvedAt ?? of.solvedAt)),
    // Taken back when it is opened again; the first stays, and so does `solved_at`.
    full_resolution_time_in_minutes: both(isSolved ? minutes(of.solvedAt) : null),
    agent_wait_time_in_minutes: both(0),
    requester_wait_time_in_minutes: both(minutes(of.firstReplyAt)),
    on_hold_time_in_minutes: both(0),
    custom_status_updated_at: isoTime(latestCommentAt),
  };
}
