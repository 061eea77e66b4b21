import { type Cells, list } from "../store/facts/facts-cells.ts";
import { instantCell, type ChangeRow } from "../store/facts/deals.ts";
import type { AnswerRows, StageShape } from "../store/facts/deal-answers.ts";

/**
 * What a deal's history answers: its wins and losses, its entries into stages and its stays in them, as rows that questions read. Pure, and a
 * function of the history and the shape of its pipelines alone.
 *
 *     P ──► M      a move over Q enters M, and at the same instant enters and passes Q
 *     Q ──► P      going back enters P again; that Q was reached from P stays true
 *
 * A deal that begins in a later stage, or is won from an early one, has skipped nothing: it never moved over the stages between. A stage is one
 * of the pipeline's own; won and lost are outcomes, and a deal that has one keeps the stage it was closed from. Which of two stages is the later is told by
 * the order that held when the deal moved, as far back as the hub knows it.
 */
export function dealAnswers(history: readonly ChangeRow[], stages: ReadonlyMap<string, StageShape>): AnswerRows {
  const placed = history.map((row): Placed => {
    const stage = stages.get(text(row, "stage_id") ?? "");
    return { row, stage: stage?.isOpen === true ? stage : null };
  });
  return { closings: closings(placed), entries: entries(placed, stages), stays: stays(placed) };
}

/** A change with the stage it shows the deal in; null where that is none of the pipeline's own. */
type Placed = { readonly row: ChangeRow; readonly stage: StageShape | null };

function text({ state }: ChangeRow, column: string): string | null {
  const value = state[column] ?? null;
  return value === null ? null : String(value);
}

const flag = (value: boolean): string => (value ? "t" : "f");

/** Recurring values for a year. In whole numbers of any length: what somebody typed may be absurd. */
function annualMinor(row: ChangeRow): string | null {
  const amount = row.state["amount_minor"] ?? null;
  if (amount === null) return null;
  return String(BigInt(amount) * (row.state["value_period"] === "monthly" ? 12n : 1n));
}

/** Such a win or loss happened nobody knows when, whatever its row says. */
const NO_DATE = "no_closing_date";

function closings(history: readonly Placed[]): Cells[] {
  const cells: Cells[] = [];
  let status: string | null = "open";
  let closed: ChangeRow | null = null;
  let stageId: string | null = null;
  let latest: string[] | null = null;
  const beenIn = new Set<string>();
  for (const { row, stage } of history) {
    if (stage !== null) {
      stageId = stage.id;
      beenIn.add(stage.id);
    }
    const now = text(row, "status");
    if (now !== status || closed === null) closed = now === "open" ? null : row;
    status = now;
    if (closed === null) latest = null;
    // What held for no time was never to be seen.
    if (closed === null || row.heldFrom >= row.heldTo) continue;
    const seen = [
      text(row, "pipeline_id"),
      stageId,
      annualMinor(row),
      text(row, "currency"),
      text(row, "probability"),
      list([...beenIn]),
    ];
    const at = closed.doubt === NO_DATE ? -Infinity : closed.heldFrom;
    const what = [row.dealId, instantCell(at), flag(closed.isDay), closed.doubt, now, text(closed, "rep_id")];
    const id = JSON.stringify([what, seen]);
    const last = cells.at(-1);
    // A change of something else than what is seen here goes on in the same row.
    if (latest?.[0] === id && last !== undefined && latest[1] === instantCell(row.heldFrom)) {
      cells[cells.length - 1] = [...last.slice(0, 7), instantCell(row.heldTo), ...last.slice(8)];
    } else cells.push([...what, instantCell(row.heldFrom), instantCell(row.heldTo), ...seen]);
    latest = [id, instantCell(row.heldTo)];
  }
  return cells;
}

function entries(history: readonly Placed[], stages: ReadonlyMap<string, StageShape>): Cells[] {
  const moves = history.flatMap(({ row, stage }) => (stage === null ? [] : [{ row, stage }]));
  const passed = new Map<string, number>();
  const entered = new Map<string, number>();
  const cells: Cells[] = [];
  moves.forEach(({ row, stage }, index) => {
    const before = moves[index - 1]?.stage;
    if (before?.id === stage.id) return;
    for (const into of [...skipped(before, stage, row.heldFrom, stages), stage]) {
      const enteredBefore = entered.get(into.id);
      let passedAt = passed.get(into.id);
      if (passedAt === undefined) {
        const later = moves.slice(index).find((move) => isLater(move.stage, into, move.row.heldFrom));
        passed.set(into.id, (passedAt = later?.row.heldFrom ?? Infinity));
      }
      cells.push([
        row.dealId,
        String(row.ordinal),
        instantCell(row.heldFrom),
        flag(row.isDay),
        text(row, "rep_id"),
        into.pipelineId,
        into.id,
        flag(into !== stage),
        instantCell(passedAt),
        enteredBefore === undefined ? null : instantCell(enteredBefore),
      ]);
      entered.set(into.id, row.heldFrom);
    }
  });
  return cells;
}

function isLater(stage: StageShape, than: StageShape, at: number): boolean {
  return stage.pipelineId === than.pipelineId && placeOf(stage, at) > placeOf(than, at);
}

/** Where the stage stood in its pipeline at an instant. */
function placeOf({ places, position }: StageShape, at: number): number {
  return places.find(({ until }) => at < until)?.position ?? position;
}

/** The stages that a move forward passes over. */
function skipped(
  from: StageShape | undefined,
  to: StageShape,
  at: number,
  stages: ReadonlyMap<string, StageShape>,
): readonly StageShape[] {
  if (from === undefined || !isLater(to, from, at) || placeOf(to, at) - placeOf(from, at) < 2) return [];
  return [...stages.values()].filter(
    (one) => one.isOpen && !one.isGone && isLater(one, from, at) && isLater(to, one, at),
  );
}

function stays(history: readonly Placed[]): Cells[] {
  const begins = history.flatMap(({ row, stage }) => {
    const open = text(row, "status") === "open" ? stage : null;
    return [{ row, stage: open }];
  });
  const changes = begins.filter(({ stage }, index) => index === 0 || stage?.id !== begins[index - 1]?.stage?.id);
  return changes.flatMap(({ row, stage }, index) => {
    if (stage === null) return [];
    const end = changes[index + 1]?.row;
    return [
      [
        row.dealId,
        String(row.ordinal),
        instantCell(row.heldFrom),
        flag(row.isDay),
        end?.doubt === NO_DATE ? null : instantCell(end?.heldFrom ?? Infinity),
        flag(end?.isDay ?? false),
        text(row, "rep_id"),
        stage.pipelineId,
        stage.id,
        text(row, "currency"),
      ],
    ];
  });
}
