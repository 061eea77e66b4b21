import { TributaryError } from "../base/errors.ts";
import type { Day } from "../base/time.ts";
import { appendEvents } from "../outbox/append.ts";
import type { ActionKind } from "../review/actions.ts";
import { agenda, evidenceFor } from "../review/agenda.ts";
import type { Db } from "../store/db.ts";
import {
  type ActionChange,
  insertActions,
  listActions,
  settleActions,
  updateAction,
} from "../store/reviews/actions.ts";
import {
  deleteNotes,
  deletePick,
  findReview,
  insertNote,
  insertReview,
  listNotes,
  listReviews,
  ownerOfDeal,
  putPick,
  type ReviewNote,
  takeBrought,
} from "../store/reviews/reviews.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import { takeTurn } from "../store/turns.ts";
import { type Actor, noted } from "./verb.ts";

/** What people do with pipeline reviews. */

export type ReviewDeps = { readonly db: Db; readonly now: Date };

/**
 * Makes the review: keeps its agenda as it is now, settles the actions that the data say are done, and writes down those that it asks for. Its
 * receivers are told. What was picked and noted for the coming review is in this one.
 *
 * @param due the time by the schedule that it is for; null: somebody wants it now.
 * @returns its id; null where the one that was due then has been made.
 */
export async function makeReview(
  { db, now }: ReviewDeps,
  actor: Actor,
  due: { readonly at: Date; readonly from: Day; readonly to: Day } | null,
): Promise<string | null> {
  return db.transaction().execute(async (tx) => {
    await takeTurn(tx, "review");
    const range = due === null ? null : { from: due.from, to: due.to };
    const made = await agenda(tx, { range, of: null, asOf: null, now });
    const { from, to } = made;
    const row = { from, to, dueAt: due?.at ?? null, madeAt: now, madeBy: actor, agenda: made };
    const id = await insertReview(tx, row);
    if (id === null) return null;
    return noted(tx, { actor, action: "review.make", target: id, details: { from, to } }, async () => {
      const open = await listActions(tx, { state: "open" });
      const evidence = await evidenceFor(tx, await readWorkspace(tx), open, { asOf: null, now });
      await settleActions(
        tx,
        [...evidence].map(([action, said]) => ({ id: action, evidence: said })),
        now,
      );
      const asked = made.actions.flatMap(({ rep_id, actions }) =>
        actions.map((one) => ({
          reviewId: id,
          kind: one.kind,
          entity: one.entity,
          subjectId: one.subject_id,
          repId: rep_id,
          text: one.text,
          dueOn: one.due_on,
          note: null,
          madeAt: now,
          madeBy: actor,
        })),
      );
      const added = await insertActions(tx, asked);
      await takeBrought(tx, id);
      const states = made.followed.map(({ state }) => state);
      await appendEvents(tx, [
        {
          type: "review.ready",
          key: id,
          entityKey: "review",
          occurredAt: now,
          data: {
            review: { id, from, to },
            currency: made.currency,
            won: { count: made.won.count, value: made.won.value },
            lost: { count: made.lost.count, value: made.lost.value },
            attention: made.attention.length,
            actions: {
              done: states.filter((state) => state === "done").length,
              not_done: states.filter((state) => state === "open").length,
              added: added.length,
            },
            reps: made.actions.map(({ rep, actions }) => ({ name: rep, actions: actions.length })),
          },
        },
      ]);
      return id;
    });
  });
}

export type WantedAction = {
  readonly text: string;
  readonly kind: ActionKind;
  readonly subject: { readonly entity: "deal" | "lead"; readonly id: string } | null;
  readonly repId: string | null;
  readonly dueOn: Day | null;
  readonly note: string | null;
};

/**
 * Adds an action of one's own to what the last review asks for.
 *
 * @returns its id.
 * @throws TributaryError `review.unknown_deal`, `review.action_exists`, `review.no_subject`
 */
export async function addAction({ db, now }: ReviewDeps, actor: Actor, wanted: WantedAction): Promise<string> {
  const { text, kind, subject, dueOn, note } = wanted;
  if (subject === null && kind !== "other") throw noSubject(kind);
  const details = { kind, ...(subject === null ? {} : { about: subject.id }) };
  return noted<string>(
    db,
    (id) => ({ actor, action: "review_action.add", target: id, details }),
    async (tx) => {
      const owner = subject?.entity === "deal" ? await ownerOfDeal(tx, subject.id) : null;
      if (subject?.entity === "deal" && owner === undefined) throw unknownDeal();
      const [last] = await listReviews(tx, 1, null);
      const [id] = await insertActions(tx, [
        {
          reviewId: last?.id ?? null,
          kind,
          entity: subject?.entity ?? null,
          subjectId: subject?.id ?? null,
          repId: wanted.repId ?? owner ?? null,
          text,
          dueOn,
          note,
          madeAt: now,
          madeBy: actor,
        },
      ]);
      if (id === undefined) throw actionExists();
      return id;
    },
  );
}

