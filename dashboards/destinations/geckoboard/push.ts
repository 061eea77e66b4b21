import { hash } from "node:crypto";
import type { PushContext } from "../../../core/destination/define.ts";
import type { GeckoboardClient } from "./client.ts";
import { datasetOf } from "./dataset.ts";
import { type DatasetConfig, type GeckoboardSettings, questionOf } from "./settings.ts";

/** What is remembered of a dataset: hashes of what was sent last. */
type Sent = { readonly schema: string; readonly rows: string };

/**
 * Brings the configured datasets up to date. One whose schema and rows are what was pushed last is not sent again: Geckoboard takes 60
 * requests a minute.
 *
 * @returns the ids of the datasets that were sent.
 * @throws TributaryError of the first dataset that could not be pushed; those before it are done and remembered.
 */
export async function pushDatasets(
  context: PushContext<GeckoboardSettings>,
  client: GeckoboardClient,
): Promise<readonly string[]> {
  const pushed: string[] = [];
  let memory = context.memory;
  for (const dataset of context.settings.datasets) {
    const content = await contentOf(context, dataset);
    const sent: Sent = { schema: digest(content.schema), rows: digest(content.rows) };
    // Written below and nowhere else.
    const last = memory[dataset.id] as Sent | undefined;
    if (last?.schema === sent.schema && last.rows === sent.rows) continue;
    // A definition that changed needs a new schema, and Geckoboard keeps one schema for each id: the old one goes.
    if (last !== undefined && last.schema !== sent.schema) await client.remove(dataset.id);
    await client.findOrCreate(dataset.id, content.schema);
    await client.replace(dataset.id, content.rows);
    memory = { ...memory, [dataset.id]: sent };
    await context.remember(memory);
    pushed.push(dataset.id);
  }
  return pushed;
}

async function contentOf(
  { ask }: PushContext<GeckoboardSettings>,
  dataset: DatasetConfig,
): Promise<ReturnType<typeof datasetOf>> {
  const answer = await ask(questionOf(dataset));
  // A KPI may always be broken down by something (a stage, a rep), asked or not.
  const dimensions = [...new Set([...dataset.by, ...answer.rows.flatMap((row) => Object.keys(row.dimensions))])];
  return datasetOf(answer, dimensions);
}

function digest(value: unknown): string {
  return hash("sha256", JSON.stringify(value), "base64url");
}
