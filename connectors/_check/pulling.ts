import { atVendor, type Bench, type Check, expectEqual, fail, pullAll, pullWell, reason, recordsOf } from "./check.ts";

export const takesEverything: Check = {
  name: "brings every record of every stream",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      const unknown = bench.harness.streams.filter((stream) => !Object.hasOwn(subject.connector.streams, stream));
      if (unknown.length > 0)
        fail(`The harness names streams that the connector does not have: ${unknown.join(", ")}.`);
      await pullAll(bench);
      await expectEqual(bench);
      if (bench.harness.streams.every((stream) => bench.harness.expected(stream).size === 0))
        fail("The source is empty.");
    }),
};

export const takesNothingTwice: Check = {
  name: "takes nothing twice: a second pull of an unchanged source changes nothing",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      await pullAll(bench);
      const facts = await bench.connection.facts();
      for (const stream of bench.harness.streams) {
        const { added, changed, deleted } = await pullWell(bench.connection, stream);
        const touched = added + changed + deleted;
        if (touched > 0)
          fail(`${stream}: a second pull added ${added}, changed ${changed} and deleted ${deleted} records.`);
      }
      await expectEqual(bench);
      if ((await bench.connection.facts()) !== facts) fail("A second pull changed facts.");
    }),
};

export const resumes: Check = {
  name: "goes on from the last page that landed, killed at every page",
  run: (subject) =>
    atVendor(
      subject,
      async (bench) => {
        for (const stream of bench.harness.streams) await pullKilled(bench, stream);
        await expectEqual(bench);
      },
      // Twice the usual, for more pages to die after, where nobody says how many there are.
      { records: subject.records ?? 2 * recordsOf(subject) },
    ),
};

/** So many kills in a row without a record that is new … */
const FRUITLESS = 12;
/** … let a run have a page more before it dies, up to so many: a stream may read something anew at the start of each run. */
const MOST_PAGES = 4;

/** Dies after each page until the stream is through. Whoever starts over after each kill never gets there. */
async function pullKilled({ connection }: Bench, stream: string): Promise<void> {
  let pages = 1;
  for (let kills = 0, fruitless = 0; pages <= MOST_PAGES; kills += 1) {
    const report = await connection.pull(stream, { dieAfterPages: pages });
    if (report.state === "succeeded") return;
    if (report.error?.code !== "connector.check_killed") fail(`${stream}, after ${kills} kills: ${reason(report)}`);
    fruitless = report.added + report.changed + report.deleted > 0 ? 0 : fruitless + 1;
    if (fruitless < FRUITLESS) continue;
    pages += 1;
    fruitless = 0;
  }
  fail(
    `${stream}: killed again and again, it brings nothing new any more. Does a page's checkpoint lead past the page?`,
  );
}

export const followsChanges: Check = {
  name: "brings what was added, changed and deleted since",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      await pullAll(bench);
      const done: string[] = [];
      for (const stream of bench.harness.streams) {
        for (const how of ["add", "mutate", "remove"] as const) {
          const id = bench.harness[how](stream);
          if (id !== null) done.push(`${how} ${stream} ${id}`);
        }
      }
      if (done.length === 0) fail("The harness could change nothing at the vendor.");
      await pullAll(bench);
      await expectEqual(bench);
    }),
};

const TEN_MINUTES_MS = 600_000;

export const bearsClockSkew: readonly Check[] = ["ahead", "behind"].map((side) => ({
  name: `brings every change of a vendor whose clock is ten minutes ${side}`,
  run: (subject) =>
    atVendor(
      subject,
      async (bench) => {
        await pullAll(bench);
        for (const stream of bench.harness.streams) {
          bench.harness.add(stream);
          bench.harness.mutate(stream);
        }
        await pullAll(bench);
        await expectEqual(bench);
      },
      { skewMs: side === "ahead" ? TEN_MINUTES_MS : -TEN_MINUTES_MS },
    ),
}));

/** In the company's own time zone: the day with 23 hours and the one with 25, each with the hour after the change. */
const CLOCK_CHANGES = { 23: "2026-03-08T19:30:00Z", 25: "2026-11-01T19:30:00Z" } as const;

export const bearsClockChanges: readonly Check[] = Object.entries(CLOCK_CHANGES).map(([hours, now]) => ({
  name: `loses nothing and doubles nothing on a day of ${hours} hours`,
  run: (subject) =>
    atVendor(
      subject,
      async (bench) => {
        await pullAll(bench);
        await expectEqual(bench);
        for (const { added, changed, deleted } of await pullAll(bench))
          if (added + changed + deleted > 0) fail("A second pull on such a day changed something.");
      },
      { now: new Date(now) },
    ),
}));

export const bearsDisorder: Check = {
  name: "ends equal to the source when records come late, twice and out of order",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      bench.harness.disorder(true);
      await pullAll(bench);
      for (const stream of bench.harness.streams) bench.harness.mutate(stream);
      await pullAll(bench);
      bench.harness.disorder(false);
      await pullAll(bench);
      await expectEqual(bench);
    }),
};

export const bearsEditsWhilePaging: Check = {
  name: "ends equal to the source when records are edited and deleted while it pages",
  run: (subject) =>
    atVendor(subject, async (bench) => {
      let requests = 0;
      bench.harness.onRequest(() => {
        requests += 1;
        const stream = bench.harness.streams[requests % bench.harness.streams.length] ?? "";
        if (requests % 3 === 0) bench.harness.remove(stream);
        else bench.harness.mutate(stream);
      });
      await pullAll(bench);
      bench.harness.onRequest(null);
      // What moved between two pages is caught by the next pull at the latest.
      await pullAll(bench);
      await expectEqual(bench);
    }),
};
