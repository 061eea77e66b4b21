import { dayPart, leadUrl, moment, reading } from "./normalise.ts";
import { taskRecord } from "./records.ts";

/**
 * A task that is still to be done is an activity that lies ahead, on its due day; its `outcome` says that it is open. Done ones come as completed
 * tasks (a stream of their own), and one without a date plans nothing.
 */
export const taskFacts = reading(taskRecord, (task) => {
  const due = task.due_date ?? task.date;
  const day = dayPart(due);
  // A task for a whole day is written as its midnight in UTC.
  const occurredAt = day !== null && /T00:00:00/.test(due ?? "T00:00:00") ? { day } : moment(due);
  if (task.is_complete === true || task.is_dateless === true || occurredAt === null) return [];
  return [
    {
      kind: "activity",
      externalId: task.id,
      type: "task",
      direction: null,
      occurredAt,
      bookedAt: moment(task.date_created)?.instant ?? null,
      durationS: null,
      outcome: "open",
      disposition: null,
      subject: task.text ?? null,
      rep: task.assigned_to ?? null,
      person: task.contact_id ?? null,
      company: task.lead_id ?? null,
      deal: null,
      url: leadUrl(task.lead_id),
      matchKeys: [],
      attributes: {},
    },
  ];
});
