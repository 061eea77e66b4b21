import { spawnSync } from "node:child_process";

/** Whether a program of other people is on this machine. */
export function isThere(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}
