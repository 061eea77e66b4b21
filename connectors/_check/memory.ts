import v8 from "node:v8";
import vm from "node:vm";
import { atVendor, type Check, fail, type Subject } from "./check.ts";
import { pagesOf } from "./client.ts";

export const streamsPages: Check = {
  name: "holds one page at a time: the first page comes before the source was read through",
  run: async (subject: Subject) => {
    const few = await firstPage(subject, 600);
    const many = await firstPage(subject, 3000);
    if (many.requests > few.requests + 3) {
      fail(
        `With five times the records, the first page of ${many.stream} came after ${many.requests} requests, not ${few.requests}.`,
      );
    }
    if (many.records > 5000) fail(`A page of ${many.stream} holds ${many.records} records.`);
  },
};

async function firstPage(
  subject: Subject,
  records: number,
): Promise<{ readonly stream: string; readonly requests: number; readonly records: number }> {
  let found = { stream: "", requests: 0, records: 0 };
  await atVendor(
    subject,
    async ({ harness }) => {
      const stream = harness.streams.toSorted((a, b) => harness.expected(b).size - harness.expected(a).size)[0] ?? "";
      const before = harness.requestCount();
      for await (const page of pagesOf(subject, harness, stream)) {
        found = { stream, requests: harness.requestCount() - before, records: page.records.length };
        break;
      }
    },
    { records },
  );
  return found;
}

const MANY_RECORDS = 100_000;
/** What a connector may gather on its way through so many records, such as the ids of a short list; never the records. */
const growthMb = (records: number): number => Math.max(4, (24 * records) / MANY_RECORDS);

export const staysFlat: Check = {
  name: "needs no more memory towards the end of many records than after a tenth of them",
  run: (subject: Subject) =>
    atVendor(
      subject,
      async ({ harness }) => {
        const stream = harness.streams.toSorted((a, b) => harness.expected(b).size - harness.expected(a).size)[0] ?? "";
        const total = harness.expected(stream).size;
        let seen = 0;
        let earlyMb: number | null = null;
        let lateMb: number | null = null;
        for await (const page of pagesOf(subject, harness, stream)) {
          seen += page.records.length;
          if (earlyMb === null && seen >= total / 10) earlyMb = aliveMb();
          // Before the end (which a vendor may keep to itself): what the pull has gathered goes with it.
          if (lateMb === null && seen >= total * 0.75) lateMb = aliveMb();
        }
        if (earlyMb === null || lateMb === null) fail(`${stream}: only ${seen} of ${total} records came.`);
        const grownMb = lateMb - earlyMb;
        if (grownMb > growthMb(seen))
          fail(
            `Between a tenth and three quarters of ${seen} records of ${stream}, ${Math.round(grownMb)} MB more were held.`,
          );
      },
      { records: subject.manyRecords ?? MANY_RECORDS },
    ),
};

/** What is alive after a full collection. The simulated vendor is in it, and does not grow while nothing happens there. */
function aliveMb(): number {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
