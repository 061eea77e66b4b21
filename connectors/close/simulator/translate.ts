import { dayOf } from "../../../core/base/time.ts";
import type {
  Activity,
  Call,
  CompanyChange,
  CompanyData,
  Deal,
  DealChange,
  DealState,
  Lead,
  Meeting,
  Person,
  Rep,
} from "../../_simulator/company/model.ts";
import { LEAD_STATUSES } from "../../_simulator/company/model.ts";
import { closeId, coreTime, formattedValue } from "./format.ts";
import * as objects from "./objects.ts";
import type { CloseObject, Fields, Kind } from "./objects.ts";
import { INDUSTRY_FIELD, LOST_REASON_FIELD, makeSetup, PRODUCT_FIELD, SEGMENT_FIELD } from "./setup.ts";
import type { Change, CloseStore, Setup } from "./store.ts";

/** The one place that knows both the invented company and Close: entities in, Close's objects and event log out. */

export function setupOf(company: CompanyData): Setup {
  const { profile } = company;
  const member = (rep: Rep): { key: string; firstName: string; lastName: string; email: string } => ({
    key: rep.id,
    firstName: rep.firstName,
    lastName: rep.lastName,
    email: rep.email,
  });
  const isHere = (rep: Rep): boolean => rep.leftAt === null || rep.leftAt > profile.now;
  return makeSetup({
    name: profile.name,
    startedAt: profile.startedAt,
    currency: profile.currency,
    timeZone: profile.timeZone,
    members: company.reps.filter(isHere).map(member),
    former: company.reps.filter((rep) => !isHere(rep)).map(member),
    groups: company.teams.map((team) => ({
      key: team.id,
      name: team.name,
      memberKeys: company.reps.filter((rep) => rep.teamId === team.id && isHere(rep)).map((rep) => rep.id),
    })),
    pipelines: company.pipelines.map((pipeline) => ({
      key: pipeline.id,
      name: pipeline.name,
      statuses: pipeline.stages.map((stage) => ({
        key: stage.id,
        label: stage.name,
        type: stage.type === "open" ? "active" : stage.type,
      })),
    })),
    leadStatuses: LEAD_STATUSES.map((status) => ({ key: status, label: labelOf(status) })),
  });
}

