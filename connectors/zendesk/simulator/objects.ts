import { isoTime, numericId, ulid, type Fields } from "./format.ts";
import type { Row } from "./store.ts";

export * from "./ticket-objects.ts";

/** Zendesk's objects, with the fields that the vendor's examples show; tickets have a file of their own. */

type Dated = { readonly createdAt: Date; readonly updatedAt: Date };

export function user(
  origin: string,
  of: Dated & {
    readonly id: number;
    readonly name: string;
    readonly email: string | null;
    readonly phone: string | null;
    readonly role: "end-user" | "agent" | "admin";
    readonly timeZone: string;
    readonly organizationId: number | null;
    readonly externalId: string | null;
    readonly isActive?: boolean;
  },
): Row {
  const isStaff = of.role !== "end-user";
  return {
    id: of.id,
    url: `${origin}/api/v2/users/${of.id}.json`,
    name: of.name,
    email: of.email,
    role: of.role,
    role_type: isStaff ? 0 : null,
    active: of.isActive ?? true,
    suspended: false,
    verified: true,
    time_zone: of.timeZone,
    iana_time_zone: of.timeZone,
    locale: "en-US",
    locale_id: 1,
    phone: of.phone,
    shared_phone_number: of.phone === null ? null : false,
    organization_id: of.organizationId,
    default_group_id: null,
    external_id: of.externalId,
    tags: [],
    alias: "",
    details: "",
    notes: "",
    signature: null,
    moderator: isStaff,
    only_private_comments: false,
    restricted_agent: !isStaff,
    ticket_restriction: isStaff ? null : "requested",
    shared: false,
    shared_agent: false,
    report_csv: false,
    two_factor_auth_enabled: isStaff,
    last_login_at: null,
    photo: null,
    user_fields: {},
    created_at: isoTime(of.createdAt),
    updated_at: isoTime(of.updatedAt),
  };
}

export function organization(
  origin: string,
  of: Dated & { readonly id: number; readonly name: string; readonly domain: string; readonly externalId: string },
): Row {
  return {
    id: of.id,
    url: `${origin}/api/v2/organizations/${of.id}.json`,
    name: of.name,
    domain_names: [of.domain],
    external_id: of.externalId,
    group_id: null,
    shared_tickets: false,
    shared_comments: false,
    details: "",
    notes: "",
    tags: ["customer"],
    organization_fields: {},
    deleted_at: null,
    created_at: isoTime(of.createdAt),
    updated_at: isoTime(of.updatedAt),
  };
}

export function group(origin: string, of: Dated & { readonly id: number; readonly name: string }): Row {
  return {
    id: of.id,
    url: `${origin}/api/v2/groups/${of.id}.json`,
    name: of.name,
    description: "",
    default: false,
    deleted: false,
    is_public: true,
    created_at: isoTime(of.createdAt),
    updated_at: isoTime(of.updatedAt),
  };
}

export function membership(
  origin: string,
  of: { readonly userId: number; readonly groupId: number; readonly createdAt: Date },
): Row {
  const id = numericId(`membership ${of.userId} ${of.groupId}`);
  return {
    id,
    url: `${origin}/api/v2/group_memberships/${id}.json`,
    user_id: of.userId,
    group_id: of.groupId,
    default: true,
    created_at: isoTime(of.createdAt),
    // The vendor leaves it out at times.
    updated_at: null,
  };
}

export type EventOf = {
  readonly seed: string;
  readonly ticketId: number;
  readonly at: Date;
  readonly authorId: number;
  readonly channel: string;
  /** The comment's text; null: the event is a change of fields alone. */
  readonly comment: string | null;
  readonly isPublic?: boolean;
  /** The call over Talk that the comment tells of; absent: it was written. */
  readonly call?: Row;
  /** Field → new and previous value. */
  readonly changes?: { readonly [field: string]: readonly [after: unknown, before: unknown] };
};