/** Ticks an action, opens it again, drops it, hands it on, or changes what it says. @throws TributaryError `review.unknown_action` */
export async function changeAction(
  { db, now }: ReviewDeps,
  actor: Actor,
  id: string,
  change: ActionChange,
): Promise<void> {
  const fields = Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  await noted(db, { actor, action: "review_action.update", target: id, details: { fields } }, async (tx) => {
    if (!(await updateAction(tx, id, change, { actor, at: now }))) throw unknownAction();
  });
}

/** Picks a deal to talk about at the coming review. @throws TributaryError `review.unknown_deal` */
export async function pickDeal(
  { db, now }: ReviewDeps,
  actor: Actor,
  dealId: string,
  note: string | null,
): Promise<void> {
  await noted(db, { actor, action: "review_pick.add", target: dealId }, async (tx) => {
    const repId = await ownerOfDeal(tx, dealId);
    if (repId === undefined) throw unknownDeal();
    await putPick(tx, { dealId, repId, note, pickedAt: now, pickedBy: actor });
  });
}

/** @throws TributaryError `review.not_picked` */
export async function unpickDeal({ db }: ReviewDeps, actor: Actor, dealId: string): Promise<void> {
  await noted(db, { actor, action: "review_pick.remove", target: dealId }, async (tx) => {
    if (!(await deletePick(tx, dealId))) throw notPicked();
  });
}

/**
 * Writes something down, about a deal or in general.
 *
 * @param reviewId null: for the coming review.
 * @throws TributaryError `review.unknown`, `review.unknown_deal`
 */
export async function addNote(
  { db, now }: ReviewDeps,
  actor: Actor,
  note: { readonly reviewId: string | null; readonly dealId: string | null; readonly text: string },
): Promise<number> {
  return noted<number>(
    db,
    (id) => ({ actor, action: "review_note.add", target: String(id) }),
    async (tx) => {
      if (note.reviewId !== null && (await findReview(tx, note.reviewId)) === null) throw unknownReview();
      if (note.dealId !== null && (await ownerOfDeal(tx, note.dealId)) === undefined) throw unknownDeal();
      return insertNote(tx, { ...note, writtenAt: now, writtenBy: actor });
    },
  );
}

/**
 * Makes the notes for the coming review what people have written elsewhere below the last one: what is new is added, what is gone there goes. What is in a
 * review already stays in it, and is not brought again.
 *
 * @param author what they were written in: `Google Docs`.
 * @param written below which review; what is written below one that this hub does not know counts for nothing.
 */
export async function bringPoints(
  { db, now }: ReviewDeps,
  author: string,
  { texts, review }: { readonly texts: readonly string[]; readonly review: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await takeTurn(tx, "review");
    if ((await findReview(tx, review)) === null) return;
    const [latest] = await listReviews(tx, 1, null);
    const own = (notes: readonly ReviewNote[]): readonly ReviewNote[] =>
      notes.filter(({ writtenBy, dealId }) => writtenBy === author && dealId === null);
    // A review was made since: what it took is in it.
    const taken = latest === undefined || latest.id === review ? [] : own(await listNotes(tx, latest.id));
    const wanted = new Set(texts.map((text) => text.slice(0, MOST_OF_A_POINT)));
    for (const { text } of taken) wanted.delete(text);
    const there = own(await listNotes(tx, null));
    const gone = there.filter(({ text }) => !wanted.has(text)).map(({ id }) => id);
    const known = new Set(there.map(({ text }) => text));
    const added = [...wanted].filter((text) => !known.has(text));
    if (gone.length + added.length === 0) return;
    const details = { author, added: added.length, removed: gone.length };
    await noted(tx, { actor: "hub", action: "review_note.bring", target: review, details }, async () => {
      await deleteNotes(tx, gone);
      for (const text of added)
        await insertNote(tx, { reviewId: null, dealId: null, text, writtenAt: now, writtenBy: author });
    });
  });
}

const MOST_OF_A_POINT = 2_000;

export function unknownReview(): TributaryError {
  return new TributaryError({
    code: "review.unknown",
    kind: "config",
    message: "There is no review of this id.",
    mend: "Take an id of `GET /api/v1/reviews` or `tributary review list`.",
  });
}

function unknownAction(): TributaryError {
  return new TributaryError({
    code: "review.unknown_action",
    kind: "config",
    message: "There is no action of this id.",
    mend: "Take an id of `GET /api/v1/review-actions` or `tributary review actions`.",
  });
}

function unknownDeal(): TributaryError {
  return new TributaryError({
    code: "review.unknown_deal",
    kind: "config",
    message: "There is no deal of this id.",
    mend: "Take an id that the review or the records of a KPI show.",
  });
}

function notPicked(): TributaryError {
  return new TributaryError({
    code: "review.not_picked",
    kind: "config",
    message: "The deal is not picked for the coming review.",
    mend: "Nothing has to be done.",
  });
}

function actionExists(): TributaryError {
  return new TributaryError({
    code: "review.action_exists",
    kind: "config",
    message: "An action of this kind is open about the same deal or lead.",
    mend: "Change that one, or add one of the kind `other`.",
  });
}

function noSubject(kind: string): TributaryError {
  return new TributaryError({
    code: "review.no_subject",
    kind: "config",
    message: `An action of the kind ${kind} is about a deal or a lead, and none is named.`,
    mend: "Name the deal or the lead, or use the kind `other`, which is ticked by hand.",
  });
}
