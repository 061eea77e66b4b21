import { sql } from "kysely";
import type { Day } from "../../base/time.ts";
import type { Db, Tx } from "../db.ts";

/** What people have agreed to do about the pipeline, by when, and what became of it. */

export type ActionState = "open" | "done" | "dropped";

export type ActionRow = {
  readonly id: string;
  /** The review that it came of; null: added between two. */
  readonly reviewId: string | null;
  readonly kind: string;
  readonly entity: "deal" | "lead" | null;
  readonly subjectId: string | null;
  /** What the deal or lead is called, and where it is. */
  readonly subject: string | null;
  readonly url: string | null;
  readonly repId: string | null;
  readonly rep: string | null;
  readonly text: string;
  readonly dueOn: Day | null;
  readonly note: string | null;
  readonly state: ActionState;
  readonly madeAt: Date;
  readonly madeBy: string;
  readonly settledAt: Date | null;
  /** Null: the data said so. */
  readonly settledBy: string | null;
  readonly evidence: string | null;
};

export type NewAction = Pick<
  ActionRow,
  "reviewId" | "kind" | "entity" | "subjectId" | "repId" | "text" | "dueOn" | "note" | "madeAt" | "madeBy"
>;

/** One of the kind that is open about the same deal or lead stays. @returns the ids of those that are new. */
export async function insertActions(tx: Tx, actions: readonly NewAction[]): Promise<string[]> {
  if (actions.length === 0) return [];
  const rows = await tx
    .insertInto("review_actions")
    .values(
      actions.map((one) => ({
        review_id: one.reviewId,
        kind: one.kind,
        entity: one.entity,
        subject_id: one.subjectId,
        rep_id: one.repId,
        text: one.text,
        due_on: one.dueOn,
        note: one.note,
        made_at: one.madeAt,
        made_by: one.madeBy,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
}

export type WhichActions = {
  readonly state?: ActionState | undefined;
  readonly repId?: string | undefined;
  readonly reviewId?: string | undefined;
  readonly id?: string | undefined;
  /** Open ones, and those of this review. */
  readonly openOrOf?: string | null;
  /** Of what had been made by then. */
  readonly by?: Date;
  readonly limit?: number;
  /** Those after this one, in the order of the list. */
  readonly after?: { readonly madeAt: Date; readonly id: string } | null;
};

/** Newest first. */
export async function listActions(db: Db, which: WhichActions): Promise<ActionRow[]> {
  const { state, repId, reviewId, id, openOrOf, by, limit = 1_000, after = null } = which;
  const { rows } = await sql<ActionRow>`
    select a.id, a.review_id as "reviewId", a.kind, a.entity, a.subject_id as "subjectId",
      coalesce(d.name, p.name, c.name) as subject, coalesce(d.url, p.url, c.url) as url,
      coalesce(own.merged_into, a.rep_id) as "repId", coalesce(r.name, r.email, r.external_id) as rep, a.text, a.due_on as "dueOn", a.note, a.state,
      a.made_at as "madeAt", a.made_by as "madeBy", a.settled_at as "settledAt", a.settled_by as "settledBy", a.evidence
    from review_actions a
    left join deals d on a.entity = 'deal' and d.id = a.subject_id
    left join people p on a.entity = 'lead' and p.id = a.subject_id
    left join companies c on a.entity = 'lead' and c.id = a.subject_id
    left join reps own on own.id = a.rep_id
    left join reps r on r.id = coalesce(own.merged_into, a.rep_id)
    where (${state ?? null}::text is null or a.state = ${state ?? null})
      and (${repId ?? null}::uuid is null or coalesce(own.merged_into, a.rep_id) = ${repId ?? null})
      and (${reviewId ?? null}::uuid is null or a.review_id = ${reviewId ?? null})
      and (${id ?? null}::uuid is null or a.id = ${id ?? null})
      and (${openOrOf === undefined} or a.state = 'open' or a.settled_at > ${by ?? null}::timestamptz
        or a.review_id = ${openOrOf ?? null}::uuid)
      and (${by ?? null}::timestamptz is null or a.made_at <= ${by ?? null})
      and (${after?.madeAt ?? null}::timestamptz is null or (a.made_at, a.id) < (${after?.madeAt ?? null}, ${after?.id ?? null}::uuid))
    order by a.made_at desc, a.id desc limit ${limit}`.execute(db);
  return rows;
}

export type ActionChange = {
  readonly state?: ActionState | undefined;
  readonly dueOn?: Day | null | undefined;
  readonly note?: string | null | undefined;
  readonly repId?: string | null | undefined;
  readonly text?: string | undefined;
};

/** @returns false where there is none of this id. */
export async function updateAction(
  tx: Tx,
  id: string,
  change: ActionChange,
  by: { readonly actor: string; readonly at: Date },
): Promise<boolean> {
  const { state, dueOn, note, repId, text } = change;
  const settled =
    state === undefined
      ? {}
      : state === "open"
        ? { state, settled_at: null, settled_by: null, evidence: null }
        : { state, settled_at: by.at, settled_by: by.actor, evidence: null };
  const set = {
    ...settled,
    ...(dueOn === undefined ? {} : { due_on: dueOn }),
    ...(note === undefined ? {} : { note }),
    ...(repId === undefined ? {} : { rep_id: repId }),
    ...(text === undefined ? {} : { text }),
  };
  const found = await tx.updateTable("review_actions").set(set).where("id", "=", id).executeTakeFirst();
  return found.numUpdatedRows > 0n;
}

/** Open ones that the data says are done. */
export async function settleActions(
  tx: Tx,
  done: readonly { readonly id: string; readonly evidence: string }[],
  at: Date,
): Promise<void> {
  if (done.length === 0) return;
  await sql`
    update review_actions a set state = 'done', settled_at = ${at}, settled_by = null, evidence = v.evidence
    from unnest(${done.map(({ id }) => id)}::uuid[], ${done.map(({ evidence }) => evidence)}::text[]) v (id, evidence)
    where a.id = v.id and a.state = 'open'`.execute(tx);
}
