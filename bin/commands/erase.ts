import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { erasePerson, type Erased } from "../../core/setup/erase.ts";
import type { CliContext } from "../context.ts";

type Options = { readonly yes: boolean; readonly dryRun: boolean };

/** `tributary erase EMAIL`: a person is forgotten. */
export function registerErase(command: Command, context: CliContext): void {
  command
    .option("--yes", "do not ask", false)
    .option("--dry-run", "say what would go, and change nothing", false)
    .action(async (email: string, { yes, dryRun }: Options) => {
      if (!yes && !dryRun) await confirm();
      const erased = await context.withDatabase(({ store, clock }) =>
        erasePerson({ store, clock }, "cli", email, { isDryRun: dryRun }),
      );
      context.out.result({ ...erased, id: dryRun ? null : erased.id, dry_run: dryRun }, () => said(erased, dryRun));
    });
}

function said({ id, people, tables }: Erased, isDryRun: boolean): string {
  const rows = Object.entries(tables).map(([table, count]) => `  ${table}: ${count}`);
  return [
    isDryRun ? "Nothing was changed. This would be:" : `Erased, noted as ${id}.`,
    `${people} ${people === 1 ? "row" : "rows"} of people; rows that are changed or deleted:`,
    ...(rows.length === 0 ? ["  none"] : rows),
    ...(isDryRun ? [] : ["What sources send of them from now on is recognised and left out."]),
  ].join("\n");
}

/** There is no way back. The address is not asked for again: it would stand in one more place. */
async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) throw notConfirmed();
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question("Everything about this person will be gone, for good. Type erase to go on: ");
    if (answer.trim() !== "erase") throw notConfirmed();
  } finally {
    prompt.close();
  }
}

function notConfirmed(): TributaryError {
  return new TributaryError({
    code: "erase.not_confirmed",
    kind: "config",
    message: "Nobody was erased: that needs to be confirmed.",
    mend: "Run it with --yes; --dry-run says what would go.",
  });
}
