import type { Day } from "../base/time.ts";
import type { DealSince, LeadSince } from "../metrics/reports/followed.ts";
import type { Flag, FlagKind, OpenDeal } from "../metrics/reports/attention.ts";
import type { ActionRow } from "../store/reviews/actions.ts";
import type { ReviewWords } from "./words/index.ts";

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
  const isMeant = (flag: Flag): flag is Extract<Flag, { kind: Kind }> => flag.kind === kind;
  return deal.flags.find(isMeant) ?? null;
}

/** Whether nothing goes on with it at all: nobody is in touch, and it stands still or its date has gone by. */
export function isStale(deal: Pick<OpenDeal, "flags">): boolean {
  return flagOf(deal, "cold") !== null && (flagOf(deal, "stuck") !== null || flagOf(deal, "past_due") !== null);
}

/** What is wrong with it, in words; the same wherever it is shown. */
export function flagText(flag: Flag, { flags }: ReviewWords): string {
  switch (flag.kind) {
    case "stuck":
      return flags.stuck(Math.floor(flag.days), Math.floor(flag.limit));
    case "no_next_step":
      return flags.noNextStep;
    case "slipping":
      return flags.pushed(flag.pushes, flag.inPeriod);
    case "past_due":
      return flags.pastDue(flag.expected);
    case "no_date":
      return flags.noDate;
    case "single_threaded":
      return flags.singleThreaded(flag.people);
    case "cold":
      return flags.cold(flag.lastTouch);
    case "large":
      return flags.large(flag.rank);
    default:
      return flag satisfies never;
  }
}

/** The one thing to do next about a deal; null: nothing is wrong with it. */
export function actionFor(
  deal: OpenDeal,
  words: ReviewWords,
): { readonly kind: ActionKind; readonly text: string } | null {
  const { doing } = words;
  const why = (flag: Flag): string => flagText(flag, words);
  const [stuck, past, cold] = [flagOf(deal, "stuck"), flagOf(deal, "past_due"), flagOf(deal, "cold")];
  const slipping = flagOf(deal, "slipping");
  if (isStale(deal)) return { kind: "clean_up", text: doing.revive(why(cold ?? NONE)) };
  if (past !== null) return { kind: "set_date", text: doing.redate(why(past)) };
  if (slipping !== null && slipping.pushes >= 3) return { kind: "call", text: doing.ask(why(slipping)) };
  if (stuck !== null) return { kind: "move", text: doing.moveOn(deal.stage, why(stuck)) };
  if (flagOf(deal, "no_next_step") !== null) return { kind: "next_step", text: doing.nextStep };
  if (cold !== null) return { kind: "touch", text: doing.touch(why(cold)) };
  if (flagOf(deal, "no_date") !== null) return { kind: "set_date", text: doing.date };
  if (flagOf(deal, "single_threaded") !== null) return { kind: "second_contact", text: doing.secondContact };
  return null;
}

const NONE: Flag = { kind: "no_next_step" };

/**
 * What the data say of an open action; null: nothing, or that it is not done.
 *
 * @param since what has happened to its deal or lead since it was made.
 */
export function evidenceOf(kind: string, since: DealSince | LeadSince, { evidence }: ReviewWords): string | null {
  return "isOpen" in since ? ofLead(kind, since, evidence) : ofDeal(kind, since, evidence);
}

type Said = ReviewWords["evidence"];

function ofLead(kind: string, { isOpen, touched, called }: LeadSince, said: Said): string | null {
  if (kind === "other") return null;
  if (kind === "call") return called === null ? null : said.called(called);
  if (touched !== null) return said.touched(touched.type, touched.on);
  return isOpen ? null : said.leadIsGone;
}

function ofDeal(kind: string, since: DealSince, said: Said): string | null {
  const { status, closed, moved, dated, step, touched, called, people, lostReason } = since;
  if (kind === "other") return null;
  if (status === null) return said.dealIsGone;
  if (kind === "say_why") {
    if (lostReason !== null) return said.lostFor(lostReason);
    return status === "lost" ? null : said.is(status);
  }
  if (status !== "open") return closed === null ? said.is(status) : said.closed(status, closed);
  switch (kind as ActionKind /* of a stored action, whose kinds are these */) {
    case "move":
      return moved === null ? null : said.movedTo(moved.to, moved.at);
    case "set_date":
      return dated === null ? null : said.expectedBy(dated.to, dated.at);
    case "next_step":
      return step === null ? null : said.touched(step.type, step.on);
    case "second_contact":
      return people > 1 ? said.people(people) : null;
    case "call":
      return called === null ? null : said.called(called);
    case "touch":
      return touched === null ? null : said.touched(touched.type, touched.on);
    case "clean_up":
      if (touched !== null) return said.touched(touched.type, touched.on);
      return moved === null ? null : said.movedTo(moved.to, moved.at);
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
