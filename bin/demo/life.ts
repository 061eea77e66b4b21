import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Clock } from "../../core/base/clock.ts";
import type { Company, CompanyChange, LiveCompany } from "../../connectors/_simulator/company/model.ts";

/**
 * A company's life that survives its process. Each tick's instant is written down before it happens, and what happens follows from the
 * number of ticks and their instants alone: read back, the file gives the same company.
 */
export type JournaledLife = {
  /** What the vendors go by: the tick's instant while the past is lived again, the time of day after. */
  readonly clock: Clock;
  /** Lives what is in the file once more. Listeners hear it all. Returns the number of ticks. */
  relive(): number;
  /** From now on something happens. */
  start(pace: Pace): void;
  stop(): void;
  onChange(listener: (change: CompanyChange) => void): void;
};

/** How often something happens: every `livelyMs` for so many ticks, then every `calmMs`. */
export type Pace = { readonly livelyMs: number; readonly livelyTicks: number; readonly calmMs: number };

export function createLife(company: Company, file: string): JournaledLife {
  let pastMs: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  const clock: Clock = { now: () => new Date(pastMs ?? Date.now()) };
  const life: LiveCompany = company.live({ clock });

  function at(ms: number): void {
    pastMs = ms;
    life.tick();
    pastMs = null;
  }

  return {
    clock,
    onChange: (listener) => void life.onChange(listener),
    relive() {
      const instants = existsSync(file) ? readInstants(readFileSync(file, "utf8")) : [];
      for (const ms of instants) at(ms);
      return instants.length;
    },
    start({ livelyMs, livelyTicks, calmMs }) {
      if (timer !== null) return;
      let ticks = 0;
      const next = (): void => {
        timer = setTimeout(
          () => {
            ticks += 1;
            const ms = Date.now();
            appendFileSync(file, `${ms}\n`);
            at(ms);
            next();
          },
          ticks < livelyTicks ? livelyMs : calmMs,
        );
      };
      next();
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}

/** The last line may have been cut short by a crash: without its end it never happened. */
function readInstants(text: string): readonly number[] {
  const lines = text.split("\n");
  return lines.slice(0, -1).map(Number).filter(Number.isSafeInteger);
}