function labelOf(status: string): string {
  const text = status.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export type Translator = {
  /** Puts the whole history into the account; the event log gets what the last 30 days would have left in it. */
  history(): void;
  /** What has just happened, as objects and events. */
  change(change: CompanyChange): void;
};

const LOG_MS = 30 * 86_400_000;

export function createTranslator(company: CompanyData, store: CloseStore): Translator {
  const { profile } = company;
  const organization_id = store.setup.organizationId;
  const reps = new Map(company.reps.map((rep) => [rep.id, rep]));
  const people = new Map(company.people.map((person) => [person.id, person]));
  const leads = new Map(company.leads.map((lead) => [lead.id, lead]));
  const stages = new Map(
    company.pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, { pipeline, stage }] as const)),
  );

  const user = (repId: string): string => closeId("user", repId);
  const userName = (repId: string): string | null => reps.get(repId)?.name ?? null;
  const wasSilent = (at: Date): boolean => profile.now.getTime() - at.getTime() > LOG_MS;
  const past = (at: Date, repId: string): Change => ({ at, userId: user(repId), isSilent: wasSilent(at) });

  function leadFields(lead: Lead): Fields {
    return {
      name: lead.name,
      display_name: lead.name,
      url: `https://www.${lead.domain}`,
      status_id: closeId("stat", lead.status),
      status_label: labelOf(lead.status),
      source: lead.source,
      addresses: [
        {
          label: "business",
          address_1: null,
          address_2: null,
          city: lead.city,
          state: null,
          zipcode: null,
          country: lead.country,
        },
      ],
      [`custom.${INDUSTRY_FIELD}`]: lead.industry,
      [`custom.${SEGMENT_FIELD}`]: lead.segment,
      updated_by: user(lead.ownerId),
      date_updated: coreTime(lead.updatedAt),
    };
  }

  function addLead(lead: Lead, leadPeople: readonly Person[], change: Change): void {
    leads.set(lead.id, lead);
    const id = closeId("lead", lead.id);
    const by = user(lead.ownerId);
    const row = objects.lead({ id, organization_id, at: lead.createdAt, created_by: by, ...leadFields(lead) });
    store.create("lead", row, change);
    for (const person of leadPeople) addPerson(person, change);
    const entry = {
      id: closeId("acti", `created ${lead.id}`),
      organization_id,
      at: lead.createdAt,
      lead_id: id,
      user_id: by,
    };
    store.create("created", objects.created(entry), { ...change, isSilent: true });
    for (const move of lead.statusChanges) if (move.from !== null) addLeadMove(lead, move, past(move.at, move.byId));
  }

  function addPerson(person: Person, change: Change): void {
    people.set(person.id, person);
    const row = objects.contact({
      id: closeId("cont", person.id),
      organization_id,
      at: person.createdAt,
      lead_id: closeId("lead", person.leadId),
      name: person.name,
      display_name: person.name,
      title: person.title,
      emails: [{ email: person.email, type: "office", is_unsubscribed: !person.isSubscribed }],
      phones:
        person.phone === null
          ? []
          : [{ phone: person.phone, phone_formatted: person.phone, country: null, type: "office" }],
    });
    store.create("contact", row, change);
  }

  function addLeadMove(lead: Lead, move: Lead["statusChanges"][number], change: Change): void {
    const row = objects.leadStatusChange({
      id: closeId("acti", `lead move ${move.id}`),
      organization_id,
      at: move.at,
      lead_id: closeId("lead", lead.id),
      user_id: user(move.byId),
      user_name: userName(move.byId),
      old_status_id: move.from === null ? null : closeId("stat", move.from),
      old_status_label: move.from === null ? null : labelOf(move.from),
      new_status_id: closeId("stat", move.to),
      new_status_label: labelOf(move.to),
    });
    if (store.get("leadStatusChange", row.id) === undefined) store.create("leadStatusChange", row, change);
  }

  function stageFields(state: DealState): Fields {
    const found = stages.get(state.stageId);
    const label = found?.stage.name ?? state.stageId;
    return {
      status_id: closeId("stat", state.stageId),
      status_label: label,
      status_display_name: label,
      status_type: state.status === "open" ? "active" : state.status,
      pipeline_id: found === undefined ? null : closeId("pipe", found.pipeline.id),
      pipeline_name: found?.pipeline.name ?? null,
    };
  }

  /** A deal's changing fields after so many of its changes. `date_won` is the estimate while open, and stays when a won deal is reopened. */
  function dealFields(deal: Deal, count: number): Fields {
    let state: Partial<DealState> = {};
    let dateWon: string | null = null;
    let dateLost: string | null = null;
    for (const change of deal.changes.slice(0, count)) {
      state = { ...state, ...change.after };
      if (change.after.expectedCloseOn !== undefined && state.status === "open") dateWon = change.after.expectedCloseOn;
      if (change.kind === "won") dateWon = dayOf(change.at, profile.timeZone);
      dateLost = state.status === "lost" ? (dateLost ?? coreTime(change.at)) : null;
    }
    // `created` holds every field, and it is always the first.
    const whole = state as DealState;
    const last = deal.changes[count - 1];
    return {
      ...stageFields(whole),
      user_id: user(whole.ownerId),
      user_name: userName(whole.ownerId),
      value: whole.amountMinor,
      value_period: whole.valuePeriod,
      value_currency: store.setup.currency,
      confidence: Math.round(whole.probability * 100),
      date_won: dateWon,
      date_lost: dateLost,
      ...(whole.lostReason === null ? {} : { [`custom.${LOST_REASON_FIELD}`]: whole.lostReason }),
      updated_by: last === undefined ? null : user(last.byId),
      date_updated: coreTime(last?.at ?? deal.createdAt),
    };
  }

  function dealRow(deal: Deal, count: number): CloseObject {
    const person = people.get(deal.personId);
    return objects.opportunity({
      id: closeId("oppo", deal.id),
      organization_id,
      at: deal.createdAt,
      lead_id: closeId("lead", deal.leadId),
      lead_name: leads.get(deal.leadId)?.name ?? null,
      contact_id: closeId("cont", deal.personId),
      contact_name: person?.name ?? null,
      created_by: user(deal.changes[0]?.byId ?? deal.state.ownerId),
      note: `${deal.name}: ${deal.product}`,
      [`custom.${PRODUCT_FIELD}`]: deal.product,
      ...dealFields(deal, count),
    });
  }

  /** The row that a stage move leaves, none for other changes. */
  function moveRow(deal: Deal, at: number): CloseObject | null {
    const change = deal.changes[at];
    if (change === undefined || at === 0 || change.after.stageId === undefined) return null;
    const [was, now] = [dealRow(deal, at), dealRow(deal, at + 1)];
    return objects.opportunityStatusChange({
      id: closeId("acti", `move ${deal.id} ${change.id}`),
      organization_id,
      at: change.at,
      opportunity_id: now.id,
      lead_id: now["lead_id"],
      user_id: user(change.byId),
      user_name: userName(change.byId),
      ...prefixed("old", was),
      ...prefixed("new", now),
      opportunity_value: now["value"],
      opportunity_value_period: now["value_period"],
      opportunity_value_currency: now["value_currency"],
      opportunity_value_formatted: formattedValue(now["value"] as number | null),
      opportunity_confidence: now["confidence"],
      opportunity_date_won: typeof now["date_won"] === "string" ? `${now["date_won"]}T00:00:00+00:00` : null,
    });
  }

  function addDeal(deal: Deal): void {
    const last = dealRow(deal, deal.changes.length);
    store.create("opportunity", last, { at: deal.createdAt, isSilent: true });
    deal.changes.forEach((change, at) => {
      const told = past(change.at, change.byId);
      const row = moveRow(deal, at);
      if (row !== null) store.create("opportunityStatusChange", row, told);
      if (told.isSilent === true) return;
      const [data, before] = [dealRow(deal, at + 1), at === 0 ? null : dealRow(deal, at)];
      const action = before === null ? "created" : "updated";
      store.tell({ objectType: "opportunity", object: last, action, data, previous: differences(before, data) }, told);
    });
  }

  function updateDeal(deal: Deal, change: DealChange): void {
    const at = deal.changes.findIndex((one) => one.id === change.id);
    const row = moveRow(deal, at);
    const told = { at: change.at, userId: user(change.byId) };
    if (row !== null) store.create("opportunityStatusChange", row, told);
    store.update("opportunity", closeId("oppo", deal.id), dealRow(deal, deal.changes.length), told);
  }

  function addActivity(activity: Activity, change: (at: Date) => Change): void {
    const told = change(activity.createdAt);
    for (const { kind, row, actions } of activityRows(activity)) {
      store.create(kind, row, actions === undefined ? told : { ...told, actions });
    }
  }

  function updateActivity(activity: Activity, at: Date): void {
    for (const { kind, row } of activityRows(activity)) {
      const told = { at, userId: user(activity.repId) };
      if (store.get(kind, row.id) === undefined) store.create(kind, row, told);
      else store.update(kind, row.id, { ...row, date_updated: coreTime(at) }, told);
    }
  }

  type Row = { readonly kind: Kind; readonly row: CloseObject; readonly actions?: readonly string[] };

  function activityRows(activity: Activity): readonly Row[] {
    const base = {
      id: closeId("acti", activity.id),
      organization_id,
      at: activity.at,
      lead_id: closeId("lead", activity.leadId),
      contact_id: closeId("cont", activity.personId),
      user_id: user(activity.repId),
      user_name: userName(activity.repId),
      date_updated: coreTime(activity.updatedAt),
    };
    const rep = reps.get(activity.repId);
    const person = people.get(activity.personId);
    switch (activity.type) {
      case "call":
        return [{ kind: "call", row: objects.call({ ...base, ...callFields(activity) }) }];
      case "email": {
        const ours = { email: rep?.email ?? null, name: rep?.name ?? null };
        const theirs = { email: person?.email ?? null, name: person?.name ?? null };
        const isOut = activity.direction === "outbound";
        const [from, to] = isOut ? [ours, theirs] : [theirs, ours];
        const messageId = `<${activity.messageId}>`;
        const row = objects.email({
          ...base,
          direction: isOut ? "outgoing" : "incoming",
          status: isOut ? "sent" : "inbox",
          subject: activity.subject,
          body_preview: activity.body.slice(0, 100),
          body_text: activity.body,
          body_html: `<body><p>${activity.body}</p></body>`,
          sender: `${from.name ?? ""} <${from.email ?? ""}>`,
          to: [to.email],
          envelope: {
            from: [from],
            to: [to],
            cc: [],
            bcc: [],
            reply_to: [],
            sender: [from],
            date: activity.at.toUTCString(),
            message_id: messageId,
            in_reply_to: null,
            subject: activity.subject,
            is_autoreply: false,
          },
          message_ids: [messageId],
          thread_id: closeId("acti", `thread ${activity.threadId}`),
          opens: activity.openedAt.map((at) => ({ opened_at: coreTime(at), opened_by: theirs.email ?? "" })),
        });
        return isOut && hasDraft(activity.id)
          ? [
              { kind: "email", row },
              { kind: "email", row: draftAfter(row) },
            ]
          : [{ kind: "email", row }];
      }
      case "sms": {
        const isOut = activity.direction === "outbound";
        const row = objects.sms({
          ...base,
          direction: activity.direction,
          status: isOut ? "sent" : "inbox",
          text: activity.text,
          remote_phone: person?.phone ?? null,
          date_sent: isOut ? coreTime(activity.at) : null,
        });
        return [{ kind: "sms", row }];
      }
      case "meeting": {
        const actions = activity.at > activity.createdAt ? ["created", "scheduled"] : ["created"];
        return [
          { kind: "meeting", row: objects.meeting({ ...base, ...meetingFields(activity, rep, person) }), actions },
        ];
      }
      case "note":
        return [
          {
            kind: "note",
            row: objects.note({ ...base, note: activity.text, note_html: `<body><p>${activity.text}</p></body>` }),
          },
        ];
      case "task": {
        const due = `${activity.dueOn}T00:00:00+00:00`;
        const id = closeId("task", activity.id);
        const task = objects.task({
          ...base,
          id,
          assigned_to: base.user_id,
          assigned_to_name: base.user_name,
          text: activity.text,
          date: due,
          due_date: due,
          is_complete: activity.completedAt !== null,
        });
        if (activity.completedAt === null) return [{ kind: "task", row: task }];
        const done = objects.taskCompleted({
          ...base,
          id: closeId("acti", `done ${activity.id}`),
          at: activity.completedAt,
          date_updated: coreTime(activity.completedAt),
          task_id: id,
          task_text: activity.text,
          task_assigned_to: base.user_id,
          task_assigned_to_name: base.user_name,
        });
        return [
          { kind: "task", row: task },
          { kind: "taskCompleted", row: done },
        ];
      }
    }
  }

  /** A lead's `date_updated` moves with everything under it, without an event. */
  function touchLead(leadId: string, at: Date): void {
    const id = closeId("lead", leadId);
    if (store.get("lead", id) !== undefined) store.update("lead", id, {}, { at, isSilent: true });
  }

  return {
    history() {
      const byLead = new Map<string, Person[]>();
      for (const person of company.people) byLead.set(person.leadId, [...(byLead.get(person.leadId) ?? []), person]);
      for (const lead of company.leads) addLead(lead, byLead.get(lead.id) ?? [], past(lead.createdAt, lead.ownerId));
      for (const deal of company.deals) addDeal(deal);
      for (const activity of company.activities) addActivity(activity, (at) => past(at, activity.repId));
    },
    change(change) {
      const { at } = change;
      switch (change.type) {
        case "lead.created":
          return addLead(change.lead, change.people, { at, userId: user(change.lead.ownerId) });
        case "lead.updated": {
          leads.set(change.lead.id, change.lead);
          const told = { at, userId: user(change.lead.ownerId) };
          store.update(
            "lead",
            closeId("lead", change.lead.id),
            { ...leadFields(change.lead), date_updated: coreTime(at) },
            told,
          );
          for (const move of change.lead.statusChanges) if (move.from !== null) addLeadMove(change.lead, move, told);
          return;
        }
        case "deal.created":
          store.create("opportunity", dealRow(change.deal, 1), { at, userId: user(change.change.byId) });
          return touchLead(change.deal.leadId, at);
        case "deal.updated":
          updateDeal(change.deal, change.change);
          return touchLead(change.deal.leadId, at);
        case "activity.created":
          addActivity(change.activity, () => ({ at, userId: user(change.activity.repId) }));
          return touchLead(change.activity.leadId, at);
        case "activity.updated":
          updateActivity(change.activity, at);
          return touchLead(change.activity.leadId, at);
        case "ticket.created":
        case "ticket.updated":
        case "chat.created":
        case "chat.updated":
          // Other tools' matters.
          return;
      }
    },
  };
}

