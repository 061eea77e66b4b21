import { TributaryError } from "../base/errors.ts";
import { addDays, type Day, dayOf } from "../base/time.ts";
import { type Claim, type Finding, find, sentenceOf, verdictOf } from "../conclusions/claim.ts";
import { readCatalogue } from "../metrics/index.ts";
import type { Db } from "../store/db.ts";
import {
  type ConclusionRow,
  deleteConclusion,
  findConclusion,
  insertConclusion,
  insertTest,
  listConclusions,
} from "../store/reviews/conclusions.ts";
import { readWorkspace } from "../store/setup/workspace.ts";
import { type Actor, noted } from "./verb.ts";

/** What people conclude from the numbers. */

type Deps = { readonly db: Db; readonly now: Date };

/**
 * Records a conclusion, with what it is drawn from.
 *
 * @param sentence null: what the numbers say.
 * @returns its id.
 * @throws TributaryError what {@link find} throws, and `conclusion.no_difference`
 */
export async function recordConclusion(
  { db, now }: Deps,
  actor: Actor,
  said: { readonly claim: Claim; readonly from: Day; readonly to: Day; readonly sentence: string | null },
): Promise<string> {
  const { claim, from, to } = said;
  const found = await find(db, claim, { from, to }, now);
  if (found.difference === null || found.difference === 0) throw noDifference();
  const sentence = said.sentence ?? (await inWords(db, claim, found));
  const row = { claim, sentence, result: found, recordedAt: now, recordedBy: actor };
  const note = (id: string) =>
    ({ actor, action: "conclusion.record", target: id, details: { metric: claim.metric } }) as const;
  return noted<string>(db, note, (tx) => insertConclusion(tx, row));
}

/** @throws TributaryError `conclusion.unknown` */
export async function removeConclusion({ db }: Deps, actor: Actor, id: string): Promise<void> {
  await noted(db, { actor, action: "conclusion.remove", target: id }, async (tx) => {
    if (!(await deleteConclusion(tx, id))) throw unknownConclusion();
  });
}

/**
 * Tests a conclusion on the records after it was made.
 *
 * @throws TributaryError `conclusion.unknown`, and what {@link find} throws
 */
export async function testConclusion({ db, now }: Deps, actor: Actor, id: string): Promise<void> {
  const row = await findConclusion(db, id);
  if (row === null) throw unknownConclusion();
  await noted(db, { actor, action: "conclusion.test", target: id }, async (tx) => test(tx as Db, row, now));
}

/** So often each is tested by itself. */
const EVERY_MS = 7 * 86_400_000;

/** Tests those that were last tested, or recorded, a week ago or more. One that cannot be asked any more leaves the others alone. */
export async function testDueConclusions(
  { db, now }: Deps,
  onError: (id: string, error: unknown) => void,
): Promise<void> {
  for (const row of await listConclusions(db)) {
    if (now.getTime() - (row.testedAt ?? row.recordedAt).getTime() < EVERY_MS) continue;
    try {
      await db.transaction().execute((tx) => test(tx, row, now));
    } catch (error) {
      onError(row.id, error);
    }
  }
}

async function test(db: Db, row: ConclusionRow, now: Date): Promise<void> {
  const { timeZone } = await readWorkspace(db);
  // Written by recordConclusion, and by nobody else.
  const [claim, recorded] = [row.claim as Claim, row.result as Finding];
  const today = dayOf(now, timeZone);
  const from = addDays(dayOf(row.recordedAt, timeZone), 1);
  const later = await find(db, claim, { from: from < today ? from : today, to: today }, now);
  const sentence = await inWords(db, claim, later);
  const verdict = verdictOf(recorded, later);
  await insertTest(db as Parameters<typeof insertTest>[0] /* a transaction, as its callers have it */, row, {
    testedAt: now,
    verdict,
    sentence,
    result: later,
  });
}

async function inWords(db: Db, claim: Claim, found: Finding): Promise<string> {
  return sentenceOf(claim, (await readCatalogue(db)).need(claim.metric).title, found);
}

function noDifference(): TributaryError {
  return new TributaryError({
    code: "conclusion.no_difference",
    kind: "config",
    message: "The two are alike, or one of them is of nothing: there is nothing to conclude.",
    mend: "Compare other groups, or over a longer time.",
  });
}

export function unknownConclusion(): TributaryError {
  return new TributaryError({
    code: "conclusion.unknown",
    kind: "config",
    message: "There is no conclusion of this id.",
    mend: "Take an id of `GET /api/v1/conclusions`.",
  });
}