/** A ticket event with its comment, which the route takes out where comments were not asked for. */
export function event(of: EventOf): Row {
  const id = numericId(`event ${of.seed}`);
  const via = { channel: of.channel, source: { from: {}, to: {}, rel: of.call?.["direction"] ?? null } };
  const changes = Object.entries(of.changes ?? {}).map(([field, [after, before]]) => ({
    id: numericId(`change ${of.seed} ${field}`),
    via: "Web form",
    via_reference_id: 0,
    event_type: before === null ? "Create" : "Change",
    [field]: after,
    previous_value: before,
  }));
  const comment = {
    id: numericId(`comment ${of.seed}`),
    via,
    via_reference_id: null,
    type: of.call === undefined ? "Comment" : "VoiceComment",
    event_type: "Comment",
    author_id: of.authorId,
    body: of.comment,
    html_body: `<p>${of.comment ?? ""}</p>`,
    public: of.isPublic ?? true,
    attachments: [],
    audit_id: id,
    created_at: isoTime(of.at),
    ...(of.call === undefined ? {} : { data: voiceData(of.call) }),
  };
  return {
    id,
    ticket_id: of.ticketId,
    timestamp: Math.floor(of.at.getTime() / 1000),
    created_at: isoTime(of.at),
    updater_id: of.authorId,
    via: "Web form",
    event_type: "Audit",
    system: {},
    metadata: {},
    merged_ticket_ids: [],
    child_events: of.comment === null ? changes : [...changes, comment],
  };
}

/** What a voice comment says of its call. */
function voiceData(call: Row): Fields {
  return {
    from: null,
    to: call["line"],
    call_id: call.id,
    call_duration: call["talk_time"],
    answered_by_id: call["agent_id"],
    started_at: call["created_at"],
    recording_url: null,
    transcription_text: null,
  };
}

/** A comment as the ticket's own list shows it. */
export function comment(child: Fields): Fields {
  const { event_type: _, via_reference_id: __, ...shown } = child;
  return { ...shown, plain_body: child["body"], metadata: { system: {}, custom: {} } };
}

export function rating(
  origin: string,
  of: Dated & {
    readonly id: number;
    readonly ticketId: number;
    readonly requesterId: number;
    readonly assigneeId: number;
    readonly groupId: number;
    readonly score: string;
  },
): Row {
  return {
    id: of.id,
    url: `${origin}/api/v2/satisfaction_ratings/${of.id}.json`,
    ticket_id: of.ticketId,
    requester_id: of.requesterId,
    assignee_id: of.assigneeId,
    group_id: of.groupId,
    score: of.score,
    comment: null,
    reason: null,
    reason_id: null,
    created_at: isoTime(of.createdAt),
    updated_at: isoTime(of.updatedAt),
  };
}

export function survey(of: {
  readonly seed: string;
  readonly ticketId: number;
  readonly responderId: number;
  readonly rating: number;
  readonly at: Date;
}): Row {
  const time = of.at.toISOString();
  const question = (type: string, alias: string): Fields => ({
    id: ulid(`question ${alias}`),
    type,
    alias,
    headline: { type: "static", value: alias },
  });
  return {
    id: ulid(`survey ${of.seed}`),
    responder_id: of.responderId,
    expires_at: new Date(of.at.getTime() + 28 * 86_400_000).toISOString(),
    subject_zrns: [`zen:ticket:${of.ticketId}`],
    subjects: [{ id: String(of.ticketId), type: "ticket", zrn: `zen:ticket:${of.ticketId}` }],
    survey: { id: ulid("the survey"), version: 3, state: "enabled" },
    answers: [
      {
        type: "rating_scale",
        rating: of.rating,
        rating_category: of.rating >= 4 ? "good" : "bad",
        question: question("rating_scale_emoji", "customer_satisfaction_rating"),
        created_at: time,
        updated_at: time,
      },
      { type: "skipped", question: question("open_ended", "comment"), created_at: time, updated_at: time },
    ],
  };
}

export function call(of: {
  readonly id: number;
  readonly at: Date;
  readonly direction: "inbound" | "outbound";
  readonly agentId: number | null;
  readonly customerId: number;
  readonly ticketId: number | null;
  readonly talkS: number;
  readonly waitS: number;
  readonly status?: string;
}): Row {
  const durationS = of.talkS + of.waitS;
  return {
    id: of.id,
    created_at: isoTime(of.at),
    updated_at: isoTime(new Date(of.at.getTime() + (durationS + 20) * 1000)),
    direction: of.direction,
    completion_status: of.status ?? "completed",
    agent_id: of.agentId,
    customer_id: of.customerId,
    ticket_id: of.ticketId,
    duration: durationS,
    talk_time: of.talkS,
    wait_time: of.waitS,
    hold_time: 0,
    time_to_answer: of.waitS,
    wrap_up_time: 20,
    consultation_time: 0,
    voicemail: false,
    callback: false,
    outside_business_hours: false,
    line: COMPANY_LINE,
    line_id: 360_000_121_001,
    line_type: "phone",
    phone_number: COMPANY_LINE,
    phone_number_id: 360_000_121_001,
    call_group_id: null,
    minutes_billed: Math.ceil(durationS / 60),
    call_charge: "0.07",
    quality_issues: ["none"],
  };
}

export const COMPANY_LINE = "+12025550100";
