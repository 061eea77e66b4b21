import { addDays, dayOf } from "../../../core/base/time.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, workCalendar, workWeight } from "./calendar.ts";
import type {
  Activity,
  Call,
  CallOutcome,
  Deal,
  Email,
  Meeting,
  MeetingStatus,
  Note,
  Person,
  Rep,
  Sms,
  Task,
} from "./model.ts";
import type { Ownership } from "./ownership.ts";
import type { Random } from "./random.ts";
import { callNote, emailText, noteText, smsText, taskText } from "./texts.ts";

/** Makes touches one by one, with rising ids. */
export type Touches = {
  call(touch: Moment, how?: { readonly isAnswered: boolean }): Call;
  email(touch: Moment, direction: "inbound" | "outbound", thread: string | null): Email;
  sms(touch: Moment): Sms;
  note(touch: Moment): Note;
  task(touch: Moment): Task;
  /** Booked at the moment; starts at `startsMs`. */
  meeting(touch: Moment, startsMs: number, status: MeetingStatus): Meeting;
};

export type Moment = {
  readonly atMs: number;
  readonly rep: Rep;
  readonly person: Person;
  readonly dealId: string | null;
};

type Frame = Pick<Activity, "id" | "repId" | "leadId" | "personId" | "dealId" | "at" | "createdAt" | "updatedAt">;

export type TouchOptions = {
  readonly domain: string;
  readonly timeZone: string;
  /** What lies ahead of it has not been seen yet. */
  readonly nowMs: () => number;
};

export function createTouches(random: Random, options: TouchOptions): Touches {
  let made = 0;
  function frame({ atMs, rep, person, dealId }: Moment): Frame {
    made += 1;
    const at = new Date(atMs);
    return {
      id: `activity-${String(made).padStart(7, "0")}`,
      repId: rep.id,
      leadId: person.leadId,
      personId: person.id,
      dealId,
      at,
      createdAt: at,
      updatedAt: at,
    };
  }
  return {
    call(touch, how) {
      const direction = random.chance(0.86) ? "outbound" : "inbound";
      const outcome: CallOutcome =
        how?.isAnswered === true
          ? "answered"
          : random.weighted(
              direction === "outbound"
                ? { answered: 44, voicemail: 29, no_answer: 21, busy: 4, wrong_number: 2 }
                : { answered: 80, voicemail: 12, no_answer: 8, busy: 0, wrong_number: 0 },
            );
      const talkS = Math.min(5400, Math.round(random.logNormal(230, 0.85)) + 12);
      const durationS = outcome === "answered" ? talkS : 0;
      const note = outcome === "answered" && random.chance(0.5) ? callNote(random) : null;
      return { ...frame(touch), type: "call", direction, outcome, durationS, phone: touch.person.phone, note };
    },
    email(touch, direction, thread) {
      const base = frame(touch);
      const openedMs = touch.atMs + Math.round(random.logNormal(90, 1.2) * MINUTE_MS);
      const isOpened = direction === "outbound" && random.chance(0.45) && openedMs <= options.nowMs();
      return {
        ...base,
        type: "email",
        direction,
        ...emailText(random, touch.person.firstName, thread !== null),
        messageId: `${base.id}@mail.${direction === "outbound" ? options.domain : (touch.person.email.split("@")[1] ?? "")}`,
        threadId: thread ?? `thread-${base.id}`,
        openedAt: isOpened ? [new Date(openedMs)] : [],
      };
    },
    sms: (touch) => ({
      ...frame(touch),
      type: "sms",
      direction: random.chance(0.6) ? "outbound" : "inbound",
      text: smsText(random),
    }),
    note: (touch) => ({ ...frame(touch), type: "note", text: noteText(random) }),
    task(touch) {
      const dueInDays = random.int(1, 9);
      const dueOn = addDays(dayOf(new Date(touch.atMs), options.timeZone), dueInDays);
      return { ...frame(touch), type: "task", text: taskText(random), dueOn, completedAt: null };
    },
    meeting(touch, startsMs, status) {
      const base = frame(touch);
      return {
        ...base,
        type: "meeting",
        title: `${touch.person.firstName} ${touch.person.lastName} <> ${touch.rep.firstName}`,
        at: new Date(startsMs),
        endsAt: new Date(startsMs + random.pick([30, 30, 45, 60]) * MINUTE_MS),
        status,
        calendarUid: `${base.id}@calendar.${options.domain}`,
      };
    },
  };
}

