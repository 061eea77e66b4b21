import type { Command } from "commander";
import type { CliContext } from "../context.ts";

export function registerDoctor(program: Command, context: CliContext): void {
  program
    .command("doctor")
    .description("check everything a set-up needs, and say how to mend what is wrong")
    .action(() => context.out.text("ok"));
}
