import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const COMMAND: string = fileURLToPath(new URL("../../bin/tributary.js", import.meta.url));

export type Variables = { readonly [name: string]: string };

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A `tributary` process, as a user would start it. */
export type Started = {
  readonly child: ChildProcess;
  /** When it has ended, with all that it said. */
  readonly finished: Promise<Finished>;
  /** Resolves when stdout holds the text, with all of it so far; rejects when the process ends before. */
  said(text: string): Promise<string>;
};

const running = new Set<ChildProcess>();

/** Ends whatever this process has started and still runs. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map((child) => kill(child, "SIGKILL")));
}

/** Nothing of this process's own set-up is handed on: the command sees the variables alone. */
export function start(args: readonly string[], variables: Variables): Started {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(TRIBUTARY_|DATABASE_URL|PORT|HOST|PUBLIC_URL|LOG_LEVEL|VITEST|NODE_OPTIONS)/.test(name),
  );
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const finished = once(child, "close").then(([code]) => {
    running.delete(child);
    for (const listener of listeners) listener();
    return { code: code as number | null, stdout, stderr };
  });
  const said = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve(stdout);
        else if (!running.has(child)) reject(new Error(`ended without saying "${text}": ${stderr.slice(-2000)}`));
        else return;
        listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  return { child, finished, said };
}

/** Runs a command to its end. */
export function run(args: readonly string[], variables: Variables): Promise<Finished> {
  return start(args, variables).finished;
}

/** Ends a process and waits until it is gone. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
