import { readFileSync } from "node:fs";
import path from "node:path";
import { findPlace } from "../../core/store/embedded/place.ts";
import { kill, start, type Started, type Variables } from "./processes.ts";
import { until } from "./until.ts";

/** A hub whose processes and whose database die when the test says so. Each process is replaced at once, as a supervisor would. */
export type Victims = {
  /** Kills with SIGKILL: a process by its name, or with `postgres` the embedded database. Returns when it is gone. */
  strike(name: string): Promise<void>;
  /** Ends what runs, in an orderly way. */
  end(): Promise<void>;
};

/**
 * @param processes the arguments of `tributary` for each process, by its name.
 * @param variables with TRIBUTARY_DATA_DIR.
 */
export function startVictims(processes: { readonly [name: string]: readonly string[] }, variables: Variables): Victims {
  const running = new Map<string, Started>();
  for (const [name, args] of Object.entries(processes)) running.set(name, start(args, variables));
  return {
    async strike(name) {
      if (name === "postgres") {
        process.kill(postmasterPid(variables["TRIBUTARY_DATA_DIR"] ?? ""), "SIGKILL");
        return;
      }
      const [victim, args] = [running.get(name), processes[name]];
      if (victim === undefined || args === undefined) throw new RangeError(`no process ${name}`);
      await kill(victim.child, "SIGKILL");
      running.set(name, start(args, variables));
    },
    async end() {
      await Promise.all([...running.values()].map(({ child }) => kill(child, "SIGTERM")));
    },
  };
}

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(path.join(findPlace(dataDir).cluster, "postmaster.pid"), "utf8").split("\n")[0]);
}

/** Asks again while the database is coming back from its own kill. */
export async function asked<T>(question: () => Promise<T>): Promise<T> {
  let answer: { readonly value: T } | null = null;
  await until(async () => {
    answer = await question().then(
      (value) => ({ value }),
      () => null,
    );
    return answer !== null;
  }, 60_000);
  // `until` has returned, so there is one; the compiler does not see assignments in callbacks.
  return (answer as unknown as { readonly value: T }).value;
}
