import { coreTime, formattedValue } from "./format.ts";

/** An object as Close's API shows it. */
export type CloseObject = { readonly id: string; readonly [field: string]: unknown };

/** A patch or the chosen part of an object. */
export type Fields = { readonly [field: string]: unknown };

/** The kinds of object that the store keeps, with their name in the event log. */
export const OBJECT_TYPES = {
  lead: "lead",
  contact: "contact",
  opportunity: "opportunity",
  task: "task.lead",
  call: "activity.call",
  email: "activity.email",
  emailThread: "activity.email_thread",
  sms: "activity.sms",
  whatsapp: "activity.whatsapp_message",
  meeting: "activity.meeting",
  note: "activity.note",
  taskCompleted: "activity.task_completed",
  opportunityStatusChange: "activity.opportunity_status_change",
  leadStatusChange: "activity.lead_status_change",
  created: "activity.created",
  formSubmission: "activity.form_submission",
  custom: "activity.custom_activity",
  leadMerge: "activity.lead_merge",
} as const;
export type Kind = keyof typeof OBJECT_TYPES;

/** Whole rows of each kind of activity from the few fields that matter: everything the API shows is there, with its usual default. */
type Base = { readonly id: string; readonly organization_id: string; readonly at: Date } & Fields;

function activity(type: string, { at, ...fields }: Base, own: Fields): CloseObject {
  const time = coreTime(at);
  const userId = (fields["user_id"] as string | null | undefined) ?? null;
  return {
    _type: type,
    lead_id: null,
    contact_id: null,
    user_id: null,
    user_name: null,
    users: [],
    created_by: userId,
    updated_by: userId,
    activity_at: time,
    date_created: time,
    date_updated: time,
    ...own,
    ...fields,
  };
}

export function call(fields: Base): CloseObject {
  return activity("Call", fields, {
    direction: "outbound",
    status: "completed",
    disposition: "answered",
    outcome_id: null,
    duration: 0,
    date_answered: null,
    voicemail_duration: 0,
    voicemail_url: null,
    recording_url: null,
    has_recording: false,
    recording_expires_at: null,
    phone: null,
    remote_phone: null,
    remote_phone_formatted: null,
    remote_country_iso: null,
    local_phone: null,
    local_phone_formatted: null,
    local_country_iso: null,
    call_method: "regular",
    source: "Close.io",
    dialer_id: null,
    cost: null,
    note: null,
    note_html: null,
    sequence_id: null,
    sequence_name: null,
    sequence_subscription_id: null,
    is_forwarded: false,
    coach_legs: [],
  });
}

export function email(fields: Base): CloseObject {
  return activity("Email", fields, {
    direction: "outgoing",
    status: "sent",
    subject: null,
    body_preview: null,
    body_text: null,
    body_html: null,
    sender: null,
    to: [],
    cc: [],
    bcc: [],
    envelope: null,
    message_ids: [],
    references: [],
    in_reply_to_id: null,
    thread_id: null,
    date_sent: coreTime(fields.at),
    date_scheduled: null,
    has_reply: false,
    opens: [],
    opens_summary: null,
    template_id: null,
    template_name: null,
    sequence_id: null,
    sequence_name: null,
    sequence_subscription_id: null,
    bulk_email_action_id: null,
    email_account_id: null,
    send_as_id: null,
    send_attempts: [],
    attachments: [],
    followup_sequence_add_cc_bcc: false,
    followup_sequence_delay: null,
    followup_sequence_id: null,
    need_smtp_credentials: false,
  });
}

export function sms(fields: Base): CloseObject {
  return activity("SMS", fields, {
    direction: "outbound",
    status: "sent",
    text: null,
    local_phone: null,
    local_phone_formatted: null,
    local_country_iso: null,
    remote_phone: null,
    remote_phone_formatted: null,
    remote_country_iso: null,
    date_sent: null,
    date_scheduled: null,
    error_message: null,
    cost: null,
    source: "Close.io",
    template_id: null,
    attachments: [],
  });
}

export function whatsapp(fields: Base): CloseObject {
  return activity("WhatsAppMessage", fields, {
    direction: "outgoing",
    external_whatsapp_message_id: `wamid.${fields.id}`,
    text: "",
    message_markdown: "",
    message_html: "",
    response_to_id: null,
    integration_link: null,
    integration_name: null,
    local_phone: "",
    local_phone_formatted: "",
    remote_phone: "",
    remote_phone_formatted: "",
    source: "api",
    attachments: [],
  });
}

