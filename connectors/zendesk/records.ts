import { z } from "zod";

/**
 * The fields that are read of Zendesk's records; everything else stays in the raw record. All but ids and the times that place a record may
 * be missing: exports, lists and side-loads differ, and old rows lack what came later.
 */
const text = z.string().nullish();
const flag = z.boolean().nullish();
/** Ids are integers; 0 and null both mean "nobody". */
const id = z.int().nullish();
const duration = z.number().nullish();
/** Calendar and business time; both null until it has happened. */
const span = z.object({ calendar: z.number().nullish() }).nullish();

export const briefUser = z.object({
  id: z.int(),
  name: text,
  email: text,
  phone: text,
  role: text,
  organization_id: id,
});

export const ticketRecord = z.object({
  id: z.int(),
  subject: text,
  status: text,
  priority: text,
  type: text,
  tags: z.array(z.string()).nullish(),
  created_at: z.string(),
  requester_id: id,
  assignee_id: id,
  organization_id: id,
  group_id: id,
  brand_id: id,
  /** A number on old tickets. */
  via: z
    .object({
      channel: z.union([z.string(), z.number()]).nullish(),
      source: z.object({ rel: text }).nullish(),
    })
    .nullish(),
  satisfaction_rating: z.object({ score: text }).nullish(),
  metric_set: z
    .object({
      solved_at: text,
      reopens: z.number().nullish(),
      replies: z.number().nullish(),
      reply_time_in_minutes: span,
      reply_time_in_seconds: span,
      full_resolution_time_in_minutes: span,
    })
    .nullish(),
  requester: briefUser.nullish(),
  assignee: briefUser.nullish(),
  organization: z.object({ id: z.int(), name: text, domain_names: z.array(z.string()).nullish() }).nullish(),
});
export type TicketRecord = z.infer<typeof ticketRecord>;

export const userRecord = z.object({
  id: z.int(),
  name: text,
  email: text,
  phone: text,
  role: text,
  active: flag,
  suspended: flag,
  permanently_deleted: flag,
  organization_id: id,
  external_id: text,
});

export const organizationRecord = z.object({
  id: z.int(),
  name: text,
  domain_names: z.array(z.string()).nullish(),
  external_id: text,
  tags: z.array(z.string()).nullish(),
});

export const groupRecord = z.object({
  id: z.int(),
  name: text,
  memberships: z.array(z.object({ user_id: id })).nullish(),
});

/** What is put beside records that only name their ticket. */
const ticketContext = z
  .object({
    id,
    subject: text,
    channel: z.union([z.string(), z.number()]).nullish(),
    requester_id: id,
    organization_id: id,
    assignee_id: id,
    from_phone: text,
    to_phone: text,
  })
  .nullish();
export type TicketContext = z.infer<typeof ticketContext>;

export const eventRecord = z.object({
  id: z.int(),
  ticket_id: z.int(),
  created_at: text,
  /** Unix seconds. */
  timestamp: z.number().nullish(),
  child_events: z
    .array(
      z.looseObject({
        id: z.int().nullish(),
        event_type: text,
        type: text,
        author_id: id,
        public: flag,
        created_at: text,
      }),
    )
    .nullish(),
  ticket: ticketContext,
  author_roles: z.record(z.string(), z.unknown()).nullish(),
});

export const ratingRecord = z.object({
  id: z.int(),
  ticket_id: id,
  requester_id: id,
  /** Whoever had the ticket when it was rated. */
  assignee_id: id,
  score: text,
  reason: text,
  created_at: z.string(),
});

export const surveyRecord = z.object({
  id: z.string(),
  responder_id: id,
  subject_zrns: z.array(z.string()).nullish(),
  answers: z
    .array(z.object({ type: text, rating: z.number().nullish(), rating_category: text, created_at: text }))
    .nullish(),
  ticket: ticketContext,
});

export const callRecord = z.object({
  id: z.int(),
  created_at: z.string(),
  direction: text,
  completion_status: text,
  agent_id: id,
  customer_id: id,
  ticket_id: id,
  duration,
  talk_time: duration,
  wait_time: duration,
  voicemail: flag,
  /** The company's line. */
  phone_number: text,
  ticket: ticketContext,
});