/** What a stretch of work on somebody is made of. */
export type Stretch = {
  readonly fromMs: number;
  /** Nothing happens at or after it. */
  readonly toMs: number;
  readonly owners: Ownership;
  readonly people: readonly Person[];
  readonly dealId: string | null;
  readonly count: number;
};

/** Calls, e-mails with their answers, messages, notes and tasks, spread over a stretch; thin in August and around New Year. */
export function workOn(random: Random, touches: Touches, stretch: Stretch): readonly Activity[] {
  const done: Activity[] = [];
  for (let nth = 0; nth < stretch.count; nth += 1) {
    const rawMs = random.between(stretch.fromMs, stretch.toMs);
    if (!random.chance(workWeight(rawMs))) continue;
    const atMs = workCalendar(stretch.owners.at(rawMs).timeZone).atWork(random, rawMs);
    if (atMs >= stretch.toMs) continue;
    // A morning later somebody else may be in charge.
    const moment = { atMs, rep: stretch.owners.at(atMs), person: random.pick(stretch.people), dealId: stretch.dealId };
    if (moment.person.createdAt.getTime() > atMs) continue;
    const kind = random.weighted({ call: 43, email: 38, sms: 4, note: 9, task: 6 });
    const touch = kind === "email" ? touches.email(moment, "outbound", null) : touches[kind](moment);
    done.push(touch.type === "task" ? ticked(random, touch, stretch.toMs) : touch);
    if (touch.type === "email" && random.chance(0.3)) {
      const replyMs = Math.round(atMs + random.logNormal(4, 1) * HOUR_MS);
      if (replyMs < stretch.toMs) {
        done.push(
          touches.email({ ...moment, atMs: replyMs, rep: stretch.owners.at(replyMs) }, "inbound", touch.threadId),
        );
      }
    }
  }
  return done;
}

function ticked(random: Random, task: Task, toMs: number): Task {
  const doneMs = Math.round(task.at.getTime() + random.between(0.1, 8) * DAY_MS);
  if (doneMs >= toMs || random.chance(0.1)) return task;
  return { ...task, completedAt: new Date(doneMs), updatedAt: new Date(doneMs) };
}

/**
 * The appointments of a deal. Each is booked when the deal comes into its meeting stage and held days later; of those that nobody came to,
 * most are booked again.
 */
export function meetingsOf(
  random: Random,
  touches: Touches,
  deal: Deal,
  options: { readonly stageId: string; readonly owners: Ownership; readonly person: Person; readonly nowMs: number },
): readonly Meeting[] {
  const untilMs = deal.closedAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const meetings: Meeting[] = [];
  for (const change of deal.changes) {
    if (change.after.stageId !== options.stageId || change.at.getTime() >= untilMs) continue;
    let bookedMs = change.at.getTime();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const rep = options.owners.at(bookedMs);
      const startsMs = onTheHalfHour(
        workCalendar(rep.timeZone).sameDay(random, bookedMs + random.between(0.8, 9) * DAY_MS),
      );
      if (startsMs >= untilMs || bookedMs > options.nowMs) break;
      const moment = {
        atMs: bookedMs,
        rep: options.owners.at(Math.min(startsMs, options.nowMs)),
        person: options.person,
        dealId: deal.id,
      };
      const fate = random.weighted({ completed: 76, no_show: 13, canceled: 11 });
      const isPast = startsMs + HOUR_MS < options.nowMs;
      const meeting = touches.meeting(moment, startsMs, isPast ? fate : "upcoming");
      meetings.push(isPast ? { ...meeting, updatedAt: meeting.endsAt } : meeting);
      if (!isPast || fate === "completed" || random.chance(0.35)) break;
      bookedMs = Math.round(startsMs + random.between(1, 20) * HOUR_MS);
    }
  }
  return meetings;
}

export function onTheHalfHour(atMs: number): number {
  return Math.ceil(atMs / (30 * MINUTE_MS)) * 30 * MINUTE_MS;
}
