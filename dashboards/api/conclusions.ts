import { z } from "zod";
import { type Claim, claimSchema, type Finding, VERDICTS } from "../../core/conclusions/claim.ts";
import { isDay } from "../../core/base/time.ts";
import { recordConclusion, removeConclusion, testConclusion, unknownConclusion } from "../../core/setup/conclusions.ts";
import {
  type ConclusionRow,
  findConclusion,
  listConclusions,
  listTests,
} from "../../core/store/reviews/conclusions.ts";
import { actorOf } from "../auth/principal.ts";
import { invalidRequest } from "../web/problem.ts";
import { endpoint } from "./endpoint.ts";
import { pageOf, shortListQuery, shortPage } from "./pages.ts";

const read = { kind: "api", scope: "read" } as const;
const write = { kind: "api", scope: "write" } as const;
const tag = "Conclusions";
const day = z.string().refine(isDay, "A day that exists, as YYYY-MM-DD");
const instant = z.iso.datetime();
const share = z.object({ hits: z.number(), total: z.number() });
const middle = z.object({
  value: z.number().nullable(),
  total: z.number(),
  error: z.number().nullable().describe("Standard error"),
});
const group = z.union([share, middle]).describe("A share, or of a median or mean its value");
const finding = z.object({
  from: z.string(),
  to: z.string(),
  a: group,
  b: group.nullable().describe("Null: held against a number"),
  difference: z.number().nullable(),
  interval: z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe(
      "95 %: of shares by Newcombe's method, against a number by Wilson's; of medians by McKean and Schrader's error",
    ),
  is_clear: z.boolean().describe("Both have 20 records or more, and the interval leaves out 0"),
  more: z.object({ a: z.number(), b: z.number() }).nullable().describe("How many more of each it would take"),
});
const verdict = z.enum(VERDICTS);
const conclusion = z
  .object({
    id: z.uuid(),
    claim: claimSchema,
    sentence: z.string(),
    result: finding.describe("What it was drawn from"),
    recorded_at: instant,
    recorded_by: z.string(),
    verdict: verdict.nullable().describe("What the records since then say; null: not tested yet"),
    tested_at: instant.nullable(),
    changed_at: instant.nullable().describe("When the verdict became another"),
  })
  .meta({ id: "Conclusion" });

/** What is concluded from the numbers: recorded, and tested each week on the records that come after. */
export const conclusionEndpoints = [
  endpoint({
    method: "get",
    path: "/conclusions",
    access: read,
    tag,
    summary: "What was concluded, newest first, and whether it still holds",
    query: shortListQuery,
    response: pageOf(conclusion),
    run: async ({ query }, { deps }) => shortPage(await listConclusions(deps.store.db), query, ({ id }) => id, present),
  }),
  endpoint({
    method: "get",
    path: "/conclusions/{id}",
    access: read,
    tag,
    summary: "A conclusion with its tests, newest first",
    params: { id: z.uuid() },
    response: z.object({
      ...conclusion.shape,
      tests: z.array(z.object({ tested_at: instant, verdict, sentence: z.string(), result: finding })),
    }),
    run: async ({ params }, { deps }) => {
      const row = await findConclusion(deps.store.db, params.id);
      if (row === null) throw unknownConclusion();
      const tests = await listTests(deps.store.db, params.id);
      return {
        ...present(row),
        tests: tests.map((one) => ({
          tested_at: one.testedAt.toISOString(),
          verdict: one.verdict,
          sentence: one.sentence,
          result: sent(one.result),
        })),
      };
    },
  }),
  endpoint({
    method: "post",
    path: "/conclusions",
    access: write,
    tag,
    summary: "Record what is concluded from the numbers of some days",
    body: z.strictObject({
      claim: claimSchema,
      from: day,
      to: day.describe("Inclusive"),
      sentence: z.string().min(1).max(1_000).optional().describe("Absent: what the numbers say"),
    }),
    status: 201,
    response: conclusion,
    run: async ({ body }, { deps, principal, now }) => {
      const { claim, from, to, sentence } = body;
      if (from > to) throw invalidRequest("`from` is after `to`.");
      const { db } = deps.store;
      const id = await recordConclusion({ db, now }, actorOf(principal), {
        claim,
        from,
        to,
        sentence: sentence ?? null,
      });
      return present(await need(db, id));
    },
  }),
  endpoint({
    method: "post",
    path: "/conclusions/{id}/test",
    access: write,
    tag,
    summary: "Test it now on the records after it was recorded; else each week",
    params: { id: z.uuid() },
    response: conclusion,
    run: async ({ params }, { deps, principal, now }) => {
      const { db } = deps.store;
      await testConclusion({ db, now }, actorOf(principal), params.id);
      return present(await need(db, params.id));
    },
  }),
  endpoint({
    method: "delete",
    path: "/conclusions/{id}",
    access: write,
    tag,
    summary: "Forget a conclusion",
    params: { id: z.uuid() },
    status: 204,
    response: null,
    run: async ({ params }, { deps, principal, now }) => {
      await removeConclusion({ db: deps.store.db, now }, actorOf(principal), params.id);
    },
  }),
];

async function need(db: Parameters<typeof findConclusion>[0], id: string): Promise<ConclusionRow> {
  const row = await findConclusion(db, id);
  if (row === null) throw unknownConclusion();
  return row;
}

function present(row: ConclusionRow): z.input<typeof conclusion> {
  return {
    id: row.id,
    // Written by recordConclusion, and by nobody else.
    claim: row.claim as Claim,
    sentence: row.sentence,
    result: sent(row.result),
    recorded_at: row.recordedAt.toISOString(),
    recorded_by: row.recordedBy,
    verdict: row.verdict,
    tested_at: row.testedAt?.toISOString() ?? null,
    changed_at: row.changedAt?.toISOString() ?? null,
  };
}

function sent(result: object): z.input<typeof finding> {
  const { interval, ...rest } = result as Finding; // Written by recordConclusion and testConclusion.
  return { ...rest, interval: interval === null ? null : [interval[0], interval[1]] };
}
