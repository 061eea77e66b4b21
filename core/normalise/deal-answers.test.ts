import { fc } from "../../test/support/properties.ts";
import { expect, test } from "vitest";
import type { StageShape } from "../store/facts/deal-answers.ts";
import type { ChangeRow } from "../store/facts/deals.ts";
import { dealAnswers } from "./deal-answers.ts";

const stage = (id: string, pipelineId: string, position: number, more: Partial<StageShape> = {}): StageShape => ({
  id,
  pipelineId,
  position,
  places: [],
  isOpen: true,
  isGone: false,
  ...more,
});
const STAGES = new Map(
  [
    stage("P", "sales", 0),
    stage("Q", "sales", 1),
    stage("gone", "sales", 2, { isGone: true }),
    stage("M", "sales", 3),
    stage("N", "sales", 4),
    stage("won", "sales", 5, { isOpen: false }),
    stage("X", "other", 0),
    stage("Y", "other", 2),
  ].map((one) => [one.id, one]),
);

type Step = {
  readonly status: string;
  readonly stage: string | null;
  readonly amount: number | null;
  readonly rep: string;
};

/** A change each `hours` after the one before; 0: at the same instant. */
function history(steps: readonly (Step & { readonly hours: number })[]): ChangeRow[] {
  let at = Date.parse("2026-03-01T00:00:00Z");
  const times = steps.map(({ hours }) => (at += hours * 3_600_000));
  return steps.map(({ status, stage: stageId, amount, rep }, ordinal) => ({
    dealId: "d",
    ordinal,
    heldFrom: times[ordinal] ?? at,
    heldTo: times[ordinal + 1] ?? Infinity,
    isDay: false,
    knownAt: times[ordinal] ?? at,
    doubt: null,
    changed: [],
    evidence: "",
    state: {
      status,
      stage_id: stageId,
      pipeline_id: STAGES.get(stageId ?? "")?.pipelineId ?? null,
      amount_minor: amount,
      currency: "EUR",
      value_period: "one_time",
      rep_id: rep,
      probability: null,
      expected_close_on: null,
    },
  }));
}

const step = fc.record({
  status: fc.constantFrom("open", "open", "won", "lost"),
  stage: fc.constantFrom("P", "Q", "gone", "M", "N", "won", "X", "Y", null),
  amount: fc.constantFrom(100, 200, null),
  rep: fc.constantFrom("ann", "bob"),
  hours: fc.constantFrom(0, 1, 5),
});
const histories = fc.array(step, { minLength: 1, maxLength: 8 }).map(history);

const ms = (text: string | null | undefined): number =>
  text === "infinity" ? Infinity : text === "-infinity" ? -Infinity : Date.parse(text ?? "");

test("at every instant the one closing that can be seen is the deal's latest change into won or lost, with the value known by then", () => {
  fc.assert(
    fc.property(histories, (rows) => {
      const { closings } = dealAnswers(rows, STAGES);
      for (const { heldFrom: now } of rows) {
        const known = rows.filter((row) => row.heldFrom <= now);
        const latest = known.at(-1);
        const status = latest?.state["status"];
        const seen = closings.filter((cells) => ms(cells[6]) <= now && ms(cells[7]) > now);
        const opened = known.findLastIndex((row) => row.state["status"] !== status);
        const closed = known[opened + 1];
        const inStage = known.findLast((row) => STAGES.get(String(row.state["stage_id"]))?.isOpen === true);
        const amount = latest?.state["amount_minor"]?.toString() ?? null;
        const stages = known.map((row) => STAGES.get(String(row.state["stage_id"])));
        const beenIn = new Set(stages.flatMap((one) => (one?.isOpen === true ? [`"${one.id}"`] : [])));
        const at = closed === undefined ? null : new Date(closed.heldFrom).toISOString();
        const wanted = [at, status, closed?.state["rep_id"], inStage?.state["stage_id"] ?? null, amount];
        wanted.push(`{${[...beenIn].join(",")}}`);
        const shown = seen.map((cells) => [1, 4, 5, 9, 10, 13].map((column) => cells[column]));
        expect(shown).toEqual(status === "open" ? [] : [wanted]);
      }
    }),
  );
});

