import { hash } from "node:crypto";
import { questionOfDataset, type DatasetConfig, type GeckoboardSection } from "../../../core/metrics/datasets.ts";
import { evaluateMetric } from "../../../core/metrics/index.ts";
import { askedNow } from "../../../core/metrics/ask/question.ts";
import type { Db } from "../../../core/store/db.ts";
import { type DestinationState, saveDestinationState } from "../../../core/store/outbox/destinations.ts";
import { readWorkspace } from "../../../core/store/setup/workspace.ts";
import type { GeckoboardClient } from "./client.ts";
import { datasetOf } from "./dataset.ts";

/**
 * Brings the configured datasets up to date. One whose schema and rows are what was pushed last is not sent again: Geckoboard takes 60
 * requests a minute.
 *
 * @returns the ids of the datasets that were sent.
 * @throws TributaryError of the first dataset that could not be pushed; those before it are done and remembered.
 */
export async function pushDatasets(
  db: Db,
  client: GeckoboardClient,
  section: GeckoboardSection,
  state: DestinationState,
  now: Date,
): Promise<string[]> {
  const pushed: string[] = [];
  let known = state;
  for (const dataset of section.datasets) {
    const content = await contentOf(db, dataset, now);
    const schemaHash = digest(content.schema);
    const rowsHash = digest(content.rows);
    const last = known[dataset.id];
    if (last?.schema === schemaHash && last.rows === rowsHash) continue;
    // A definition that changed needs a new schema, and Geckoboard keeps one schema for each id: the old one goes.
    if (last !== undefined && last.schema !== schemaHash) await client.remove(dataset.id);
    await client.findOrCreate(dataset.id, content.schema);
    await client.replace(dataset.id, content.rows);
    known = { ...known, [dataset.id]: { schema: schemaHash, rows: rowsHash } };
    await saveDestinationState(db, "geckoboard", known);
    pushed.push(dataset.id);
  }
  return pushed;
}

async function contentOf(db: Db, dataset: DatasetConfig, now: Date): Promise<ReturnType<typeof datasetOf>> {
  const workspace = await readWorkspace(db);
  const answer = await evaluateMetric(db, askedNow(questionOfDataset(dataset), now, workspace).query);
  // A KPI may always be broken down by something (a stage, a rep), asked or not.
  const dimensions = [...new Set([...dataset.by, ...answer.rows.flatMap((row) => Object.keys(row.dimensions))])];
  return datasetOf(answer, dimensions);
}

function digest(value: unknown): string {
  return hash("sha256", JSON.stringify(value), "base64url");
}
