import { type Command, InvalidArgumentError } from "commander";
import { TributaryError } from "../../core/base/errors.ts";
import { claimSchema } from "../../core/conclusions/claim.ts";
import type { MetricFilter } from "../../core/metrics/index.ts";
import { recordConclusion, removeConclusion, testConclusion, unknownConclusion } from "../../core/setup/conclusions.ts";
import {
  type ConclusionRow,
  findConclusion,
  listConclusions,
  listTests,
} from "../../core/store/reviews/conclusions.ts";
import { collectFilter, parseDay } from "../asking.ts";
import type { CliContext, Database } from "../context.ts";
import { tableText } from "../output.ts";

const ACTOR = "cli";

/** `tributary conclusions`. */
export function registerConclusions(command: Command, context: CliContext): void {
  command.action(async () => {
    const rows = await context.withDatabase(({ store }) => listConclusions(store.db));
    context.out.result(rows.map(shown), () =>
      rows.length === 0
        ? "none"
        : tableText(
            rows.map(({ id, sentence, verdict }) => ({ id, sentence, "since then": verdict ?? "not tested yet" })),
          ),
    );
  });
  command
    .command("record <metric>")
    .description("record that a KPI is another in one group than in another, or than a number")
    .requiredOption("--from <day>", "the first day of the records it is drawn from", parseDay)
    .requiredOption("--to <day>", "the last day, inclusive", parseDay)
    .option("--a <dim=value>", "the one group; may be repeated", collectFilter, [])
    .option("--b <dim=value>", "the other; may be repeated", collectFilter, [])
    .option("--against <number>", "or a number, in the KPI's unit; of a share from 0 to 1", parseNumber)
    .option("--filter <dim=value>", "of both groups; may be repeated", collectFilter, [])
    .option("--sentence <text>", "in your words; default: what the numbers say")
    .action(async (metric: string, said: Said) => {
      const slice = (filters: readonly MetricFilter[]) =>
        Object.fromEntries(filters.map(({ dimension, value }) => [dimension, value]));
      const claim = claimSchema.safeParse({
        metric,
        filters: slice(said.filter),
        a: slice(said.a),
        ...(said.b.length === 0 ? {} : { b: slice(said.b) }),
        ...(said.against === undefined ? {} : { against: said.against }),
      });
      if (!claim.success) throw badClaim();
      if (said.from > said.to) throw badClaim("--from is after --to.");
      const row = await context.withDatabase(async (open) => {
        const { from, to, sentence = null } = said;
        const id = await recordConclusion(depsOf(open), ACTOR, { claim: claim.data, from, to, sentence });
        return need(open, id);
      });
      context.out.result(shown(row), () => `recorded: ${row.id}\n${row.sentence}`);
    });
  command
    .command("show <conclusion>")
    .description("a conclusion with its tests, newest first")
    .action(async (id: string) => {
      const { row, tests } = await context.withDatabase(async (open) => ({
        row: await need(open, id),
        tests: await listTests(open.store.db, id),
      }));
      const told = tests.map(({ testedAt, verdict, sentence }) => ({
        tested: testedAt.toISOString(),
        verdict,
        sentence,
      }));
      context.out.result({ ...shown(row), tests: told }, () =>
        [row.sentence, told.length === 0 ? "not tested yet" : tableText(told)].join("\n"),
      );
    });
  command
    .command("test <conclusion>")
    .description("test it now on the records after it was recorded; else each week")
    .action(async (id: string) => {
      const row = await context.withDatabase(async (open) => {
        await need(open, id);
        await testConclusion(depsOf(open), ACTOR, id);
        return need(open, id);
      });
      context.out.result(shown(row), () => `${(row.verdict ?? "not tested").replaceAll("_", " ")}: ${row.sentence}`);
    });
  command
    .command("remove <conclusion>")
    .description("forget a conclusion")
    .action(async (id: string) => {
      await context.withDatabase(async (open) => {
        await need(open, id);
        await removeConclusion(depsOf(open), ACTOR, id);
      });
      context.out.result({ id }, () => `removed: ${id}`);
    });
}

type Said = {
  readonly from: string;
  readonly to: string;
  readonly a: readonly MetricFilter[];
  readonly b: readonly MetricFilter[];
  readonly filter: readonly MetricFilter[];
  readonly against?: number;
  readonly sentence?: string;
};

function shown({ id, claim, sentence, result, recordedAt, recordedBy, verdict, testedAt, changedAt }: ConclusionRow) {
  return {
    id,
    claim,
    sentence,
    result,
    recorded_at: recordedAt.toISOString(),
    recorded_by: recordedBy,
    verdict,
    tested_at: testedAt?.toISOString() ?? null,
    changed_at: changedAt?.toISOString() ?? null,
  };
}

async function need({ store }: Database, id: string): Promise<ConclusionRow> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  const row = isId ? await findConclusion(store.db, id) : null;
  if (row === null) throw unknownConclusion();
  return row;
}

function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new InvalidArgumentError("It is no number, such as 0.3.");
  return number;
}

function badClaim(what = "It takes one other side: a group (--b) or a number (--against)."): TributaryError {
  return new TributaryError({
    code: "conclusion.bad_claim",
    kind: "config",
    message: what,
    mend: "Write, say: conclusions record win_rate --a channel=Referral --b channel=Paid --from 2026-01-01 --to 2026-06-30.",
  });
}

function depsOf({ store, clock }: Database): { db: Database["store"]["db"]; now: Date } {
  return { db: store.db, now: clock.now() };
}
