import type { Day } from "../base/time.ts";
import type { DealSince, LeadSince } from "../metrics/reports/followed.ts";
import type { Flag, FlagKind, OpenDeal } from "../metrics/reports/attention.ts";
import type { ActionRow } from "../store/reviews/actions.ts";

/** What is to be done about a deal or lead. All but `other` are seen in the data once they are done. */
export const ACTION_KINDS = [
  "clean_up",
  "set_date",
  "move",
  "next_step",
  "call",
  "touch",
  "second_contact",
  "say_why",
  "other",
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

export type Proposed = {
  readonly kind: ActionKind;
  readonly entity: "deal" | "lead";
  readonly subject_id: string;
  readonly subject: string | null;
  readonly url: string | null;
  readonly text: string;
  readonly due_on: Day;
};

export function flagOf<Kind extends FlagKind>(
  deal: Pick<OpenDeal, "flags">,
  kind: Kind,
): Extract<Flag, { kind: Kind }> | null {
  return (deal.flags.find((flag) => flag.kind === kind) ?? null) as Extract<Flag, { kind: Kind }> | null;
}

/** Whether nothing goes on with it at all: nobody is in touch, and it stands still or its date has gone by. */
export function isStale(deal: Pick<OpenDeal, "flags">): boolean {
  return flagOf(deal, "cold") !== null && (flagOf(deal, "stuck") !== null || flagOf(deal, "past_due") !== null);
}

/** What is wrong with it, in words; the same wherever it is shown. */
export function flagText(flag: Flag): string {
  switch (flag.kind) {
    case "stuck":
      return `stuck: ${whole(flag.days)} days in its stage, ${whole(flag.limit)} is usual at most`;
    case "no_next_step":
      return "no next step";
    case "slipping":
      return `its date was pushed ${times(flag.pushes)}${flag.inPeriod > 0 && flag.inPeriod !== flag.pushes ? `, ${flag.inPeriod} of them now` : ""}`;
    case "past_due":
      return `expected by ${flag.expected}, which is past`;
    case "no_date":
      return "no date to close";
    case "single_threaded":
      return flag.people === 0 ? "nobody there is known by a touch" : "one contact only";
    case "cold":
      return flag.lastTouch === null ? "cold: never touched" : `cold: last touch ${flag.lastTouch}`;
    case "large":
      return `large: number ${flag.rank} by value`;
    default:
      return flag satisfies never;
  }
}

const whole = (days: number): string => String(Math.floor(days));
const times = (count: number): string => (count === 1 ? "once" : count === 2 ? "twice" : `${count} times`);

/** The one thing to do next about a deal; null: nothing is wrong with it. */
export function actionFor(deal: OpenDeal): { readonly kind: ActionKind; readonly text: string } | null {
  const [stuck, past, cold] = [flagOf(deal, "stuck"), flagOf(deal, "past_due"), flagOf(deal, "cold")];
  const slipping = flagOf(deal, "slipping");
  if (isStale(deal)) return { kind: "clean_up", text: `Revive it or close it (${flagText(cold ?? NONE)})` };
  if (past !== null) return { kind: "set_date", text: `Set a date that holds, or close it (${flagText(past)})` };
  if (slipping !== null && slipping.pushes >= 3)
    return { kind: "call", text: `Call and ask what holds it up (${flagText(slipping)})` };
  if (stuck !== null)
    return { kind: "move", text: `Move it on from ${deal.stage ?? "its stage"}, or close it (${flagText(stuck)})` };
  if (flagOf(deal, "no_next_step") !== null) return { kind: "next_step", text: "Agree on a next step" };
  if (cold !== null) return { kind: "touch", text: `Get in touch (${flagText(cold)})` };
  if (flagOf(deal, "no_date") !== null) return { kind: "set_date", text: "Set a date to close" };
  if (flagOf(deal, "single_threaded") !== null)
    return { kind: "second_contact", text: "Get to know a second person there" };
  return null;
}

const NONE: Flag = { kind: "no_next_step" };

/**
 * What the data say of an open action; null: nothing, or that it is not done.
 *
 * @param since what has happened to its deal or lead since it was made.
 */
export function evidenceOf(kind: string, since: DealSince | LeadSince): string | null {
  return "isOpen" in since ? ofLead(kind, since) : ofDeal(kind, since);
}

function ofLead(kind: string, { isOpen, touched, called }: LeadSince): string | null {
  if (kind === "other") return null;
  if (kind === "call") return called === null ? null : `called on ${called}`;
  if (touched !== null) return `${touched.type} on ${touched.on}`;
  return isOpen ? null : "it is no open lead any more";
}

function ofDeal(kind: string, since: DealSince): string | null {
  const { status, closed, moved, dated, step, touched, called, people, lostReason } = since;
  if (kind === "other") return null;
  if (status === null) return "the deal is not there any more";
  if (kind === "say_why") {
    if (lostReason !== null) return `lost for: ${lostReason}`;
    return status === "lost" ? null : `it is ${status}`;
  }
  if (status !== "open") return closed === null ? `it is ${status}` : `${status} on ${closed}`;
  switch (kind as ActionKind) {
    case "move":
      return moved === null ? null : `moved to ${moved.to ?? "another stage"} on ${moved.at}`;
    case "set_date":
      return dated === null ? null : `expected by ${dated.to}, set on ${dated.at}`;
    case "next_step":
      return step === null ? null : `${step.type} on ${step.on}`;
    case "second_contact":
      return people > 1 ? `in touch with ${people} people` : null;
    case "call":
      return called === null ? null : `called on ${called}`;
    case "touch":
      return touched === null ? null : `${touched.type} on ${touched.on}`;
    case "clean_up":
      if (touched !== null) return `${touched.type} on ${touched.on}`;
      return moved === null ? null : `moved to ${moved.to ?? "another stage"} on ${moved.at}`;
    default:
      return null;
  }
}

/** An action as reviews show it. */
export type Followed = {
  readonly id: string;
  readonly kind: string;
  readonly entity: "deal" | "lead" | null;
  readonly subject_id: string | null;
  readonly subject: string | null;
  readonly url: string | null;
  readonly rep_id: string | null;
  readonly rep: string | null;
  readonly text: string;
  readonly due_on: Day | null;
  readonly is_late: boolean;
  readonly note: string | null;
  readonly state: ActionRow["state"];
  readonly made_at: string;
  readonly made_by: string;
  readonly settled_at: string | null;
  /** Who ticked it; null: the data said so, or it is open. */
  readonly settled_by: string | null;
  readonly evidence: string | null;
};

/** @param evidence that an open one is done. */
export function followed(row: ActionRow, evidence: string | null, today: Day): Followed {
  const isDone = evidence !== null && row.state === "open";
  const state = isDone ? "done" : row.state;
  return {
    id: row.id,
    kind: row.kind,
    entity: row.entity,
    subject_id: row.subjectId,
    subject: row.subject,
    url: row.url,
    rep_id: row.repId,
    rep: row.rep,
    text: row.text,
    due_on: row.dueOn,
    is_late: state === "open" && row.dueOn !== null && row.dueOn < today,
    note: row.note,
    state,
    made_at: row.madeAt.toISOString(),
    made_by: row.madeBy,
    settled_at: row.settledAt?.toISOString() ?? null,
    settled_by: row.settledBy,
    evidence: isDone ? evidence : row.evidence,
  };
}
