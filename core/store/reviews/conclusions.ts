import { storableJson } from "../client.ts";
import type { Db, Tx } from "../db.ts";

/** What somebody has concluded from the numbers, and what later records have said of it. */

type Verdict = "holds" | "weaker" | "no_longer_holds" | "not_enough_data";

export type ConclusionRow = {
  readonly id: string;
  readonly claim: object;
  readonly sentence: string;
  /** What it was drawn from. */
  readonly result: object;
  readonly recordedAt: Date;
  readonly recordedBy: string;
  /** Of the latest test; null: none yet. */
  readonly verdict: Verdict | null;
  readonly testedAt: Date | null;
  /** When the verdict became another. */
  readonly changedAt: Date | null;
};

const COLUMNS = [
  "id",
  "claim",
  "sentence",
  "result",
  "recorded_at as recordedAt",
  "recorded_by as recordedBy",
  "verdict",
  "tested_at as testedAt",
  "changed_at as changedAt",
] as const;

/** Newest first. */
export async function listConclusions(db: Db): Promise<ConclusionRow[]> {
  return db.selectFrom("conclusions").select(COLUMNS).orderBy("recorded_at", "desc").orderBy("id").execute();
}

export async function findConclusion(db: Db, id: string): Promise<ConclusionRow | null> {
  return (await db.selectFrom("conclusions").select(COLUMNS).where("id", "=", id).executeTakeFirst()) ?? null;
}

export async function insertConclusion(
  tx: Tx,
  row: Pick<ConclusionRow, "claim" | "sentence" | "result" | "recordedAt" | "recordedBy">,
): Promise<string> {
  const { id } = await tx
    .insertInto("conclusions")
    .values({
      claim: storableJson(row.claim),
      sentence: row.sentence,
      result: storableJson(row.result),
      recorded_at: row.recordedAt,
      recorded_by: row.recordedBy,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** @returns false where there is none of this id. */
export async function deleteConclusion(tx: Tx, id: string): Promise<boolean> {
  return (await tx.deleteFrom("conclusions").where("id", "=", id).executeTakeFirst()).numDeletedRows > 0n;
}

export type TestRow = {
  readonly testedAt: Date;
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly result: object;
};

/** Newest first. */
export async function listTests(db: Db, conclusionId: string): Promise<TestRow[]> {
  return db
    .selectFrom("conclusion_tests")
    .select(["tested_at as testedAt", "verdict", "sentence", "result"])
    .where("conclusion_id", "=", conclusionId)
    .orderBy("tested_at", "desc")
    .execute();
}

export async function insertTest(tx: Tx, { id, verdict: before }: ConclusionRow, test: TestRow): Promise<void> {
  const { testedAt, verdict, sentence } = test;
  const result = storableJson(test.result);
  await tx
    .insertInto("conclusion_tests")
    .values({ conclusion_id: id, tested_at: testedAt, verdict, sentence, result })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await tx
    .updateTable("conclusions")
    .set({ verdict, tested_at: testedAt, ...(before === verdict ? {} : { changed_at: testedAt }) })
    .where("id", "=", id)
    .execute();
}
