import { pipelineQuestions, type Tile } from "../../../../core/metrics/boards.ts";
import { askedNow, type Question } from "../../../../core/metrics/ask/question.ts";
import { keptAnswer, type MetricAnswer } from "../../../../core/metrics/index.ts";
import type { Format } from "../../../web/format.ts";
import { type Html, html } from "../../../web/html.ts";
import type { TileMoment } from "./moment.ts";

export type StageColumn = {
  readonly name: string;
  readonly deals: number;
  /** In main units of the workspace's currency; null: no deal in it has an amount. */
  readonly value: number | null;
  /** So many of its deals stand still. */
  readonly stalled: number;
};
export type PipelineBody = { readonly view: "pipeline"; readonly stages: readonly StageColumn[] };

/** What is open, stage by stage, in the order of the pipelines. Stages of one name are one column. */
export async function readPipeline(
  { db, now, workspace }: TileMoment,
  tile: Tile,
): Promise<{ readonly body: PipelineBody; readonly answer: MetricAnswer }> {
  const ask = async (asked: Question): Promise<MetricAnswer> => keptAnswer(db, askedNow(asked, now, workspace).query);
  const { value, deals, stalled } = pipelineQuestions(tile);
  const [values, counts, still] = [await ask(value), await ask(deals), await ask(stalled)];
  const byStage = (answer: MetricAnswer): Map<string, number> => {
    const sums = new Map<string, number>();
    for (const { dimensions, value: amount } of answer.rows) {
      const stage = dimensions["stage"];
      if (stage != null && amount !== null) sums.set(stage, (sums.get(stage) ?? 0) + amount);
    }
    return sums;
  };
  const [money, standing] = [byStage(values), byStage(still)];
  const stages = [...byStage(counts)].map(([name, count]) => ({
    name,
    deals: count,
    value: money.get(name) ?? null,
    stalled: standing.get(name) ?? 0,
  }));
  return { answer: values, body: { view: "pipeline", stages: stages.slice(0, tile.limit) } };
}

export function renderPipeline({ stages }: PipelineBody, format: Format): Html {
  if (stages.length === 0) return html`<p class="note">${format.words.tiles.noOpenDeals}</p>`;
  const most = Math.max(...stages.map(({ value }) => value ?? 0), Number.EPSILON);
  return html`<ol class="stages">
    ${stages.map(
      ({ name, deals, value, stalled }) =>
        html`<li>
          <span class="stage-name">${name}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect width="${Math.round((1000 * (value ?? 0)) / most) / 10}" height="10"></rect>
          </svg>
          <span class="stage-value">${format.short(value, "money")}</span>
          <span class="stage-deals">${format.short(deals, "count")}</span>
          <span class="stage-stalled"
            >${stalled === 0 ? null : html`<span class="bad">${format.words.tiles.stalled(stalled)}</span>`}</span
          >
        </li>`,
    )}
  </ol>`;
}
