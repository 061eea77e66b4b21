import { TributaryError } from "../../core/base/errors.ts";
import { type Command, InvalidArgumentError } from "commander";
import { CHECKS, type CheckOutcome, runChecks } from "../../connectors/_check/index.ts";
import { createCheckEngine } from "../connector/engine.ts";
import { CONNECTORS_DIR, loadHarness } from "../connector/harness.ts";
import { scaffoldConnector } from "../connector/scaffold.ts";
import { withScratchStore } from "../../core/store/scratch.ts";
import type { CliContext } from "../context.ts";
import { connectorNamed } from "./connectors.ts";

/** `tributary connector new NAME` and `tributary connector check NAME`. */
export function registerConnector(connector: Command, context: CliContext): void {
  connector
    .command("new <name>")
    .description("write the folder of a new connector, and list it in connectors/index.ts")
    .action(async (name: string) => {
      const files = await scaffoldConnector(CONNECTORS_DIR, name);
      context.out.result({ name, files }, () =>
        [
          ...files.map((file) => `connectors/${file}`),
          "",
          `It talks to an invented vendor so far. Make it yours, then: npx tributary connector check ${name}`,
          `Explain its code ${name}.record.unreadable in docs/errors.md.`,
        ].join("\n"),
      );
    });

  connector
    .command("check <name>")
    .description("run the acceptance checks on a connector, against its simulated vendor")
    .option("--only <text>", "only the checks whose name contains this text", partOfAName)
    .action(async (name: string, { only = "" }: { readonly only?: string }) => {
      const outcomes = await check(name, only, context);
      const failed = outcomes.filter((outcome) => outcome.failure !== null).length;
      if (failed > 0) process.exitCode = 1;
      context.out.result({ connector: name, passed: outcomes.length - failed, failed, checks: outcomes }, () =>
        failed === 0
          ? `${name} keeps all ${outcomes.length} promises.`
          : `${name} breaks ${failed} of ${outcomes.length} promises.`,
      );
    });
}

async function check(name: string, only: string, context: CliContext): Promise<readonly CheckOutcome[]> {
  const checks = CHECKS.filter((one) => one.name.includes(only));
  const connector = connectorNamed(name);
  if (connector.isPushed === true) throw nothingPulled(name);
  const vendor = await loadHarness(name);
  const { out, signal } = context;
  return context.withHub(({ target }) =>
    withScratchStore(target, async (store) => {
      const outcomes: CheckOutcome[] = [];
      for await (const outcome of runChecks({ connector, vendor, engine: createCheckEngine(store) }, checks)) {
        outcomes.push(outcome);
        out.note(
          `${outcome.failure === null ? "ok    " : "FAILED"} ${outcomes.length}/${checks.length} ${outcome.name}`,
        );
        if (outcome.failure !== null) out.note(`       ${outcome.failure}`);
        if (signal.aborted) break;
      }
      return outcomes;
    }),
  );
}

function nothingPulled(name: string): TributaryError {
  return new TributaryError({
    code: "connector.nothing_pulled",
    kind: "config",
    message: `The connector ${name} asks for nothing: all that it has is posted to it, and the acceptance checks are about pulling.`,
    mend: "Check another connector.",
  });
}

function partOfAName(text: string): string {
  if (CHECKS.some((one) => one.name.includes(text))) return text;
  throw new InvalidArgumentError(`The checks are: ${CHECKS.map((one) => one.name).join("; ")}.`);
}