function prefixed(prefix: "old" | "new", row: CloseObject): Fields {
  return {
    [`${prefix}_status_id`]: row["status_id"],
    [`${prefix}_status_label`]: row["status_label"],
    [`${prefix}_status_type`]: row["status_type"],
    [`${prefix}_pipeline_id`]: row["pipeline_id"],
    [`${prefix}_pipeline_name`]: row["pipeline_name"],
  };
}

function differences(before: CloseObject | null, after: CloseObject): Fields | null {
  if (before === null) return null;
  const changed = Object.keys(after).filter((field) => !Object.is(before[field], after[field]));
  return Object.fromEntries(changed.map((field) => [field, before[field] ?? null]));
}

const DISPOSITIONS = {
  answered: "answered",
  voicemail: "vm-left",
  no_answer: "no-answer",
  busy: "busy",
  wrong_number: "answered",
} as const;

function callFields(call: Call): Fields {
  const isMissed = call.direction === "inbound" && call.durationS === 0;
  return {
    direction: call.direction,
    status: call.outcome === "no_answer" ? "no-answer" : "completed",
    disposition: DISPOSITIONS[call.outcome],
    outcome_id: call.outcome === "wrong_number" ? closeId("outcome", "wrong-number") : null,
    duration: call.durationS,
    date_answered: call.durationS > 0 ? coreTime(new Date(call.at.getTime() + 8_000)) : null,
    phone: call.phone,
    remote_phone: call.phone,
    note: call.note,
    // Nobody took it.
    ...(isMissed ? { user_id: null, user_name: null, created_by: null } : {}),
  };
}

