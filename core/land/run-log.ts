import type { Clock } from "../base/clock.ts";
import type { Json } from "../base/json.ts";
import type { Problem } from "../connector/define.ts";
import type { Db } from "../store/db.ts";
import { appendRunLines, type RunLine } from "../store/pulls/runs.ts";

/** So many lines of each sort are kept of a run; the rest is counted. A file of a million broken rows must not fill the database. */
const MOST_LINES = 1000;
/** So many that say the same are written out; the rest is one line with a count. */
const MOST_EQUAL = 3;

/** The run's history as it is written: lines are held back until {@link RunLines.flush}, so that a page costs no statement for them. */
export type RunLines = {
  readonly add: (level: RunLine["level"], message: string, data?: Json, code?: string | null) => void;
  /** What could not be read or mapped. */
  readonly addProblems: (problems: readonly Problem[]) => void;
  readonly flush: () => Promise<void>;
  /** Flushes, and says how many lines were left out. */
  readonly close: () => Promise<void>;
};

export function openRunLines(db: Db, clock: Clock, runId: number): RunLines {
  let waiting: RunLine[] = [];
  const left = { lines: MOST_LINES, problems: MOST_LINES };
  const omitted = { lines: 0, problems: 0 };
  const equal = new Map<string, { readonly line: Omit<RunLine, "at">; count: number }>();

  /** Whether enough has been said of it already; then it is only counted. */
  function isTold(line: Omit<RunLine, "at">): boolean {
    const key = JSON.stringify([line.level, line.code, line.message]);
    const known = equal.get(key);
    if (known === undefined) {
      if (equal.size < MOST_LINES) equal.set(key, { line, count: 1 });
      return false;
    }
    known.count += 1;
    return known.count > MOST_EQUAL;
  }

  function push(sort: "lines" | "problems", line: Omit<RunLine, "at">): void {
    if (left[sort] === 0) {
      omitted[sort] += 1;
      return;
    }
    left[sort] -= 1;
    waiting.push({ at: clock.now(), ...line });
  }

  async function flush(): Promise<void> {
    const lines = waiting;
    waiting = [];
    await appendRunLines(db, runId, lines);
  }

  return {
    add: (level, message, data = null, code = null) => {
      const line = { level, code, message, data };
      if (level === "info" || !isTold(line)) push("lines", line);
    },
    addProblems(problems) {
      for (const { code, at, reason } of problems) {
        const line = { level: "warn", code, data: null } as const;
        if (!isTold({ ...line, message: reason })) push("problems", { ...line, message: `${at}: ${reason}` });
      }
    },
    flush,
    async close() {
      const at = clock.now();
      const more = (count: number, what: string): RunLine[] =>
        count === 0 ? [] : [{ at, level: "warn", code: null, message: `and ${count} more ${what}`, data: null }];
      for (const { line, count } of equal.values())
        if (count > MOST_EQUAL)
          waiting.push({ at, ...line, message: `the same ${count - MOST_EQUAL} more times: ${line.message}` });
      waiting.push(...more(omitted.lines, "lines"), ...more(omitted.problems, "problems that are not listed"));
      await flush();
    },
  };
}