/** A meeting's `date_created` is its start. */
export function meeting(fields: Base & { readonly minutes?: number }): CloseObject {
  const { minutes = 30, ...rest } = fields;
  const ends = new Date(fields.at.getTime() + minutes * 60_000);
  return activity("Meeting", rest, {
    title: "Meeting",
    status: "upcoming",
    starts_at: coreTime(fields.at),
    ends_at: coreTime(ends),
    duration: minutes * 60,
    actual_duration: null,
    attendees: [],
    source: "calendar",
    provider_calendar_type: "google",
    provider_calendar_event_id: fields.id,
    calendar_event_uids: [],
    calendar_event_link: null,
    conference_links: [],
    attached_call_ids: [],
    connected_account_id: null,
    location: "",
    note: "",
    user_note: null,
    user_note_html: null,
    outcome_id: null,
    outcome_reason: null,
    is_recurring: false,
    notetaker_id: null,
    summary: null,
    integrations: [],
  });
}

export function note(fields: Base): CloseObject {
  return activity("Note", fields, { title: null, note: "", note_html: "", pinned: false, pinned_at: null });
}

export function taskCompleted(fields: Base): CloseObject {
  return activity("TaskCompleted", fields, { task_id: null, task_text: "", task_assigned_to: null });
}

export function created(fields: Base): CloseObject {
  return activity("Created", fields, { source: "ui", import_id: null });
}

export function customActivity(fields: Base): CloseObject {
  return activity("CustomActivity", fields, {
    status: "published",
    last_published_at: null,
    pinned: false,
    source: "ui",
  });
}

export function leadMerge(fields: Base): CloseObject {
  return activity("LeadMerge", fields, {});
}

export function leadStatusChange(fields: Base): CloseObject {
  return activity("LeadStatusChange", fields, {
    old_status_id: null,
    old_status_label: null,
    new_status_id: null,
    new_status_label: null,
  });
}

export function opportunityStatusChange(fields: Base): CloseObject {
  return activity("OpportunityStatusChange", fields, {
    opportunity_value: null,
    opportunity_value_period: "one_time",
    opportunity_value_currency: "USD",
    opportunity_value_formatted: null,
    opportunity_confidence: 0,
    opportunity_date_won: null,
  });
}

export function lead({ at, ...fields }: Base): CloseObject {
  const time = coreTime(at);
  const name = (fields["name"] as string | null | undefined) ?? null;
  return {
    name,
    display_name: name ?? "Untitled",
    description: "",
    url: null,
    html_url: `https://app.close.com/lead/${fields.id}/`,
    status_id: "",
    status_label: "",
    source: null,
    addresses: [],
    contact_ids: [],
    integration_links: [],
    primary_email: null,
    primary_phone: null,
    created_by: null,
    created_by_name: null,
    updated_by: null,
    updated_by_name: null,
    date_created: time,
    date_updated: time,
    ...fields,
  };
}

export function contact({ at, ...fields }: Base): CloseObject {
  const time = coreTime(at);
  const name = (fields["name"] as string | null | undefined) ?? null;
  return {
    name,
    display_name: name ?? "",
    title: null,
    emails: [],
    phones: [],
    urls: [],
    timezone: null,
    lead_id: null,
    integration_links: [],
    created_by: null,
    updated_by: null,
    date_created: time,
    date_updated: time,
    ...fields,
  };
}

export function opportunity({ at, ...fields }: Base): CloseObject {
  const time = coreTime(at);
  return withComputed({
    lead_id: "",
    lead_name: null,
    contact_id: null,
    contact_name: null,
    user_id: "",
    user_name: null,
    created_by: null,
    created_by_name: null,
    updated_by: null,
    updated_by_name: null,
    status_id: "",
    status_label: "",
    status_display_name: "",
    status_type: "active",
    pipeline_id: null,
    pipeline_name: null,
    value: null,
    value_period: "one_time",
    value_currency: "USD",
    confidence: 50,
    date_won: null,
    date_lost: null,
    note: null,
    note_html: null,
    is_stalled: false,
    stall_status: null,
    suggested_action: null,
    attachments: [],
    integration_links: [],
    comment_summary: null,
    date_created: time,
    date_updated: time,
    ...fields,
  });
}

/** The fields of an opportunity that follow from others. */
export function withComputed(deal: CloseObject): CloseObject {
  const value = deal["value"] as number | null;
  const factor = deal["value_period"] === "monthly" ? 12 : 1;
  const expected = value === null ? null : Math.round((value * (deal["confidence"] as number)) / 100);
  return {
    ...deal,
    value_formatted: formattedValue(value),
    expected_value: expected,
    annualized_value: value === null ? null : value * factor,
    annualized_expected_value: expected === null ? null : expected * factor,
  };
}

export function task({ at, ...fields }: Base): CloseObject {
  const time = coreTime(at);
  return {
    _type: "lead",
    text: "",
    assigned_to: null,
    assigned_to_name: null,
    date: time,
    due_date: time,
    is_complete: false,
    is_dateless: false,
    lead_id: null,
    lead_name: null,
    contact_id: null,
    contact_name: null,
    object_type: null,
    object_id: null,
    view: "inbox",
    created_by: null,
    updated_by: null,
    date_created: time,
    date_updated: time,
    ...fields,
  };
}
