import type { Day } from "../../base/time.ts";
import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** Pipeline reviews as they were made, and what people bring to the coming one. */

export type ReviewRow = {
  readonly id: string;
  readonly from: Day;
  readonly to: Day;
  /** When it was due; null: made by hand. */
  readonly dueAt: Date | null;
  readonly madeAt: Date;
  readonly madeBy: string;
};

const COLUMNS = [
  "id",
  "period_from as from",
  "period_to as to",
  "due_at as dueAt",
  "made_at as madeAt",
  "made_by as madeBy",
] as const;

/** @returns null where the one that was due then has been made. */
export async function insertReview(
  tx: Tx,
  review: Omit<ReviewRow, "id"> & { readonly agenda: object },
): Promise<string | null> {
  const row = await tx
    .insertInto("reviews")
    .values({
      period_from: review.from,
      period_to: review.to,
      due_at: review.dueAt,
      made_at: review.madeAt,
      made_by: review.madeBy,
      agenda: storableJson(review.agenda),
    })
    .onConflict((conflict) => conflict.column("due_at").doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Newest first, from before an instant on. */
export async function listReviews(db: Db, limit: number, before: Date | null): Promise<ReviewRow[]> {
  return db
    .selectFrom("reviews")
    .select(COLUMNS)
    .where((eb) => (before === null ? eb.lit(true) : eb("made_at", "<", before)))
    .orderBy("made_at", "desc")
    .limit(limit)
    .execute();
}

/** The latest that had been made by an instant; null: none had. @returns its agenda as it was then. */
export async function latestReview(db: Db, by: Date): Promise<(ReviewRow & { readonly agenda: object }) | null> {
  const row = await db
    .selectFrom("reviews")
    .select([...COLUMNS, "agenda"])
    .where("made_at", "<=", by)
    .orderBy("made_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

export async function findReview(db: Db, id: string): Promise<(ReviewRow & { readonly agenda: object }) | null> {
  return (
    (await db
      .selectFrom("reviews")
      .select([...COLUMNS, "agenda"])
      .where("id", "=", id)
      .executeTakeFirst()) ?? null
  );
}

/** Whether the one that was due at an instant has been made. */
export async function isReviewMade(db: Db, dueAt: Date): Promise<boolean> {
  return (await db.selectFrom("reviews").select("id").where("due_at", "=", dueAt).executeTakeFirst()) !== undefined;
}

/** A deal that somebody wants to talk about. */
export type Pick = {
  readonly dealId: string;
  readonly repId: string | null;
  readonly note: string | null;
  readonly pickedAt: Date;
  readonly pickedBy: string;
};

export async function listPicks(db: Db): Promise<Pick[]> {
  return db
    .selectFrom("review_picks")
    .select(["deal_id as dealId", "rep_id as repId", "note", "picked_at as pickedAt", "picked_by as pickedBy"])
    .orderBy("picked_at")
    .execute();
}

/** Picked again, it has the new note. */
export async function putPick(tx: Tx, pick: Pick): Promise<void> {
  const row = { rep_id: pick.repId, note: pick.note, picked_at: pick.pickedAt, picked_by: pick.pickedBy };
  await tx
    .insertInto("review_picks")
    .values({ deal_id: pick.dealId, ...row })
    .onConflict((conflict) => conflict.column("deal_id").doUpdateSet(row))
    .execute();
}

/** @returns false where it was not picked. */
export async function deletePick(tx: Tx, dealId: string): Promise<boolean> {
  const done = await tx.deleteFrom("review_picks").where("deal_id", "=", dealId).executeTakeFirst();
  return done.numDeletedRows > 0n;
}

export type ReviewNote = {
  readonly id: number;
  readonly dealId: string | null;
  readonly text: string;
  readonly writtenAt: Date;
  readonly writtenBy: string;
};

/** @param reviewId null: those for the coming one. */
export async function listNotes(db: Db, reviewId: string | null): Promise<ReviewNote[]> {
  return db
    .selectFrom("review_notes")
    .select(["id", "deal_id as dealId", "text", "written_at as writtenAt", "written_by as writtenBy"])
    .where((eb) => (reviewId === null ? eb("review_id", "is", null) : eb("review_id", "=", reviewId)))
    .orderBy("id")
    .execute();
}

export async function insertNote(
  tx: Tx,
  note: Omit<ReviewNote, "id"> & { readonly reviewId: string | null },
): Promise<number> {
  const { id } = await tx
    .insertInto("review_notes")
    .values({
      review_id: note.reviewId,
      deal_id: note.dealId,
      text: note.text,
      written_at: note.writtenAt,
      written_by: note.writtenBy,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export async function deleteNotes(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await tx.deleteFrom("review_notes").where("id", "in", ids).execute();
}

/** What was brought to the coming review belongs to this one: its agenda has the picks. */
export async function takeBrought(tx: Tx, reviewId: string): Promise<void> {
  await tx.updateTable("review_notes").set({ review_id: reviewId }).where("review_id", "is", null).execute();
  await tx.deleteFrom("review_picks").execute();
}

/** Whose a deal is now; undefined: there is no such deal. */
export async function ownerOfDeal(db: Db, dealId: string): Promise<string | null | undefined> {
  const row = await db
    .selectFrom("deals")
    .leftJoin("reps", "reps.id", "deals.rep_id")
    .select(["deals.rep_id as own", "reps.merged_into as into"])
    .where("deals.id", "=", dealId)
    .executeTakeFirst();
  return row === undefined ? undefined : (row.into ?? row.own);
}
