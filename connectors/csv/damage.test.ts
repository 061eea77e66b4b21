import { appendFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../core/base/clock.ts";
import { TributaryError } from "../../core/base/errors.ts";
import type { Json } from "../../core/base/json.ts";
import { damage } from "../../core/land/damage.ts";
import { createFiles } from "../../core/land/files.ts";
import { NO_UPLOADS } from "../../test/support/pulled-rows.ts";
import { readPages, type Pages } from "../../test/support/pages.ts";
import { csv } from "./index.ts";
import { recordId } from "./records.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "csv-damage-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FILE = [
  "ID,Deal,Stage,Amount",
  "D-1,Acme 12,Won,100",
  'D-2,"Beta, Inc",Won,200',
  "D-3,C,Lead,300",
  "D-44,E,Won,500",
  "D-5,F,Won,500",
  "",
].join("\n");

const deals = csv.streams["deals"];

function settings(from: string): unknown {
  return csv.settings.parse({
    pipelines: { Sales: { stages: ["Lead"], won: ["Won"], lost: ["Lost"] } },
    tables: {
      deals: {
        from,
        key: "ID",
        delimiter: ",",
        rows_that_disappear: "delete",
        columns: { name: "Deal", stage: "Stage", value: "Amount" },
      },
    },
  });
}

let written = 0;
/** Each at another time, none of them just now: what lacks its end would be waited for. */
async function write(name: string, content: Buffer | string): Promise<void> {
  await writeFile(path.join(folder, name), content);
  written += 1;
  await utimes(path.join(folder, name), written, written);
}

async function read(content: Buffer | string, checkpoint: Json): Promise<Pages> {
  await write("deals.csv", content);
  return readFrom(path.join(folder, "deals.csv"), checkpoint);
}

async function readFrom(from: string, checkpoint: Json, logs: string[] = []): Promise<Pages> {
  const into: Pages = { pages: [], logs, checkpoint };
  const { signal } = new AbortController();
  if (deals === undefined) throw new Error("no stream deals");
  const client = { files: createFiles([folder], NO_UPLOADS), allowPrivateNetworks: true, signal };
  const at = { client, settings: settings(from), clock: systemClock };
  await readPages(deals, at, into, {}, () => undefined);
  return into;
}

/** The records by id, as text without the id. */
function listed({ pages }: Pages): Map<string, string> {
  const records = pages.flatMap((page) => page.records);
  return new Map(records.map((record) => [recordId(record), JSON.stringify(record).replaceAll(recordId(record), "")]));
}

/** The live records that a reading would delete, by the rule of the engine. */
async function deletes(content: Buffer | string, before: Pages): Promise<readonly string[]> {
  let after: Pages;
  try {
    after = await read(content, before.checkpoint);
  } catch (error) {
    // A file that cannot be read at all fails the run.
    if (error instanceof TributaryError) return [];
    throw error;
  }
  if (after.pages.length === 0) return [];
  const [were, are] = [listed(before), listed(after)];
  const problems = after.pages.flatMap((page) => page.problems ?? []);
  const named = new Set(problems.map((problem) => problem.externalId));
  const gone = [...were.keys()].filter((id) => !are.has(id) && !named.has(id));
  const come = [...are].filter(([id]) => !were.has(id)).map(([, text]) => text);
  const twins = gone.filter((id) => come.includes(were.get(id) ?? "")).length;
  const doubt = after.pages.at(-1)?.listingDoubt ?? (problems.length > 0 ? "problems" : null);
  return damage({ gone: gone.length, before: were.size, twins }, doubt) === null ? gone : [];
}

const bytes = Buffer.from(FILE);
const ROW = "D-1,Acme 12,Won,100\n".length;
const at = (position: number, put: string, length: number): Buffer =>
  Buffer.concat([bytes.subarray(0, position), Buffer.from(put), bytes.subarray(position + length)]);

test.each([
  ["cut off", (position: number) => bytes.subarray(0, position)],
  ["with a stray quote put in", (position: number) => at(position, '"', 0)],
  ["with a quote for a byte", (position: number) => at(position, '"', 1)],
  ["with a byte missing", (position: number) => at(position, "", 1)],
  ["with a line break for a byte", (position: number) => at(position, "\n", 1)],
  ["with another letter for a byte", (position: number) => at(position, "7", 1)],
  ["with a hole of a row", (position: number) => at(position, "\0".repeat(ROW), ROW)],
  ["filled up with zero bytes", (position: number) => at(position, "\0".repeat(bytes.length - position), bytes.length)],
])("a file %s at any byte deletes no live deal", async (_, damaged) => {
  const whole = await read(FILE, null);
  const wrong: string[] = [];
  for (let position = 0; position < bytes.length; position += 1)
    for (const id of await deletes(damaged(position), whole)) wrong.push(`${id} at ${position}`);
  expect(wrong).toEqual([]);
});

test("of several files one that has lost all its rows, or its end, deletes nothing; one that was taken away does", async () => {
  const several = path.join(folder, "several");
  await mkdir(several);
  const head = "ID,Deal,Stage,Amount\n";
  const rows = (...ids: readonly number[]): string => ids.map((id) => `D-${id},Deal ${id},Won,${id}00\n`).join("");
  const readAll = async (third: string | null, checkpoint: Json): Promise<Pages> => {
    await write("several/a.csv", head + rows(1, 2, 3));
    await write("several/b.csv", head + rows(4, 5, 6));
    if (third === null) await rm(path.join(several, "c.csv"));
    else await write("several/c.csv", third);
    return readFrom(several, checkpoint);
  };
  const whole = await readAll(head + rows(7, 8), null);
  const doubts = async (third: string | null): Promise<string | undefined> =>
    (await readAll(third, whole.checkpoint)).pages.at(-1)?.listingDoubt;
  expect(await doubts(head)).toBe("c.csv has no row any more that can be read");
  expect(await doubts(head + rows(7))).toContain('the last row was "D-8" before');
  expect(await doubts(head + rows(8))).toBeUndefined();
  expect(await doubts(null)).toBeUndefined();
});

test("what lacks its end and was written just now is looked at twice", async () => {
  const target = path.join(folder, "deals.csv");
  await writeFile(target, FILE.slice(0, 60));
  // Just now, however long this machine takes.
  await utimes(target, Date.now() / 1000 + 600, Date.now() / 1000 + 600);
  const logs: string[] = [];
  logs.push = (line) => {
    if (line.includes("columns by line")) setTimeout(() => appendFileSync(target, FILE.slice(60)), 20);
    return 0;
  };
  const reading = readFrom(target, null, logs);
  await expect(reading).rejects.toMatchObject({ code: "csv.file.changed_while_read", kind: "transient" });
  expect((await readFrom(target, null)).pages.flatMap(({ records }) => records)).toHaveLength(5);
});

test("rows that are taken out of a sound file are deleted", async () => {
  const whole = await read(FILE, null);
  const lines = FILE.split("\n");
  expect(await deletes(lines.toSpliced(2, 1).join("\n"), whole)).toEqual(["D-2"]);
  expect(await deletes(lines.toSpliced(2, 1, "D-9,New,Lead,7").join("\n"), whole)).toEqual(["D-2"]);
  expect(await deletes([...lines.slice(0, 2), ...lines.slice(4)].join("\n"), whole)).toEqual(["D-2", "D-3"]);
});

test("a table of which not one row can be read fails, with the reasons", async () => {
  const rows = Array.from({ length: 600 }, (_, n) => `D-${n},x,Nowhere,1`).join("\n");
  const reading = read(`ID,Deal,Stage,Amount\n${rows}\n`, null);
  await expect(reading).rejects.toMatchObject({ code: "csv.file.nothing_readable" });
  await expect(reading).rejects.toThrow(/none of the 600 rows.*line 2.*"Nowhere" is none of Lead, Won, Lost/s);
});
