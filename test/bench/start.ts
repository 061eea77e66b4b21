import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { COMMAND, kill, run, start, type Variables } from "../support/spawn.ts";

/** What it takes to start, beside what Node takes to do nothing. CPU is that of the process and those it waits for, user and system. */
export type StartResult = {
  /** `node -e 0`. */
  readonly nothing: { readonly cpuS: number; readonly wallS: number };
  readonly commands: readonly { readonly command: string; readonly cpuS: number; readonly ratio: number }[];
  /** From the start of a hub with a database of its own, made before and not running, until it says where it listens. */
  readonly hub: { readonly wallS: number; readonly ratio: number };
};

const TIMES = 5;
const COMMANDS = ["--help", "kpi get win_rate", "connections"];

/** @param folder for the hub's data; the commands run beside that hub. */
export async function benchStart(folder: string): Promise<StartResult> {
  const variables: Variables = { TRIBUTARY_DATA_DIR: path.join(folder, "start"), PORT: "0", REDIS_URL: "" };
  // Makes the database, and the build if there is none.
  await run(["connections"], variables);
  const nothing = await timesOf(["-e", "0"], variables);
  const startMs = performance.now();
  const hub = start(["up", "--json"], variables);
  try {
    await hub.said("}\n");
    const wallS = (performance.now() - startMs) / 1000;
    const commands: StartResult["commands"][number][] = [];
    for (const command of COMMANDS) {
      const { cpuS } = await timesOf([COMMAND, ...command.split(" ")], variables);
      commands.push({ command, cpuS, ratio: cpuS / nothing.cpuS });
    }
    return { nothing, commands, hub: { wallS, ratio: wallS / nothing.wallS } };
  } finally {
    await kill(hub.child, "SIGTERM");
  }
}

/** Medians. A shell's own `times` tells what Node does not: what a process that has ended has taken. */
async function timesOf(args: readonly string[], variables: Variables): Promise<StartResult["nothing"]> {
  const cpu: number[] = [];
  const wall: number[] = [];
  for (let nth = 0; nth < TIMES; nth += 1) {
    const startMs = performance.now();
    const { stdout } = await promisify(execFile)(
      "sh",
      ["-c", '"$@" >/dev/null 2>&1; times', "sh", process.execPath, ...args],
      { env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...variables } },
    );
    wall.push((performance.now() - startMs) / 1000);
    const [, children = ""] = stdout.trim().split("\n");
    cpu.push([...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0));
  }
  return { cpuS: median(cpu), wallS: median(wall) };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}
