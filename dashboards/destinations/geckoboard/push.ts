import { hash } from "node:crypto";
import { type ErrorKind, TributaryError } from "../../../core/base/errors.ts";
import type { PushContext } from "../../../core/destination/define.ts";
import type { GeckoboardClient } from "./client.ts";
import { type DatasetContent, datasetOf } from "./dataset.ts";
import { type DatasetConfig, type GeckoboardSettings, questionOf } from "./settings.ts";

/** What is remembered of a dataset: hashes of what was sent last. */
type Sent = { readonly schema: string; readonly rows: string };

/**
 * Brings the configured datasets up to date. One whose schema and rows are what was pushed last is not sent again: Geckoboard takes 60
 * requests a minute. One that is wrong holds up none of the others.
 *
 * @returns the ids of the datasets that were sent.
 * @throws TributaryError of the first dataset that could not be pushed, once the others are done and remembered; at once where it concerns them
 *   all (the key, the quota, Geckoboard's being away).
 */
export async function pushDatasets(
  context: PushContext<GeckoboardSettings>,
  client: GeckoboardClient,
): Promise<readonly string[]> {
  const pushed: string[] = [];
  const configured = new Set(context.settings.datasets.map(({ id }) => id));
  // One that was taken out of the config is forgotten: put back, it begins anew.
  let memory = Object.fromEntries(Object.entries(context.memory).filter(([id]) => configured.has(id)));
  if (Object.keys(memory).length < Object.keys(context.memory).length) await context.remember(memory);
  let failure: TributaryError | null = null;
  for (const dataset of context.settings.datasets) {
    try {
      const content = await contentOf(context, dataset);
      const sent: Sent = { schema: digest(content.schema), rows: digest(content.rows) };
      // Written below and nowhere else.
      const last = memory[dataset.id] as Sent | undefined;
      if (last?.schema === sent.schema && last.rows === sent.rows) continue;
      await pushDataset(client, dataset.id, content, last !== undefined && last.schema !== sent.schema);
      memory = { ...memory, [dataset.id]: sent };
      await context.remember(memory);
      pushed.push(dataset.id);
    } catch (error) {
      if (!(error instanceof TributaryError) || !OF_ONE_DATASET.has(error.kind)) throw error;
      failure ??= error;
    }
  }
  if (failure !== null) throw failure;
  return pushed;
}

/** What is wrong with one dataset alone: its definition, or an answer to it that the documentation rules out. */
const OF_ONE_DATASET: ReadonlySet<ErrorKind> = new Set(["config", "contract"]);

/** @param isOther whether Geckoboard has it with another schema. */
async function pushDataset(
  client: GeckoboardClient,
  datasetId: string,
  content: DatasetContent,
  isOther: boolean,
): Promise<void> {
  if (isOther && content.deleteBy !== null) throw wouldLoseHistory(datasetId);
  if (isOther) await tryOut(client, datasetId, content);
  if (isOther) await client.remove(datasetId);
  await client.findOrCreate(datasetId, content.schema);
  if (content.deleteBy === null) await client.replace(datasetId, content.rows);
  else await client.append(datasetId, content.rows, content.deleteBy);
}

/**
 * Geckoboard keeps one schema for each id, so a definition that changed takes the place of the old dataset. First it is tried out under another
 * id: one that Geckoboard refuses, or a key or quota that fails, costs no dataset.
 */
async function tryOut(client: GeckoboardClient, datasetId: string, { schema, rows }: DatasetContent): Promise<void> {
  const trial = `${datasetId}.trial`;
  await client.remove(trial);
  try {
    await client.findOrCreate(trial, schema);
    await client.replace(trial, rows);
  } finally {
    await client.remove(trial);
  }
}

function wouldLoseHistory(datasetId: string): TributaryError {
  return new TributaryError({
    code: "geckoboard.would_lose_history",
    kind: "config",
    message: `The dataset ${datasetId} keeps a history, and its definition now has other fields: Geckoboard would drop what it holds, which nobody can read back.`,
    mend: "Give the new definition another id in the config file, or take the change back; to begin anew under this id, apply the config without the dataset once.",
  });
}

async function contentOf({ ask }: PushContext<GeckoboardSettings>, dataset: DatasetConfig): Promise<DatasetContent> {
  const answer = await ask(questionOf(dataset));
  // A KPI may always be broken down by something (a stage, a rep), asked or not.
  const dimensions = [...new Set([...dataset.by, ...answer.rows.flatMap((row) => Object.keys(row.dimensions))])];
  return datasetOf(answer, dimensions, { isHistory: dataset.append });
}

function digest(value: unknown): string {
  return hash("sha256", JSON.stringify(value), "base64url");
}