test("entries are the moves into a stage, and those that a move forward passes over; passed when a later stage is reached after the first of them", () => {
  fc.assert(
    fc.property(histories, (rows) => {
      const moves = rows.filter((row) => STAGES.get(String(row.state["stage_id"]))?.isOpen === true);
      const where = (row: ChangeRow | undefined): StageShape | undefined => STAGES.get(String(row?.state["stage_id"]));
      const { entries } = dealAnswers(rows, STAGES);
      for (const one of STAGES.values()) {
        const into = moves.filter((row, index) => {
          const [from, to] = [where(moves[index - 1]), where(row)];
          if (from?.id === to?.id || to === undefined) return false;
          if (to.id === one.id) return true;
          const isSame = from?.pipelineId === one.pipelineId && to.pipelineId === one.pipelineId;
          return isSame && !one.isGone && one.isOpen && from.position < one.position && one.position < to.position;
        });
        const ours = entries.filter((cells) => cells[6] === one.id);
        expect(ours.map((cells) => Number(cells[1]))).toEqual(into.map((row) => row.ordinal));
        const later = moves.find(
          (row) =>
            row.ordinal >= (into[0]?.ordinal ?? Infinity) &&
            where(row)?.pipelineId === one.pipelineId &&
            (where(row)?.position ?? -1) > one.position,
        );
        for (const cells of ours) expect(ms(cells[8])).toBe(later?.heldFrom ?? Infinity);
        const before = [null, ...into.map((row) => new Date(row.heldFrom).toISOString())].slice(0, into.length);
        expect(ours.map((cells) => cells[9])).toEqual(before);
      }
    }),
  );
});

test("stays follow one another without a gap while the deal is open in a stage of the pipeline's own", () => {
  fc.assert(
    fc.property(histories, (rows) => {
      const { stays } = dealAnswers(rows, STAGES);
      for (const row of rows) {
        if (row.heldFrom >= row.heldTo) continue;
        const at = STAGES.get(String(row.state["stage_id"]));
        const isIn = row.state["status"] === "open" && at?.isOpen === true;
        const during = stays.filter((cells) => ms(cells[2]) <= row.heldFrom && ms(cells[4]) > row.heldFrom);
        expect(during.map((cells) => cells[8])).toEqual(isIn ? [at.id] : []);
      }
    }),
  );
});

test("what was skipped and passed is told by the order that held at the instant of the move", () => {
  const steps = [
    { status: "open", stage: "P", amount: 100, rep: "ann", hours: 0 },
    { status: "open", stage: "M", amount: 100, rep: "ann", hours: 1 },
    { status: "open", stage: "Q", amount: 100, rep: "ann", hours: 5 },
  ];
  const rows = history(steps);
  // Q came after M until the deal was in M; then it was put before it.
  const until = (rows[1]?.heldFrom ?? 0) + 1;
  const moved = new Map([...STAGES].filter(([id]) => ["P", "Q", "M"].includes(id)));
  moved.set("Q", stage("Q", "sales", 1, { places: [{ until, position: 4 }] }));
  const told = (stages: ReadonlyMap<string, StageShape>) =>
    dealAnswers(rows, stages).entries.map((cells) => [cells[6], ms(cells[8])]);
  const [, toM, toQ] = rows.map((row) => row.heldFrom);
  expect(told(moved)).toEqual([
    ["P", toM],
    ["M", Infinity],
    ["Q", Infinity],
  ]);
  // By today's order alone the first move would have passed over Q, and M would come after it.
  expect(told(STAGES)).toEqual([
    ["P", toM],
    ["Q", toM],
    ["M", Infinity],
    ["Q", toM],
  ]);
  expect(toQ).toBeGreaterThan(toM ?? 0);
});

test("an amount that nobody can have meant is kept as it is", () => {
  const [row] = history([{ status: "won", stage: "P", amount: 9_007_199_254_740_991, rep: "ann", hours: 0 }]);
  if (row === undefined) throw new Error("no row");
  const monthly = { ...row, state: { ...row.state, value_period: "monthly" } };
  expect(dealAnswers([monthly], STAGES).closings[0]?.[10]).toBe("108086391056891892");
});
