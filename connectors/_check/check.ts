import type { AnyConnector } from "../../core/connector/define.ts";
import type { CheckConnection, CheckEngine, PullReport } from "./engine.ts";
import type { ConnectorHarness, Harness, HarnessOptions } from "./harness.ts";

/** What is checked: a connector, its vendor, and the hub that pulls. */
export type Subject = {
  readonly connector: AnyConnector;
  readonly vendor: ConnectorHarness;
  readonly engine: CheckEngine;
  /** About how many records the source holds, in all its streams; absent: 300. */
  readonly records?: number;
  /** How many records the check of memory reads; absent: 100,000. */
  readonly manyRecords?: number;
};

/** One promise that every connector keeps. */
export type Check = {
  /** As a guarantee: `takes nothing twice`. */
  readonly name: string;
  /** Throws {@link CheckFailure} (or whatever went wrong) where the promise is broken. */
  readonly run: (subject: Subject) => Promise<void>;
};

export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
}

export function fail(message: string): never {
  throw new CheckFailure(message);
}

const RECORDS = 300;
export const OPTIONS: HarnessOptions = { seed: 11, records: RECORDS, now: new Date("2026-11-24T14:00:00Z") };

/** How many records the vendor of a check holds, where the check asks for no number of its own. */
export function recordsOf({ records = RECORDS }: Subject): number {
  return records;
}

export type Bench = { readonly harness: Harness; readonly connection: CheckConnection };

/** A fresh vendor with a fresh connection to it; the vendor is stopped at the end, whatever happens. */
export async function atVendor(
  subject: Subject,
  work: (bench: Bench) => Promise<void>,
  options: Partial<HarnessOptions> = {},
): Promise<void> {
  const harness = await subject.vendor.start({ ...OPTIONS, records: recordsOf(subject), ...options });
  try {
    const { settings, credentials } = harness;
    const connection = await subject.engine.connect(subject.connector, { settings, credentials });
    try {
      await work({ harness, connection });
    } finally {
      await connection.remove();
    }
  } finally {
    await harness.stop();
  }
}

/** Pulls every stream once; each must succeed. */
export async function pullAll({ harness, connection }: Bench): Promise<readonly PullReport[]> {
  const reports: PullReport[] = [];
  for (const stream of harness.streams) reports.push(await pullWell(connection, stream));
  return reports;
}

export async function pullWell(connection: CheckConnection, stream: string): Promise<PullReport> {
  const report = await connection.pull(stream);
  if (report.state !== "succeeded") fail(`The pull of ${stream} ended ${report.state}: ${reason(report)}`);
  return report;
}

export function reason(report: PullReport): string {
  return report.error === null
    ? "no error was given"
    : `${report.error.code} (${report.error.kind}): ${report.error.message}`;
}

/** What has landed is what the source holds: every record of it, in its latest version, and no other. */
export async function expectEqual({ harness, connection }: Bench): Promise<void> {
  for (const stream of harness.streams) {
    const expected = harness.expected(stream);
    const landed = await connection.records(stream);
    for (const [id, digest] of expected) {
      const record = landed.get(id);
      if (record === undefined)
        fail(`${stream}: ${id} is at the source and did not land (${landed.size} of ${expected.size} did).`);
      const ours = harness.digest(stream, record);
      if (ours !== digest) fail(`${stream}: ${id} landed as ${ours} and is ${digest} at the source.`);
    }
    for (const id of landed.keys()) if (!expected.has(id)) fail(`${stream}: ${id} landed and is not at the source.`);
  }
}
