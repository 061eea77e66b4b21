import { z } from "zod";

/**
 * The fields that are read of Close's records; everything else stays in the raw record. All but ids may be missing: the vendor's schema
 * and its answers differ (its Call schema lacks `direction` and `duration`), and sparse or older rows leave fields out.
 */
const text = z.string().nullish();
const number = z.number().nullish();
const texts = z.array(z.string()).nullish();

export const userRecord = z.object({
  /** A user's own; a membership (of someone who left) names its user by `user_id`. */
  id: text,
  email: text,
  first_name: text,
  last_name: text,
  user_id: text,
  user_email: text,
  user_full_name: text,
});

export const groupRecord = z.object({
  id: z.string(),
  name: text,
  members: z.array(z.object({ user_id: z.string() })).nullish(),
});

export const pipelineRecord = z.object({
  id: z.string(),
  name: text,
  statuses: z.array(z.object({ id: z.string(), label: text, type: text })).nullish(),
});

export const namedRecord = z.object({ id: z.string(), name: text, label: text });

export const leadRecord = z.object({
  id: z.string(),
  name: text,
  display_name: text,
  url: text,
  html_url: text,
  status_id: text,
  status_label: text,
  source: text,
  addresses: z.array(z.object({ country: text, city: text })).nullish(),
  date_created: text,
});

export const contactRecord = z.object({
  id: z.string(),
  lead_id: text,
  name: text,
  display_name: text,
  title: text,
  emails: z.array(z.object({ email: text })).nullish(),
  phones: z.array(z.object({ phone: text })).nullish(),
});

export const opportunityRecord = z.object({
  id: z.string(),
  lead_id: text,
  lead_name: text,
  contact_id: text,
  contact_name: text,
  user_id: text,
  user_name: text,
  status_id: text,
  status_type: text,
  pipeline_id: text,
  value: number,
  value_period: text,
  value_currency: text,
  confidence: number,
  date_won: text,
  date_lost: text,
  date_created: text,
});

export const statusChangeRecord = z.object({
  id: z.string(),
  opportunity_id: text,
  old_status_id: text,
  old_status_type: text,
  old_pipeline_id: text,
  new_status_id: text,
  new_status_type: text,
  new_pipeline_id: text,
  opportunity_value: number,
  opportunity_value_period: text,
  opportunity_value_currency: text,
  opportunity_confidence: number,
  date_created: text,
  activity_at: text,
});

export const leadStatusChangeRecord = z.object({
  id: z.string(),
  lead_id: text,
  old_status_label: text,
  new_status_label: text,
  date_created: text,
  activity_at: text,
});

export const taskRecord = z.object({
  id: z.string(),
  text: text,
  date: text,
  due_date: text,
  is_complete: z.boolean().nullish(),
  is_dateless: z.boolean().nullish(),
  assigned_to: text,
  contact_id: text,
  lead_id: text,
  date_created: text,
});

export const activityRecord = z.object({
  id: z.string(),
  lead_id: text,
  contact_id: text,
  user_id: text,
  users: texts,
  created_by: text,
  direction: text,
  status: text,
  disposition: text,
  outcome_id: text,
  duration: number,
  actual_duration: number,
  call_method: text,
  subject: text,
  title: text,
  text: text,
  task_text: text,
  message_ids: texts,
  envelope: z.object({ message_id: text, is_autoreply: z.boolean().nullish() }).nullish(),
  has_reply: z.boolean().nullish(),
  sequence_id: text,
  thread_id: text,
  calendar_event_uids: texts,
  attached_call_ids: texts,
  attendees: z.array(z.object({ contact_id: text, user_id: text, is_organizer: z.boolean().nullish() })).nullish(),
  custom_activity_type_id: text,
  activity_at: text,
  date_sent: text,
  starts_at: text,
  date_created: text,
});
export type ActivityRecord = z.infer<typeof activityRecord>;

export const eventRecord = z.object({
  id: z.string(),
  object_type: z.string(),
  object_id: z.string(),
  action: z.string(),
  changed_fields: texts,
  data: z.record(z.string(), z.unknown()).nullish(),
  previous_data: z.record(z.string(), z.unknown()).nullish(),
  meta: z.object({ merge_source_lead_id: text, merge_destination_lead_id: text }).nullish(),
  date_created: text,
  date_updated: text,
});
export type EventRecord = z.infer<typeof eventRecord>;
