import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { BenchResult, PeakMemory, SheetResult } from "../../test/bench/bench.ts";
import type { BusyResult } from "../../test/bench/busy.ts";
import type { DeliverResult } from "../../test/bench/deliver.ts";
import type { LiveResult } from "../../test/bench/live.ts";
import type { NumbersOptions, NumbersResult } from "../../test/bench/numbers.ts";
import type { ReportsResult } from "../../test/bench/reports.ts";
import type { ViewersResult } from "../../test/bench/viewers.ts";
import type { StartResult } from "../../test/bench/start.ts";
import type { CliContext } from "../context.ts";
import { EXIT } from "../exit.ts";

/** An account of a company that has called for years. Smaller ones are loaded before the program is warm: `--records 100000`. */
const RECORDS = 1_000_000;
const MEMORY_AT: readonly number[] = [10_000, RECORDS];

/**
 * `tributary bench`: how soon commands and a hub start; how fast a first load is beside a bare COPY of the same rows, and how much memory it
 * takes; how soon a vendor's webhook is answered, and how soon a TV shows what it told; how fast events go out, and how soon while some
 * receivers are dead.
 */
export function registerBench(bench: Command, context: CliContext): void {
  bench
    .option("--records <n>", "calls that the vendor has", parseCount, RECORDS)
    .option("--deals <n>", "deals of the workspace that KPIs are answered on", parseCount, 20_000)
    .option("--memory <n,n>", "numbers of records at which peak memory is measured, too", parseCounts, MEMORY_AT)
    .action(
      async (options: { readonly records: number; readonly deals: number; readonly memory: readonly number[] }) => {
        const { benchPull, peakMemory, sheetApart } = await loadBench();
        const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-bench-"));
        // PostgreSQL runs as another user when this runs as root, and has to get in.
        chmodSync(folder, 0o711);
        try {
          const { benchStart } = await import("../../test/bench/start.ts");
          const startUp = await benchStart(folder);
          const sheet = await sheetApart(folder, Math.ceil(options.records / 5));
          const speed = await benchPull(folder, options.records);
          const memory: PeakMemory[] = [];
          for (const records of options.memory) memory.push(await peakMemory(folder, records));
          const { benchLive } = await import("../../test/bench/live.ts");
          const live = await benchLive();
          const { benchViewers } = await import("../../test/bench/viewers.ts");
          const viewers = await benchViewers();
          const { benchDeliver } = await loadDeliver();
          const deliver = await benchDeliver(folder);
          const { benchNumbers } = await import("../../test/bench/numbers.ts");
          const numbers = await benchNumbers(folder, { deals: options.deals, times: 5 });
          const { benchReports } = await import("../../test/bench/reports.ts");
          const reports = await benchReports(folder, 3);
          context.out.result({ start: startUp, speed, sheet, memory, live, viewers, deliver, numbers, reports }, () =>
            [
              ...startLines(startUp),
              ...loadLines(speed, memory),
              ...sheetLines(sheet),
              ...liveLines(live),
              ...viewerLines(viewers),
              ...deliverLines(deliver),
              ...numberLines(numbers),
              ...reportLines(reports),
            ].join("\n"),
          );
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
    );
  bench
    .command("simulator <records>", { hidden: true })
    .description("the vendor, in a process of its own; ends when stdin does")
    .action(async (records: string) => (await loadBench()).serveSimulator(parseCount(records)));
  bench
    .command("receivers", { hidden: true })
    .description("receivers of webhooks, in a process of their own; ends when stdin does")
    .action(async () => (await loadDeliver()).serveReceivers());
  bench
    .command("express <body>", { hidden: true })
    .description("an Express that sends these bytes, in a process of its own; ends when stdin does")
    .action(async (body: string) => (await import("../../test/bench/viewers.ts")).serveExpress(body));
  bench
    .command("reports")
    .description("only how long a team waits for its forecast, back-test and review")
    .action(async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-bench-"));
      // PostgreSQL runs as another user when this runs as root, and has to get in.
      chmodSync(folder, 0o711);
      try {
        const { benchReports } = await import("../../test/bench/reports.ts");
        const reports = await benchReports(folder, 3);
        context.out.result({ reports }, () => reportLines(reports).join("\n"));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  bench
    .command("busy")
    .description(
      "only how the demo comes up beside programs that never rest, and beside pgbench where there is one; exit status 1: runs failed",
    )
    .option("--loops <n>", "programs that never rest", parseCount, 32)
    .action(async (options: { readonly loops: number }) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-bench-"));
      chmodSync(folder, 0o711);
      try {
        const { benchBusy } = await import("../../test/bench/busy.ts");
        const busy = await benchBusy(folder, options.loops);
        context.out.result({ busy }, () => busyLines(busy).join("\n"));
        if (busy.failedRuns.length > 0) process.exitCode = EXIT.failed;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  bench
    .command("viewers")
    .description("only how many can look: TVs that connect at once, a feed that is polled, an idle hub")
    .action(async () => {
      const { benchViewers } = await import("../../test/bench/viewers.ts");
      const viewers = await benchViewers();
      context.out.result({ viewers }, () => viewerLines(viewers).join("\n"));
    });
  bench
    .command("deliver")
    .description("only how fast events go out, and how soon healthy receivers have them while others are dead")
    .option("--events <n>", "events, one each half second", parseCount, 200)
    .action(async (options: { readonly events: number }) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-bench-"));
      chmodSync(folder, 0o711);
      try {
        const { benchDeliver } = await loadDeliver();
        const deliver = await benchDeliver(folder, { events: options.events, overS: options.events / 2 });
        context.out.result({ deliver }, () => deliverLines(deliver).join("\n"));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  bench
    .command("numbers")
    .description(
      "only how fast KPIs are answered, beside SQL written by hand for the same numbers; of --deals, with six changes and five touches of each",
    )
    .option("--times <n>", "how often each is asked", parseCount, 5)
    .option("--only <text>", "only the questions whose names have this text")
    .option("--keep <folder>", "keep the generated workspace here, and use it when it is there")
    .action(async (_: object, command: Command) => {
      // `--deals` is an option of `bench` itself.
      const { keep, ...options } = command.optsWithGlobals<NumbersOptions & { readonly keep?: string }>();
      const folder = keep ?? mkdtempSync(path.join(os.tmpdir(), "tributary-bench-"));
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o711);
      try {
        const { benchNumbers } = await import("../../test/bench/numbers.ts");
        const numbers = await benchNumbers(folder, options);
        context.out.result({ numbers }, () => numberLines(numbers).join("\n"));
      } finally {
        if (keep === undefined) rmSync(folder, { recursive: true, force: true });
      }
    });
  bench
    .command("loads")
    .description(
      "only how fast --records land and land again, are made anew, and a spreadsheet with a fifth as many rows; beside bare COPYs",
    )
    .action(async (_: object, command: Command) => {
      const { records } = command.optsWithGlobals<{ readonly records: number }>();
      const folder = mkdtempSync(path.join(os.tmpdir(), "tributary-bench-"));
      chmodSync(folder, 0o711);
      try {
        const { benchPull, sheetApart } = await loadBench();
        const sheet = await sheetApart(folder, Math.ceil(records / 5));
        const speed = await benchPull(folder, records);
        context.out.result({ speed, sheet }, () => [...loadLines(speed, []), ...sheetLines(sheet)].join("\n"));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  bench
    .command("sheet <folder> <rows>", { hidden: true })
    .description("a spreadsheet, in a process of its own")
    .action(async (folder: string, rows: string) =>
      context.out.json(await (await loadBench()).benchSheet(folder, parseCount(rows))),
    );
  bench
    .command("pull <folder> <records>", { hidden: true })
    .description("a first load, in a process of its own")
    .action(async (folder: string, records: string) => {
      const { benchPull, peakMemoryMb } = await loadBench();
      const { pullS, workerCpuS } = await benchPull(folder, parseCount(records), { isBare: true });
      context.out.json({ peakRssMb: peakMemoryMb(), pullS, workerCpuS });
    });
}

/** Loaded when it is asked for, so that no other command waits for a simulator. */
const loadBench = async () => import("../../test/bench/bench.ts");
const loadDeliver = async () => import("../../test/bench/deliver.ts");

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("It must be a whole number from 1.");
  return count;
}

function parseCounts(text: string): number[] {
  return text.split(",").map(parseCount);
}

/** A line for each KPI, and what of them is slow. */
function numberLines({ deals, changes, activities, rows }: NumbersResult): string[] {
  const byMetric = new Map<string, string[]>();
  for (const { metric, way, medianMs, ratio, isSame } of rows) {
    const others = isSame === false ? ", which has other numbers" : "";
    const hand = ratio === null ? "" : ` (${ratio.toFixed(1)} times by hand${others})`;
    byMetric.set(metric, [...(byMetric.get(metric) ?? []), `${way} ${medianMs.toFixed(0)}${hand}`]);
  }
  const over = (ms: number): number => rows.filter(({ medianMs }) => medianMs > ms).length;
  const ratios = rows.flatMap(({ ratio }) => ratio ?? []).toSorted((a, b) => a - b);
  return [
    `answers over ${deals} deals, ${changes} changes, ${activities} activities; medians in ms:`,
    ...[...byMetric].map(([metric, ways]) => `  ${metric}: ${ways.join(", ")}`),
    `  of ${rows.length} answers ${over(300)} take longer than 300 ms, ${over(1000)} longer than 1 s`,
    `  ${rows.filter(({ ratio, medianMs }) => (ratio ?? 0) > 1.5 && medianMs > 300).length} take longer than 300 ms and more than 1.5 times the SQL by hand; it gives the same numbers in ${rows.filter(({ isSame }) => isSame === true).length} of ${rows.filter(({ isSame }) => isSame !== null).length}`,
    `  of ${ratios.length} that have SQL written by hand beside them: ${(ratios[Math.floor(ratios.length / 2)] ?? NaN).toFixed(2)} times that at the median, ${(ratios.at(-1) ?? NaN).toFixed(2)} at most`,
  ];
}

function reportLines({ deals, reps, readMs, rows }: ReportsResult): string[] {
  return [
    `reports of ${reps} reps with ${deals} deals; reading them all takes ${readMs.toFixed(0)} ms:`,
    ...rows.map(
      ({ report, medianMs, worstMs, cpuMs, ratio, mostMs }) =>
        `  ${report}: ${(medianMs / 1000).toFixed(2)} s (${ratio.toFixed(1)} times that; ${(worstMs / 1000).toFixed(2)} s at most, ${(cpuMs / 1000).toFixed(2)} s of CPU here), may take ${mostMs / 1000} s`,
    ),
  ];
}

function startLines({ nothing, commands, hub }: StartResult): string[] {
  return [
    ...commands.map(
      ({ command, cpuS, ratio }) =>
        `tributary ${command}: ${cpuS.toFixed(2)} s of CPU, ${ratio.toFixed(1)} times what Node takes for nothing (${nothing.cpuS.toFixed(2)} s)`,
    ),
    `hub with its own database, from start until it listens: ${hub.wallS.toFixed(1)} s, ${hub.ratio.toFixed(0)} times a Node that does nothing (${nothing.wallS.toFixed(2)} s)`,
  ];
}

function loadLines(speed: BenchResult, memory: readonly PeakMemory[]): string[] {
  const count = (value: number): string => new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(value);
  const lines = [
    `pull, land and normalise: ${count(speed.records)} records in ${speed.pullS.toFixed(2)} s, ${count(speed.records / speed.pullS)} records/s; ${((speed.workerCpuS / speed.records) * 1e6).toFixed(0)} µs of the worker's CPU each`,
    `bare COPY of the same rows: ${speed.copyS.toFixed(2)} s (${Object.entries(speed.rows)
      .map(([table, rows]) => `${table} ${count(rows)}`)
      .join(", ")})`,
    `ratio: ${speed.ratio.toFixed(2)}`,
    ...(speed.again === null
      ? []
      : [
          `all of it once more, nothing changed: ${count(speed.records / speed.again.resyncS)} records/s (${(speed.copyS / speed.again.resyncS).toFixed(2)} of the COPY); facts made anew: ${count(speed.records / speed.again.replayS)} records/s (${(speed.copyS / speed.again.replayS).toFixed(2)})`,
        ]),
    ...memory.map(({ records, peakRssMb }) => `peak memory at ${count(records)} records: ${count(peakRssMb)} MB`),
  ];
  const [first, last] = [memory[0], memory.at(-1)];
  if (first !== undefined && last !== undefined && first !== last)
    lines.push(`growth of the peak: ${((last.peakRssMb / first.peakRssMb - 1) * 100).toFixed(0)} %`);
  return lines;
}

function sheetLines({ rows, pullS, peakRssMb, ratio }: SheetResult): string[] {
  return [
    `spreadsheet of ${rows} deals: ${(rows / pullS).toFixed(0)} rows/s, ${ratio.toFixed(2)} of a bare COPY of what it became; ${peakRssMb.toFixed(0)} MB at the peak`,
  ];
}

function deliverLines({ speed, fairness }: DeliverResult): string[] {
  const { receivers, dead, events, overS, p50Ms, p95Ms, worstMs, missing } = fairness;
  return [
    ...speed.map(
      (one) =>
        `deliveries to ${one.receivers} receivers: ${one.perS.toFixed(0)} a second; ${one.ratio.toFixed(2)} of a bare loop that signs and posts (${one.barePerS.toFixed(0)})`,
    ),
    `${events} events over ${overS} s to ${receivers} receivers, ${dead} of them dead: the others have each within ${p50Ms.toFixed(0)} ms (median), ${p95Ms.toFixed(0)} ms (95th percentile), ${worstMs.toFixed(0)} ms (worst); ${missing} missing`,
  ];
}

function liveLines({ answers, shown }: LiveResult): string[] {
  const { deliveries, medianMs, p99Ms, baseline, ratio } = answers;
  return [
    `answer to a signed webhook: median ${medianMs.toFixed(1)} ms, 99th percentile ${p99Ms.toFixed(1)} ms of ${deliveries}; ${ratio.toFixed(1)} times a bare POST and INSERT of the same (${baseline.medianMs.toFixed(1)} ms, ${baseline.p99Ms.toFixed(1)} ms)`,
    `change at the vendor until the TV shows it: median ${shown.medianS.toFixed(2)} s, worst ${shown.worstS.toFixed(2)} s of ${shown.changes}`,
  ];
}

function busyLines({ loops, withPgbench, readyAfterS, failedRuns, said }: BusyResult): string[] {
  const beside = `${loops} programs that never rest${withPgbench ? " and pgbench" : ""}`;
  return [
    `demo: ready after ${(readyAfterS / 60).toFixed(1)} minutes beside ${beside}; ${failedRuns.length} failed runs`,
    ...failedRuns.map((line) => `  ${line}`),
    ...said.map((line) => `  ${line}`),
  ];
}

function viewerLines({ tvs, feed, notModified, idle }: ViewersResult): string[] {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return [
    `${tvs.count} TVs that connect at once: the last has its numbers after ${tvs.firstS.toFixed(2)} s; a change is on all of them after ${tvs.changeS.toFixed(2)} s`,
    `a feed: ${feed.perS.toFixed(0)} answers a second, ${feed.ratio.toFixed(2)} of an Express that sends the same bytes (${feed.expressPerS.toFixed(0)}); 304: ${notModified.perS.toFixed(0)}, ${notModified.ratio.toFixed(2)} of it`,
    ...(idle === null
      ? []
      : [
          `idle for ${idle.overS.toFixed(0)} s: ${percent(idle.hub)} of a core for the hub, ${percent(idle.database)} for its database`,
        ]),
  ];
}
