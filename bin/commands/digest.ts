import type { Command } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { digest } from "../../core/digest/digest.ts";
import { readDigests } from "../../core/digest/settings.ts";
import { createFormat } from "../../dashboards/web/format.ts";
import type { CliContext } from "../context.ts";

/** `tributary digest`. */
export function registerDigest(command: Command, context: CliContext): void {
  command.action(async (name: string | undefined) => {
    await context.withDatabase(async ({ store, clock }) => {
      const digests = await readDigests(store.db);
      if (name === undefined) {
        context.out.table(
          digests.map(({ id, title, at, kpis }) => ({ id, title: title ?? null, at, kpis: kpis.length })),
        );
        return;
      }
      const settings = digests.find(({ id }) => id === name);
      if (settings === undefined)
        throw unknownDigest(
          name,
          digests.map(({ id }) => id),
        );
      const said = await digest(store.db, settings, createFormat, clock.now());
      context.out.result(said, () => said.text);
    });
  });
}

function unknownDigest(name: string, known: readonly string[]): TributaryError {
  return new TributaryError({
    code: "digest.unknown",
    kind: "config",
    message: `There is no digest "${name}".`,
    mend:
      known.length === 0
        ? "Write one in `digests` of the config file and apply it."
        : `Use one of: ${known.join(", ")}.`,
  });
}
