import { ACTIVITY_KINDS, activityFacts } from "./normalise-activities.ts";
import { leadStatusFacts, noFacts, statusChangeFacts, type Normaliser } from "./normalise.ts";

/** One kind of activity: where it is listed, what the event log calls it, what becomes of it. */
export type ActivityStream = {
  readonly stream: string;
  readonly title: string;
  readonly path: string;
  /** `_type` of its rows. */
  readonly rowType: string;
  /** In the event log, older documents' names last. */
  readonly objectTypes: readonly string[];
  readonly normalise: Normaliser;
  /** Meetings lie ahead: read so many days beyond now. */
  readonly aheadDays?: number;
  /** Rows may arrive long after their own date (mail synced when a rep connects a mailbox): look back so many days once a week. */
  readonly sweepDays?: number;
};

const SWEEP_DAYS = 90;

export const ACTIVITY_STREAMS: readonly ActivityStream[] = [
  {
    stream: "opportunity_status_changes",
    title: "Opportunity status changes",
    path: "activity/status_change/opportunity/",
    rowType: "OpportunityStatusChange",
    objectTypes: ["activity.opportunity_status_change", "status_change.opportunity"],
    normalise: statusChangeFacts,
  },
  {
    stream: "lead_status_changes",
    title: "Lead status changes",
    path: "activity/status_change/lead/",
    rowType: "LeadStatusChange",
    objectTypes: ["activity.lead_status_change", "status_change.lead"],
    normalise: leadStatusFacts,
  },
  {
    stream: "calls",
    title: "Calls",
    path: "activity/call/",
    rowType: "Call",
    objectTypes: ["activity.call", "call"],
    normalise: activityFacts(ACTIVITY_KINDS.call),
    sweepDays: SWEEP_DAYS,
  },
  {
    stream: "emails",
    title: "E-mails",
    path: "activity/email/",
    rowType: "Email",
    objectTypes: ["activity.email", "email"],
    normalise: activityFacts(ACTIVITY_KINDS.email),
    sweepDays: SWEEP_DAYS,
  },
  {
    stream: "sms",
    title: "SMS",
    path: "activity/sms/",
    rowType: "SMS",
    objectTypes: ["activity.sms", "sms"],
    normalise: activityFacts(ACTIVITY_KINDS.sms),
    sweepDays: SWEEP_DAYS,
  },
  {
    stream: "whatsapp_messages",
    title: "WhatsApp messages",
    path: "activity/whatsapp_message/",
    rowType: "WhatsAppMessage",
    objectTypes: ["activity.whatsapp_message", "whatsapp_message"],
    normalise: activityFacts(ACTIVITY_KINDS.whatsapp),
    sweepDays: SWEEP_DAYS,
  },
  {
    stream: "meetings",
    title: "Meetings",
    path: "activity/meeting/",
    rowType: "Meeting",
    objectTypes: ["activity.meeting", "meeting"],
    normalise: activityFacts(ACTIVITY_KINDS.meeting),
    aheadDays: 90,
    sweepDays: SWEEP_DAYS,
  },
  {
    stream: "notes",
    title: "Notes",
    path: "activity/note/",
    rowType: "Note",
    objectTypes: ["activity.note", "note"],
    normalise: activityFacts(ACTIVITY_KINDS.note),
  },
  {
    stream: "tasks_completed",
    title: "Completed tasks",
    path: "activity/task_completed/",
    rowType: "TaskCompleted",
    objectTypes: ["activity.task_completed", "task_completed"],
    normalise: activityFacts(ACTIVITY_KINDS.taskCompleted),
  },
  {
    stream: "creations",
    title: "Lead creations",
    path: "activity/created/",
    rowType: "Created",
    objectTypes: ["activity.created", "created"],
    normalise: noFacts,
  },
  {
    stream: "form_submissions",
    title: "Form submissions",
    path: "activity/form_submission/",
    rowType: "FormSubmission",
    objectTypes: ["activity.form_submission"],
    normalise: activityFacts(ACTIVITY_KINDS.formSubmission),
  },
  {
    stream: "custom_activities",
    title: "Custom activities",
    path: "activity/custom/",
    rowType: "CustomActivity",
    objectTypes: ["activity.custom_activity", "custom_activity"],
    normalise: activityFacts(ACTIVITY_KINDS.custom),
    sweepDays: SWEEP_DAYS,
  },
  {
    stream: "lead_merges",
    title: "Lead merges",
    path: "activity/lead_merge/",
    rowType: "LeadMerge",
    objectTypes: ["activity.lead_merge", "lead_merge"],
    normalise: noFacts,
  },
];
