import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

function settings(): unknown {
  return csv.settings.parse({
    pipelines: { Sales: { stages: ["Lead"], won: ["Won"], lost: ["Lost"] } },
    tables: {
      deals: {
        from: path.join(folder, "deals.csv"),
        key: "ID",
        delimiter: ",",
        rows_that_disappear: "delete",
        columns: { name: "Deal", stage: "Stage", value: "Amount" },
      },
    },
  });
}

async function read(content: Buffer | string, checkpoint: Json): Promise<Pages> {
  await writeFile(path.join(folder, "deals.csv"), content);
  const into: Pages = { pages: [], logs: [], checkpoint };
  const { signal } = new AbortController();
  if (deals === undefined) throw new Error("no stream deals");
  const client = { files: createFiles([folder], NO_UPLOADS), allowPrivateNetworks: true, signal };
  const at = { client, settings: settings(), clock: systemClock };
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
const at = (position: number, put: string, length: number): Buffer =>
  Buffer.concat([bytes.subarray(0, position), Buffer.from(put), bytes.subarray(position + length)]);

test.each([
  ["cut off", (position: number) => bytes.subarray(0, position)],
  ["with a stray quote put in", (position: number) => at(position, '"', 0)],
  ["with a quote for a byte", (position: number) => at(position, '"', 1)],
  ["with a byte missing", (position: number) => at(position, "", 1)],
  ["with a line break for a byte", (position: number) => at(position, "\n", 1)],
  ["with another letter for a byte", (position: number) => at(position, "7", 1)],
])("a file %s at any byte deletes no live deal", async (_, damaged) => {
  const whole = await read(FILE, null);
  const wrong: string[] = [];
  for (let position = 0; position < bytes.length; position += 1)
    for (const id of await deletes(damaged(position), whole)) wrong.push(`${id} at ${position}`);
  expect(wrong).toEqual([]);
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
