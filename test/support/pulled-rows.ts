import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { TributaryError } from "../../core/base/errors.ts";
import { csv } from "../../connectors/csv/index.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Page, Problem } from "../../core/connector/define.ts";
import { createFiles, type Uploads } from "../../core/land/files.ts";
import type { DealFact, Fact } from "../../core/schema/facts.ts";

/** Wherever tests keep files: one below a folder whose name begins with a dot has to be near enough to a folder that is named. */
export const TEST_FOLDERS = ["/", tmpdir(), fileURLToPath(new URL("../../..", import.meta.url))];
export const NO_UPLOADS: Uploads = { find: () => Promise.resolve(null), read: () => Promise.resolve(null) };

/** What a pull of spreadsheets brought, without a database. */
export type PulledRows = {
  readonly pages: readonly Page[];
  readonly ids: readonly string[];
  readonly problems: readonly Problem[];
  readonly facts: readonly Fact[];
  readonly deals: readonly DealFact[];
  /** The run's lines: `warn deals.csv: …`. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  readonly checkpoint: Json;
};

export type PullOptions = {
  readonly checkpoint?: Json;
  /** Default: EUR. */
  readonly currency?: string;
  readonly signal?: AbortSignal;
  /** Told of each line as it comes. */
  readonly onLine?: (message: string) => void;
};

/** Pulls one stream of a connection to spreadsheets from where the checkpoint is, and makes facts of what came. */
export async function pullRows(
  settingsInput: JsonObject,
  stream: string,
  options: PullOptions = {},
): Promise<PulledRows> {
  const { checkpoint = null, currency = "EUR", signal = new AbortController().signal } = options;
  const settings = csv.settings.parse(settingsInput);
  const declared = csv.streams[stream];
  if (declared === undefined) throw new Error(`no stream ${stream}`);
  const client = { files: createFiles(TEST_FOLDERS, NO_UPLOADS), allowPrivateNetworks: true, signal };
  const workspace = { timeZone: "UTC", currency };
  const pages: Page[] = [];
  const lines: string[] = [];
  const log = (level: string, message: string): void => {
    lines.push(`${level} ${message}`);
    options.onLine?.(message);
  };
  const context = { client, settings, workspace, checkpoint, since: null, startedAt: new Date(), signal, log };
  try {
    for await (const page of declared.pull(context)) pages.push(page);
  } catch (error) {
    // That nothing could be read is told by the problems.
    if (!(error instanceof TributaryError) || error.code !== "csv.file.nothing_readable") throw error;
  }
  // As they come back from the database.
  const records = pages.flatMap((page) => JSON.parse(JSON.stringify(page.records)) as Json[]);
  const results = records.map((record) => {
    const externalId = declared.externalId(record);
    return declared.normalise(record, { connectionId: "c", stream, externalId, settings, ...workspace });
  });
  const skipped = results.flatMap((result) => result.skipped);
  if (skipped.length > 0) throw new Error(`landed, and then could not be mapped: ${JSON.stringify(skipped)}`);
  const facts = results.flatMap((result) => result.facts);
  return {
    pages,
    ids: records.map((record) => declared.externalId(record)),
    problems: pages.flatMap((page) => page.problems ?? []),
    facts,
    deals: facts.filter((fact) => fact.kind === "deal"),
    lines,
    warnings: lines.filter((line) => line.startsWith("warn ")).map((line) => line.slice(5)),
    checkpoint: pages.at(-1)?.checkpoint ?? checkpoint,
  };
}