const MEETING_STATUS = {
  upcoming: "upcoming",
  completed: "completed",
  no_show: "completed",
  canceled: "canceled",
} as const;

function meetingFields(
  meeting: Meeting,
  rep: Rep | undefined,
  person: Person | undefined,
): Fields & { minutes: number } {
  return {
    minutes: Math.round((meeting.endsAt.getTime() - meeting.at.getTime()) / 60_000),
    title: meeting.title,
    status: MEETING_STATUS[meeting.status],
    outcome_id: meeting.status === "no_show" ? closeId("outcome", "no-show") : null,
    calendar_event_uids: [meeting.calendarUid],
    users: [closeId("user", meeting.repId)],
    attendees: [
      {
        contact_id: closeId("cont", meeting.personId),
        user_id: null,
        email: person?.email ?? null,
        name: person?.name ?? null,
        is_organizer: false,
        status: "yes",
      },
      {
        contact_id: null,
        user_id: closeId("user", meeting.repId),
        email: rep?.email ?? null,
        name: rep?.name ?? null,
        is_organizer: true,
        status: "yes",
      },
    ],
  };
}

/** Now and then someone begins another mail and never sends it; it is in the same list. */
function hasDraft(id: string): boolean {
  return closeId("acti", id).charCodeAt(10) % 20 === 0;
}

function draftAfter(row: CloseObject): CloseObject {
  return {
    ...row,
    id: closeId("acti", `draft ${row.id}`),
    status: "draft",
    date_sent: null,
    subject: "Re: (draft)",
    message_ids: [],
  };
}
